package app

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

// subsidies are the folds that the subsidy's rules need across aggregates.
type subsidies struct {
	policies    Index[domain.ID, policy.Versions]
	policyIDs   Index[struct{}, []domain.ID] // sorted
	funds       Index[fundOf, domain.ID]
	sales       Index[domain.ID, SaleTrail]   // by shipment
	inspected   Index[domain.ID, []domain.ID] // by departure: shipments in the order of their inspections
	claims      Index[domain.ID, []domain.ID] // by shipment: claims in the order of their assessment, no supplements
	debts       Index[domain.ID, []Debt]      // by cooperative, in the order of their settlements
	payees      Index[domain.ID, PayeeTrail]  // by party
	cooperative Index[domain.ID, domain.ID]   // by offset clawback: who owes
	openClaims  Index[domain.ID, struct{}]    // claims that are still to be paid
}

// fundOf names the fund of a policy in a year.
type fundOf struct {
	policy domain.ID
	year   int
}

// SaleTrail is what the log knows of a sale besides the shipment itself.
type SaleTrail struct {
	InspectedOn domain.Day // Shanghai day of the claimed time
	Changes     []SaleChange
}

// SaleChange is a return or a correction.
type SaleChange struct {
	EventID   string
	Actor     domain.ID
	Corrected []int // the lines that a correction changed; none for a return
}

// Debt is what a cooperative owes for a clawback that was settled by offset.
type Debt struct {
	ClawbackID domain.ID
	FundID     domain.ID    // that the money goes back to
	Open       domain.Money // not yet withheld from any payment
	Held       domain.Money // withheld in batches that are not confirmed
}

// PayeeTrail is where a party's payees stand in the log.
type PayeeTrail struct {
	Confirmed, Proposed string // event ids; "" for none
	Tag, ProposedTag    domain.Tag
}

func newSubsidies(j *Journal) subsidies {
	return subsidies{
		policies:    NewIndex[domain.ID, policy.Versions](j, "policies"),
		policyIDs:   NewIndex[struct{}, []domain.ID](j, "policy_ids"),
		funds:       NewIndex[fundOf, domain.ID](j, "funds"),
		sales:       NewIndex[domain.ID, SaleTrail](j, "sales"),
		inspected:   NewIndex[domain.ID, []domain.ID](j, "inspected"),
		claims:      NewIndex[domain.ID, []domain.ID](j, "claims"),
		debts:       NewIndex[domain.ID, []Debt](j, "debts"),
		payees:      NewIndex[domain.ID, PayeeTrail](j, "payees"),
		cooperative: NewIndex[domain.ID, domain.ID](j, "cooperative"),
		openClaims:  NewIndex[domain.ID, struct{}](j, "open_claims"),
	}
}

// applySubsidy folds one event into the registries of the subsidy.
func (r *Registries) applySubsidy(e *events.Event) {
	r.applyOpenClaims(e)
	switch f := e.Fact.(type) {
	case policy.Published:
		r.policyChanged(f.PolicyID, f, e.Position)
	case policy.Withdrawn:
		r.policyChanged(f.PolicyID, f, e.Position)
	case fund.Opened:
		r.subsidies.funds.Put(fundOf{f.PolicyID, f.Year}, f.FundID)
	case shipment.Inspected:
		r.subsidies.sales.Put(f.ShipmentID, SaleTrail{InspectedOn: e.Time.Day()})
		appendTo(r.subsidies.inspected, f.DepartureID, f.ShipmentID)
	case shipment.Returned:
		r.saleChanged(f.ShipmentID, e, nil)
	case shipment.InspectionCorrected:
		r.saleChanged(f.ShipmentID, e, changedLines(f.Lines))
	case claim.Assessed:
		r.assessed(&f.Assessment)
	case claim.Waitlisted:
		r.assessed(&f.Assessment)
	case claim.Refused:
		r.assessed(&f.Assessment)
	default:
		r.applyPayments(e)
	}
}

func appendTo(x Index[domain.ID, []domain.ID], k, id domain.ID) {
	ids, _ := x.Get(k)
	x.Put(k, append(slices.Clip(ids), id))
}

func (r *Registries) policyChanged(id domain.ID, f domain.Fact, position uint64) {
	versions, known := r.subsidies.policies.Get(id)
	r.subsidies.policies.Put(id, versions.With(f, position))
	if !known {
		ids, _ := r.subsidies.policyIDs.Get(struct{}{})
		ids = append(slices.Clone(ids), id)
		slices.Sort(ids)
		r.subsidies.policyIDs.Put(struct{}{}, ids)
	}
}

// changedLines are the lines whose kg or amount a correction changed.
func changedLines(lines []shipment.CorrectedLine) []int {
	var changed []int
	for _, l := range lines {
		if l.AcceptedKg.Sign() != 0 || l.ReturnedKg.Sign() != 0 || l.Amount.Sign() != 0 {
			changed = append(changed, l.LineNo)
		}
	}
	return changed
}

func (r *Registries) saleChanged(id domain.ID, e *events.Event, corrected []int) {
	trail, _ := r.subsidies.sales.Get(id)
	trail.Changes = append(slices.Clip(trail.Changes), SaleChange{e.ID, e.Actor, corrected})
	r.subsidies.sales.Put(id, trail)
}

func (r *Registries) assessed(a *claim.Assessment) {
	if a.Supplements != "" {
		return
	}
	appendTo(r.subsidies.claims, a.ShipmentID, a.ClaimID)
	versions, _ := r.subsidies.policies.Get(a.PolicyID)
	r.subsidies.policies.Put(a.PolicyID, versions.WithAssessed(a.PolicyVersion, a.InspectedOn))
}

// applyPayments folds debts and payees.
func (r *Registries) applyPayments(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.ClawbackSettled:
		if f.Method == claim.Offset {
			r.subsidies.cooperative.Put(f.ClawbackID, f.CooperativeID)
			debts, _ := r.subsidies.debts.Get(f.CooperativeID)
			r.subsidies.debts.Put(f.CooperativeID, append(slices.Clip(debts), Debt{ClawbackID: f.ClawbackID, FundID: f.FundID, Open: f.Amount}))
		}
	case disbursement.Batched:
		for _, l := range f.Lines {
			r.takeDebts(l.Offsets, func(d *Debt, m domain.Money) { d.Open, d.Held = d.Open.Sub(m), d.Held.Add(m) })
		}
	case disbursement.Confirmed:
		for _, l := range f.Lines {
			r.takeDebts(l.Offsets, func(d *Debt, m domain.Money) {
				d.Held = d.Held.Sub(m)
				if l.Status == disbursement.Failed {
					d.Open = d.Open.Add(m)
				}
			})
		}
	case party.Registered:
		if f.Payee != nil {
			r.subsidies.payees.Put(f.PartyID, PayeeTrail{Confirmed: e.ID, Tag: f.Payee.AccountTag})
		}
	case party.PayeeChanged:
		p := r.Payee(f.PartyID)
		p.Proposed, p.ProposedTag = e.ID, f.Payee.AccountTag
		r.subsidies.payees.Put(f.PartyID, p)
	case party.PayeeConfirmed:
		p := r.Payee(f.PartyID)
		r.subsidies.payees.Put(f.PartyID, PayeeTrail{Confirmed: p.Proposed, Tag: p.ProposedTag})
	case party.Erased:
		r.subsidies.payees.Delete(f.PartyID)
	}
}

// takeDebts changes the debts that a line takes from; those that are done with go.
func (r *Registries) takeDebts(offsets []disbursement.Taken, change func(*Debt, domain.Money)) {
	for _, t := range offsets {
		owner, _ := r.subsidies.cooperative.Get(t.ClawbackID)
		debts, _ := r.subsidies.debts.Get(owner)
		debts = slices.Clone(debts)
		for i := range debts {
			if debts[i].ClawbackID == t.ClawbackID {
				change(&debts[i], t.Amount)
			}
		}
		left := slices.DeleteFunc(debts, func(d Debt) bool { return d.Open.Sign() == 0 && d.Held.Sign() == 0 })
		if n := len(debts) - len(left); n > 0 {
			r.count(owner, func(open *party.Unfinished) { open.Clawbacks -= n })
		}
		r.subsidies.debts.Put(owner, left)
	}
}

// applyOpenClaims folds which claims and clawbacks of a cooperative are unfinished.
func (r *Registries) applyOpenClaims(e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		r.openClaim(&f.Head, f.Total)
	case claim.Waitlisted:
		r.openClaim(&f.Head, f.Total)
	case claim.Reassessed:
		if f.Pot != claim.PaidOut {
			r.openClaim(&f.Head, f.Total)
		}
	case claim.Rejected:
		r.openClaim(&f.Head, domain.Money{})
	case claim.Paid:
		r.openClaim(&f.Head, domain.Money{})
	case claim.ClawbackProposed:
		r.count(f.CooperativeID, func(open *party.Unfinished) { open.Clawbacks++ })
	case claim.ClawbackSettled:
		if f.Method != claim.Offset {
			r.count(f.CooperativeID, func(open *party.Unfinished) { open.Clawbacks-- })
		}
	}
}

// openClaim notes what is still to be paid of a claim.
func (r *Registries) openClaim(h *claim.Head, total domain.Money) {
	_, was := r.subsidies.openClaims.Get(h.ClaimID)
	switch is := total.Sign() > 0; {
	case is && !was:
		r.subsidies.openClaims.Put(h.ClaimID, struct{}{})
		r.count(h.CooperativeID, func(open *party.Unfinished) { open.Claims++ })
	case was && !is:
		r.subsidies.openClaims.Delete(h.ClaimID)
		r.count(h.CooperativeID, func(open *party.Unfinished) { open.Claims-- })
	}
}

// Policy returns the versions of a policy; none when it is unknown.
func (r *Registries) Policy(id domain.ID) policy.Versions {
	versions, _ := r.subsidies.policies.Get(id)
	return versions
}

// PolicyIDs lists the policies in the order of their ids. The list is only read.
func (r *Registries) PolicyIDs() []domain.ID {
	ids, _ := r.subsidies.policyIDs.Get(struct{}{})
	return ids
}

// FundOf returns the fund of a policy in a year.
func (r *Registries) FundOf(policy domain.ID, year int) (domain.ID, bool) {
	return r.subsidies.funds.Get(fundOf{policy, year})
}

// Sale returns what the log knows of the sale of an inspected shipment.
func (r *Registries) Sale(shipment domain.ID) (SaleTrail, bool) {
	return r.subsidies.sales.Get(shipment)
}

// Inspected lists the inspected shipments of a departure in the order of their
// inspections. The list is only read.
func (r *Registries) Inspected(departure domain.ID) []domain.ID {
	ids, _ := r.subsidies.inspected.Get(departure)
	return ids
}

// Claims lists the claims of a shipment, without supplements. The list is only read.
func (r *Registries) Claims(shipment domain.ID) []domain.ID {
	ids, _ := r.subsidies.claims.Get(shipment)
	return ids
}

// Debts lists the debts of a cooperative in the order of their settlements. The
// list is only read.
func (r *Registries) Debts(cooperative domain.ID) []Debt {
	debts, _ := r.subsidies.debts.Get(cooperative)
	return debts
}

// Payee returns where a party's payees stand in the log.
func (r *Registries) Payee(party domain.ID) PayeeTrail {
	p, _ := r.subsidies.payees.Get(party)
	return p
}
