package table

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/xuri/excelize/v2"
)

// appendObject appends a row as a JSON object with the columns in their order.
func appendObject(dst []byte, columns []Column, row []any) ([]byte, error) {
	dst = append(dst, '{')
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = jsontext.AppendQuote(dst, c.Name); err != nil {
			return dst, fmt.Errorf("column %q: %w", c.Name, err)
		}
		dst = append(dst, ':')
		switch v := row[i].(type) {
		case nil:
			dst = append(dst, "null"...)
		case bool, jsontext.Value:
			dst = append(dst, plain(v)...)
		default:
			if dst, err = jsontext.AppendQuote(dst, plain(v)); err != nil {
				return dst, fmt.Errorf("column %q: %w", c.Name, err)
			}
		}
	}
	return append(dst, '}'), nil
}

func writeJSON(w io.Writer, columns []Column, rows Rows) error {
	b := bufio.NewWriter(w)
	b.WriteByte('[')
	var line []byte
	first := true
	for row, err := range rows {
		if err != nil {
			return err
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteByte('\n')
		if line, err = appendObject(line[:0], columns, row); err != nil {
			return err
		}
		b.Write(line)
	}
	if !first {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return b.Flush()
}

func writeJSONL(w io.Writer, columns []Column, rows Rows) error {
	b := bufio.NewWriter(w)
	var line []byte
	for row, err := range rows {
		if err != nil {
			return err
		}
		if line, err = appendObject(line[:0], columns, row); err != nil {
			return err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Flush()
}

// writeCSV writes values as they are: what is exported can be imported again.
func writeCSV(w io.Writer, columns []Column, rows Rows) error {
	c := csv.NewWriter(w)
	record := make([]string, len(columns))
	for i, col := range columns {
		record[i] = col.Name
	}
	if err := c.Write(record); err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		for i := range columns {
			record[i] = plain(row[i])
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// Sheets hold numbers of at most so many digits exactly; longer ones stay text.
const sheetDigitsMax = 15

// sheetRowsMax is how many rows a sheet has room for.
const sheetRowsMax = 1_048_575

func writeXLSX(w io.Writer, columns []Column, rows Rows) error {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Sheet1"
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	for i, c := range columns {
		name, err := excelize.CoordinatesToCellName(i+1, 1)
		if err != nil {
			return err
		}
		if err := f.SetCellStr(sheet, name, c.Name); err != nil {
			return err
		}
		if err := f.SetCellStyle(sheet, name, name, bold); err != nil {
			return err
		}
	}
	styles := places{file: f, style: map[int]int{}}
	n := 1
	for row, err := range rows {
		if err != nil {
			return err
		}
		if n++; n > sheetRowsMax {
			return fmt.Errorf("more than %d rows: a sheet has no room, take csv", sheetRowsMax-1)
		}
		for i, c := range columns {
			if err := styles.cell(sheet, i+1, n, c, row[i]); err != nil {
				return err
			}
		}
	}
	if err := f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return f.Write(w)
}

// places makes one number style for each number of decimal places.
type places struct {
	file  *excelize.File
	style map[int]int
}

func (p places) cell(sheet string, column, row int, c Column, v any) error {
	if v == nil {
		return nil
	}
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		return err
	}
	text := plain(v)
	digits := len(strings.Trim(text, "-")) - strings.Count(text, ".")
	if !c.Numeric || digits > sheetDigitsMax || !isNumber(text) {
		return p.file.SetCellStr(sheet, name, text)
	}
	if err := p.file.SetCellDefault(sheet, name, text); err != nil {
		return err
	}
	_, frac, _ := strings.Cut(text, ".")
	style, ok := p.style[len(frac)]
	if !ok {
		format := "0"
		if len(frac) > 0 {
			format += "." + strings.Repeat("0", len(frac))
		}
		if style, err = p.file.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return err
		}
		p.style[len(frac)] = style
	}
	return p.file.SetCellStyle(sheet, name, name, style)
}

// isNumber reports whether s is a plain decimal.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, frac, point := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(frac))
}
