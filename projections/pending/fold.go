package pending

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// The reasons why a claim is pending.
const (
	noFund          = "no_fund"
	awaitingFreight = "awaiting_freight"
)

// Projection declares the view of pending assessments.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "pending",
		Version: 1,
		Tables:  []projections.AnyTable{assessments, policies, known, funds, trips},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case policy.Published:
		published(db, &f.Policy)
	case policy.Withdrawn:
		withdrawn(db, f)
	case fund.Opened:
		funds.At(db, FundKey{f.PolicyID, f.Year}).FundID = f.FundID
	case shipment.Inspected:
		inspected(db, e, &f)
	case departure.FreightRecorded:
		if f.Final {
			invoiced(db, f.DepartureID)
		}
	case claim.Assessed:
		settled(db, f.Head)
	case claim.Waitlisted:
		settled(db, f.Head)
	case claim.Refused:
		settled(db, f.Head)
	}
	return nil
}

func published(db *projections.DB, p *policy.Policy) {
	v := Version{Version: p.Version, Effective: p.Effective}
	for _, r := range p.Rules {
		v.Rules = append(v.Rules, Rule{r.Group, r.Kind, r.Match})
	}
	row := policies.At(db, PolicyKey{p.PolicyID})
	row.Versions = append(slices.Clip(row.Versions), v)
	all := known.At(db, NoKey{})
	if i, found := slices.BinarySearch(all.PolicyIDs, p.PolicyID); !found {
		all.PolicyIDs = slices.Insert(slices.Clone(all.PolicyIDs), i, p.PolicyID)
	}
}

func withdrawn(db *projections.DB, f policy.Withdrawn) {
	row := policies.At(db, PolicyKey{f.PolicyID})
	row.Versions = slices.Clone(row.Versions)
	for i := range row.Versions {
		if row.Versions[i].Version == f.Version {
			row.Versions[i].Effective.To = f.From.Add(-1)
		}
	}
}

// inspected notes the policies in effect under which the shipment has no claim by
// itself: its freight is awaited, or no fund is open.
func inspected(db *projections.DB, e *events.Event, f *shipment.Inspected) {
	day := e.Time.Day()
	all, _ := known.Find(db, NoKey{})
	for _, id := range all.PolicyIDs {
		row, _ := policies.Find(db, PolicyKey{id})
		v, ok := row.on(day)
		if !ok {
			continue
		}
		reason := ""
		switch trip, _ := trips.Find(db, TripKey{f.DepartureID}); {
		case !trip.Final && v.needsFreight(f):
			reason = awaitingFreight
			waiting := trips.At(db, TripKey{f.DepartureID})
			waiting.Waiting = append(slices.Clip(waiting.Waiting), Waiting{f.ShipmentID, id, day.Year()})
		case !funds.Has(db, FundKey{id, day.Year()}):
			reason = noFund
		default:
			continue // its claim is the next commit
		}
		a := assessments.At(db, Key{f.ShipmentID, id})
		a.Reason, a.InspectedAt = reason, e.Time
	}
}

func (p *Policy) on(day domain.Day) (Version, bool) {
	for _, v := range p.Versions {
		if v.Effective.Covers(day) {
			return v, true
		}
	}
	return Version{}, false
}

// needsFreight reports whether a freight rule counts for any line of the shipment.
func (v Version) needsFreight(f *shipment.Inspected) bool {
	var p policy.Policy
	for _, r := range v.Rules {
		p.Rules = append(p.Rules, policy.Rule{Group: r.Group, Kind: r.Kind, Match: r.Match})
	}
	return slices.ContainsFunc(f.Lines, func(l shipment.InspectedLine) bool {
		return p.NeedsFreight(policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: f.Channel, CooperativeID: f.CooperativeID, BuyerID: f.BuyerID})
	})
}

// invoiced ends the waiting for a departure's freight: where a fund is open the
// claim is the next commit.
func invoiced(db *projections.DB, departureID domain.ID) {
	trip := trips.At(db, TripKey{departureID})
	trip.Final = true
	for _, w := range trip.Waiting {
		k := Key{w.ShipmentID, w.PolicyID}
		if !assessments.Has(db, k) {
			continue
		}
		if funds.Has(db, FundKey{w.PolicyID, w.Year}) {
			assessments.Delete(db, k)
		} else {
			assessments.At(db, k).Reason = noFund
		}
	}
	trip.Waiting = nil
}

// settled drops what has its claim.
func settled(db *projections.DB, h claim.Head) {
	assessments.Delete(db, Key{h.ShipmentID, h.PolicyID})
}
