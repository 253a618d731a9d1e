package policy

import (
	"slices"

	"zhitong/domain"
)

// Inputs are everything that the amount of a line depends on besides the policy
// and the line's [Subject]. They are frozen in the claim: the same inputs give the
// same amount for ever.
type Inputs struct {
	Kg        domain.Kg    `json:"kg"` // net: accepted less returned
	UnitPrice domain.Price `json:"unit_price"`
	KgPerUnit domain.Kg    `json:"kg_per_unit"`
	Sale      domain.Money `json:"sale"`     // the sale's amount
	Returned  domain.Money `json:"returned"` // what of it was returned
	Freight   *Freighted   `json:"freight,omitzero"`
	Tiers     []TierStart  `json:"tiers,omitzero"`  // one for each tiered rule that counts
	Limits    []LimitLeft  `json:"limits,omitzero"` // one for each limit of the version, in its order
	Caps      []Cap        `json:"caps,omitzero"`   // what else the line may not exceed any more
}

// Freighted is the freight of a departure: the amount of its invoices and the kg
// loaded on it.
type Freighted struct {
	Amount   domain.Money `json:"amount"`
	LoadedKg domain.Kg    `json:"loaded_kg"`
}

// TierKey names a running total of kg: a rule id and its scope, of which only the
// ids that the rule is per are given.
type TierKey struct {
	RuleID        domain.ID `json:"rule_id"`
	CooperativeID domain.ID `json:"cooperative_id,omitzero"`
	ItemID        domain.ID `json:"item_id,omitzero"`
	BuyerID       domain.ID `json:"buyer_id,omitzero"`
}

// Key is the running total of a tiered rule that the line counts in.
func (r *Rule) Key(s Subject) TierKey {
	k := TierKey{RuleID: r.ID}
	switch r.Per {
	case PerCooperativeYear:
		k.CooperativeID = s.CooperativeID
	case PerItemYear:
		k.ItemID = s.ItemID
	case PerBuyerYear:
		k.BuyerID = s.BuyerID
	case PerCooperativeItemYear:
		k.CooperativeID, k.ItemID = s.CooperativeID, s.ItemID
	}
	return k
}

// TierStart is a running total before the line.
type TierStart struct {
	TierKey `json:",embed"`
	StartKg domain.Kg `json:"start_kg"`
}

// LimitLeft is what was left of a limit before the line; absent where the limit is
// a share of the line's own sale.
type LimitLeft struct {
	Per  string       `json:"per"`
	Left domain.Money `json:"left,omitzero"`
}

// Cap is one more frozen limit of a line: what a too small budget granted, or left
// ungranted.
type Cap struct {
	Why string       `json:"why"`
	Max domain.Money `json:"max"`
}

// Result is the amount of a line with every step that led to it.
type Result struct {
	Amount domain.Money
	Steps  []Step
}

// Calculate returns the subsidy of a line. It is pure: it reads nothing but its
// arguments. in.Freight must be given when a freight rule counts for the line, and
// in.Tiers must name each tiered rule that does.
func (p *Policy) Calculate(s Subject, in Inputs) Result { return p.calculate(s, in, &worksheet{}) }

// Recalculate is Calculate done once more: it gives the same, and needs less memory
// where the steps are those of the first time.
func (p *Policy) Recalculate(s Subject, in Inputs, steps []Step) Result {
	return p.calculate(s, in, &worksheet{like: steps, steps: make([]Step, 0, len(steps))})
}

func (p *Policy) calculate(s Subject, in Inputs, w *worksheet) Result {
	var few [operandsFew]domain.Exact
	parts := few[:0]
	for i := range p.Rules {
		g := p.Rules[i].Group
		if slices.ContainsFunc(p.Rules[:i], func(r Rule) bool { return r.Group == g }) {
			continue
		}
		r := p.first(g, s)
		w.match(g, r)
		if r != nil {
			parts = append(parts, w.rule(r, in))
		}
	}
	amount := w.sum("groups", "", parts).Round()
	w.note(opRound, "subsidy", "", w.money(amount), operand{"amount", w.last()})
	for i, l := range p.Limits {
		amount = w.limit(l, in, i, amount)
	}
	for _, c := range in.Caps {
		amount = w.least(w.what("cap", c.Why), "", amount.Exact(), w.named(1, "cap", c.Max.Exact()), c.Max.Exact()).Round()
	}
	return Result{amount, w.steps}
}

// rule returns what one rule gives, not rounded.
func (w *worksheet) rule(r *Rule, in Inputs) domain.Exact {
	switch r.Kind {
	case PerKg:
		return w.times("rule", r.ID, "rate", r.Rate.Exact(), "kg", in.Kg.Exact())
	case PriceGap:
		price := w.over("price_per_kg", r.ID, "unit_price", in.UnitPrice.Exact(), "kg_per_unit", in.KgPerUnit.Exact())
		gap := w.excess("gap", r.ID, "reference_price", r.ReferencePrice.Exact(), "price_per_kg", price)
		return w.perKg(r, w.times("per_kg", r.ID, "share", r.Share.Exact(), "gap", gap), in)
	case Freight:
		part := w.times("freight_share", r.ID, "share", r.Share.Exact(), "freight", in.Freight.Amount.Exact())
		return w.perKg(r, w.over("per_kg", r.ID, "freight_share", part, "loaded_kg", in.Freight.LoadedKg.Exact()), in)
	default: // Tiered: validation lets no other kind in
		return w.tiers(r, in)
	}
}

// perKg applies the rule's cap to a rate and the rate to the kg.
func (w *worksheet) perKg(r *Rule, rate domain.Exact, in Inputs) domain.Exact {
	if !r.CapPerKg.IsZero() {
		rate = w.least("capped_per_kg", r.ID, rate, w.named(1, "cap_per_kg", r.CapPerKg.Exact()), r.CapPerKg.Exact())
	}
	return w.times("rule", r.ID, "per_kg", rate, "kg", in.Kg.Exact())
}

// tiers gives each kg the rate of the band that the running total falls in.
func (w *worksheet) tiers(r *Rule, in Inputs) domain.Exact {
	start := startOf(in.Tiers, r.ID)
	end := start.Plus(in.Kg.Exact())
	var parts []domain.Exact
	from := domain.Kg{}.Exact()
	for _, t := range r.Tiers {
		low, high := start.Max(from), end
		if !t.UpToKg.IsZero() {
			high = high.Min(t.UpToKg.Exact())
		}
		if high.Cmp(low) > 0 {
			kg := w.band(r.ID, start, in.Kg, from, t.UpToKg, high.Excess(low))
			parts = append(parts, w.times("band", r.ID, "rate", t.Rate.Exact(), "kg", kg))
		}
		from = t.UpToKg.Exact()
	}
	return w.sum("rule", r.ID, parts)
}

func startOf(starts []TierStart, rule domain.ID) domain.Exact {
	for _, t := range starts {
		if t.RuleID == rule {
			return t.StartKg.Exact()
		}
	}
	return domain.Kg{}.Exact()
}

// limit applies the i-th limit of the policy.
func (w *worksheet) limit(l Limit, in Inputs, i int, amount domain.Money) domain.Money {
	left := domain.Money{}
	if l.SalesShare.IsZero() {
		left = in.Limits[i].Left
	} else {
		net := w.excess("net_sale", "", "sale", in.Sale.Exact(), "returned", in.Returned.Exact())
		part := w.times("sales_share", "", "share", l.SalesShare.Exact(), "net_sale", net)
		left = part.Round()
		w.note(opRound, "sales_share", "", w.money(left), w.named(0, "amount", part))
	}
	return w.least(w.what("limit", l.Per), "", amount.Exact(), operand{"left", w.amount(1, left)}, left.Exact()).Round()
}
