package importing

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// rejectedHeader are the columns that the rejected-rows file puts in front of the
// original ones. A file whose header begins with exactly these is such a file, and
// [ReadTable] takes them off again.
var rejectedHeader = []string{"rejected row", "rejected line", "rejected document", "rejected column", "rejected value", "rejected reason"}

// WriteRejected writes the rejected rows as CSV: UTF-8 with a byte order mark, one
// record for each rejected row with all its reasons, then its original cells. The
// original cells are written as they were read, also those that a spreadsheet
// program would take for a formula, so that the corrected file can be imported
// again; only the six columns in front, which are for people, have such cells
// defused with an apostrophe.
func (s *Summary) WriteRejected(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("\ufeff")
	writeRecord(b, s.delimiter, rejectedHeader, s.header)
	for _, r := range s.Rejected {
		front := []string{
			strconv.Itoa(r.Row), strconv.Itoa(r.Line), r.Document,
			joined(r.Reasons, func(x *Reason) string { return x.Column }),
			joined(r.Reasons, func(x *Reason) string { return x.Value }),
			joined(r.Reasons, (*Reason).text),
		}
		for i, cell := range front {
			front[i] = defused(cell)
		}
		writeRecord(b, s.delimiter, front, r.Cells)
	}
	return b.Flush()
}

// defused puts an apostrophe before what a spreadsheet program would run.
func defused(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// writeRecord writes one CSV record. Line ends inside cells stay as they are. (The
// errors of a bufio.Writer are told by its Flush.)
func writeRecord(b *bufio.Writer, delimiter byte, parts ...[]string) {
	first := true
	for _, cells := range parts {
		for _, cell := range cells {
			if !first {
				b.WriteByte(delimiter)
			}
			first = false
			if cell == "" || !strings.ContainsAny(cell, "\"\r\n"+string(delimiter)) {
				b.WriteString(cell)
				continue
			}
			b.WriteByte('"')
			b.WriteString(strings.ReplaceAll(cell, `"`, `""`))
			b.WriteByte('"')
		}
	}
	b.WriteString("\r\n")
}
