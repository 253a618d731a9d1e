package table

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var columns = []Column{{Name: "item", Title: "品名"}, {Name: "kg", Numeric: true}, {Name: "shares"}, {Name: "seen"}}

var rows = [][]any{
	{"红枣", "1234.500", jsontext.Value(`{"F":"1.00"}`), true},
	{"=SUM(A1)\x1b[2J", "-0.250", nil, false},
	{"ياڭاق, \"quoted\"", "1234567890123456.123", jsontext.Value("7"), nil},
}

func write(t *testing.T, f Format, rows Rows) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, columns, rows); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.String()
}

func TestAlignsByTerminalCells(t *testing.T) {
	t.Parallel()
	got := write(t, Text, Slice(rows))
	want := strings.Join([]string{
		"品名                                  kg  shares        seen",
		"────────────────────  ────────────────────  ────────────  ─────",
	}, "\n")
	lines := strings.Split(got, "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "品名") {
		t.Fatalf("got %q, want like %q", got, want)
	}
	if strings.Contains(got, "\x1b") || !strings.Contains(got, `\u001b`) {
		t.Errorf("a control character reaches the terminal: %q", got)
	}
	at := func(line, s string) int { return Width(line[:strings.Index(line, s)]) }
	if a, b := at(lines[2], "1234.500")+8, at(lines[3], "-0.250")+6; a != b {
		t.Errorf("numbers end in cells %d and %d", a, b)
	}
}

func TestCutsLongTextsAtCharacters(t *testing.T) {
	t.Parallel()
	got := cut(strings.Repeat("红", 100))
	if Width(got) > cellWidthMax || !strings.HasSuffix(got, "红…") {
		t.Errorf("got %q", got)
	}
}

func TestJSONKeepsColumnOrderAndKinds(t *testing.T) {
	t.Parallel()
	want := `[
{"item":"红枣","kg":"1234.500","shares":{"F":"1.00"},"seen":true},
{"item":"=SUM(A1)\u001b[2J","kg":"-0.250","shares":null,"seen":false},
{"item":"ياڭاق, \"quoted\"","kg":"1234567890123456.123","shares":7,"seen":null}
]
`
	if diff := cmp.Diff(want, write(t, JSON, Slice(rows))); diff != "" {
		t.Error(diff)
	}
	if got := write(t, JSON, Slice(nil)); got != "[]\n" {
		t.Errorf("no rows: got %q", got)
	}
	if got := write(t, JSONL, Slice(rows[:1])); got != `{"item":"红枣","kg":"1234.500","shares":{"F":"1.00"},"seen":true}`+"\n" {
		t.Errorf("jsonl: got %q", got)
	}
}

func TestCSVIsUnchangedText(t *testing.T) {
	t.Parallel()
	want := "item,kg,shares,seen\n红枣,1234.500,\"{\"\"F\"\":\"\"1.00\"\"}\",true\n=SUM(A1)\x1b[2J,-0.250,,false\n\"ياڭاق, \"\"quoted\"\"\",1234567890123456.123,7,\n"
	if diff := cmp.Diff(want, write(t, CSV, Slice(rows))); diff != "" {
		t.Error(diff)
	}
}

func TestSheetHoldsNumbersExactlyAndNoFormulas(t *testing.T) {
	t.Parallel()
	f, err := excelize.OpenReader(strings.NewReader(write(t, XLSX, Slice([][]any{{"=1+1", "1234.500", nil, nil}, {"x", "1234567890123456.123", nil, nil}}))))
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{"A1": "item", "A2": "=1+1", "B2": "1234.500", "B3": "1234567890123456.123"} {
		if got, err := f.GetCellValue("Sheet1", cell); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", cell, got, err, want)
		}
	}
	if formula, err := f.GetCellFormula("Sheet1", "A2"); err != nil || formula != "" {
		t.Errorf("A2 became the formula %q, %v", formula, err)
	}
}

func TestRefusesAnUnknownFormat(t *testing.T) {
	t.Parallel()
	if _, err := ParseFormat("yaml"); err == nil || !strings.Contains(err.Error(), "jsonl") {
		t.Errorf("got %v, want the names of the formats", err)
	}
}
