package shipment

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"zhitong/domain"
)

// Waybill names a waybill: a number is used once by a cooperative in a Shanghai year
// of the log's time.
type Waybill struct {
	CooperativeID domain.ID
	Year          int
	No            domain.ID
}

// Content is the fingerprint of what a waybill says: its lines by number, with
// their figures as numbers.
type Content [sha256.Size]byte

// Waybill is the waybill that the command would use at a time.
func (c *Log) Waybill(at domain.Time) Waybill {
	return Waybill{c.CooperativeID, at.Day().Year(), c.WaybillNo}
}

// Content is the fingerprint of the command's lines.
func (c *Log) Content() Content { return contentOf(c.Lines) }

// Waybill is the waybill that the shipment has used; at is the claimed time of its
// event.
func (f Logged) Waybill(at domain.Time) Waybill {
	return Waybill{f.CooperativeID, at.Day().Year(), f.WaybillNo}
}

// Content is the fingerprint of the lines as they were logged.
func (f Logged) Content() Content {
	lines := make([]LogLine, len(f.Lines))
	for i, l := range f.Lines {
		lines[i] = LogLine{LineNo: l.LineNo, OrderID: l.OrderID, OrderLine: l.OrderLine, Quantity: l.Quantity, Lot: l.Lot, Packages: l.Packages}
		if l.Measured {
			lines[i].Kg = l.Kg
		}
	}
	return contentOf(lines)
}

func contentOf(lines []LogLine) Content {
	sorted := slices.Clone(lines)
	slices.SortFunc(sorted, func(a, b LogLine) int { return cmp.Compare(a.LineNo, b.LineNo) })
	var b strings.Builder
	for _, l := range sorted {
		kg := "nominal"
		if !l.Kg.IsZero() {
			kg = l.Kg.String()
		}
		for _, part := range []string{
			strconv.Itoa(l.LineNo), strconv.Quote(string(l.OrderID)), strconv.Itoa(l.OrderLine),
			l.Quantity.Plain(), kg, strconv.Quote(string(l.Lot)), strconv.Itoa(l.Packages),
		} {
			b.WriteString(part)
			b.WriteByte(' ')
		}
		b.WriteByte('\n')
	}
	return sha256.Sum256([]byte(b.String()))
}

// Used refuses a waybill that was used for something else.
func (w Waybill) Used() error {
	return domain.Refuse(domain.Conflict, "shipment.waybill_used", "waybill_no", string(w.No),
		"cooperative %q used this waybill in %d with other content", w.CooperativeID, w.Year)
}
