package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/policy"
	"zhitong/internal/app"
)

func assessments() []app.Command {
	return []app.Command{
		define("claim.assess", assess),
		define("claim.reassess", reassess),
		define("claim.take_up", takeUp),
	}
}

func assess(u *app.Unit, c *assessment.AssessShipment) error {
	book := u.Book()
	sale, err := saleOf(u.Registries, book, c.ShipmentID)
	if err != nil {
		return err
	}
	versions := u.Registries.Policy(c.PolicyID)
	if versions == nil {
		return unknownPolicy(c.PolicyID)
	}
	v, ok := versions.On(sale.InspectedOn)
	if !ok {
		return domain.Refuse(domain.Conflict, "claim.policy_not_in_effect", "policy_id", string(c.PolicyID), "no version is in effect on %s, the day of the inspection", sale.InspectedOn)
	}
	id := assessment.ClaimID(c.ShipmentID, c.PolicyID)
	existing, err := book.Claim(id)
	if err != nil {
		return err
	}
	if existing.Exists() {
		return domain.Refuse(domain.Conflict, "claim.exists", "shipment_id", string(c.ShipmentID), "claim %q is %s", id, existing.Status)
	}
	fundID, ok := u.Registries.FundOf(c.PolicyID, sale.InspectedOn.Year())
	if !ok {
		return domain.Refuse(domain.Conflict, "claim.no_fund", "policy_id", string(c.PolicyID), "no fund of %q is open for %d; finance can open it with fund.open", c.PolicyID, sale.InspectedOn.Year())
	}
	freight, err := freightOf(book, v.Policy, sale)
	if err != nil {
		return err
	}
	f, err := book.Fund(fundID)
	if err != nil {
		return err
	}
	facts, err := assessment.Assess(v.Policy, f, sale, freight)
	return emit(u, facts, err)
}

// saleOf reads an inspected shipment; it refuses any other.
func saleOf(r *app.Registries, book app.Book, id domain.ID) (*assessment.Sale, error) {
	trail, ok := r.Sale(id)
	s, err := book.Shipment(id)
	if err != nil {
		return nil, err
	}
	switch {
	case !s.Exists():
		return nil, domain.Refuse(domain.NotFound, "shipment.unknown", "shipment_id", string(id), "no shipment has this id")
	case !ok:
		return nil, domain.Refuse(domain.Conflict, "claim.not_inspected", "shipment_id", string(id), "a shipment is assessed once it is inspected")
	}
	sale := assessment.SaleOf(s, trail.InspectedOn, len(trail.Changes))
	return &sale, nil
}

// freightOf returns the departure's freight if a freight rule counts for the sale;
// it refuses while the final invoice is awaited.
func freightOf(book app.Book, p *policy.Policy, sale *assessment.Sale) (*policy.Freighted, error) {
	if !sale.NeedsFreight(p) {
		return nil, nil
	}
	d, err := book.Departure(sale.DepartureID)
	if err != nil {
		return nil, err
	}
	if !d.FreightFinal {
		return nil, domain.Refuse(domain.Conflict, "claim.awaiting_freight", "shipment_id", string(sale.ShipmentID),
			"the final invoice of departure %q is awaited; a dispatcher records it with departure.record_freight", sale.DepartureID)
	}
	return &policy.Freighted{Amount: d.Freight, LoadedKg: d.LoadedKg}, nil
}

func reassess(u *app.Unit, c *assessment.ReassessClaim) error {
	book := u.Book()
	fam, err := familyOf(book, c.ClaimID)
	if err != nil {
		return err
	}
	if err := fam.Base.Known("claim_id", c.ClaimID); err != nil {
		return err
	}
	if fam.InBatch() {
		return domain.Refuse(domain.Conflict, "claim.in_open_batch", "claim_id", string(c.ClaimID), "it is reckoned when the batch is confirmed")
	}
	sale, err := saleOf(u.Registries, book, fam.Base.ShipmentID)
	if err != nil {
		return err
	}
	f, err := book.Fund(fam.Base.FundID)
	if err != nil {
		return err
	}
	trail, _ := u.Registries.Sale(fam.Base.ShipmentID)
	change := assessment.Change{Batch: c.BatchID}
	for _, e := range trail.Changes[fam.Base.Changes:] {
		change.Causes = append(change.Causes, e.EventID)
		change.CausedBy = append(change.CausedBy, e.Actor)
		change.Corrected = append(change.Corrected, e.Corrected...)
	}
	facts, err := assessment.Reassess(version(u.Registries, fam.Base.PolicyID, fam.Base.PolicyVersion), f, fam, sale, change)
	if err == nil && len(facts) == 0 {
		return domain.Refuse(domain.Conflict, "claim.nothing_changed", "claim_id", string(c.ClaimID), "no line of it changed")
	}
	return emit(u, facts, err)
}

// familyOf reads a claim with its supplements.
func familyOf(book app.Book, id domain.ID) (assessment.Family, error) {
	base, err := book.Claim(id)
	if err != nil {
		return assessment.Family{}, err
	}
	fam := assessment.Family{Base: base}
	for _, s := range base.Followers {
		f, err := book.Claim(s)
		if err != nil {
			return assessment.Family{}, err
		}
		fam.Followers = append(fam.Followers, f)
	}
	return fam, nil
}

func takeUp(u *app.Unit, c *assessment.TakeUpNext) error {
	book := u.Book()
	f, err := book.Fund(c.FundID)
	if err != nil {
		return err
	}
	if len(f.Waitlist) == 0 {
		return domain.Refuse(domain.Conflict, "fund.nobody_waits", "fund_id", string(c.FundID), "the waitlist is empty")
	}
	head, err := book.Claim(f.Waitlist[0].ClaimID)
	if err != nil {
		return err
	}
	facts, err := assessment.TakeUp(version(u.Registries, head.PolicyID, head.PolicyVersion), f, head)
	return emit(u, facts, err)
}

// drop rejects a claim and gives its money back.
func drop(u *app.Unit, s *claim.State, reason domain.Text) error {
	f, err := u.Book().Fund(s.FundID)
	if err != nil {
		return err
	}
	facts, err := assessment.Drop(version(u.Registries, s.PolicyID, s.PolicyVersion), f, s, reason)
	return emit(u, facts, err)
}
