package policies

import (
	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/projections"
)

// NoKey is the key of a table of one row.
type NoKey struct{}

// Known is what there is to look through.
type Known struct {
	NoKey
	Versions []VersionKey `col:"versions" doc:"every published version, in order"`
	First    domain.Day   `col:"first" doc:"first day of an inspection"`
	Last     domain.Day   `col:"last" doc:"last day of an inspection"`
}

// SaleKey names a shipment.
type SaleKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the shipment"`
}

// Sale is an inspected shipment.
type Sale struct {
	SaleKey
	InspectedAt domain.Time      `col:"inspected_at" doc:"claimed time of the inspection"`
	DepartureID domain.ID        `col:"departure_id" doc:"its departure"`
	Subjects    []policy.Subject `col:"subjects" doc:"what decides which rules match its lines"`
}

// DayKey names a day.
type DayKey struct {
	Day domain.Day `col:"day" doc:"Shanghai day"`
}

// Day is the shipments inspected on a day.
type Day struct {
	DayKey
	Shipments []domain.ID `col:"shipments" doc:"inspected on the day, in order"`
}

// TripKey names a departure.
type TripKey struct {
	DepartureID domain.ID `col:"departure_id" doc:"the departure"`
}

// Trip is the inspected shipments of a departure.
type Trip struct {
	TripKey
	Final     bool        `col:"final" doc:"the final invoice is recorded"`
	Shipments []domain.ID `col:"shipments" doc:"inspected, in order"`
}

// FundKey names the fund of a policy in a year.
type FundKey struct {
	PolicyID domain.ID `col:"policy_id" doc:"the policy"`
	Year     int       `col:"year" doc:"the year"`
}

// Fund is the budget lines of a fund, with who bears them.
type Fund struct {
	FundKey
	Funders map[domain.ID]domain.ID `col:"funders" doc:"funder by budget line"`
}

// ClaimKey names a claim that exists.
type ClaimKey struct {
	ShipmentID domain.ID `col:"shipment_id" doc:"the shipment"`
	PolicyID   domain.ID `col:"policy_id" doc:"the policy"`
}

// Claimed is a claim that exists.
type Claimed struct{ ClaimKey }

var (
	known   = projections.State[NoKey, Known]("policies_known", "What there is to look through.")
	sales   = projections.State[SaleKey, Sale]("policies_sale", "The inspected shipments.")
	days    = projections.State[DayKey, Day]("policies_day", "The inspected shipments by day.")
	trips   = projections.State[TripKey, Trip]("policies_trip", "The inspected shipments by departure.")
	funds   = projections.State[FundKey, Fund]("policies_fund", "The open funds.")
	claimed = projections.State[ClaimKey, Claimed]("policies_claimed", "The claims that exist.")
)
