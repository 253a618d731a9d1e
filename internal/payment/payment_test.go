package payment_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/internal/history"
	"zhitong/internal/history/historytest"
	"zhitong/internal/importing"
	"zhitong/internal/payment"
)

// hostile is an account name that a spreadsheet would reckon.
const hostile = `=cmd|' /C calc'!A0`

// batched makes a batch BT of three submitted claims of the demo; the first
// cooperative's account has a hostile name.
func batched(t *testing.T) (*historytest.House, []domain.ID) {
	t.Helper()
	h := historytest.NewHouse(t)
	h.Demo("0.0001")
	var ids []domain.ID
	var first domain.ID
	err := history.Read(t.Context(), h.Log, history.Of(claim.Submitted{}), func(c *events.Commit) error {
		f := c.Events[0].Fact.(claim.Submitted)
		if len(ids) < 3 && f.Total.Sign() > 0 {
			ids = append(ids, f.ClaimID)
			if first == "" {
				first = f.CooperativeID
			}
		}
		return nil
	})
	if err != nil || len(ids) < 3 {
		t.Fatal(ids, err)
	}
	h.Do("party.change_payee", "U-OFF1", "officer", "2022-01-02T09:00:00+08:00",
		fmt.Sprintf(`{"party_id":%q,"payee":{"account_name":%q,"bank":"-Bank","account_no":"006228480012345678"}}`, first, hostile))
	h.Do("party.confirm_payee", "U-OFF2", "officer", "2022-01-02T09:10:00+08:00", fmt.Sprintf(`{"party_id":%q}`, first))
	list, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		h.Do("claim.approve", "U-OFF1", "officer", "2022-01-03T09:00:00+08:00", fmt.Sprintf(`{"claim_id":%q}`, id))
	}
	h.Do("claim.publicise", "U-OFF1", "officer", "2022-01-03T10:00:00+08:00", fmt.Sprintf(`{"claim_ids":%s,"from":"2022-01-04","to":"2022-01-12"}`, list))
	for _, id := range ids {
		h.Do("claim.authorise", "U-OFF2", "officer", "2022-01-20T09:00:00+08:00", fmt.Sprintf(`{"claim_id":%q}`, id))
	}
	h.Do("disbursement.batch", "U-FIN1", "finance", "2022-01-21T09:00:00+08:00", fmt.Sprintf(`{"batch_id":"BT","claim_ids":%s}`, list))
	// A payee that is changed afterwards is not the one that is paid.
	h.Do("party.change_payee", "U-OFF1", "officer", "2022-01-22T09:00:00+08:00",
		fmt.Sprintf(`{"party_id":%q,"payee":{"account_name":"else","bank":"else","account_no":"1"}}`, first))
	h.Do("party.confirm_payee", "U-OFF2", "officer", "2022-01-22T09:10:00+08:00", fmt.Sprintf(`{"party_id":%q}`, first))
	return h, ids
}

func find(t *testing.T, h *historytest.House, id domain.ID) *payment.Batch {
	t.Helper()
	f := payment.NewFinder(id)
	if err := history.Read(t.Context(), h.Log, f.Keep(), func(c *events.Commit) error { f.Fold(c); return nil }); err != nil {
		t.Fatal(err)
	}
	b, err := f.Batch()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t *testing.T, h *historytest.House, b *payment.Batch) *payment.Transfers {
	t.Helper()
	transfers, err := b.Open(h.Ring)
	if err != nil {
		t.Fatal(err)
	}
	return transfers
}

func csvOf(t *testing.T, tr *payment.Transfers) string {
	t.Helper()
	var b bytes.Buffer
	if err := tr.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func xlsxOf(t *testing.T, tr *payment.Transfers) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tr.WriteXLSX(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPaysTheAccountThatWasConfirmedWhenTheBatchWasMade(t *testing.T) {
	t.Parallel()
	h, ids := batched(t)
	tr := open(t, h, find(t, h, "BT"))
	if len(tr.Rows) != 3 || tr.Rows[0].ClaimID != ids[0] || tr.Rows[0].AccountNo != "006228480012345678" || len(tr.Incomplete()) != 0 {
		t.Fatalf("got %+v", tr.Rows)
	}
	total := domain.MoneyFromFen(0)
	for _, r := range tr.Rows {
		total = total.Add(r.Amount)
	}
	if !total.Equal(tr.Total) {
		t.Errorf("the total is %s, the rows sum to %s", tr.Total, total)
	}
}

func TestFilesHoldTextsAndNoFormulas(t *testing.T) {
	t.Parallel()
	h, _ := batched(t)
	tr := open(t, h, find(t, h, "BT"))
	text := csvOf(t, tr)
	sum, err := tr.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ufeffbatch_id,", `,'` + hostile + `,`, ",'-Bank,", ",006228480012345678,", "#total," + tr.Total.String(), "#lines,3", "#sha256," + sum} {
		if !strings.Contains(text, want) {
			t.Errorf("the CSV lacks %q:\n%s", want, text)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(xlsxOf(t, tr)))
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{"E2": hostile, "F2": "-Bank", "G2": "006228480012345678", "H2": tr.Rows[0].Amount.String(), "A7": "#sha256", "B7": sum} {
		got, err := f.GetCellValue("Sheet1", cell)
		kind, err2 := f.GetCellType("Sheet1", cell)
		formula, err3 := f.GetCellFormula("Sheet1", cell)
		if err != nil || err2 != nil || err3 != nil || got != want || formula != "" || kind == excelize.CellTypeNumber {
			t.Errorf("%s: got %q (%v, formula %q), want the text %q; %v %v %v", cell, got, kind, formula, want, err, err2, err3)
		}
	}
}

func TestNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	h := historytest.NewHouse(t)
	for _, s := range historytest.Scenarios(t, "../..") {
		if strings.HasPrefix(s.Name, "payment") {
			for _, l := range s.Lines {
				h.Line(l)
			}
		}
	}
	b := find(t, h, "BT-1")
	tr := open(t, h, b)
	if n := tr.Incomplete(); len(n) != 1 || n[0].Missing != payment.NoPayee || n[0].PayeeID != "C001" || !b.Confirmed {
		t.Errorf("got %+v, confirmed %t", n, b.Confirmed)
	}
	h2, _ := batched(t)
	b = find(t, h2, "BT")
	h2.Do("person.erase", "U-OP1", "operator", "2022-02-01T09:00:00+08:00", fmt.Sprintf(`{"party_id":%q,"reason":"asked for"}`, b.Lines[0].PayeeID))
	if n := open(t, h2, find(t, h2, "BT")).Incomplete(); len(n) == 0 || n[0].Missing != payment.PayeeErased {
		t.Errorf("got %+v", n)
	}
}

// answer reads an answer that is given as bytes.
func answer(t *testing.T, data []byte) *payment.Answer {
	t.Helper()
	a, err := payment.ReadAnswer(importing.Source{Name: "answer", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// answered is the payment file as a bank sends it back, with its answers.
func answered(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	for i := range lines {
		switch {
		case i == 0:
			lines[i] += ",status,reference,reason"
		case i == 2:
			lines[i] += ",failed,,账户不存在"
		case !strings.HasPrefix(lines[i], "#"):
			lines[i] += ",paid,TX" + fmt.Sprint(i) + ","
		default:
			lines[i] += ",,,"
		}
	}
	return strings.Join(lines, "\r\n")
}

func TestTheAnswerBecomesOneCommand(t *testing.T) {
	t.Parallel()
	h, ids := batched(t)
	b := find(t, h, "BT")
	tr := open(t, h, b)
	sum, err := tr.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	c, mismatches := payment.Match(b, answer(t, []byte(answered(csvOf(t, tr)))), sum)
	if mismatches != nil {
		t.Fatal(mismatches)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"batch_id":"BT","lines":[{"claim_id":%q,"status":"paid","reference":"TX1"},{"claim_id":%q,"status":"failed","reason":"账户不存在"},{"claim_id":%q,"status":"paid","reference":"TX3"}]}`, ids[0], ids[1], ids[2])
	if d := cmp.Diff(want, string(data)); d != "" {
		t.Error(d)
	}
	h.Do("disbursement.confirm", "U-FIN2", "finance", "2022-01-25T09:00:00+08:00", string(data))
}

func TestListsWhatDoesNotFitAndSendsNothing(t *testing.T) {
	t.Parallel()
	h, ids := batched(t)
	b := find(t, h, "BT")
	tr := open(t, h, b)
	sum, err := tr.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	good := answered(csvOf(t, tr))
	row := func(n int) string { return strings.Split(good, "\r\n")[n] }
	for _, c := range []struct{ name, old, new, want string }{
		{"OtherBatch", row(1), strings.Replace(row(1), "BT,", "BX,", 1), "2 other_batch|0 line_missing 1"},
		{"UnknownLine", row(1), strings.Replace(row(1), "BT,1,", "BT,9,", 1), "2 unknown_line 9|0 line_missing 1"},
		{"AnotherClaim", row(1), strings.Replace(row(1), string(ids[0]), string(ids[1]), 1), "2 claim_differs 1"},
		{"AmountDiffers", row(1), strings.Replace(row(1), tr.Rows[0].Amount.String(), "0.01", 1), "2 amount_differs 1"},
		{"LineTwice", row(1), row(1) + "\r\n" + row(1), "3 line_twice 1"},
		{"LineMissing", row(1) + "\r\n", "", "0 line_missing 1"},
		{"UnknownStatus", row(1), strings.Replace(row(1), ",paid,", ",PAID,", 1), "2 unknown_status 1"},
		{"TotalDiffers", "#total," + tr.Total.String(), "#total,1.00", "6 total_differs"},
		{"CountDiffers", "#lines,3", "#lines,4", "5 count_differs"},
		{"ChecksumDiffers", sum, strings.Repeat("0", 64), "7 checksum_differs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, c.old) {
				t.Fatalf("the answer has no %q:\n%s", c.old, good)
			}
			confirm, mismatches := payment.Match(b, answer(t, []byte(strings.Replace(good, c.old, c.new, 1))), sum)
			var got []string
			for _, m := range mismatches {
				line := fmt.Sprint(m.Line, " ", m.Code)
				if m.Code != payment.OtherBatch && m.LineNo != "" {
					line += " " + m.LineNo
				}
				got = append(got, line)
			}
			if d := cmp.Diff(c.want, strings.Join(got, "|")); d != "" || confirm != nil {
				t.Errorf("confirm %v (-want +got):\n%s", confirm, d)
			}
		})
	}
}

func TestReadsAmountsThatASheetKeepsAsNumbers(t *testing.T) {
	t.Parallel()
	h, _ := batched(t)
	b := find(t, h, "BT")
	f := excelize.NewFile()
	rows := [][]any{{"batch_id", "line_no", "claim_id", "amount", "status"}}
	for _, l := range b.Lines {
		rows = append(rows, []any{"BT", l.LineNo, string(l.ClaimID), float64(l.Amount.Fen()) / 100, "paid"})
	}
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	buf, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if c, mismatches := payment.Match(b, answer(t, buf.Bytes()), ""); mismatches != nil || len(c.Lines) != 3 {
		t.Errorf("got %v, %+v", c, mismatches)
	}
}

func TestRefusesAFileWithoutItsColumns(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"batch_id,line_no,claim_id,amount\n", "", "batch_id,batch_id,line_no,claim_id,amount,status\n"} {
		if _, err := payment.ReadAnswer(importing.Source{Name: "a.csv", Data: []byte(text)}); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
