package payment

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"zhitong/domain"
	"zhitong/domain/disbursement"
	"zhitong/internal/importing"
)

// The columns of the bank's answer.
const (
	colBatch     = "batch_id"
	colLine      = "line_no"
	colClaim     = "claim_id"
	colAmount    = "amount"
	colStatus    = "status"
	colReference = "reference" // optional
	colReason    = "reason"    // optional
)

// Row is a row of the bank's answer, as texts.
type Row struct {
	Line                                                     int // of the file
	Batch, No, ClaimID, Amount, Status, Reference, ReasonWhy string
}

// Answer is the bank's answer as it was read.
type Answer struct {
	Rows []Row
	Ends map[string]Row // the rows behind the transfers, by their first cell: [rowTotal] …; the value is in No
	xlsx bool
}

// ReadAnswer reads an answer in CSV (UTF-8 or GB18030) or xlsx. Columns that it does
// not know are passed over: a bank may send the payment file back with more.
func ReadAnswer(src importing.Source) (*Answer, error) {
	t, err := importing.ReadTable(src, "", ',')
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range t.Header {
		if _, twice := at[name]; twice && name != "" {
			return nil, &importing.FileError{File: src.Name, Line: 1, Column: name, Detail: "the column stands twice"}
		}
		at[name] = i
	}
	for _, name := range []string{colBatch, colLine, colClaim, colAmount, colStatus} {
		if _, ok := at[name]; !ok {
			return nil, &importing.FileError{File: src.Name, Line: 1, Column: name, Detail: "the column is missing"}
		}
	}
	a := &Answer{Ends: map[string]Row{}, xlsx: t.Encoding == "xlsx"}
	for _, r := range t.Records {
		cell := func(name string) string {
			if i, ok := at[name]; ok && i < len(r.Cells) {
				return plain(strings.TrimSpace(r.Cells[i]))
			}
			return ""
		}
		row := Row{r.Line, cell(colBatch), cell(colLine), cell(colClaim), cell(colAmount), cell(colStatus), cell(colReference), cell(colReason)}
		switch {
		case strings.Join(r.Cells, "") == "":
		case slices.Contains([]string{rowLines, rowTotal, rowSHA256}, strings.TrimSpace(r.Cells[0])):
			row.Batch = strings.TrimSpace(r.Cells[0])
			if len(r.Cells) > 1 {
				row.No = strings.TrimSpace(r.Cells[1])
			}
			a.Ends[row.Batch] = row
		default:
			a.Rows = append(a.Rows, row)
		}
	}
	return a, nil
}

// Mismatch is where an answer does not fit its batch.
type Mismatch struct {
	Line     int    // of the file; 0 where something is not in it
	Code     string // e.g. "amount_differs"
	LineNo   string // of the batch, as far as it is known
	ClaimID  string
	Expected string
	Found    string
}

// The codes of a [Mismatch].
const (
	OtherBatch      = "other_batch"
	UnknownLine     = "unknown_line"
	ClaimDiffers    = "claim_differs"
	AmountDiffers   = "amount_differs"
	LineTwice       = "line_twice"
	LineMissing     = "line_missing"
	UnknownStatus   = "unknown_status"
	InvalidText     = "invalid_text"
	CountDiffers    = "count_differs"
	TotalDiffers    = "total_differs"
	ChecksumDiffers = "checksum_differs"
)

// Match holds an answer against its batch. Without a mismatch it returns the data of
// disbursement.confirm, in the order of the batch; a line that transfers nothing
// needs no answer and counts as paid. The checksum is that of the payment file; it is
// compared where the answer repeats it, and not compared when it is "".
func Match(b *Batch, a *Answer, checksum string) (*disbursement.Confirm, []Mismatch) {
	m := matcher{batch: b, answer: a, answers: map[int]disbursement.ConfirmLine{}, seen: map[int]bool{}}
	for _, r := range a.Rows {
		m.row(r)
	}
	c := &disbursement.Confirm{BatchID: b.ID}
	count, total := 0, domain.MoneyFromFen(0)
	for _, l := range b.Lines {
		line, ok := m.answers[l.LineNo]
		switch {
		case !ok && l.Amount.Sign() == 0:
			line = disbursement.ConfirmLine{ClaimID: l.ClaimID, Status: disbursement.Paid}
		case !ok && !m.seen[l.LineNo]:
			m.add(Row{}, LineMissing, &l, l.Amount.String(), "")
		}
		if l.Amount.Sign() > 0 {
			count, total = count+1, total.Add(l.Amount)
		}
		c.Lines = append(c.Lines, line)
	}
	m.end(rowLines, CountDiffers, strconv.Itoa(count))
	m.end(rowTotal, TotalDiffers, total.String())
	if checksum != "" {
		m.end(rowSHA256, ChecksumDiffers, checksum)
	}
	if len(m.found) > 0 {
		return nil, m.found
	}
	return c, nil
}

type matcher struct {
	batch   *Batch
	answer  *Answer
	answers map[int]disbursement.ConfirmLine
	seen    map[int]bool // lines that the file names, also where something differs
	found   []Mismatch
}

func (m *matcher) add(r Row, code string, l *disbursement.Line, expected, found string) {
	k := Mismatch{Line: r.Line, Code: code, LineNo: r.No, ClaimID: r.ClaimID, Expected: expected, Found: found}
	if l != nil {
		k.LineNo, k.ClaimID = strconv.Itoa(l.LineNo), string(l.ClaimID)
	}
	m.found = append(m.found, k)
}

// row holds one row of the answer against the batch.
func (m *matcher) row(r Row) {
	if r.Batch != string(m.batch.ID) {
		m.add(r, OtherBatch, nil, string(m.batch.ID), r.Batch)
		return
	}
	n, err := strconv.Atoi(r.No)
	i := slices.IndexFunc(m.batch.Lines, func(l disbursement.Line) bool { return l.LineNo == n })
	if err != nil || i < 0 {
		m.add(r, UnknownLine, nil, fmt.Sprintf("1–%d", len(m.batch.Lines)), r.No)
		return
	}
	l := &m.batch.Lines[i]
	if m.seen[n] {
		m.add(r, LineTwice, l, "", r.No)
		return
	}
	m.seen[n] = true
	answer := disbursement.ConfirmLine{ClaimID: l.ClaimID, Status: r.Status}
	switch amount, ok := m.amount(r.Amount); {
	case r.ClaimID != string(l.ClaimID):
		m.add(r, ClaimDiffers, l, string(l.ClaimID), r.ClaimID)
	case !ok || !amount.Equal(l.Amount):
		m.add(r, AmountDiffers, l, l.Amount.String(), r.Amount)
	case r.Status != disbursement.Paid && r.Status != disbursement.Failed:
		m.add(r, UnknownStatus, l, disbursement.Paid+" / "+disbursement.Failed, r.Status)
	case answer.Reference.UnmarshalText([]byte(r.Reference)) != nil:
		m.add(r, InvalidText, l, colReference, r.Reference)
	case answer.Reason.UnmarshalText([]byte(r.ReasonWhy)) != nil:
		m.add(r, InvalidText, l, colReason, r.ReasonWhy)
	default:
		m.answers[n] = answer
	}
}

// sheetNumberCharsMax is the length of a number as a worksheet stores it.
const sheetNumberCharsMax = 40

// amount reads an amount. A worksheet keeps numbers in binary: noise far below the
// fen is taken off.
func (m *matcher) amount(text string) (domain.Money, bool) {
	if v, err := domain.ParseMoney(text); err == nil {
		return v, true
	}
	if !m.answer.xlsx || len(text) > sheetNumberCharsMax || strings.ContainsAny(text, "eE/") {
		return domain.Money{}, false
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return domain.Money{}, false
	}
	rounded := exact.FloatString(2)
	back, _ := new(big.Rat).SetString(rounded)
	noise := new(big.Rat).Sub(exact, back)
	if noise.Abs(noise).Cmp(big.NewRat(1, 1_000_000)) > 0 {
		return domain.Money{}, false
	}
	v, err := domain.ParseMoney(rounded)
	return v, err == nil
}

// end compares a row behind the transfers, where the answer repeats it.
func (m *matcher) end(name, code, expected string) {
	r, ok := m.answer.Ends[name]
	if !ok {
		return
	}
	same := r.No == expected
	if name == rowTotal {
		want, err := domain.ParseMoney(expected)
		got, fine := m.amount(r.No)
		same = err == nil && fine && got.Equal(want)
	}
	if !same {
		m.add(Row{Line: r.Line}, code, nil, expected, r.No)
	}
}
