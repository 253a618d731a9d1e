package policy

import "slices"

// Same reports whether both say the same: numbers by their worth, not by how they
// were written.
func (p *Policy) Same(q *Policy) bool {
	return p.PolicyID == q.PolicyID && p.Version == q.Version && p.Name == q.Name && p.Effective == q.Effective &&
		p.OnExhausted == q.OnExhausted && p.Approval.PublicityDays == q.Approval.PublicityDays && p.Approval.Distinct() == q.Approval.Distinct() &&
		slices.EqualFunc(p.Rules, q.Rules, sameRule) && slices.EqualFunc(p.Limits, q.Limits, sameLimit) && slices.EqualFunc(p.Split, q.Split, sameFunding)
}

func sameRule(r, s Rule) bool {
	return r.ID == s.ID && r.Group == s.Group && r.Kind == s.Kind && r.Per == s.Per && sameMatch(r.Match, s.Match) &&
		r.Rate.Equal(s.Rate) && r.ReferencePrice.Equal(s.ReferencePrice) && r.Share.Equal(s.Share) && r.CapPerKg.Equal(s.CapPerKg) &&
		slices.EqualFunc(r.Tiers, s.Tiers, func(a, b Tier) bool { return a.UpToKg.Equal(b.UpToKg) && a.Rate.Equal(b.Rate) })
}

func sameMatch(m, n *Match) bool {
	if m == nil || n == nil {
		return m.all() && n.all()
	}
	return slices.Equal(m.Items, n.Items) && slices.Equal(m.Categories, n.Categories) && slices.Equal(m.Channels, n.Channels) &&
		slices.Equal(m.Cooperatives, n.Cooperatives) && slices.Equal(m.Buyers, n.Buyers)
}

// all reports whether the match lets every line through.
func (m *Match) all() bool {
	return m == nil || m.Items == nil && m.Categories == nil && m.Channels == nil && m.Cooperatives == nil && m.Buyers == nil
}

func sameLimit(l, m Limit) bool {
	return l.Per == m.Per && l.Max.Equal(m.Max) && l.SalesShare.Equal(m.SalesShare)
}

func sameFunding(f, g Funding) bool {
	return f.FunderID == g.FunderID && f.BudgetID == g.BudgetID && f.Share.Equal(g.Share)
}
