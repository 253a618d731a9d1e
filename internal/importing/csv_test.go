package importing

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReadsCSVSpectrum(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "testdata", "csv-spectrum")
	names, err := filepath.Glob(filepath.Join(dir, "csvs", "*.csv"))
	if err != nil || len(names) != 11 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".csv")
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			want := []map[string]string{}
			b, err := os.ReadFile(filepath.Join(dir, "json", base+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			table, err := ReadTable(testdataFile(t, "csv-spectrum/csvs/"+base+".csv"), "", ',')
			if err != nil {
				t.Fatal(err)
			}
			got := []map[string]string{}
			for _, r := range table.Records {
				m := map[string]string{}
				for i, c := range r.Cells {
					m[table.Header[i]] = c
				}
				got = append(got, m)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func scan(text string) (records [][]string, lines []int, err error) {
	s := &csvScanner{text: text, line: 1, delimiter: ','}
	for {
		cells, line, err := s.next()
		if err == io.EOF {
			return records, lines, nil
		}
		if err != nil {
			return records, lines, err
		}
		records, lines = append(records, cells), append(lines, line)
	}
}

func TestLineEndsPartRecordsOnlyOutsideQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		records    [][]string
		lines      []int
	}{
		{"BareCR", "a,b\rc,d\r", [][]string{{"a", "b"}, {"c", "d"}}, []int{1, 2}},
		{"MixedEnds", "a\r\nb\nc\rd", [][]string{{"a"}, {"b"}, {"c"}, {"d"}}, []int{1, 2, 3, 4}},
		{"EndsInsideQuotesStay", "\"a\rb\r\nc\nd\",e\nf,g", [][]string{{"a\rb\r\nc\nd", "e"}, {"f", "g"}}, []int{1, 5}},
		{"EmptyLinesArePassedOver", "a\n\n\r\n\rb\n\n", [][]string{{"a"}, {"b"}}, []int{1, 5}},
		{"QuotedEmptyLineIsARecord", "a\n\"\"\n", [][]string{{"a"}, {""}}, []int{1, 2}},
		{"LastCellEmpty", "a,\n,", [][]string{{"a", ""}, {"", ""}}, []int{1, 2}},
		{"DoubledQuotes", `"a""b""",""""`, [][]string{{`a"b"`, `"`}}, []int{1}},
		{"BlanksStay", " a , b ", [][]string{{" a ", " b "}}, []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			records, lines, err := scan(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.records, records); diff != "" {
				t.Errorf("records:\n%s", diff)
			}
			if diff := cmp.Diff(c.lines, lines); diff != "" {
				t.Errorf("lines:\n%s", diff)
			}
		})
	}
}

func TestFaultsOfACSVNameTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"BareQuote", "h,i\na,b\n城,x\"y\n", `f.csv: row 2: line 3: column 4: a quote inside a cell that is not quoted`},
		{"AfterAQuotedCell", "h\r\"a\"b\r", `f.csv: row 1: line 2: column 4: a character between the quote that ends a cell and the next cell`},
		{"QuoteThatDoesNotEnd", "h\na\n\"b\nc\n", `f.csv: row 2: line 3: column 1: a quoted cell that does not end`},
		{"Empty", "\n\r\n", `f.csv: the file is empty: it has no header`},
		{"TooManyColumns", "h\n" + strings.Repeat(",", columnsMax), `f.csv: row 1: line 2: 1001 cells; at most 1000 are read`},
		{"TooLongACell", "h\n" + strings.Repeat("x", cellCharsMax+1), `f.csv: row 1: line 2: column "h": a cell of more than 32767 characters`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadTable(Source{Name: "f.csv", Data: []byte(c.text)}, "", ',')
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if e := (*FileError)(nil); !errors.As(err, &e) {
				t.Errorf("not a FileError: %T", err)
			}
		})
	}
}

// sameAsStandard checks the scanner against encoding/csv. Property: on the text with
// every line end made LF both read the same records or both refuse it; and a CR or
// CRLF outside quotes means what LF means.
func sameAsStandard(t interface{ Fatalf(string, ...any) }, text string) {
	lf := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	r := csv.NewReader(strings.NewReader(lf))
	r.FieldsPerRecord = -1
	want, wantErr := r.ReadAll()
	got, lines, err := scan(lf)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("%q: error %v, encoding/csv %v", lf, err, wantErr)
	}
	if err == nil {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-encoding/csv +scanner):\n%s", lf, diff)
		}
	}
	raw, rawLines, rawErr := scan(text)
	if (rawErr != nil) != (err != nil) || len(raw) != len(got) {
		t.Fatalf("%q: %d records, %v; with LF %d, %v", text, len(raw), rawErr, len(got), err)
	}
	for i := range raw {
		for k := range raw[i] {
			raw[i][k] = strings.ReplaceAll(strings.ReplaceAll(raw[i][k], "\r\n", "\n"), "\r", "\n")
		}
	}
	if diff := cmp.Diff(got, raw); diff != "" {
		t.Fatalf("%q (-with LF +as it is):\n%s", text, diff)
	}
	if diff := cmp.Diff(lines, rawLines); diff != "" {
		t.Fatalf("%q: lines (-with LF +as it is):\n%s", text, diff)
	}
}

func TestReadsWhatEncodingCSVReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "0", "红枣", " ", ",", "\"", "\"\"", "\r", "\n", "\r\n", "\"a,b\""}), 0, 24).Draw(t, "parts")
		sameAsStandard(t, strings.Join(parts, ""))
	})
}

// FuzzCSV holds the property of sameAsStandard for any text.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a,b\rc,d", "\"a\r\nb\",\"\"\"\"\n", "a\"b", "\"a\"b", "\"", "\r\r\n\n,", "\ufeffa,b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { sameAsStandard(t, text) })
}

// TestWrittenRecordsReadBack holds for any cells: what writeRecord wrote is read as
// it was.
func TestWrittenRecordsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("a=+-@ \t\r\n\",'红;")))
		cells := rapid.SliceOfN(cell, 2, 5).Draw(t, "cells")
		s := &Summary{delimiter: ',', header: cells, Rejected: []RejectedRow{{Row: 1, Line: 2, Document: "=D", Cells: cells, Reasons: []*Reason{{Code: "x", Value: "@v", Detail: "d"}}}}}
		var b strings.Builder
		if err := s.WriteRejected(&b); err != nil {
			t.Fatal(err)
		}
		table, err := ReadTable(Source{Name: "r.csv", Data: []byte(b.String())}, "", ',')
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cells, table.Records[0].Cells); diff != "" {
			t.Fatalf("%q:\n%s", b.String(), diff)
		}
		if !strings.Contains(b.String(), ",'=D,") || !strings.Contains(b.String(), ",'@v,") {
			t.Fatalf("cells for people that are taken for a formula: %q", b.String())
		}
	})
}
