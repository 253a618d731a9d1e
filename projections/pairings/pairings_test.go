package pairings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/projections/pairings"
	pt "zhitong/projections/projectionstest"
)

const (
	hefei   = "340100" // the city
	shushan = "340104" // a district of it
	guma    = "653223100"
	village = "653223100200"
)

var deal = shipment.Deal{CooperativeID: "C", BuyerID: "B", Channel: "schools"}

func sold() shipment.Sold {
	return shipment.Sold{OrderID: "O", OrderLine: 1, ItemID: "jujube", Category: "dried", Unit: "kg", KgPerUnit: pt.Kg("1"), UnitPrice: pt.Price("10")}
}

func result(kg, amount string) shipment.Result {
	return shipment.Result{Arrived: pt.Quantity(kg), Accepted: pt.Quantity(kg), Kg: pt.Kg(kg), Amount: pt.Money(amount)}
}

func inspected(id domain.ID, kg, amount string) domain.Fact {
	return shipment.Inspected{ShipmentID: id, DepartureID: "D", TicketNo: "K", Deal: deal,
		Lines: []shipment.InspectedLine{{LineNo: 1, Sold: sold(), Result: result(kg, amount)}}}
}

func returned(id domain.ID, kg, amount string) domain.Fact {
	return shipment.Returned{ShipmentID: id, Deal: deal, LineNo: 1, Sold: sold(), Quantity: pt.Quantity(kg), Kg: pt.Kg(kg), Amount: pt.Money(amount)}
}

func at(id domain.ID, kind, division string) domain.Fact {
	return party.Registered{PartyID: id, PartyKind: kind, Profile: party.Profile{Division: division}}
}

func pair(division, partner, from, to string) domain.Fact {
	day := func(s string) domain.Day {
		if s == "" {
			return domain.Day{}
		}
		d, err := domain.ParseDay(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	return pairing.Set{Division: division, PartnerDivision: partner, From: day(from), To: day(to)}
}

func TestSalesBetweenPairedDivisions(t *testing.T) {
	t.Parallel()
	assessed := claim.Assessed{Assessment: claim.Assessment{Head: claim.Head{ClaimID: "S.P", ShipmentID: "S", CooperativeID: "C", BuyerID: "B"},
		Lines: []claim.Line{{LineNo: 1, ItemID: "jujube", AcceptedKg: pt.Kg("100"), Subsidy: pt.Money("12.30"),
			Shares: []claim.Share{{FunderID: "F1", Amount: pt.Money("10.00")}, {FunderID: "F2", Amount: pt.Money("2.30")}}}}, Total: pt.Money("12.30")}}
	begin := pt.On("2021-03-01", at("B", "buyer", shushan), at("C", "cooperative", village), at("N", "buyer", ""))
	for name, c := range map[string]struct {
		days []pt.Day
		want []string
	}{
		"ReturnsAndSubsidiesCountInTheirOwnMonth": {
			[]pt.Day{pt.On("2021-03-02", pair(shushan, guma, "2021-03-01", "")), pt.On("2021-03-31", inspected("S", "100", "1000.00")),
				pt.On("2021-04-01", assessed, returned("S", "40", "400.00"))},
			[]string{
				`{"division":"340104","partner_division":"653223100","month":"2021-03","kg":"100.000","amount":"1000.00","subsidy":"0.00"}`,
				`{"division":"340104","partner_division":"653223100","month":"2021-04","kg":"-40.000","amount":"-400.00","subsidy":"12.30"}`,
			},
		},
		"TheDivisionsAroundCountToo": {
			[]pt.Day{pt.On("2021-03-02", pair(hefei, village, "2021-03-01", "")), pt.On("2021-03-03", inspected("S", "1", "10.00"))},
			[]string{`{"division":"340100","partner_division":"653223100200","month":"2021-03","kg":"1.000","amount":"10.00","subsidy":"0.00"}`},
		},
		"BothDaysOfAPairingAreWithinIt": {
			[]pt.Day{pt.On("2021-03-02", pair(shushan, guma, "2021-03-03", "2021-03-04")), pt.On("2021-03-02", inspected("S1", "1", "1.00")),
				pt.On("2021-03-03", inspected("S2", "10", "10.00")), pt.On("2021-03-04", inspected("S3", "100", "100.00")), pt.On("2021-03-05", inspected("S4", "1000", "1000.00"))},
			[]string{`{"division":"340104","partner_division":"653223100","month":"2021-03","kg":"110.000","amount":"110.00","subsidy":"0.00"}`},
		},
		"WhatIsReturnedLaterCountsForThePairingOfTheSale": {
			[]pt.Day{pt.On("2021-03-02", pair(shushan, guma, "2021-03-01", "")), pt.On("2021-03-03", inspected("S", "5", "50.00")),
				pt.On("2021-03-04", pair(shushan, guma, "2021-03-01", "2021-03-03")), pt.On("2021-03-05", returned("S", "5", "50.00"), inspected("T", "7", "70.00"))},
			[]string{`{"division":"340104","partner_division":"653223100","month":"2021-03","kg":"0.000","amount":"0.00","subsidy":"0.00"}`},
		},
		"OtherPairsAndPartiesWithoutADivisionDoNotCount": {
			[]pt.Day{pt.On("2021-03-02", pair(hefei, "653223101", "2021-03-01", "")), pt.On("2021-03-03", inspected("S", "5", "50.00"), assessed)},
			[]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := pt.Given(t, pairings.Projection(), "sales_by_pairing", append([]pt.Day{begin}, c.days...)...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
