package verify

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// claimFold is a claim as the checks see it.
type claimFold struct {
	claim.Head
	status    claim.Status
	channel   domain.ID
	lines     []*portion
	base      *claimFold   // of a supplement
	followers []*claimFold // supplements, oldest first
	changes   int          // returns and corrections that are reckoned in
	backs     int          // clawbacks
	submitter domain.ID
	approvers []domain.ID
	posters   []domain.ID
	objector  domain.ID
	to        domain.Day // the last day of the posting
	batch     domain.ID
}

// portion is a line of a claim as it stands.
type portion struct {
	no       int
	item     domain.ID
	category domain.ID
	kg       domain.Kg
	subsidy  domain.Money // of a paid claim: what was paid
	shares   []claim.Share
	left     []domain.Money // the shares less what clawbacks took
	inputs   policy.Inputs
	before   domain.Money // on a supplement: what the line had before it
}

// share sets the shares.
func (p *portion) share(shares []claim.Share) {
	p.shares, p.left = shares, amountsOf(shares)
}

// remaining is what the claim still gives for the line.
func (p *portion) remaining() domain.Money {
	if p.shares == nil {
		return p.subsidy
	}
	var sum domain.Money
	for _, m := range p.left {
		sum = sum.Add(m)
	}
	return sum
}

func amountsOf(shares []claim.Share) []domain.Money {
	if shares == nil {
		return nil
	}
	out := make([]domain.Money, len(shares))
	for i, s := range shares {
		out[i] = s.Amount
	}
	return out
}

// find returns the line with a number, or nil.
func (c *claimFold) find(no int) *portion {
	for _, l := range c.lines {
		if l.no == no {
			return l
		}
	}
	return nil
}

func (c *claimFold) line(no int) *portion {
	if l := c.find(no); l != nil {
		return l
	}
	l := &portion{no: no}
	c.lines = append(c.lines, l)
	return l
}

func (c *claimFold) total() domain.Money {
	var sum domain.Money
	for _, l := range c.lines {
		sum = sum.Add(l.subsidy)
	}
	return sum
}

func (m *money) claimOf(id domain.ID) *claimFold {
	if m.claims[id] == nil {
		m.claims[id] = &claimFold{}
	}
	return m.claims[id]
}

// step checks that the claim's status allows the fact, and moves it.
func (m *money) step(e *events.Event, c *claimFold, to claim.Status, from ...claim.Status) {
	if m.statuses.fails(slices.Contains(from, c.status)) {
		m.statuses.wrong(e, "%s of a claim that is %q", e.Name(), c.status)
	}
	c.status = to
}

// claim folds and checks what makes or changes a claim's amounts.
func (m *money) claim(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		m.begin(e, &f.Assessment, claim.IsAssessed)
	case claim.Waitlisted:
		m.begin(e, &f.Assessment, claim.IsWaitlisted)
	case claim.Refused:
		m.begin(e, &f.Assessment, claim.IsRefused)
	case claim.TakenUp:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsAssessed, claim.IsWaitlisted)
		m.split(e, &c.Head, subsidies(f.Lines))
		for _, p := range f.Lines {
			l := c.line(p.LineNo)
			if m.assessments.fails(p.Subsidy.Cmp(l.subsidy) == 0) {
				m.assessments.wrong(e, "line %d is taken up with %s, it waited with %s", p.LineNo, p.Subsidy, l.subsidy)
			}
			l.subsidy = p.Subsidy
			l.share(p.Shares)
		}
	case claim.Reassessed:
		m.reassess(e, &f)
	}
}

func subsidies(lines []claim.Portion) []split {
	out := make([]split, len(lines))
	for i, l := range lines {
		out[i] = split{l.LineNo, l.Subsidy, l.Shares}
	}
	return out
}

// begin folds a new claim.
func (m *money) begin(e *events.Event, a *claim.Assessment, status claim.Status) {
	c := m.claimOf(a.ClaimID)
	m.step(e, c, status, "")
	c.Head, c.channel, c.changes = a.Head, a.Channel, a.Changes
	if a.Supplements != "" {
		c.base = m.claimOf(a.Supplements)
		m.expectSupplement(e, a)
		c.base.followers = append(c.base.followers, c)
	}
	m.assess(e, a, status)
	var total domain.Money
	for _, l := range a.Lines {
		c.lines = append(c.lines, &portion{no: l.LineNo, item: l.ItemID, category: l.Category, kg: l.AcceptedKg, subsidy: l.Subsidy,
			shares: l.Shares, left: amountsOf(l.Shares), inputs: l.Inputs, before: l.Before})
		total = total.Add(l.Subsidy)
	}
	if m.assessments.fails(total.Cmp(a.Total) == 0) {
		m.assessments.wrong(e, "its lines come to %s, its total is %s", total, a.Total)
	}
	if status == claim.IsRefused {
		if m.assessments.fails(total.Sign() == 0) {
			m.assessments.wrong(e, "a refused claim grants %s", total)
		}
	}
}

func (m *money) reassess(e *events.Event, f *claim.Reassessed) {
	c := m.claimOf(f.ClaimID)
	m.expectReassessed(e, c, f)
	if m.statuses.fails(f.Pot == c.status.Pot() && c.status.Pot() != claim.Nowhere && c.status != claim.IsBatched) {
		m.statuses.wrong(e, "it is reassessed in pot %q, it is %q", f.Pot, c.status)
	}
	for i := range f.Lines {
		r := &f.Lines[i]
		l := c.line(r.LineNo)
		if m.assessments.fails(r.OldSubsidy.Cmp(l.subsidy) == 0 && r.OldKg.Cmp(l.kg) == 0) {
			m.assessments.wrong(e, "line %d: before it had %s for %s kg, the fact says %s for %s kg", r.LineNo, l.subsidy, l.kg, r.OldSubsidy, r.OldKg)
		}
		m.again(e, c, r)
		l.kg, l.inputs = r.AcceptedKg, r.Inputs
		if c.status == claim.IsPaid {
			if m.assessments.fails(r.Subsidy.Cmp(l.subsidy) == 0) {
				m.assessments.wrong(e, "line %d of a paid claim changes from %s to %s", r.LineNo, l.subsidy, r.Subsidy)
			}
			continue
		}
		l.subsidy = r.Subsidy
		if r.Shares != nil {
			m.sumsTo(e, r.LineNo, r.Subsidy, r.Shares)
			l.share(r.Shares)
		}
	}
	if m.assessments.fails(c.total().Cmp(f.Total) == 0) {
		m.assessments.wrong(e, "its lines come to %s, its total is %s", c.total(), f.Total)
	}
	c.changes = f.Changes
	if f.Resubmit != nil {
		m.step(e, c, claim.IsSubmitted, claim.IsApproved, claim.IsPublicised, claim.IsObjected, claim.IsAuthorised, claim.IsPaymentFailed)
	}
}

// life folds and checks the way of a claim to its payment.
func (m *money) life(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Submitted:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsSubmitted, claim.IsAssessed)
		m.stands(e, c, f.Total)
		c.submitter = e.Actor
	case claim.Approved:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsApproved, claim.IsSubmitted)
		m.stands(e, c, f.Total)
		m.apart(e, c, c.submitter)
		c.approvers = append(c.approvers, e.Actor)
	case claim.Rejected:
		c := m.claimOf(f.ClaimID)
		m.stands(e, c, f.Total)
		m.countRejected(c)
		m.step(e, c, claim.IsRejected, claim.IsWaitlisted, claim.IsAssessed, claim.IsSubmitted, claim.IsApproved, claim.IsPublicised, claim.IsObjected)
	case claim.Publicised:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsPublicised, claim.IsApproved)
		m.stands(e, c, f.Posting.Amount)
		c.to, c.posters = f.Posting.To, append(c.posters, e.Actor)
	case claim.Objected:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsObjected, claim.IsPublicised)
		c.objector = e.Actor
	case claim.ObjectionResolved:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsPublicised, claim.IsObjected)
		m.apart(e, c, append([]domain.ID{c.objector}, c.approvers...)...)
	case claim.Authorised:
		c := m.claimOf(f.ClaimID)
		posted := c.status == claim.IsPublicised
		m.step(e, c, claim.IsAuthorised, claim.IsPublicised, claim.IsApproved)
		m.stands(e, c, f.Total)
		m.apart(e, c, append(slices.Clone(c.approvers), c.posters...)...)
		p := m.policies[policyKey{c.PolicyID, c.PolicyVersion}]
		if m.statuses.fails(p != nil && (posted && e.Time.Day().Cmp(c.to) > 0 || !posted && p.Approval.PublicityDays == 0)) {
			m.statuses.wrong(e, "authorised on %s, its posting ends on %s", e.Time.Day(), c.to)
		}
	default:
		m.payment(e)
	}
}

func (m *money) payment(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Batched:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsBatched, claim.IsAuthorised, claim.IsPaymentFailed)
		m.stands(e, c, f.Total)
		c.batch = f.BatchID
	case claim.Paid:
		c := m.claimOf(f.ClaimID)
		m.step(e, c, claim.IsPaid, claim.IsBatched)
		m.stands(e, c, f.Total)
		if m.statuses.fails(c.batch == f.BatchID) {
			m.statuses.wrong(e, "paid with batch %q, it is in %q", f.BatchID, c.batch)
		}
	case claim.PaymentFailed:
		m.step(e, m.claimOf(f.ClaimID), claim.IsPaymentFailed, claim.IsBatched)
	case fund.Spent:
		c := m.claimOf(f.ClaimID)
		var sum domain.Money
		for _, a := range f.Lines {
			sum = sum.Add(a.Amount)
		}
		m.stands(e, c, sum)
	case disbursement.Batched:
		m.batches[f.BatchID] = e.Actor
	case disbursement.Confirmed:
		if m.persons.fails(m.batches[f.BatchID] != e.Actor) {
			m.persons.wrong(e, "%q confirms the batch %q and made it", e.Actor, f.BatchID)
		}
	}
}

// stands checks that a fact names what the claim amounts to.
func (m *money) stands(e *events.Event, c *claimFold, total domain.Money) {
	if m.assessments.fails(c.total().Cmp(total) == 0) {
		m.assessments.wrong(e, "the fact says %s, the claim amounts to %s", total, c.total())
	}
}

// apart checks that the actor is another person, where the policy asks for it.
func (m *money) apart(e *events.Event, c *claimFold, before ...domain.ID) {
	p := m.policies[policyKey{c.PolicyID, c.PolicyVersion}]
	if p == nil || !p.Approval.Distinct() {
		return
	}
	if m.persons.fails(!slices.Contains(before, e.Actor)) {
		m.persons.wrong(e, "%s by %q, who took the step before", e.Name(), e.Actor)
	}
}

// twoPersons checks the pairs that no policy lifts, and notes who returned goods.
func (m *money) twoPersons(e *events.Event) {
	switch f := e.Fact.(type) {
	case party.PayeeChanged:
		m.payees[f.PartyID] = e.Actor
	case party.PayeeConfirmed:
		by, changed := m.payees[f.PartyID]
		if m.persons.fails(changed && by != e.Actor) {
			m.persons.wrong(e, "the payee of %q is confirmed by %q, changed by %q", f.PartyID, e.Actor, by)
		}
		delete(m.payees, f.PartyID)
	case shipment.Returned, shipment.InspectionCorrected:
		m.actors[e.ID] = e.Actor
	}
}

// clawbackFold is a clawback as the checks see it.
type clawbackFold struct {
	claim    *claimFold
	fund     domain.ID
	status   claim.ClawbackStatus
	amount   domain.Money
	causes   []domain.ID // actors
	approver domain.ID
	method   string
	back     map[domain.ID]domain.Money // by budget line
	left     domain.Money               // that has not come back
	lines    []claim.ClawbackLine       // with what has not come back of each share
}

// propose takes what the clawback asks for from the lines of its claim.
func (c *clawbackFold) propose(lines []claim.ClawbackLine) {
	c.claim.backs++
	for _, l := range lines {
		kept := l
		kept.Shares = slices.Clone(l.Shares)
		c.lines = append(c.lines, kept)
		left := c.claim.line(l.LineNo).left
		for i := 0; i < min(len(left), len(l.Shares)); i++ {
			left[i] = left[i].Sub(l.Shares[i].Amount)
		}
	}
}

// comesBack checks that an amount goes back to the budget lines that the clawback
// came from: over what has not come back yet, its lines in order.
func (c *clawbackFold) comesBack(m *money, e *events.Event, amount domain.Money, lines []claim.ClawbackLine) {
	var left []domain.Money
	for _, l := range c.lines {
		left = append(left, amountsOf(l.Shares)...)
	}
	if amount.Sign() < 0 || amount.Cmp(sumOf(left)) > 0 {
		return // more than is left: found as such
	}
	parts := domain.ReductionSplit(amount, left)
	ok := len(lines) == len(c.lines)
	for i := range c.lines {
		for k := range c.lines[i].Shares {
			s := &c.lines[i].Shares[k]
			s.Amount = s.Amount.Sub(parts[0])
			ok = ok && i < len(lines) && k < len(lines[i].Shares) && lines[i].LineNo == c.lines[i].LineNo && lines[i].Shares[k].BudgetID == s.BudgetID && lines[i].Shares[k].Amount.Cmp(parts[0]) == 0
			parts = parts[1:]
		}
	}
	if m.splits.fails(ok) {
		m.splits.wrong(e, "%s comes back by other budget lines than it was taken from", amount)
	}
}

func sumOf(list []domain.Money) domain.Money {
	var sum domain.Money
	for _, x := range list {
		sum = sum.Add(x)
	}
	return sum
}

func (m *money) clawbackStep(e *events.Event, id domain.ID, to claim.ClawbackStatus, from ...claim.ClawbackStatus) *clawbackFold {
	c := m.clawbacks[id]
	if c == nil {
		c = &clawbackFold{claim: &claimFold{}, back: map[domain.ID]domain.Money{}}
		m.clawbacks[id] = c
	}
	if m.statuses.fails(slices.Contains(from, c.status)) {
		m.statuses.wrong(e, "%s of a clawback that is %q", e.Name(), c.status)
	}
	c.status = to
	return c
}

func (m *money) clawback(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.ClawbackProposed:
		c := m.clawbackStep(e, f.ClawbackID, claim.ClawbackIsProposed, "")
		c.claim, c.fund, c.amount, c.left = m.claimOf(f.ClaimID), f.FundID, f.Amount, f.Amount
		m.expectClawback(e, c.claim, &f)
		c.propose(f.Lines)
		if m.statuses.fails(c.claim.status == claim.IsPaid) {
			m.statuses.wrong(e, "a clawback of a claim that is %q", c.claim.status)
		}
		var sum domain.Money
		for _, l := range f.Lines {
			m.sumsTo(e, l.LineNo, l.Amount, l.Shares)
			sum = sum.Add(l.Amount)
		}
		if m.assessments.fails(sum.Cmp(f.Amount) == 0 && f.Amount.Cmp(c.claim.total()) <= 0) {
			m.assessments.wrong(e, "its lines come to %s of %s, the claim to %s", sum, f.Amount, c.claim.total())
		}
		for i, id := range f.Causes {
			by, known := m.actors[id]
			if m.assessments.fails(known && i < len(f.CausedBy) && slices.Contains(f.CausedBy, by)) {
				m.assessments.wrong(e, "its cause %s is no return or correction by one of %q", id, f.CausedBy)
			}
			c.causes = append(c.causes, by)
		}
	case claim.ClawbackApproved:
		c := m.clawbackStep(e, f.ClawbackID, claim.ClawbackIsApproved, claim.ClawbackIsProposed)
		m.apart(e, c.claim, c.causes...)
		c.approver = e.Actor
	case claim.ClawbackSettled:
		c := m.clawbackStep(e, f.ClawbackID, claim.ClawbackIsSettled, claim.ClawbackIsApproved)
		m.apart(e, c.claim, c.approver)
		c.method = f.Method
		if f.Method == claim.Refund {
			c.returned(m, e, f.Amount, f.Lines)
		}
	case claim.ClawbackRecovered:
		c := m.clawbackStep(e, f.ClawbackID, claim.ClawbackIsSettled, claim.ClawbackIsSettled)
		if m.statuses.fails(c.method == claim.Offset) {
			m.statuses.wrong(e, "money is recovered for a clawback that was settled by %q", c.method)
		}
		c.returned(m, e, f.Amount, f.Lines)
	}
}

// returned books money that came back.
func (c *clawbackFold) returned(m *money, e *events.Event, amount domain.Money, lines []claim.ClawbackLine) {
	var sum domain.Money
	c.comesBack(m, e, amount, lines)
	for _, l := range lines {
		m.sumsTo(e, l.LineNo, l.Amount, l.Shares)
		for _, s := range l.Shares {
			sum = sum.Add(s.Amount)
			c.back[s.BudgetID] = c.back[s.BudgetID].Add(s.Amount)
		}
	}
	c.left = c.left.Sub(amount)
	if m.assessments.fails(sum.Cmp(amount) == 0 && c.left.Sign() >= 0) {
		m.assessments.wrong(e, "%s comes back, by its lines %s; %s would be left", amount, sum, c.left)
	}
}
