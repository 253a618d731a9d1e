// Package table writes rows for people and for programs: aligned text, JSON, JSON
// lines, CSV and xlsx.
//
// It owns how a cell looks in each. It refuses to know where rows come from and
// what they mean: a cell is nil, a bool, a string (numbers that are money or
// weight are strings), or a raw JSON value. Start at [Write].
package table

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Format is a way to write rows.
type Format string

// The formats.
const (
	Text  Format = "table"
	JSON  Format = "json"  // an array of objects
	JSONL Format = "jsonl" // an object a line
	CSV   Format = "csv"   // RFC 4180, UTF-8, LF
	XLSX  Format = "xlsx"
)

// Formats are all formats, the one for people first.
var Formats = []Format{Text, JSON, JSONL, CSV, XLSX}

// ParseFormat reads a format's name.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats, f) {
		return f, nil
	}
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = string(f)
	}
	return "", fmt.Errorf("format %q: one of %s is needed", s, strings.Join(names, ", "))
}

// Column is a column of a table.
type Column struct {
	Name    string // for programs
	Title   string // for people; the name where it is empty
	Numeric bool   // aligned to the right; a number in xlsx
}

func (c Column) title() string {
	if c.Title != "" {
		return c.Title
	}
	return c.Name
}

// Rows are rows in order, each with one cell a column. An error ends them.
type Rows = iter.Seq2[[]any, error]

// Slice makes rows of what is in memory.
func Slice(rows [][]any) Rows {
	return func(yield func([]any, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Write writes the rows in the format.
func Write(w io.Writer, f Format, columns []Column, rows Rows) error {
	switch f {
	case Text:
		return writeText(w, columns, rows)
	case JSON:
		return writeJSON(w, columns, rows)
	case JSONL:
		return writeJSONL(w, columns, rows)
	case CSV:
		return writeCSV(w, columns, rows)
	case XLSX:
		return writeXLSX(w, columns, rows)
	}
	return fmt.Errorf("format %q is not known", f)
}

// plain is a cell as CSV and the table show it; null is nothing.
func plain(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case jsontext.Value:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}
