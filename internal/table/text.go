package table

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cellWidthMax is where a long text is cut in the table for people.
const cellWidthMax = 60

func writeText(w io.Writer, columns []Column, rows Rows) error {
	widths := make([]int, len(columns))
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = Visible(c.title())
		widths[i] = Width(head[i])
	}
	var lines [][]string
	for row, err := range rows {
		if err != nil {
			return err
		}
		line := make([]string, len(columns))
		for i := range columns {
			line[i] = cut(Visible(plain(row[i])))
			widths[i] = max(widths[i], Width(line[i]))
		}
		lines = append(lines, line)
	}
	b := bufio.NewWriter(w)
	put := func(line []string) {
		var row strings.Builder
		for i, cell := range line {
			gap := strings.Repeat(" ", widths[i]-Width(cell))
			if i > 0 {
				row.WriteString("  ")
			}
			if columns[i].Numeric {
				row.WriteString(gap + cell)
			} else {
				row.WriteString(cell + gap)
			}
		}
		b.WriteString(strings.TrimRight(row.String(), " "))
		b.WriteByte('\n')
	}
	put(head)
	rule := make([]string, len(columns))
	for i := range rule {
		rule[i] = strings.Repeat("─", widths[i])
	}
	put(rule)
	for _, line := range lines {
		put(line)
	}
	return b.Flush()
}

// Width is the number of terminal cells that s takes: two for wide characters,
// none for marks that stand on others.
func Width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return true
	}
	return false
}

// Visible replaces what would move the cursor, or turn the direction of what
// follows, by its code: a name from a file can't paint the terminal.
func Visible(s string) string {
	hostile := func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == unicode.ReplacementChar
	}
	if !strings.ContainsFunc(s, hostile) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hostile(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cut shortens a text that would spoil the table.
func cut(s string) string {
	if Width(s) <= cellWidthMax {
		return s
	}
	n := 0
	for i, r := range s {
		n += Width(string(r))
		if n > cellWidthMax-1 {
			return s[:i] + "…"
		}
	}
	return s
}
