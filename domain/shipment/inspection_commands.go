package shipment

import "zhitong/domain"

// Why goods are rejected, and what becomes of them.
var (
	rejectionReasons = []string{"quality", "damage", "spec", "excess", "other"}
	dispositions     = []string{"return", "scrap", "resell"}
)

// Inspect is the command shipment.inspect: it names every line.
type Inspect struct {
	ShipmentID domain.ID         `json:"shipment_id"`
	TicketNo   domain.ID         `json:"ticket_no"`
	Lines      []Finding         `json:"lines"`
	Attributes domain.Attributes `json:"attributes,omitzero"`
}

// Finding is what was found of one line: arrived = accepted + Σ rejected.
type Finding struct {
	LineNo   int             `json:"line_no"`
	Arrived  domain.Quantity `json:"arrived"`
	Accepted domain.Quantity `json:"accepted"`
	Kg       domain.Kg       `json:"kg,omitzero"` // measured, of the accepted goods
	Rejected []Rejection     `json:"rejected,omitzero"`
}

// Validate checks the command's values.
func (c *Inspect) Validate() error {
	return domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		domain.RequiredID("ticket_no", c.TicketNo),
		validateFindings(c.Lines),
		c.Attributes.Validate("attributes"),
	)
}

func validateFindings(lines []Finding) error {
	if err := domain.CheckCount("lines", len(lines), LinesMax); err != nil {
		return err
	}
	numbers := make([]int, len(lines))
	for i, l := range lines {
		if err := l.validate(domain.Path("lines", i, "")); err != nil {
			return err
		}
		numbers[i] = l.LineNo
	}
	return distinctLines(numbers)
}

func (l *Finding) validate(at string) error {
	if err := domain.First(
		domain.CheckLineNo(at+".line_no", l.LineNo),
		domain.Required(at+".arrived", !l.Arrived.IsZero()),
		domain.Required(at+".accepted", !l.Accepted.IsZero()),
		l.Kg.NotNegative(at+".kg"),
	); err != nil {
		return err
	}
	if len(l.Rejected) > rejectionsMax {
		return domain.CheckCount(at+".rejected", len(l.Rejected), rejectionsMax)
	}
	sum := l.Accepted
	for i, r := range l.Rejected {
		below := domain.Path(at+".rejected", i, "")
		if err := domain.First(
			r.Quantity.Positive(below+".quantity"),
			domain.CheckWord(below+".reason", r.Reason, rejectionReasons...),
			domain.CheckWord(below+".disposition", r.Disposition, dispositions...),
		); err != nil {
			return err
		}
		sum = sum.Add(r.Quantity)
	}
	if l.Arrived.Cmp(sum) != 0 {
		return domain.Refuse(domain.Invalid, "shipment.arrived_mismatch", at+".arrived", l.Arrived.String(),
			"arrived = accepted + rejected, these are %s", sum)
	}
	return nil
}

// Return is the command shipment.return.
type Return struct {
	ShipmentID domain.ID       `json:"shipment_id"`
	LineNo     int             `json:"line_no"`
	Quantity   domain.Quantity `json:"quantity"`
	Reason     domain.Text     `json:"reason"`
}

// Validate checks the command's values.
func (c *Return) Validate() error {
	return domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		domain.CheckLineNo("line_no", c.LineNo),
		c.Quantity.Positive("quantity"),
		domain.RequiredText("reason", c.Reason),
	)
}

// CorrectInspection is the command shipment.correct_inspection: Lines names the
// lines that change, each in full.
type CorrectInspection struct {
	ShipmentID domain.ID   `json:"shipment_id"`
	Corrects   domain.ID   `json:"corrects"` // event id, or command id, of the latest inspection or correction
	Lines      []Finding   `json:"lines"`
	Reason     domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *CorrectInspection) Validate() error {
	return domain.First(
		domain.RequiredID("shipment_id", c.ShipmentID),
		domain.RequiredID("corrects", c.Corrects),
		validateFindings(c.Lines),
		domain.RequiredText("reason", c.Reason),
	)
}
