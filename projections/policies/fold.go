package policies

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of policies.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "policies",
		Version: 1,
		Tables:  []projections.AnyTable{versions, pending, known, sales, days, trips, funds, claimed},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case policy.Published:
		return published(db, e, &f.Policy)
	case policy.Withdrawn:
		return withdrawn(db, f)
	case shipment.Inspected:
		return inspected(db, e, &f)
	case departure.FreightRecorded:
		return invoiced(db, f)
	case fund.Opened:
		lines := map[domain.ID]domain.ID{}
		for _, a := range f.Lines {
			lines[a.BudgetID] = a.FunderID
		}
		funds.At(db, FundKey{f.PolicyID, f.Year}).Funders = lines
	case fund.LineAdded:
		row := funds.At(db, FundKey{f.PolicyID, f.Year})
		row.Funders = maps.Clone(row.Funders)
		row.Funders[f.BudgetID] = f.FunderID
	case claim.Assessed:
		done(db, &f.Assessment)
	case claim.Waitlisted:
		done(db, &f.Assessment)
	case claim.Refused:
		done(db, &f.Assessment)
	}
	return nil
}

func done(db *projections.DB, a *claim.Assessment) {
	if a.Supplements == "" {
		claimed.At(db, ClaimKey{a.ShipmentID, a.PolicyID})
		pending.Delete(db, PendingKey{a.ShipmentID, a.PolicyID})
	}
}

func published(db *projections.DB, e *events.Event, p *policy.Policy) error {
	whole, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return err
	}
	k := VersionKey{p.PolicyID, p.Version}
	*versions.At(db, k) = Version{VersionKey: k, NameZh: given(p.Name.Zh), NameUg: given(p.Name.Ug), NameEn: given(p.Name.En),
		From: p.Effective.From, To: p.Effective.To, PublishedTo: p.Effective.To, OnExhausted: p.OnExhausted,
		PublicityDays: p.Approval.PublicityDays, DistinctActors: p.Approval.Distinct(), Policy: string(whole), EventID: e.ID}
	all := known.At(db, NoKey{})
	all.Versions = append(slices.Clip(all.Versions), k)
	// What was inspected before is not assessed by itself.
	return each(db, p.Effective.From, p.Effective.To, func(s *Sale) {
		judge(db, s, p, "refused:claim.policy_not_in_effect")
	})
}

func given(t domain.Text) *domain.Text {
	if t == "" {
		return nil
	}
	return &t
}

// each goes through the shipments inspected on the days from from to to.
func each(db *projections.DB, from, to domain.Day, fn func(*Sale)) error {
	all, _ := known.Find(db, NoKey{})
	if all.First.IsZero() {
		return nil
	}
	if from.Cmp(all.First) < 0 {
		from = all.First
	}
	if to.Cmp(all.Last) > 0 {
		to = all.Last
	}
	for d := from; d.Cmp(to) <= 0; d = d.Add(1) {
		day, _ := days.Find(db, DayKey{d})
		for _, id := range day.Shipments {
			s, ok := sales.Find(db, SaleKey{id})
			if !ok {
				return fmt.Errorf("shipment %q was not inspected", id)
			}
			fn(&s)
		}
	}
	return nil
}

func withdrawn(db *projections.DB, f policy.Withdrawn) error {
	k := VersionKey{f.PolicyID, f.Version}
	if !versions.Has(db, k) {
		return fmt.Errorf("version %d of policy %q was not published", f.Version, f.PolicyID)
	}
	v := versions.At(db, k)
	to := v.To
	v.To, v.Withdrawn = f.From.Add(-1), given(f.Reason)
	return each(db, f.From, to, func(s *Sale) { pending.Delete(db, PendingKey{s.ShipmentID, f.PolicyID}) })
}

func inspected(db *projections.DB, e *events.Event, f *shipment.Inspected) error {
	s := sales.At(db, SaleKey{f.ShipmentID})
	s.InspectedAt, s.DepartureID = e.Time, f.DepartureID
	for _, l := range f.Lines {
		s.Subjects = append(s.Subjects, policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: f.Channel, CooperativeID: f.CooperativeID, BuyerID: f.BuyerID})
	}
	day := days.At(db, DayKey{e.Time.Day()})
	day.Shipments = append(day.Shipments, f.ShipmentID)
	trip := trips.At(db, TripKey{f.DepartureID})
	trip.Shipments = append(trip.Shipments, f.ShipmentID)
	all := known.At(db, NoKey{})
	if d := e.Time.Day(); all.First.IsZero() || d.Cmp(all.First) < 0 {
		all.First = d
	}
	if d := e.Time.Day(); d.Cmp(all.Last) > 0 {
		all.Last = d
	}
	return judgeAll(db, s, func(string) bool { return true })
}

// invoiced lets what waited for the freight go on.
func invoiced(db *projections.DB, f departure.FreightRecorded) error {
	if !f.Final {
		return nil
	}
	trip := trips.At(db, TripKey{f.DepartureID})
	trip.Final = true
	for _, id := range trip.Shipments {
		s, _ := sales.Find(db, SaleKey{id})
		if err := judgeAll(db, &s, func(reason string) bool { return reason == awaiting }); err != nil {
			return err
		}
	}
	return nil
}

// The reasons.
const (
	noFund    = "no_fund"
	awaiting  = "awaiting_freight"
	shortFund = "refused:fund.budget_line_missing"
)

// judgeAll judges a sale under every version in effect on its day, where want says
// so of the reason that stood there before ("" for none).
func judgeAll(db *projections.DB, s *Sale, want func(reason string) bool) error {
	all, _ := known.Find(db, NoKey{})
	day := s.InspectedAt.Day()
	for _, k := range all.Versions {
		v, _ := versions.Find(db, k)
		before, _ := pending.Find(db, PendingKey{s.ShipmentID, k.PolicyID})
		if day.Cmp(v.From) < 0 || day.Cmp(v.To) > 0 || !want(before.Reason) {
			continue
		}
		p, err := read(db, k, &v)
		if err != nil {
			return err
		}
		judge(db, s, p, "")
	}
	return nil
}

// read returns the policy of a version, which is read from its text once.
func read(db *projections.DB, k VersionKey, v *Version) (*policy.Policy, error) {
	if v.read != nil {
		return v.read, nil
	}
	p := new(policy.Policy)
	if err := json.Unmarshal([]byte(v.Policy), p); err != nil {
		return nil, err
	}
	versions.At(db, k).read = p
	return p, nil
}

// judge says why the sale has no claim under p: otherwise is the reason where
// nothing stands in the way any more; "" means that the claim follows at once.
func judge(db *projections.DB, s *Sale, p *policy.Policy, otherwise string) {
	k := PendingKey{s.ShipmentID, p.PolicyID}
	if claimed.Has(db, ClaimKey(k)) {
		return
	}
	reason := otherwise
	f, open := funds.Find(db, FundKey{p.PolicyID, s.InspectedAt.Day().Year()})
	trip, _ := trips.Find(db, TripKey{s.DepartureID})
	switch {
	case !trip.Final && slices.ContainsFunc(s.Subjects, p.NeedsFreight):
		reason = awaiting
	case !open:
		reason = noFund
	case slices.ContainsFunc(p.Split, func(x policy.Funding) bool { return f.Funders[x.BudgetID] != x.FunderID }):
		reason = shortFund
	}
	if reason == "" {
		pending.Delete(db, k)
		return
	}
	*pending.At(db, k) = Pending{k, reason, s.InspectedAt}
}
