package trace

import (
	"strconv"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/order"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// clawbackKind is the kind of a clawback, which is no aggregate of its own.
const clawbackKind = "clawback"

// policyRef names one version of a policy.
func policyRef(id domain.ID, version int) domain.Ref {
	return domain.Ref{Kind: policy.Kind, ID: id + "@" + domain.ID(strconv.Itoa(version))}
}

func clawbackRef(id domain.ID) domain.Ref { return domain.Ref{Kind: clawbackKind, ID: id} }

// edge says that one thing is because of another.
type edge struct{ of, because domain.Ref }

// owners are the things that an event is shown under.
func owners(e *events.Event) []domain.Ref {
	switch f := e.Fact.(type) {
	case policy.Published:
		return []domain.Ref{policyRef(f.PolicyID, f.Version)}
	case policy.Withdrawn:
		return []domain.Ref{policyRef(f.PolicyID, f.Version)}
	case claim.ClawbackProposed:
		return []domain.Ref{clawbackRef(f.ClawbackID)}
	case claim.ClawbackApproved:
		return []domain.Ref{clawbackRef(f.ClawbackID)}
	case claim.ClawbackSettled:
		return []domain.Ref{clawbackRef(f.ClawbackID)}
	case claim.ClawbackRecovered:
		return []domain.Ref{clawbackRef(f.ClawbackID)}
	case fund.Reserved:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Released:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Obligated:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Unobligated:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Spent:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Refunded:
		return []domain.Ref{clawbackRef(f.ClawbackID)}
	case fund.Queued:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.QueueChanged:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Unqueued:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case fund.Recounted:
		return []domain.Ref{claim.Ref(f.ClaimID)}
	case order.LineAllocated:
		return []domain.Ref{shipment.Ref(f.ShipmentID)}
	case order.LineReleased:
		return []domain.Ref{shipment.Ref(f.ShipmentID)}
	case departure.Loaded:
		return []domain.Ref{shipment.Ref(f.ShipmentID)}
	}
	return []domain.Ref{e.Subject}
}

// edges are what an event says about what is because of what.
func edges(e *events.Event) []edge {
	var list []edge
	add := func(of domain.Ref, because ...domain.Ref) {
		for _, b := range because {
			if b.ID != "" {
				list = append(list, edge{of, b})
			}
		}
	}
	switch f := e.Fact.(type) {
	case order.Submitted:
		add(e.Subject, party.Ref(f.BuyerID))
	case shipment.Logged:
		add(e.Subject, party.Ref(f.CooperativeID))
		for _, l := range f.Lines {
			add(e.Subject, order.Ref(l.OrderID))
		}
	case shipment.Corrected:
		for _, l := range f.Lines {
			add(e.Subject, order.Ref(l.OrderID))
		}
	case shipment.Loaded:
		add(e.Subject, departure.Ref(f.DepartureID))
	case departure.Scheduled:
		add(e.Subject, route.Ref(f.RouteID), party.Ref(f.CarrierID))
	case fund.Opened:
		for _, l := range f.Lines {
			add(e.Subject, party.Ref(l.FunderID))
		}
	case claim.Assessed:
		list = assessed(list, &f.Assessment)
	case claim.Waitlisted:
		list = assessed(list, &f.Assessment)
	case claim.Refused:
		list = assessed(list, &f.Assessment)
	case claim.ClawbackProposed:
		add(clawbackRef(f.ClawbackID), e.Subject, shipment.Ref(f.ShipmentID))
	case disbursement.Batched:
		for _, l := range f.Lines {
			add(e.Subject, claim.Ref(l.ClaimID))
			for _, o := range l.Offsets {
				add(e.Subject, clawbackRef(o.ClawbackID))
			}
		}
	}
	return list
}

func assessed(list []edge, a *claim.Assessment) []edge {
	c := a.Subject()
	list = append(list, edge{c, policyRef(a.PolicyID, a.PolicyVersion)}, edge{c, fund.Ref(a.FundID)}, edge{c, shipment.Ref(a.ShipmentID)})
	if a.Supplements != "" {
		list = append(list, edge{c, claim.Ref(a.Supplements)})
	}
	return list
}
