package model

const orderLinesMax = 300

type orderLine struct {
	no              int
	item, unit      string
	coop            string
	quantity        num
	tolerance       num
	price           num
	perUnit         num
	allocated       num // Σ allocated − Σ released
	shortClosed     bool
	departedAnyOfIt bool
}

// ceiling is what may be allocated at most.
func (l *orderLine) ceiling() num { return mul(l.quantity, add(whole(1), l.tolerance)) }

// measured says whether a weight of its own can be told apart from the quantity.
func (l *orderLine) measured() bool { return l.unit != "kg" && l.unit != "jin" && l.unit != "t" }

func (l *orderLine) nominal(quantity num) num { return gram(mul(quantity, l.perUnit)) }

type order struct {
	id, buyer, wantedBy  string
	confirmed, cancelled bool
	lines                []*orderLine
}

func (o *order) line(no int) *orderLine {
	for _, l := range o.lines {
		if l.no == no {
			return l
		}
	}
	return nil
}

type submittedLine struct {
	LineNo    int     `json:"line_no"`
	ItemID    string  `json:"item_id"`
	Quantity  string  `json:"quantity"`
	Unit      string  `json:"unit"`
	UnitPrice string  `json:"unit_price"`
	Coop      string  `json:"cooperative_id"`
	Tolerance *string `json:"tolerance"`
}

func (m *Model) orderSubmit(c call) error {
	var d struct {
		OrderID   string          `json:"order_id"`
		BuyerID   string          `json:"buyer_id"`
		DeliverTo string          `json:"deliver_to"`
		WantedBy  string          `json:"wanted_by"`
		Lines     []submittedLine `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	buyer := m.parties[d.BuyerID]
	switch {
	case !goodID(d.OrderID):
		return refuse("id")
	case d.BuyerID != c.Actor:
		return refuse("not_yours")
	case buyer == nil || buyer.kind != "buyer":
		return refuse("unknown")
	case buyer.suspended:
		return refuse("suspended")
	case m.orders[d.OrderID] != nil:
		return refuse("exists")
	case len(d.Lines) == 0 || len(d.Lines) > orderLinesMax:
		return refuse("lines")
	}
	o := &order{id: d.OrderID, buyer: d.BuyerID, wantedBy: d.WantedBy}
	for _, in := range d.Lines {
		l, err := m.readOrderLine(in)
		if err != nil {
			return err
		}
		if o.line(l.no) != nil {
			return refuse("line_no")
		}
		o.lines = append(o.lines, l)
	}
	m.orders[o.id] = o
	return nil
}

func (m *Model) readOrderLine(in submittedLine) (*orderLine, error) {
	i := m.items[in.ItemID]
	if i == nil {
		return nil, refuse("unknown_item")
	}
	quantity, err := parse(in.Quantity, 3)
	if err != nil || !positive(quantity) {
		return nil, refuse("quantity")
	}
	price, err := parse(in.UnitPrice, 6)
	if err != nil {
		return nil, err
	}
	tolerance := zero()
	if in.Tolerance != nil {
		if tolerance, err = parsePart(*in.Tolerance); err != nil {
			return nil, err
		}
	}
	l := &orderLine{no: in.LineNo, item: in.ItemID, unit: in.Unit, coop: in.Coop, quantity: quantity,
		tolerance: tolerance, price: price, perUnit: i.perUnit(in.Unit), allocated: zero()}
	if l.perUnit == nil {
		return nil, refuse("unit")
	}
	if l.no < 1 {
		return nil, refuse("line_no")
	}
	if l.coop != "" {
		if err := m.freshCoop(l.coop); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// freshCoop says whether an order line may name that cooperative now.
func (m *Model) freshCoop(id string) error {
	p := m.parties[id]
	if p == nil || p.kind != "cooperative" {
		return refuse("unknown")
	}
	if p.suspended {
		return refuse("suspended")
	}
	return nil
}

// orderConfirm. Decision: a line that has a cooperative may be given another;
// whichever a line then has must be able to begin something new.
func (m *Model) orderConfirm(c call) error {
	var d struct {
		OrderID string `json:"order_id"`
		Lines   []struct {
			LineNo int    `json:"line_no"`
			Coop   string `json:"cooperative_id"`
		} `json:"lines"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	o := m.orders[d.OrderID]
	if o == nil {
		return refuse("unknown")
	}
	if o.confirmed || o.cancelled {
		return refuse("status")
	}
	named := map[int]string{}
	for _, in := range d.Lines {
		if o.line(in.LineNo) == nil || named[in.LineNo] != "" {
			return refuse("line_no")
		}
		if err := m.freshCoop(in.Coop); err != nil {
			return err
		}
		named[in.LineNo] = in.Coop
	}
	for _, l := range o.lines {
		if l.coop == "" && named[l.no] == "" {
			return refuse("no_cooperative")
		}
		if named[l.no] == "" {
			if err := m.freshCoop(l.coop); err != nil {
				return err
			}
		}
	}
	for _, l := range o.lines {
		if named[l.no] != "" {
			l.coop = named[l.no]
		}
	}
	o.confirmed = true
	return nil
}

// ownOrderLine finds what a buyer's command names.
func (m *Model) ownOrderLine(c call, orderID string, no int) (*order, *orderLine, error) {
	o := m.orders[orderID]
	if o == nil {
		return nil, nil, refuse("unknown")
	}
	if o.buyer != c.Actor {
		return nil, nil, refuse("not_yours")
	}
	if o.cancelled {
		return nil, nil, refuse("status")
	}
	l := o.line(no)
	if l == nil {
		return nil, nil, refuse("line_no")
	}
	return o, l, nil
}

// orderRevisePrice. Decision: goods loaded with quantity 0 did not depart, unless
// some arrived.
func (m *Model) orderRevisePrice(c call) error {
	var d struct {
		OrderID   string `json:"order_id"`
		LineNo    int    `json:"line_no"`
		UnitPrice string `json:"unit_price"`
		Reason    string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	_, l, err := m.ownOrderLine(c, d.OrderID, d.LineNo)
	if err != nil {
		return err
	}
	if l.departedAnyOfIt {
		return refuse("departed")
	}
	price, err := parse(d.UnitPrice, 6)
	if err != nil {
		return err
	}
	l.price = price
	return nil
}

// orderShortClose. Decision: once a line.
func (m *Model) orderShortClose(c call) error {
	var d struct {
		OrderID string `json:"order_id"`
		LineNo  int    `json:"line_no"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	_, l, err := m.ownOrderLine(c, d.OrderID, d.LineNo)
	if err != nil {
		return err
	}
	if l.shortClosed {
		return refuse("status")
	}
	l.shortClosed = true
	return nil
}

// orderCancel. Decision: "once anything is loaded" means a quantity above 0 that
// is on a vehicle or went with one, or that arrived without having been loaded.
// Goods whose departure was cancelled are not loaded.
func (m *Model) orderCancel(c call) error {
	var d struct {
		OrderID string `json:"order_id"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	o := m.orders[d.OrderID]
	if o == nil {
		return refuse("unknown")
	}
	if o.buyer != c.Actor {
		return refuse("not_yours")
	}
	if o.cancelled {
		return refuse("status")
	}
	for _, s := range m.shipments {
		for _, l := range s.lines {
			if l.order == o && (positive(l.loaded) || positive(l.arrived)) {
				return refuse("loaded")
			}
		}
	}
	o.cancelled = true
	for _, s := range m.shipments {
		if s.status == "cancelled" {
			continue
		}
		for _, l := range s.lines {
			if l.order == o {
				l.allocate(neg(l.allocated))
			}
		}
	}
	return nil
}
