package pending

import (
	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/projections"
)

// Key names a shipment under a policy.
type Key struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the inspected shipment"`
	PolicyID   domain.ID `col:"policy_id" doc:"the policy in effect on its inspection's day"`
}

// Assessment is a row of pending_assessments.
type Assessment struct {
	Key
	Reason      string      `col:"reason" doc:"no_fund, awaiting_freight, or refused: and the code of the refusal"`
	InspectedAt domain.Time `col:"inspected_at" doc:"claimed time of the inspection"`
}

// PolicyKey names a policy.
type PolicyKey struct {
	PolicyID domain.ID `col:"policy_id" doc:"the policy"`
}

// Policy is the versions of a policy.
type Policy struct {
	PolicyKey
	Versions []Version `col:"versions" doc:"its versions, as far as they decide who waits"`
}

// Version is what of a policy version decides which claims there are.
type Version struct {
	Version   int              `json:"version"`
	Effective policy.Effective `json:"effective"`
	Rules     []Rule           `json:"rules"`
}

// Rule is a rule without its figures.
type Rule struct {
	Group domain.ID     `json:"group"`
	Kind  string        `json:"kind"`
	Match *policy.Match `json:"match"`
}

// NoKey is the key of a table of one row.
type NoKey struct{}

// Known is the ids of all policies, sorted.
type Known struct {
	NoKey
	PolicyIDs []domain.ID `col:"policy_ids" doc:"all policies, sorted"`
}

// FundKey is a policy in a year.
type FundKey struct {
	PolicyID domain.ID `col:"policy_id" doc:"the policy"`
	Year     int       `col:"year" doc:"the calendar year"`
}

// Fund is an open fund.
type Fund struct {
	FundKey
	FundID domain.ID `col:"fund_id" doc:"the fund"`
}

// TripKey names a departure.
type TripKey struct {
	DepartureID domain.ID `col:"departure_id" doc:"the departure"`
}

// Trip is what waits for a departure's final invoice.
type Trip struct {
	TripKey
	Final   bool      `col:"final" doc:"the final invoice is recorded"`
	Waiting []Waiting `col:"waiting" doc:"claims that wait for it, in the order of the inspections"`
}

// Waiting is a claim that waits for the freight.
type Waiting struct {
	ShipmentID domain.ID `json:"shipment_id"`
	PolicyID   domain.ID `json:"policy_id"`
	Year       int       `json:"year"`
}

var (
	assessments = projections.View[Key, Assessment]("pending_assessments", "Inspected shipments for which a policy was in effect and no claim exists, with the reason.")
	policies    = projections.State[PolicyKey, Policy]("pending_policy", "Which policies are in effect when.")
	known       = projections.State[NoKey, Known]("pending_known", "The ids of all policies.")
	funds       = projections.State[FundKey, Fund]("pending_fund", "Which funds are open.")
	trips       = projections.State[TripKey, Trip]("pending_trip", "Which claims wait for a final invoice.")
)
