package policies

import (
	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/projections"
)

// VersionKey names a version of a policy.
type VersionKey struct {
	PolicyID domain.ID `col:"policy_id" doc:"the policy"`
	Version  int       `col:"version" doc:"its version"`
}

// Version is a row of policies.
type Version struct {
	VersionKey
	NameZh         *domain.Text `col:"name_zh" doc:"name in Chinese"`
	NameUg         *domain.Text `col:"name_ug" doc:"name in Uyghur"`
	NameEn         *domain.Text `col:"name_en" doc:"name in English"`
	From           domain.Day   `col:"effective_from" doc:"first inspection day"`
	To             domain.Day   `col:"effective_to" doc:"last inspection day, as it stands after a withdrawal; before effective_from where nothing is left"`
	PublishedTo    domain.Day   `col:"published_to" doc:"last inspection day as published"`
	OnExhausted    string       `col:"on_exhausted" doc:"waitlist, partial or refuse"`
	PublicityDays  int          `col:"publicity_days" doc:"days that a claim is posted"`
	DistinctActors bool         `col:"distinct_actors" doc:"whether claims and clawbacks need two persons"`
	Withdrawn      *domain.Text `col:"withdrawn" doc:"the reason of a withdrawal"`
	Policy         string       `col:"policy" doc:"the whole policy as JSON"`
	EventID        string       `col:"event_id" doc:"the event of the publication"`

	read *policy.Policy `col:"-"` // what Policy says, once it was needed
}

// PendingKey names a shipment and a policy.
type PendingKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the inspected shipment"`
	PolicyID   domain.ID `col:"policy_id" doc:"a policy in effect on the inspection's day"`
}

// Pending is a row of pending_assessments.
type Pending struct {
	PendingKey
	Reason      string      `col:"reason" doc:"no_fund, awaiting_freight or refused:<code>"`
	InspectedAt domain.Time `col:"inspected_at" doc:"claimed time of the inspection"`
}

var (
	versions = projections.View[VersionKey, Version]("policies", "The published policies, every version.")
	pending  = projections.View[PendingKey, Pending]("pending_assessments", "Inspected shipments for which a policy was in effect and no claim exists, with the reason.")
)
