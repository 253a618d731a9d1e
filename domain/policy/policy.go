package policy

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "policy"

// Ref names the policy id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// The kinds of rules.
const (
	PerKg    = "per_kg"
	PriceGap = "price_gap"
	Tiered   = "tiered"
	Freight  = "freight"
)

// What a limit is per, and what the running total of a tiered rule is kept per.
const (
	PerLine                = "line"
	PerClaim               = "claim"
	PerCooperativeYear     = "cooperative_year"
	PerBuyerYear           = "buyer_year"
	PerItemYear            = "item_year"
	PerCooperativeItemYear = "cooperative_item_year"
)

// What happens when a budget line is too small for a claim.
const (
	Waitlist = "waitlist"
	Partial  = "partial"
	RefuseIt = "refuse"
)

// Policy is one version of a policy as it was published: immutable.
type Policy struct {
	PolicyID    domain.ID   `json:"policy_id"`
	Version     int         `json:"version"`
	Name        domain.Name `json:"name,omitzero"`
	Effective   Effective   `json:"effective"`
	Rules       []Rule      `json:"rules"`
	Limits      []Limit     `json:"limits,omitzero"` // applied in this order
	Split       []Funding   `json:"split"`
	OnExhausted string      `json:"on_exhausted"`
	Approval    Approval    `json:"approval"`
}

// Effective is the range of inspection days, both ends included.
type Effective struct {
	From domain.Day `json:"from"`
	To   domain.Day `json:"to"`
}

// Covers reports whether the range has the day. A range whose end lies before its
// beginning has none.
func (e Effective) Covers(d domain.Day) bool { return e.From.Cmp(d) <= 0 && d.Cmp(e.To) <= 0 }

// Rule gives an amount for the lines that it matches. Per group, the first rule
// that matches a line counts; the groups add up.
type Rule struct {
	ID    domain.ID `json:"id"`
	Group domain.ID `json:"group"`
	Match *Match    `json:"match,omitzero"` // nil matches every line
	Kind  string    `json:"kind"`

	Rate           domain.Price `json:"rate,omitzero"`            // per_kg
	ReferencePrice domain.Price `json:"reference_price,omitzero"` // price_gap
	Share          domain.Share `json:"share,omitzero"`           // price_gap, freight
	CapPerKg       domain.Price `json:"cap_per_kg,omitzero"`      // price_gap, freight; absent = no limit
	Per            string       `json:"per,omitzero"`             // tiered
	Tiers          []Tier       `json:"tiers,omitzero"`           // tiered
}

// Match names what a line must be; all that are named must hold.
type Match struct {
	Items        []domain.ID `json:"items,omitzero"`
	Categories   []domain.ID `json:"categories,omitzero"`
	Channels     []domain.ID `json:"channels,omitzero"`
	Cooperatives []domain.ID `json:"cooperatives,omitzero"`
	Buyers       []domain.ID `json:"buyers,omitzero"`
}

// Tier is a band of the running total; the last one has no end.
type Tier struct {
	UpToKg domain.Kg    `json:"up_to_kg,omitzero"`
	Rate   domain.Price `json:"rate"`
}

// Limit bounds an amount: by Max, or for a line by a share of its sale.
type Limit struct {
	Per        string       `json:"per"`
	Max        domain.Money `json:"max,omitzero"`
	SalesShare domain.Share `json:"sales_share,omitzero"`
}

// Funding is what one funder bears of every amount.
type Funding struct {
	FunderID domain.ID    `json:"funder_id"`
	Share    domain.Share `json:"share"`
	BudgetID domain.ID    `json:"budget_id"`
}

// Approval is what the way of a claim asks for.
type Approval struct {
	PublicityDays  int   `json:"publicity_days"`
	DistinctActors *bool `json:"distinct_actors,omitzero"` // absent = true
}

// Distinct reports whether two persons are needed where a claim or clawback says so.
func (a Approval) Distinct() bool { return a.DistinctActors == nil || *a.DistinctActors }

// Subject is what of a line decides which rules match it.
type Subject struct {
	ItemID        domain.ID
	Category      domain.ID
	Channel       domain.ID
	CooperativeID domain.ID
	BuyerID       domain.ID
}

// Matching returns the rule of each group that counts for the line, in the order
// in which the groups first appear; groups without one are left out.
func (p *Policy) Matching(s Subject) []*Rule {
	var rules []*Rule
	for _, g := range p.groups() {
		if r := p.first(g, s); r != nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// NeedsFreight reports whether a freight rule counts for the line, so that its
// claim waits for the final invoice.
func (p *Policy) NeedsFreight(s Subject) bool {
	for _, r := range p.Matching(s) {
		if r.Kind == Freight {
			return true
		}
	}
	return false
}

func (p *Policy) groups() []domain.ID {
	var groups []domain.ID
	for i := range p.Rules {
		if !contains(groups, p.Rules[i].Group) {
			groups = append(groups, p.Rules[i].Group)
		}
	}
	return groups
}

func (p *Policy) first(group domain.ID, s Subject) *Rule {
	for i := range p.Rules {
		if r := &p.Rules[i]; r.Group == group && r.Match.holds(s) {
			return r
		}
	}
	return nil
}

func (m *Match) holds(s Subject) bool {
	if m == nil {
		return true
	}
	return named(m.Items, s.ItemID) && named(m.Categories, s.Category) && named(m.Channels, s.Channel) &&
		named(m.Cooperatives, s.CooperativeID) && named(m.Buyers, s.BuyerID)
}

// named reports whether the list, if it was given, names id.
func named(list []domain.ID, id domain.ID) bool { return list == nil || contains(list, id) }

func contains(list []domain.ID, id domain.ID) bool {
	for _, l := range list {
		if l == id {
			return true
		}
	}
	return false
}
