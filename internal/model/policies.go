package model

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type match struct {
	Items        []string `json:"items"`
	Categories   []string `json:"categories"`
	Channels     []string `json:"channels"`
	Cooperatives []string `json:"cooperatives"`
	Buyers       []string `json:"buyers"`
}

type tier struct {
	UpTo *string `json:"up_to_kg"`
	Rate string  `json:"rate"`
}

type rule struct {
	ID        string  `json:"id"`
	Group     string  `json:"group"`
	Match     *match  `json:"match"`
	Kind      string  `json:"kind"`
	Rate      *string `json:"rate"`
	Reference *string `json:"reference_price"`
	Share     *string `json:"share"`
	Cap       *string `json:"cap_per_kg"`
	Per       string  `json:"per"`
	Tiers     []tier  `json:"tiers"`
}

type limit struct {
	Per        string  `json:"per"`
	Max        *string `json:"max"`
	SalesShare *string `json:"sales_share"`
}

type part struct {
	Funder string `json:"funder_id"`
	Share  string `json:"share"`
	Budget string `json:"budget_id"`
}

// version is one published version of a policy.
type version struct {
	PolicyID  string `json:"policy_id"`
	Version   int    `json:"version"`
	Name      names  `json:"name"`
	Effective struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"effective"`
	Rules       []rule  `json:"rules"`
	Limits      []limit `json:"limits"`
	Split       []part  `json:"split"`
	OnExhausted string  `json:"on_exhausted"`
	Approval    struct {
		PublicityDays  int   `json:"publicity_days"`
		DistinctActors *bool `json:"distinct_actors"`
	} `json:"approval"`

	published      int    // tick
	latestAssessed string // the latest inspection day of a claim under it, or empty
}

// distinct: two persons are due unless the version says otherwise.
func (v *version) distinct() bool {
	return v.Approval.DistinctActors == nil || *v.Approval.DistinctActors
}

type policy struct {
	id             string
	versions       []*version
	latestAssessed string // the latest inspection day of a claim, or empty
}

// on is the version in effect on a day, or nil.
func (p *policy) on(day string) *version {
	for _, v := range p.versions {
		if v.Effective.From <= day && day <= v.Effective.To {
			return v
		}
	}
	return nil
}

var settlementLike = regexp.MustCompile(`^[CS][0-9]+$`)

func (m *Model) policyPublish(c call) error {
	v := new(version)
	if err := json.Unmarshal(jsontext.Value(c.Data), v, json.RejectUnknownMembers(true)); err != nil {
		return refuse("malformed")
	}
	if !goodID(v.PolicyID) || len([]rune(v.PolicyID)) > 24 || strings.Contains(v.PolicyID, ".") || settlementLike.MatchString(v.PolicyID) {
		return refuse("id")
	}
	if err := m.checkVersion(v); err != nil {
		return err
	}
	p := m.policies[v.PolicyID]
	if p == nil {
		p = &policy{id: v.PolicyID}
	}
	for _, old := range p.versions {
		if old.Version == v.Version {
			return refuse("exists")
		}
		if old.Effective.From <= old.Effective.To && old.Effective.From <= v.Effective.To && v.Effective.From <= old.Effective.To {
			return refuse("overlap")
		}
	}
	if v.Effective.From <= p.latestAssessed {
		return refuse("assessed")
	}
	v.published = m.tick()
	p.versions = append(p.versions, v)
	m.policies[p.id] = p
	return nil
}

func (m *Model) checkVersion(v *version) error {
	if !goodDay(v.Effective.From) || !goodDay(v.Effective.To) || v.Effective.To < v.Effective.From {
		return refuse("effective")
	}
	if !oneOf(v.OnExhausted, "waitlist", "partial", "refuse") || len(v.Rules) == 0 || len(v.Split) < 1 || len(v.Split) > 8 {
		return refuse("malformed")
	}
	sum := zero()
	for _, p := range v.Split {
		share, err := parsePart(p.Share)
		if err != nil {
			return err
		}
		if f := m.parties[p.Funder]; f == nil || f.kind != "funder" {
			return refuse("funder")
		}
		sum = add(sum, share)
	}
	if !same(sum, whole(1)) {
		return refuse("shares")
	}
	var ids []string
	for _, r := range v.Rules {
		if slices.Contains(ids, r.ID) {
			return refuse("rule_id")
		}
		ids = append(ids, r.ID)
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, l := range v.Limits {
		if err := l.check(); err != nil {
			return err
		}
	}
	return nil
}

func (r rule) check() error {
	for _, s := range []*string{r.Rate, r.Reference, r.Cap} {
		if s != nil {
			if _, err := parse(*s, 6); err != nil {
				return err
			}
		}
	}
	if r.Share != nil {
		if _, err := parsePart(*r.Share); err != nil {
			return err
		}
	}
	switch r.Kind {
	case "per_kg":
		if r.Rate == nil {
			return refuse("rate")
		}
	case "price_gap":
		if r.Reference == nil || r.Share == nil {
			return refuse("reference")
		}
	case "freight":
		if r.Share == nil {
			return refuse("share")
		}
	case "tiered":
		if !oneOf(r.Per, "cooperative_year", "item_year", "buyer_year", "cooperative_item_year") || len(r.Tiers) == 0 {
			return refuse("tiers")
		}
	default:
		return refuse("kind")
	}
	return nil
}

func (l limit) check() error {
	if (l.Max == nil) == (l.SalesShare == nil) || l.SalesShare != nil && l.Per != "line" {
		return refuse("limit")
	}
	if !oneOf(l.Per, "line", "claim", "cooperative_year", "buyer_year", "item_year") {
		return refuse("limit")
	}
	if l.Max != nil {
		_, err := parse(*l.Max, 2)
		return err
	}
	_, err := parsePart(*l.SalesShare)
	return err
}

// policyWithdraw. Decision: `from` is not after the version's end; before its
// beginning it leaves a version that never has effect. The assessed inspections
// that forbid it are those of the version.
func (m *Model) policyWithdraw(c call) error {
	var d struct {
		PolicyID string `json:"policy_id"`
		Version  int    `json:"version"`
		From     string `json:"from"`
		Reason   string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	p := m.policies[d.PolicyID]
	if p == nil || !goodDay(d.From) {
		return refuse("unknown")
	}
	for _, v := range p.versions {
		if v.Version != d.Version {
			continue
		}
		if d.From > v.Effective.To {
			return refuse("range")
		}
		if v.latestAssessed >= d.From {
			return refuse("assessed")
		}
		at, _ := time.Parse(time.DateOnly, d.From)
		v.Effective.To = at.AddDate(0, 0, -1).Format(time.DateOnly)
		return nil
	}
	return refuse("unknown")
}

// covers says whether all that the match names holds for a line.
func (r rule) covers(s *shipment, l *shipmentLine) bool {
	if r.Match == nil {
		return true
	}
	holds := func(list []string, value string) bool { return list == nil || slices.Contains(list, value) }
	return holds(r.Match.Items, l.of.item) && holds(r.Match.Categories, s.categories[l.no]) &&
		holds(r.Match.Channels, s.channel) && holds(r.Match.Cooperatives, s.coop) && holds(r.Match.Buyers, s.buyer)
}

// matched lists the rules that count for a line: of each group the first.
func (v *version) matched(s *shipment, l *shipmentLine) []rule {
	var out []rule
	for _, r := range v.Rules {
		if r.covers(s, l) && !slices.ContainsFunc(out, func(o rule) bool { return o.Group == r.Group }) {
			out = append(out, r)
		}
	}
	return out
}

// waits says whether a freight rule counts for any line of the shipment.
func (v *version) waits(s *shipment) bool {
	for _, l := range s.lines {
		for _, r := range v.matched(s, l) {
			if r.Kind == "freight" {
				return true
			}
		}
	}
	return false
}
