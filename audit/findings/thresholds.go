package findings

import (
	_ "embed" // thresholds.json
	"fmt"

	"github.com/go-json-experiment/json"
)

// Thresholds are where a record begins to be doubtful. Version is raised whenever a
// number changes: the findings of each version are a version of the view.
type Thresholds struct {
	Version            int   `json:"version"`
	TransitHoursMin    int   `json:"transit_hours_min"`    // a trip that takes less
	TarePerMille       int64 `json:"tare_per_mille"`       // tares of a vehicle that differ by more
	LossNearGrams      int64 `json:"loss_near_grams"`      // a loss that is as near to the item's allowance
	LossTimes          int   `json:"loss_times"`           // as often in one cooperative
	LimitNearPerMille  int64 `json:"limit_near_per_mille"` // a claim as near below a limit
	PriceOffPercent    int64 `json:"price_off_percent"`    // a price that far off the item's month median
	PriceLinesMin      int   `json:"price_lines_min"`      // lines that a median needs
	FlawlessLines      int   `json:"flawless_lines"`       // lines running without rejection or loss, and more
	InspectionHoursMax int   `json:"inspection_hours_max"` // after arrival
	LateDays           int   `json:"late_days"`            // recorded later than that
	EqualShipments     int   `json:"equal_shipments"`      // of one cooperative and day, of exactly one amount
	Bulk               int   `json:"bulk"`                 // approvals by one actor …
	BulkMinutes        int   `json:"bulk_minutes"`         // … within that time
	NightFrom          int   `json:"night_from"`           // hour of Shanghai
	NightTo            int   `json:"night_to"`
	PayeeDays          int   `json:"payee_days"` // between a changed payee and a payment
}

//go:embed thresholds.json
var defaults []byte

// Default returns the thresholds that the program ships.
func Default() Thresholds {
	t, err := Parse(defaults)
	if err != nil {
		panic(err) // it is part of the program
	}
	return t
}

// Parse reads thresholds; all must be given and above 0.
func Parse(b []byte) (Thresholds, error) {
	var t Thresholds
	if err := json.Unmarshal(b, &t, json.RejectUnknownMembers(true)); err != nil {
		return t, fmt.Errorf("thresholds: %w", err)
	}
	for _, n := range []int64{int64(t.Version), int64(t.TransitHoursMin), t.TarePerMille, t.LossNearGrams, int64(t.LossTimes), t.LimitNearPerMille,
		t.PriceOffPercent, int64(t.PriceLinesMin), int64(t.FlawlessLines), int64(t.InspectionHoursMax), int64(t.LateDays), int64(t.EqualShipments),
		int64(t.Bulk), int64(t.BulkMinutes), int64(t.NightFrom), int64(t.NightTo), int64(t.PayeeDays)} {
		if n <= 0 {
			return t, fmt.Errorf("thresholds: every one of them is above 0")
		}
	}
	return t, nil
}
