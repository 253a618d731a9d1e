package shipment

import (
	"strconv"

	"zhitong/domain"
)

// Limits of a shipment.
const (
	LinesMax      = 300
	idCharsMax    = 32 // a claim's id is made of it
	packagesMax   = 1_000_000
	rejectionsMax = 20 // rejections of one line
)

// Log is the command shipment.log.
type Log struct {
	ShipmentID    domain.ID         `json:"shipment_id"`
	CooperativeID domain.ID         `json:"cooperative_id"`
	WaybillNo     domain.ID         `json:"waybill_no"`
	Lines         []LogLine         `json:"lines"`
	Attributes    domain.Attributes `json:"attributes,omitzero"`
}

// LogLine is a line of goods for an order line, in that line's unit.
type LogLine struct {
	LineNo    int             `json:"line_no"`
	OrderID   domain.ID       `json:"order_id"`
	OrderLine int             `json:"order_line"`
	Quantity  domain.Quantity `json:"quantity"`
	Kg        domain.Kg       `json:"kg,omitzero"` // measured
	Lot       domain.ID       `json:"lot,omitzero"`
	Packages  int             `json:"packages,omitzero"`
}

// Validate checks the command's values.
func (c *Log) Validate() error {
	return domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		checkIDLength(c.ShipmentID),
		domain.RequiredID("cooperative_id", c.CooperativeID),
		domain.RequiredID("waybill_no", c.WaybillNo),
		validateLines(c.Lines),
		c.Attributes.Validate("attributes"),
	)
}

func checkIDLength(id domain.ID) error {
	if n := len([]rune(string(id))); n > idCharsMax {
		return domain.Refuse(domain.Invalid, "value.invalid_id", "shipment_id", string(id), "a shipment's id has at most %d characters, this one has %d", idCharsMax, n)
	}
	return nil
}

func validateLines(lines []LogLine) error {
	if err := domain.CheckCount("lines", len(lines), LinesMax); err != nil {
		return err
	}
	numbers := make([]int, len(lines))
	for i, l := range lines {
		at := func(field string) string { return domain.Path("lines", i, field) }
		if err := domain.First(
			domain.CheckLineNo(at("line_no"), l.LineNo),
			domain.RequiredID(at("order_id"), l.OrderID),
			domain.CheckLineNo(at("order_line"), l.OrderLine),
			l.Quantity.Positive(at("quantity")),
			l.Kg.NotNegative(at("kg")),
		); err != nil {
			return err
		}
		if l.Packages < 0 || l.Packages > packagesMax {
			return domain.Refuse(domain.Invalid, "value.out_of_range", at("packages"), strconv.Itoa(l.Packages), "a count from 0 to %d", packagesMax)
		}
		numbers[i] = l.LineNo
	}
	return distinctLines(numbers)
}

func distinctLines(numbers []int) error {
	return domain.CheckDistinct(numbers, func(i int) string { return domain.Path("lines", i, "line_no") })
}

// Correct is the command shipment.correct: Lines replaces the list.
type Correct struct {
	ShipmentID domain.ID   `json:"shipment_id"`
	Lines      []LogLine   `json:"lines"`
	Reason     domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Correct) Validate() error {
	return domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		validateLines(c.Lines),
		domain.RequiredText("reason", c.Reason),
	)
}

// Cancel is the command shipment.cancel.
type Cancel struct {
	ShipmentID domain.ID   `json:"shipment_id"`
	Reason     domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Cancel) Validate() error {
	return domain.First(domain.RequiredID("shipment_id", c.ShipmentID), domain.RequiredText("reason", c.Reason))
}

// Load is the command shipment.load: a line that is not named is loaded in full.
type Load struct {
	ShipmentID  domain.ID  `json:"shipment_id"`
	DepartureID domain.ID  `json:"departure_id"`
	Lines       []LoadLine `json:"lines,omitzero"`
}

// LoadLine is what is loaded of a line, if it is not all.
type LoadLine struct {
	LineNo   int             `json:"line_no"`
	Quantity domain.Quantity `json:"quantity"`
	Kg       domain.Kg       `json:"kg,omitzero"` // measured
}

// Validate checks the command's values.
func (c *Load) Validate() error {
	if err := domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		domain.RequiredID("departure_id", c.DepartureID),
	); err != nil {
		return err
	}
	if len(c.Lines) > LinesMax {
		return domain.CheckCount("lines", len(c.Lines), LinesMax)
	}
	numbers := make([]int, len(c.Lines))
	for i, l := range c.Lines {
		if err := domain.First(
			domain.CheckLineNo(domain.Path("lines", i, "line_no"), l.LineNo),
			domain.Required(domain.Path("lines", i, "quantity"), !l.Quantity.IsZero()),
			l.Kg.NotNegative(domain.Path("lines", i, "kg")),
		); err != nil {
			return err
		}
		numbers[i] = l.LineNo
	}
	return distinctLines(numbers)
}
