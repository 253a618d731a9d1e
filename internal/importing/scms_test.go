package importing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

var update = flag.Bool("update", false, "rewrite scms-sample.json")

const refusedOrder = "SCMS-183950"

// wholeFile is the published file where ZHITONG_SCMS names it.
func wholeFile(t testing.TB) (Source, bool) {
	t.Helper()
	name := os.Getenv("ZHITONG_SCMS")
	if name == "" {
		return Source{}, false
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const want = "918b992dd3e8d4b64d2a727b2c4ea607603d0c58f19484e73f7b78528c6a8673"
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
		t.Fatalf("%s has not the SHA-256 %s", name, want)
	}
	return Source{Name: filepath.Base(name), Data: b}, true
}

// eachSCMS runs a test on the sample, and on the whole file where there is one.
func eachSCMS(t *testing.T, test func(t *testing.T, src Source)) {
	t.Parallel()
	t.Run("Sample", func(t *testing.T) { t.Parallel(); test(t, testdataFile(t, "scms/scms-sample.csv")) })
	if src, ok := wholeFile(t); ok {
		t.Run("WholeFile", func(t *testing.T) { t.Parallel(); test(t, src) })
	}
}

func TestTotalsOfTheCommandsAreThoseOfTheFile(t *testing.T) {
	eachSCMS(t, func(t *testing.T, src Source) {
		log := newFakeLog()
		s := run(t, src, profile(t, "scms"), log, Options{})
		got, want := totalsOfCommands(t, log.commands, s), totalsOfFile(t, src.Data, refusedOrder)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("totals (-file +commands):\n%s", diff)
		}
		if s.Commands != len(log.commands) || s.New != s.Commands || s.Repeated != 0 || len(s.Partial) != 0 {
			t.Errorf("commands %d, new %d, repeated %d, partial %d; sent %d", s.Commands, s.New, s.Repeated, len(s.Partial), len(log.commands))
		}
		if len(s.Rejected) != 55 || s.RowsAccepted+s.RowsRejected != s.Rows || s.DocumentsRejected != 1 {
			t.Errorf("rejected rows %d, accepted %d of %d, documents rejected %d", len(s.Rejected), s.RowsAccepted, s.Rows, s.DocumentsRejected)
		}
		if log.most > inFlightDefault {
			t.Errorf("%d commands on their way at once", log.most)
		}

		again := run(t, src, profile(t, "scms"), log, Options{Rehearser: log})
		if again.New != 0 || again.Repeated != s.Commands || len(again.Rejected) != 55 {
			t.Errorf("a second run: new %d, repeated %d, rejected %d; want 0, %d, 55", again.New, again.Repeated, len(again.Rejected), s.Commands)
		}
	})
}

func TestSampleHasItsControlTotals(t *testing.T) {
	t.Parallel()
	got := totalsOfFile(t, testdataFile(t, "scms/scms-sample.csv").Data, refusedOrder)
	name := filepath.Join("..", "..", "testdata", "scms", "scms-sample.json")
	if *update {
		b, err := json.Marshal(got, json.Deterministic(true), jsontext.WithIndent("  "))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want totals
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scms-sample.json (-stored +worked out):\n%s", diff)
	}
}

func TestWholeFileHasThePublishedControlTotals(t *testing.T) {
	t.Parallel()
	src, ok := wholeFile(t)
	if !ok {
		t.Log("ZHITONG_SCMS does not name the whole file: the sample alone was tested")
		return
	}
	log := newFakeLog()
	began := time.Now()
	s := run(t, src, profile(t, "scms"), log, Options{})
	t.Logf("%d commands in %v", s.Commands, time.Since(began))
	got := totalsOfCommands(t, log.commands, s)
	got.ByYearAmount = map[string]string{"2013": got.ByYearAmount["2013"]}
	got.ByYearLines = map[string]int{"2013": got.ByYearLines["2013"]}
	want := totals{
		Rows: 10324, RejectedRows: 55, Cooperatives: 73, Buyers: 142, Items: 183, Routes: 97,
		Orders: 6232, OrderLines: 10269, Departures: 7028, Packs: "189169833", GrossAmount: "1626274603.37",
		Freights: 6198, FreightAmount: "68817849.41", Weighed: 6371, GrossKg: "21820540", Commands: 61326,
		FirstSale: "2006-05-02", LastSale: "2015-09-14",
		ByYearAmount: map[string]string{"2013": "220545592.49"}, ByYearLines: map[string]int{"2013": 1185},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-published +commands):\n%s", diff)
	}
	wantWarnings := map[string]int{
		"recorded_before_delivered": 3, "recorded_over_7_days_late": 1013, "po_after_delivery": 5, "pq_after_delivery": 10,
		"delivered_late": 1186, "delivered_early": 2814, "two_scheduled_dates": 10, "price_rounded": 719, "value_0": 17, "weight_0": 1,
		"weight_over_50_kg_a_pack": 21,
	}
	gotWarnings := map[string]int{}
	for _, w := range s.Warnings {
		gotWarnings[w.Name] = w.Count
	}
	if diff := cmp.Diff(wantWarnings, gotWarnings); diff != "" {
		t.Errorf("warnings:\n%s", diff)
	}

	plain := newFakeLog()
	s = run(t, src, profile(t, "scms+pack_price"), plain, Options{})
	if got := totalsOfCommands(t, plain.commands, s); got.GrossAmount != "1627584910.60" || s.RowsRejected != 0 || got.OrderLines != 10324 {
		t.Errorf("with the pack price as it stands: %s, %d lines, %d rows rejected", got.GrossAmount, got.OrderLines, s.RowsRejected)
	}
}

func TestTheTwoLinesWithoutAUnitPriceAreNamed(t *testing.T) {
	eachSCMS(t, func(t *testing.T, src Source) {
		s := run(t, src, profile(t, "scms"), newFakeLog(), Options{})
		var got []Reason
		for _, r := range s.Rejected {
			if r.Document != refusedOrder {
				t.Errorf("row %d is of %q", r.Row, r.Document)
			}
			for _, reason := range r.Reasons {
				if reason.Code != "document.refused" {
					got = append(got, *reason)
				}
			}
		}
		want := []Reason{
			{Code: "price.not_exact", Column: "Line Item Value", Value: "359064.74", Detail: "no unit price of 6 places gives this value: 22333 × 16.077766 is 359064.75"},
			{Code: "price.not_exact", Column: "Line Item Value", Value: "144614.29", Detail: "no unit price of 6 places gives this value: 19284 × 7.499185 is 144614.28"},
		}
		lines := []int{3429, 6167}
		for i := range got {
			if s.Rows == 10324 && got[i].Line != lines[min(i, 1)] {
				t.Errorf("line %d, want %d", got[i].Line, lines[i])
			}
			got[i].Row, got[i].Line = 0, 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("reasons:\n%s", diff)
		}
	})
}

// commandsOf are all commands of a file, as text.
func commandsOf(t testing.TB, src Source) (string, *Plan) {
	t.Helper()
	plan, err := Prepare(src, profile(t, "scms"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range plan.Commands() {
		fmt.Fprintf(&b, "%s %s %s %s %s %s\n", c.ID, c.Command, c.Actor, c.Role, c.Time, c.Data)
	}
	return b.String(), plan
}

func TestEveryFormOfTheFileGivesTheSameCommands(t *testing.T) {
	eachSCMS(t, func(t *testing.T, src Source) {
		want, _ := commandsOf(t, src)
		bare := bytes.TrimPrefix(src.Data, []byte("\xef\xbb\xbf"))
		gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(bare)
		if err != nil {
			t.Fatal(err)
		}
		forms := []struct {
			name, encoding string
			data           []byte
		}{
			{"LF", "UTF-8 with BOM", bytes.ReplaceAll(src.Data, []byte("\r"), []byte("\n"))},
			{"CRLF", "UTF-8 with BOM", bytes.ReplaceAll(src.Data, []byte("\r"), []byte("\r\n"))},
			{"WithoutBOM", "UTF-8", bare},
			{"GB18030", "GB18030", gb},
			{"XLSXOfText", "xlsx", sheetOf(t, src, false)},
			{"XLSXOfNumbersAndDates", "xlsx", sheetOf(t, src, true)},
		}
		for _, f := range forms {
			got, plan := commandsOf(t, Source{Name: f.name, Data: f.data})
			if got != want {
				t.Errorf("%s: the commands differ:\n%s", f.name, cmp.Diff(want[:min(len(want), 5000)], got[:min(len(got), 5000)]))
			}
			if plan.table.Encoding != f.encoding {
				t.Errorf("%s: read as %s", f.name, plan.table.Encoding)
			}
		}
	})
}

// sheetOf makes an xlsx file of a CSV: all text, or with numbers and dates as a
// spreadsheet program keeps them.
func sheetOf(t testing.TB, src Source, typed bool) []byte {
	t.Helper()
	table, err := ReadTable(src, "", ',')
	if err != nil {
		t.Fatal(err)
	}
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	put := func(row int, cells []string, as func(i int, cell string) any) {
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = as(i, c)
		}
		if err := w.SetRow(fmt.Sprintf("A%d", row), values); err != nil {
			t.Fatal(err)
		}
	}
	text := func(_ int, cell string) any { return cell }
	put(1, table.Header, text)
	dMonYY, _ := parseLayout("d-Mon-yy", 2000)
	mdyy, _ := parseLayout("m/d/yy", 2000)
	typedCell := func(_ int, cell string) any {
		for _, l := range []*layout{dMonYY, mdyy} {
			if day, ok := l.parse(cell); ok {
				date, err := time.Parse(time.DateOnly, day.String())
				if err != nil {
					t.Fatal(err)
				}
				return date
			}
		}
		if n := float64(0); checkNumber(cell, 2) == "" {
			if _, err := fmt.Sscan(cell, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		return cell
	}
	for i, r := range table.Records {
		if typed {
			put(i+2, r.Cells, typedCell)
		} else {
			put(i+2, r.Cells, text)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRejectedRowsCanBeCorrectedAndImported(t *testing.T) {
	eachSCMS(t, func(t *testing.T, src Source) {
		log := newFakeLog()
		s := run(t, src, profile(t, "scms"), log, Options{})
		before := len(log.commands)
		var file bytes.Buffer
		if err := s.WriteRejected(&file); err != nil {
			t.Fatal(err)
		}
		corrected := bytes.ReplaceAll(bytes.ReplaceAll(file.Bytes(), []byte(",359064.74,"), []byte(",359064.75,")), []byte(",144614.29,"), []byte(",144614.28,"))
		again := run(t, Source{Name: "rejected.csv", Data: corrected}, profile(t, "scms"), log, Options{Rehearser: log})
		if again.Rows != 55 || again.RowsRejected != 0 || again.DocumentsAccepted != 1 {
			t.Errorf("corrected: %d rows, %d rejected, %d documents", again.Rows, again.RowsRejected, again.DocumentsAccepted)
		}
		items := 0
		for _, c := range log.commands[before:] {
			if c.Command == "item.register" && strings.Contains(string(c.Data), "[Combivir], tablets") {
				items++
			}
		}
		if items != 1 {
			t.Errorf("the item that only the refused order has was registered %d times", items)
		}
		unchanged, err := ReadTable(Source{Name: "rejected.csv", Data: file.Bytes()}, "", ',')
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range unchanged.Records {
			if diff := cmp.Diff(s.Rejected[i].Cells, r.Cells); diff != "" {
				t.Fatalf("row %d: the original cells changed:\n%s", i+1, diff)
			}
		}
	})
}
