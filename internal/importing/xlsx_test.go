package importing

import (
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestSheetNumbersLoseTheNoiseOfTheirBinaryForm(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"19": "19", "780.34": "780.34", "780.34000000000003": "780.34", "1.1000000000000001": "1.1", "0": "0", "0.0": "0",
		"5.0000000000000003E-2": "0.05", "1.23E+5": "123000", "1e-7": "0.0000001", "999999999999999.9": "1000000000000000",
		"123456789012345": "123456789012345", "007": "7", "0.99999999999999999": "1", "2.9999999999999996": "3",
	} {
		if got, _, ok := sheetNumber(raw); !ok || got != want {
			t.Errorf("sheetNumber(%q) = %q, %v; want %q", raw, got, ok, want)
		}
	}
	for _, raw := range []string{"", "-1", "1,000", "1e", "e5", "NaN", "1e999", ".5", "#N/A", "1 2", "١٢"} {
		if got, _, ok := sheetNumber(raw); ok {
			t.Errorf("sheetNumber(%q) = %q", raw, got)
		}
	}
}

func TestSheetDaysAreCountedDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw      string
		date1904 bool
		want     string
	}{
		{"61", false, "1900-03-01"}, {"38870", false, "2006-06-02"}, {"38870.0", false, "2006-06-02"}, {"37408", true, "2006-06-02"},
		{"2006-06-02", false, "2006-06-02"}, {"2006-06-02T00:00:00", false, "2006-06-02"},
	} {
		if got, ok := sheetDay(c.raw, c.date1904); !ok || got.String() != c.want {
			t.Errorf("sheetDay(%q, %v) = %s, %v; want %s", c.raw, c.date1904, got, ok, c.want)
		}
	}
	for _, raw := range []string{"", "60", "38870.5", "2958466", "2006-06-02T11:00:00", "2006-13-02", "2-Jun-06"} {
		if got, ok := sheetDay(raw, false); ok {
			t.Errorf("sheetDay(%q) = %s", raw, got)
		}
	}
}

// book makes an xlsx file with one sheet of a name.
func book(t *testing.T, sheet string, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow(sheet, cell, &r); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSXKeepsTextsAndPlaces(t *testing.T) {
	t.Parallel()
	data := book(t, "发货", []any{"号", "量", "注"}, []any{"0012", 3.5, ""}, []any{}, []any{"110101199003078888", 1, "=x"})
	table, err := ReadTable(Source{Name: "a.xlsx", Data: data}, "", ',')
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Records) != 2 {
		t.Fatalf("%d records", len(table.Records))
	}
	for i, want := range []struct {
		cells string
		line  int
	}{{"0012|3.5|", 2}, {"110101199003078888|1|=x", 4}} {
		r := table.Records[i]
		if got := strings.Join(r.Cells, "|"); got != want.cells || r.Line != want.line || r.Row != i+1 {
			t.Errorf("record %d = %q, row %d, line %d; want %q, line %d", i, got, r.Row, r.Line, want.cells, want.line)
		}
	}
	if _, err := ReadTable(Source{Name: "a.xlsx", Data: data}, "收货", ','); err == nil || err.Error() != `a.xlsx: no worksheet "收货"; there are: 发货` {
		t.Errorf("an unknown worksheet: %v", err)
	}
	if _, err := ReadTable(Source{Name: "a.xlsx", Data: data[:len(data)/2]}, "", ','); err == nil || !strings.HasPrefix(err.Error(), "a.xlsx: an xlsx file that cannot be read: ") {
		t.Errorf("half a file: %v", err)
	}
}

func TestTextColumnsOfAnXLSXKeepLongIDs(t *testing.T) {
	t.Parallel()
	c := &column{read: readID}
	for raw, want := range map[string]string{"110101199003078888": "110101199003078888", "0012": "0012", "1.1000000000000001": "1.1", "1.10": "1.10", "v1.2": "v1.2"} {
		if got := c.settle(raw, false); got != want {
			t.Errorf("settle(%q) = %q, want %q", raw, got, want)
		}
	}
}
