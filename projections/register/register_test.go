package register_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/domain/route"
	pt "zhitong/projections/projectionstest"
	"zhitong/projections/register"
)

func TestPartyShowsWhatChangedAndNothingPersonal(t *testing.T) {
	t.Parallel()
	got := pt.Given(t, register.Projection(), "parties",
		pt.On("2021-01-01",
			party.Registered{PartyID: "C", PartyKind: "cooperative", Payee: &party.Payee{AccountName: "sealed", AccountNo: "sealed"},
				Profile: party.Profile{Name: domain.Name{Zh: "合作社", En: "Coop"}, Farmers: new(12)}},
			party.Updated{PartyID: "C", Profile: party.Profile{Name: domain.Name{Zh: "新合作社"}, Division: "653223"}, Reason: "moved"},
			party.PayeeChanged{PartyID: "C", Payee: party.Payee{AccountName: "sealed"}},
			party.Suspended{PartyID: "C", Reason: "audit"}))
	want := []string{`{"party_id":"C","kind":"cooperative","name_zh":"新合作社","name_ug":null,"name_en":null,"uscc":null,"division":"653223","channel":null,"farmers":12,"status":"suspended","payee":"proposed"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRevisionChangesTheTermsGiven(t *testing.T) {
	t.Parallel()
	got := pt.Given(t, register.Projection(), "routes",
		pt.On("2021-01-01",
			route.Opened{RouteID: "R", Terms: route.Terms{Origin: "皮山", Destination: "合肥", DistanceKm: pt.Quantity("4050"),
				Calendar:     &route.Calendar{DaysEndingIn: []int{3, 6, 9}},
				TransitHours: &route.TransitHours{Min: pt.Quantity("60"), Max: pt.Quantity("120")}, VehicleCapacityKg: pt.Kg("30000")}},
			route.Revised{RouteID: "R", EffectiveFrom: domain.NewDay(2021, 7, 1), Terms: route.Terms{VehicleCapacityKg: pt.Kg("32000")}}))
	want := []string{
		`{"route_id":"R","revision":0,"effective_from":null,"origin":"皮山","destination":"合肥","distance_km":"4050.000","calendar":{"days_ending_in":[3,6,9]},"transit_hours_min":"60.000","transit_hours_max":"120.000","vehicle_capacity_kg":"30000.000"}`,
		`{"route_id":"R","revision":1,"effective_from":"2021-07-01","origin":"皮山","destination":"合肥","distance_km":"4050.000","calendar":{"days_ending_in":[3,6,9]},"transit_hours_min":"60.000","transit_hours_max":"120.000","vehicle_capacity_kg":"32000.000"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
