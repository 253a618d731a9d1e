package importing

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"zhitong/domain"
)

// readXLSX reads one worksheet into t: the raw values, never what a number format
// shows. Rows without any value are passed over.
func (t *Table) readXLSX(data []byte, sheet string) (err error) {
	bad := func(err error) error {
		return &FileError{File: t.File, Detail: "an xlsx file that cannot be read: " + err.Error()}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true, UnzipSizeLimit: xlsxUnzipBytesMax})
	if err != nil {
		return bad(err)
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = bad(e)
		}
	}()
	sheets := f.GetSheetList()
	if sheet == "" && len(sheets) > 0 {
		sheet = sheets[0]
	}
	props, err := f.GetWorkbookProps()
	if err != nil {
		return bad(err)
	}
	t.Encoding, t.cellsAreRaw = "xlsx", true
	t.date1904 = props.Date1904 != nil && *props.Date1904
	rows, err := f.Rows(sheet)
	if err != nil {
		return &FileError{File: t.File, Detail: fmt.Sprintf("no worksheet %q; there are: %s", sheet, strings.Join(sheets, ", "))}
	}
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return bad(err)
		}
		if strings.Join(cells, "") == "" {
			continue
		}
		for t.Header != nil && len(cells) < len(t.Header) {
			cells = append(cells, "") // a worksheet does not store empty cells
		}
		if err := t.add(cells, n); err != nil {
			return err
		}
	}
	if err := rows.Close(); err != nil {
		return bad(err)
	}
	return nil
}

// sheetDigitsMax is the precision of a spreadsheet's number: what it stores beyond
// is noise of its binary form (1.1 is kept as 1.1000000000000001).
const sheetDigitsMax = 15

// sheetNumber returns the raw value of a number cell in plain decimal digits, to
// the precision of a spreadsheet, and false when raw is not a number.
func sheetNumber(raw string) (plain string, significant int, ok bool) {
	mantissa, exp := raw, 0
	if i := strings.IndexAny(raw, "eE"); i >= 0 {
		n, err := strconv.Atoi(raw[i+1:])
		if err != nil || n < -400 || n > 400 {
			return "", 0, false
		}
		mantissa, exp = raw[:i], n
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	digits := whole + frac
	if whole == "" || !allDigits(digits) {
		return "", 0, false
	}
	point := len(whole) + exp // digits before the point
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	significant = len(strings.TrimRight(trimmed, "0"))
	trimmed, carry := roundDigits(trimmed, sheetDigitsMax)
	point += carry
	switch {
	case trimmed == "":
		return "0", significant, true
	case point <= 0:
		plain = "0." + strings.Repeat("0", -point) + trimmed
	case point >= len(trimmed):
		plain = trimmed + strings.Repeat("0", point-len(trimmed))
	default:
		plain = trimmed[:point] + "." + trimmed[point:]
	}
	return plainNumber(plain), significant, true
}

// roundDigits rounds a string of digits half up to its first n; carry is 1 when
// it grew by a digit (999 → 100).
func roundDigits(digits string, n int) (string, int) {
	if len(digits) <= n {
		return digits, 0
	}
	up := digits[n] >= '5'
	b := []byte(digits[:n])
	for i := n - 1; up && i >= 0; i-- {
		if b[i]++; b[i] <= '9' {
			return string(b), 0
		}
		b[i] = '0'
	}
	if up {
		return "1" + string(b[:n-1]), 1
	}
	return string(b), 0
}

// sheetDay returns the day that a worksheet keeps as a number of days, or as an
// ISO date. ok is false when raw is neither.
func sheetDay(raw string, date1904 bool) (day domain.Day, ok bool) {
	if len(raw) >= 10 && raw[4] == '-' {
		if rest := raw[10:]; rest != "" && strings.Trim(rest, "T0:.Z") != "" {
			return domain.Day{}, false
		}
		d, err := domain.ParseDay(raw[:10])
		return d, err == nil
	}
	plain, _, ok := sheetNumber(raw)
	if !ok {
		return domain.Day{}, false
	}
	n, err := strconv.Atoi(plain) // a time of day is not a day
	if err != nil {
		return domain.Day{}, false
	}
	if date1904 {
		n += days1904
	}
	if n < serialMin || n > serialMax {
		return domain.Day{}, false
	}
	return domain.NewDay(1899, 12, 30).Add(n), true
}

// A worksheet's day numbers: 61 is 1900-03-01 (below, spreadsheets count a day
// that never was), the largest is 9999-12-31.
const (
	serialMin = 61
	serialMax = 2_958_465
	days1904  = 1462 // from the day that serials count from to 1904-01-01
)

// settle turns the raw values of an xlsx record into what a CSV of the same table
// would hold, by the column's format; what does not fit stays as it is and is
// refused where it is read.
func (c *column) settle(raw string, date1904 bool) string {
	switch c.read {
	case readDate:
		if day, ok := sheetDay(raw, date1904); ok {
			return c.layout.format(day)
		}
	case readDecimal, readInteger:
		if plain, _, ok := sheetNumber(raw); ok {
			return plain
		}
	case readText, readID:
		// An id of 18 digits is text and stays; a number with a point and more digits
		// than a spreadsheet has is noise.
		if strings.ContainsAny(raw, ".") {
			if plain, significant, ok := sheetNumber(raw); ok && significant > sheetDigitsMax {
				return plain
			}
		}
	}
	return raw
}
