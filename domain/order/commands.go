package order

import "zhitong/domain"

// LinesMax is the number of lines that an order may have.
const LinesMax = 300

// Submit is the command order.submit.
type Submit struct {
	OrderID    domain.ID         `json:"order_id"`
	BuyerID    domain.ID         `json:"buyer_id"`
	DeliverTo  domain.Text       `json:"deliver_to,omitzero"`
	WantedBy   domain.Day        `json:"wanted_by,omitzero"`
	Lines      []SubmitLine      `json:"lines"`
	Attributes domain.Attributes `json:"attributes,omitzero"`
}

// SubmitLine is a line that a buyer wants.
type SubmitLine struct {
	LineNo        int               `json:"line_no"`
	ItemID        domain.ID         `json:"item_id"`
	Quantity      domain.Quantity   `json:"quantity"`
	Unit          string            `json:"unit"`
	UnitPrice     domain.Price      `json:"unit_price"`
	CooperativeID domain.ID         `json:"cooperative_id,omitzero"`
	Tolerance     domain.Share      `json:"tolerance,omitzero"`
	Attributes    domain.Attributes `json:"attributes,omitzero"`
}

// Validate checks the command's values.
func (c *Submit) Validate() error {
	if err := domain.First(
		domain.RequiredID("order_id", c.OrderID),
		domain.RequiredID("buyer_id", c.BuyerID),
		domain.CheckCount("lines", len(c.Lines), LinesMax),
		c.Attributes.Validate("attributes"),
	); err != nil {
		return err
	}
	numbers := make([]int, len(c.Lines))
	for i, l := range c.Lines {
		at := func(field string) string { return domain.Path("lines", i, field) }
		if err := domain.First(
			domain.CheckLineNo(at("line_no"), l.LineNo),
			domain.RequiredID(at("item_id"), l.ItemID),
			l.Quantity.Positive(at("quantity")),
			domain.Required(at("unit"), l.Unit != ""),
			domain.Required(at("unit_price"), !l.UnitPrice.IsZero()),
			l.Attributes.Validate(at("attributes")),
		); err != nil {
			return err
		}
		numbers[i] = l.LineNo
	}
	return domain.CheckDistinct(numbers, func(i int) string { return domain.Path("lines", i, "line_no") })
}

// Confirm is the command order.confirm.
type Confirm struct {
	OrderID domain.ID    `json:"order_id"`
	Lines   []Assignment `json:"lines,omitzero"` // the lines whose cooperative is new or another one
}

// Validate checks the command's values.
func (c *Confirm) Validate() error {
	if err := domain.RequiredID("order_id", c.OrderID); err != nil {
		return err
	}
	if len(c.Lines) > LinesMax {
		return domain.CheckCount("lines", len(c.Lines), LinesMax)
	}
	numbers := make([]int, len(c.Lines))
	for i, l := range c.Lines {
		if err := domain.First(
			domain.CheckLineNo(domain.Path("lines", i, "line_no"), l.LineNo),
			domain.RequiredID(domain.Path("lines", i, "cooperative_id"), l.CooperativeID),
		); err != nil {
			return err
		}
		numbers[i] = l.LineNo
	}
	return domain.CheckDistinct(numbers, func(i int) string { return domain.Path("lines", i, "line_no") })
}

// RevisePrice is the command order.revise_price.
type RevisePrice struct {
	OrderID   domain.ID    `json:"order_id"`
	LineNo    int          `json:"line_no"`
	UnitPrice domain.Price `json:"unit_price"`
	Reason    domain.Text  `json:"reason"`
}

// Validate checks the command's values.
func (c *RevisePrice) Validate() error {
	return domain.First(
		domain.RequiredID("order_id", c.OrderID),
		domain.CheckLineNo("line_no", c.LineNo),
		domain.Required("unit_price", !c.UnitPrice.IsZero()),
		domain.RequiredText("reason", c.Reason),
	)
}

// ShortClose is the command order.short_close.
type ShortClose struct {
	OrderID domain.ID   `json:"order_id"`
	LineNo  int         `json:"line_no"`
	Reason  domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *ShortClose) Validate() error {
	return domain.First(
		domain.RequiredID("order_id", c.OrderID),
		domain.CheckLineNo("line_no", c.LineNo),
		domain.RequiredText("reason", c.Reason),
	)
}

// Cancel is the command order.cancel.
type Cancel struct {
	OrderID domain.ID   `json:"order_id"`
	Reason  domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Cancel) Validate() error {
	return domain.First(domain.RequiredID("order_id", c.OrderID), domain.RequiredText("reason", c.Reason))
}
