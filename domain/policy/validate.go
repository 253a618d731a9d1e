package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhitong/domain"
)

// Limits of a policy's size. They keep the assessment of a full shipment inside
// one commit.
const (
	IDCharsMax       = 24
	RulesMax         = 100
	GroupsMax        = 8
	TiersMax         = 20
	LimitsMax        = 16
	FundersMax       = 8
	MatchNamesMax    = 300
	PublicityDaysMax = 366
	VersionMax       = 1_000_000
)

// reserved are the ids that would be confused with a clawback or a supplement.
var reserved = regexp.MustCompile(`^[CS][0-9]+$`)

// Validate refuses a policy that is not whole; the problem's field is its path in
// the object.
func (p *Policy) Validate() error {
	for _, check := range []func() error{p.checkHead, p.checkRules, p.checkLimits, p.checkSplit, p.checkApproval} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) checkHead() error {
	id := string(p.PolicyID)
	switch {
	case id == "":
		return domain.Missing("policy_id")
	case utf8.RuneCountInString(id) > IDCharsMax:
		return domain.Refuse(domain.Invalid, "policy.invalid_id", "policy_id", id, "at most %d characters", IDCharsMax)
	case strings.Contains(id, ".") || reserved.MatchString(id):
		return domain.Refuse(domain.Invalid, "policy.invalid_id", "policy_id", id, "no dot, and not C or S with digits: claim ids are made of it")
	case p.Version == 0:
		return domain.Missing("version")
	case p.Version < 0 || p.Version > VersionMax:
		return domain.Refuse(domain.Invalid, "policy.invalid_version", "version", strconv.Itoa(p.Version), "from 1 to %d", VersionMax)
	case p.Effective.From.IsZero():
		return domain.Missing("effective.from")
	case p.Effective.To.IsZero():
		return domain.Missing("effective.to")
	case p.Effective.To.Cmp(p.Effective.From) < 0:
		return domain.Refuse(domain.Invalid, "policy.effective_backwards", "effective.to", p.Effective.To.String(), "not before effective.from, %s", p.Effective.From)
	}
	return nil
}

func (p *Policy) checkRules() error {
	if err := counted("rules", len(p.Rules), RulesMax); err != nil {
		return err
	}
	seen := map[domain.ID]bool{}
	for i := range p.Rules {
		r, at := &p.Rules[i], fmt.Sprintf("rules[%d]", i)
		if r.ID != "" && seen[r.ID] {
			return domain.Refuse(domain.Invalid, "policy.rule_twice", at+".id", string(r.ID), "each rule has its own id")
		}
		seen[r.ID] = true
		if err := r.check(); err != nil {
			return domain.AsProblem(err).At(at)
		}
	}
	if n := len(p.groups()); n > GroupsMax {
		return domain.Refuse(domain.Limit, "policy.too_many", "rules", strconv.Itoa(n), "at most %d groups", GroupsMax)
	}
	return nil
}

func counted(field string, n, most int) error {
	switch {
	case n == 0:
		return domain.Missing(field)
	case n > most:
		return domain.Refuse(domain.Limit, "policy.too_many", field, strconv.Itoa(n), "at most %d", most)
	}
	return nil
}

// fields of a rule besides id, group, match and kind.
var ruleFields = []struct {
	name     string
	given    func(*Rule) bool
	required []string // by the kinds
	optional []string
}{
	{"rate", func(r *Rule) bool { return !r.Rate.IsZero() }, []string{PerKg}, nil},
	{"reference_price", func(r *Rule) bool { return !r.ReferencePrice.IsZero() }, []string{PriceGap}, nil},
	{"share", func(r *Rule) bool { return !r.Share.IsZero() }, []string{PriceGap, Freight}, nil},
	{"cap_per_kg", func(r *Rule) bool { return !r.CapPerKg.IsZero() }, nil, []string{PriceGap, Freight}},
	{"per", func(r *Rule) bool { return r.Per != "" }, []string{Tiered}, nil},
	{"tiers", func(r *Rule) bool { return r.Tiers != nil }, []string{Tiered}, nil},
}

func (r *Rule) check() error {
	switch {
	case r.ID == "":
		return domain.Missing("id")
	case r.Group == "":
		return domain.Missing("group")
	case r.Kind == "":
		return domain.Missing("kind")
	case !oneOf(r.Kind, PerKg, PriceGap, Tiered, Freight):
		return domain.Refuse(domain.Invalid, "policy.unknown_kind", "kind", r.Kind, "one of per_kg, price_gap, tiered, freight")
	}
	for _, f := range ruleFields {
		switch needs := oneOf(r.Kind, f.required...); {
		case needs && !f.given(r):
			return domain.Missing(f.name)
		case f.given(r) && !needs && !oneOf(r.Kind, f.optional...):
			return domain.Refuse(domain.Invalid, "policy.field_not_of_kind", f.name, "", "a rule of kind %s has no %s", r.Kind, f.name)
		}
	}
	if err := r.Match.check(); err != nil {
		return domain.AsProblem(err).At("match")
	}
	if r.Kind == Tiered {
		return r.checkTiers()
	}
	return nil
}

func (r *Rule) checkTiers() error {
	if !oneOf(r.Per, PerCooperativeYear, PerItemYear, PerBuyerYear, PerCooperativeItemYear) {
		return domain.Refuse(domain.Invalid, "policy.unknown_scope", "per", r.Per, "one of cooperative_year, item_year, buyer_year, cooperative_item_year")
	}
	if err := counted("tiers", len(r.Tiers), TiersMax); err != nil {
		return err
	}
	before := domain.Kg{}
	for i, t := range r.Tiers {
		field := fmt.Sprintf("tiers[%d].up_to_kg", i)
		if t.Rate.IsZero() {
			return domain.Missing(fmt.Sprintf("tiers[%d].rate", i))
		}
		if err := t.UpToKg.NotNegative(field); err != nil {
			return err
		}
		switch last := i == len(r.Tiers)-1; {
		case last && !t.UpToKg.IsZero():
			return domain.Refuse(domain.Invalid, "policy.tiers_end", field, t.UpToKg.String(), "the last tier has no end; give it the rate 0 where nothing more is paid")
		case !last && t.UpToKg.IsZero():
			return domain.Missing(field)
		case !last && t.UpToKg.Cmp(before) <= 0:
			return domain.Refuse(domain.Invalid, "policy.tiers_order", field, t.UpToKg.String(), "above the tier before, %s kg", before)
		}
		before = t.UpToKg
	}
	return nil
}

func (m *Match) check() error {
	if m == nil {
		return nil
	}
	names := []string{"items", "categories", "channels", "cooperatives", "buyers"}
	for i, list := range [][]domain.ID{m.Items, m.Categories, m.Channels, m.Cooperatives, m.Buyers} {
		switch {
		case list != nil && len(list) == 0:
			return domain.Refuse(domain.Invalid, "policy.match_empty", names[i], "", "an empty list would match nothing; leave the key out to match all")
		case len(list) > MatchNamesMax:
			return domain.Refuse(domain.Limit, "policy.too_many", names[i], strconv.Itoa(len(list)), "at most %d", MatchNamesMax)
		}
		for k, id := range list {
			if id == "" {
				return domain.Missing(fmt.Sprintf("%s[%d]", names[i], k))
			}
		}
	}
	return nil
}

func (p *Policy) checkLimits() error {
	if len(p.Limits) > LimitsMax {
		return domain.Refuse(domain.Limit, "policy.too_many", "limits", strconv.Itoa(len(p.Limits)), "at most %d", LimitsMax)
	}
	for i, l := range p.Limits {
		at := fmt.Sprintf("limits[%d]", i)
		switch hasMax, hasShare := !l.Max.IsZero(), !l.SalesShare.IsZero(); {
		case l.Per == "":
			return domain.Missing(at + ".per")
		case !oneOf(l.Per, PerLine, PerClaim, PerCooperativeYear, PerBuyerYear, PerItemYear):
			return domain.Refuse(domain.Invalid, "policy.unknown_scope", at+".per", l.Per, "one of line, claim, cooperative_year, buyer_year, item_year")
		case hasShare && l.Per != PerLine:
			return domain.Refuse(domain.Invalid, "policy.sales_share_per_line", at+".sales_share", l.SalesShare.String(), "a share of the sale limits a line")
		case hasMax && hasShare:
			return domain.Refuse(domain.Invalid, "policy.limit_twice", at, "", "a limit has either max or sales_share")
		case !hasMax && !hasShare:
			return domain.Missing(at + ".max")
		}
		if err := l.Max.NotNegative(at + ".max"); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) checkSplit() error {
	if err := counted("split", len(p.Split), FundersMax); err != nil {
		return err
	}
	sum := domain.Share{}
	funders, budgets := map[domain.ID]bool{}, map[domain.ID]bool{}
	for i, f := range p.Split {
		at := fmt.Sprintf("split[%d]", i)
		switch {
		case f.FunderID == "":
			return domain.Missing(at + ".funder_id")
		case f.BudgetID == "":
			return domain.Missing(at + ".budget_id")
		case f.Share.IsZero():
			return domain.Missing(at + ".share")
		case funders[f.FunderID]:
			return domain.Refuse(domain.Invalid, "policy.funder_twice", at+".funder_id", string(f.FunderID), "each funder bears one share")
		case budgets[f.BudgetID]:
			return domain.Refuse(domain.Invalid, "policy.budget_twice", at+".budget_id", string(f.BudgetID), "each share has its own budget line")
		}
		funders[f.FunderID], budgets[f.BudgetID] = true, true
		sum = sum.Add(f.Share)
	}
	if !sum.IsOne() {
		return domain.Refuse(domain.Invalid, "policy.shares_not_one", "split", sum.String(), "the shares sum to exactly 1, these to %s", sum)
	}
	return nil
}

func (p *Policy) checkApproval() error {
	switch {
	case p.OnExhausted == "":
		return domain.Missing("on_exhausted")
	case !oneOf(p.OnExhausted, Waitlist, Partial, RefuseIt):
		return domain.Refuse(domain.Invalid, "policy.unknown_mode", "on_exhausted", p.OnExhausted, "one of waitlist, partial, refuse")
	case p.Approval.PublicityDays < 0 || p.Approval.PublicityDays > PublicityDaysMax:
		return domain.Refuse(domain.Invalid, "policy.publicity_days", "approval.publicity_days", strconv.Itoa(p.Approval.PublicityDays), "from 0 to %d", PublicityDaysMax)
	}
	return nil
}

func oneOf(word string, words ...string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
