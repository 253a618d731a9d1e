package sales_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/programme"
	"zhitong/domain/shipment"
	pt "zhitong/projections/projectionstest"
	"zhitong/projections/sales"
)

var deal = shipment.Deal{CooperativeID: "C", BuyerID: "B", Channel: "schools"}

func sold(item domain.ID) shipment.Sold {
	return shipment.Sold{OrderID: "O", OrderLine: 1, ItemID: item, Category: "dried", Unit: "kg", KgPerUnit: pt.Kg("1"), UnitPrice: pt.Price("10")}
}

func result(accepted, amount string) shipment.Result {
	return shipment.Result{Arrived: pt.Quantity(accepted), Accepted: pt.Quantity(accepted), Kg: pt.Kg(accepted), Amount: pt.Money(amount)}
}

func inspected(lines ...shipment.InspectedLine) domain.Fact {
	return shipment.Inspected{ShipmentID: "S", DepartureID: "D", TicketNo: "K", Deal: deal, Lines: lines}
}

func taken(no int, item domain.ID, accepted, amount string) shipment.InspectedLine {
	return shipment.InspectedLine{LineNo: no, Sold: sold(item), Result: result(accepted, amount)}
}

func returned(kg, amount string) domain.Fact {
	return shipment.Returned{ShipmentID: "S", Deal: deal, LineNo: 1, Sold: sold("jujube"), Quantity: pt.Quantity(kg), Kg: pt.Kg(kg), Amount: pt.Money(amount)}
}

func TestReturnCountsInItsOwnMonth(t *testing.T) {
	t.Parallel()
	got := pt.Given(t, sales.Projection(), "sales_volume",
		pt.On("2021-03-31", inspected(taken(1, "jujube", "100", "1000.00"), taken(2, "jujube", "1", "10.00"))),
		pt.On("2021-04-01", returned("100", "1000.00")))
	want := []string{
		`{"month":"2021-03","item_id":"jujube","cooperative_id":"C","buyer_id":"B","channel":"schools","accepted_kg":"101.000","returned_kg":"0.000","net_kg":"101.000","gross_amount":"1010.00","returned_amount":"0.00","net_amount":"1010.00","lines":2}`,
		`{"month":"2021-04","item_id":"jujube","cooperative_id":"C","buyer_id":"B","channel":"schools","accepted_kg":"0.000","returned_kg":"100.000","net_kg":"-100.000","gross_amount":"0.00","returned_amount":"1000.00","net_amount":"-1000.00","lines":0}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLineOfWhichNothingWasAcceptedIsNoSale(t *testing.T) {
	t.Parallel()
	got := pt.Given(t, sales.Projection(), "sales_volume", pt.On("2021-03-31", inspected(taken(1, "jujube", "0", "0.00"))))
	if diff := cmp.Diff([]string{}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAveragePriceIsNullWithoutKg(t *testing.T) {
	t.Parallel()
	days := []pt.Day{pt.On("2021-03-31", inspected(taken(1, "jujube", "3", "10.00")))}
	if got := pt.Given(t, sales.Projection(), "sales_by_item", days...)[0]; !strings.Contains(got, `"avg_price":"3.333333"`) {
		t.Error(got)
	}
	days = append(days, pt.On("2021-04-02", returned("3", "10.00")))
	got := pt.Given(t, sales.Projection(), "sales_by_item", days...)[0]
	if !strings.Contains(got, `"net_kg":"0.000","net_amount":"0.00","avg_price":null`) || !strings.Contains(got, `"subsidy_per_kg":null`) {
		t.Error(got)
	}
}

func TestTotalsCountWhoHasAnAcceptedLine(t *testing.T) {
	t.Parallel()
	days := []pt.Day{pt.On("2020-05-01", programme.Opened{ProgrammeID: "P"})}
	check := func(want string) {
		t.Helper()
		got := pt.Given(t, sales.Projection(), "programme_totals", days...)
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	check(`"cooperatives":0,"buyers":0,"departures":0,"first_date":null,"last_date":null`)
	days = append(days, pt.On("2021-03-31", inspected(taken(1, "jujube", "3", "30.00"))))
	check(`"cooperatives":1,"buyers":1,"departures":0,"first_date":"2021-03-31","last_date":"2021-03-31"`)
	days = append(days, pt.On("2021-04-02", shipment.InspectionCorrected{ShipmentID: "S", Deal: deal, Lines: []shipment.CorrectedLine{{
		LineNo: 1, Sold: sold("jujube"), Old: result("3", "30.00"), New: result("0", "0.00"), AcceptedKg: pt.Kg("-3"), ReturnedKg: pt.Kg("0"), Amount: pt.Money("-30.00"),
	}}}))
	check(`"cooperatives":0,"buyers":0,"departures":0,"first_date":"2021-03-31","last_date":"2021-04-02"`)
}
