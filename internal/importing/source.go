package importing

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a spreadsheet.
const (
	fileBytesMax      = 128 << 20 // of a file, as it is stored
	columnsMax        = 1000
	rowsMax           = 1_048_576 // what a worksheet can hold
	cellCharsMax      = 32_767    // what a worksheet's cell can hold
	xlsxUnzipBytesMax = 512 << 20 // of all parts of an xlsx file, unpacked
)

// Source is a spreadsheet's bytes and the name that messages call it by.
type Source struct {
	Name string
	Data []byte
}

// ReadSource reads r up to the largest file that is taken.
func ReadSource(name string, r io.Reader) (Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, fileBytesMax+1))
	if err != nil {
		return Source{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > fileBytesMax {
		return Source{}, &FileError{File: name, Detail: fmt.Sprintf("larger than %d MiB: divide it", fileBytesMax>>20)}
	}
	return Source{Name: name, Data: data}, nil
}

// FileError says why a file cannot be read at all. Line, Row and Column are 0 or
// "" where the fault is not at one place.
type FileError struct {
	File   string
	Line   int    // physical line (CSV) or sheet row (xlsx), from 1
	Row    int    // data row, the header not counted, from 1
	Column string // the header's text, or a place in the line
	Detail string
}

// Error names file, row, line and column.
func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Row > 0 {
		fmt.Fprintf(&b, ": row %d", e.Row)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ": column %s", e.Column)
	}
	return b.String() + ": " + e.Detail
}

// Record is one data row of a table.
type Record struct {
	Row   int      // the header not counted, from 1
	Line  int      // physical line in the file where it begins, or row of the sheet
	Cells []string // as written; of an xlsx file the raw values
}

// Table is a spreadsheet as it was read: a header and records of text.
type Table struct {
	File     string
	Encoding string // "UTF-8", "UTF-8 with BOM", "GB18030", "xlsx"
	Header   []string
	Records  []Record

	cellsAreRaw bool // an xlsx file's: numbers and dates as a spreadsheet stores them
	date1904    bool // its days are counted from 1904
}

// ReadTable reads a CSV or xlsx source. Sheet names the worksheet of an xlsx file;
// "" is the first. Delimiter parts the cells of a CSV record.
func ReadTable(src Source, sheet string, delimiter byte) (*Table, error) {
	t := &Table{File: src.Name}
	var err error
	if bytes.HasPrefix(src.Data, []byte("PK\x03\x04")) {
		err = t.readXLSX(src.Data, sheet)
	} else {
		err = t.readCSV(src.Data, delimiter)
	}
	if err != nil {
		return nil, err
	}
	if t.Header == nil {
		return nil, &FileError{File: t.File, Detail: "the file is empty: it has no header"}
	}
	t.dropRejectedColumns()
	return t, nil
}

// add takes the next record; the first is the header.
func (t *Table) add(cells []string, line int) error {
	bad := func(column, detail string, args ...any) error {
		e := &FileError{File: t.File, Line: line, Column: column, Detail: fmt.Sprintf(detail, args...)}
		if t.Header != nil {
			e.Row = len(t.Records) + 1
		}
		return e
	}
	if len(cells) > columnsMax {
		return bad("", "%d cells; at most %d are read", len(cells), columnsMax)
	}
	for i, c := range cells {
		if len(c) > cellCharsMax && utf8.RuneCountInString(c) > cellCharsMax {
			return bad(t.columnName(i), "a cell of more than %d characters", cellCharsMax)
		}
	}
	if t.Header == nil {
		t.Header = make([]string, len(cells))
		for i, c := range cells {
			t.Header[i] = strings.TrimSpace(c)
		}
		return nil
	}
	if len(t.Records) == rowsMax {
		return bad("", "more than %d rows: divide the file", rowsMax)
	}
	t.Records = append(t.Records, Record{Row: len(t.Records) + 1, Line: line, Cells: cells})
	return nil
}

func (t *Table) columnName(i int) string {
	if i < len(t.Header) && t.Header[i] != "" {
		return fmt.Sprintf("%q", t.Header[i])
	}
	return fmt.Sprint(i + 1)
}

// dropRejectedColumns takes off the columns that the rejected-rows file puts in
// front, so that a corrected one can be imported as it is.
func (t *Table) dropRejectedColumns() {
	n := len(rejectedHeader)
	if len(t.Header) < n || !slices.Equal(t.Header[:n], rejectedHeader) {
		return
	}
	t.Header = t.Header[n:]
	for i, r := range t.Records {
		t.Records[i].Cells = r.Cells[min(n, len(r.Cells)):]
	}
}
