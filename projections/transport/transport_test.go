package transport_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/shipment"
	pt "zhitong/projections/projectionstest"
	"zhitong/projections/transport"
)

// line is a shipment line of so many kg of an item.
func line(no int, item domain.ID, kg string) shipment.Line {
	return shipment.Line{LineNo: no, OrderID: "O", OrderLine: no, ItemID: item, Unit: "kg",
		KgPerUnit: pt.Kg("1"), Quantity: pt.Quantity(kg), Kg: pt.Kg(kg)}
}

func logged(id domain.ID, lines ...shipment.Line) domain.Fact {
	return shipment.Logged{ShipmentID: id, CooperativeID: "C", BuyerID: "B", WaybillNo: "00" + id, Lines: lines}
}

func scheduled(id domain.ID) domain.Fact {
	return departure.Scheduled{DepartureID: id, RouteID: "R", Date: domain.NewDay(2021, 3, 3), VehiclePlate: "V", CapacityKg: pt.Kg("30000")}
}

// load is both facts of a loading in full.
func load(dep, id domain.ID, lines ...shipment.Line) []domain.Fact {
	var kg domain.Kg
	f := shipment.Loaded{ShipmentID: id, DepartureID: dep}
	for _, l := range lines {
		kg = kg.Add(l.Kg)
		f.Lines = append(f.Lines, shipment.LoadedLine{LineNo: l.LineNo, Quantity: l.Quantity, Kg: l.Kg})
	}
	return []domain.Fact{f, departure.Loaded{DepartureID: dep, Consignment: departure.Consignment{ShipmentID: id, Kg: kg}}}
}

// part returns the columns of a line that are named.
func part(t *testing.T, line string, columns ...string) string {
	t.Helper()
	var parts []string
	for _, c := range columns {
		_, rest, ok := strings.Cut(line, `"`+c+`":`)
		if !ok {
			t.Fatalf("no column %s in %s", c, line)
		}
		end := strings.IndexAny(rest, ",}")
		parts = append(parts, rest[:end])
	}
	return strings.Join(parts, " ")
}

func TestFreightIsSplitInLoadingOrder(t *testing.T) {
	t.Parallel()
	// The vector "two shipments, three lines, two items": S-2 was logged first and
	// loaded last.
	a, b, c := line(1, "jujube", "18000"), line(2, "walnut", "7450.125"), line(1, "jujube", "4500")
	days := []pt.Day{
		pt.On("2021-03-01", logged("S-2", c), logged("S-1", b, a), scheduled("D")),
		pt.On("2021-03-02", load("D", "S-2", c)...),
		pt.On("2021-03-02", departure.Unloaded{DepartureID: "D", Consignment: departure.Consignment{ShipmentID: "S-2", Kg: c.Kg}}),
		pt.On("2021-03-02", append(load("D", "S-1", a, b), load("D", "S-2", c)...)...),
		pt.On("2021-03-03", departure.Departed{DepartureID: "D", Shipments: []departure.Consignment{
			{ShipmentID: "S-1", Kg: pt.Kg("25450.125")}, {ShipmentID: "S-2", Kg: pt.Kg("4500")}}}),
	}
	want := []string{
		`{"departure_id":"D","item_id":"jujube","kg":"22500.000","freight_amount":"0.00"}`,
		`{"departure_id":"D","item_id":"walnut","kg":"7450.125","freight_amount":"0.00"}`,
	}
	if diff := cmp.Diff(want, pt.Given(t, transport.Projection(), "freight_cost", days...)); diff != "" {
		t.Errorf("before any invoice: %s", diff)
	}
	days = append(days, pt.On("2021-03-09",
		departure.FreightRecorded{DepartureID: "D", Amount: pt.Money("8000"), InvoiceNo: "1"},
		departure.FreightRecorded{DepartureID: "D", Amount: pt.Money("123.45"), InvoiceNo: "2", Final: true}))
	want = []string{
		`{"departure_id":"D","item_id":"jujube","kg":"22500.000","freight_amount":"6102.74"}`,
		`{"departure_id":"D","item_id":"walnut","kg":"7450.125","freight_amount":"2020.71"}`,
	}
	if diff := cmp.Diff(want, pt.Given(t, transport.Projection(), "freight_cost", days...)); diff != "" {
		t.Errorf("after two: %s", diff)
	}
}

func TestCancelledDepartureSendsItsShipmentsBack(t *testing.T) {
	t.Parallel()
	a := line(1, "jujube", "100")
	days := []pt.Day{
		pt.On("2021-03-01", logged("S", a), scheduled("D")),
		pt.On("2021-03-02", load("D", "S", a)...),
	}
	p := transport.Projection()
	shipments, departures := pt.Given(t, p, "shipments", days...), pt.Given(t, p, "departures", days...)
	if got := part(t, shipments[0], "departure_id", "status", "logged_kg", "loaded_kg"); got != `"D" "loaded" "100.000" "100.000"` {
		t.Errorf("loaded: %s", got)
	}
	if got := part(t, departures[0], "status", "loaded_kg", "consignments"); got != `"scheduled" "100.000" 1` {
		t.Errorf("loaded: %s", got)
	}
	days = append(days, pt.On("2021-03-03", departure.Cancelled{DepartureID: "D", Shipments: []domain.ID{"S"}, Reason: "snow"}))
	shipments, departures = pt.Given(t, p, "shipments", days...), pt.Given(t, p, "departures", days...)
	if got := part(t, shipments[0], "departure_id", "status", "logged_kg", "loaded_kg"); got != `null "logged" "100.000" "0.000"` {
		t.Errorf("cancelled: %s", got)
	}
	if got := part(t, departures[0], "status", "loaded_kg", "consignments", "transit_hours", "departed_at"); got != `"cancelled" "0.000" 0 null null` {
		t.Errorf("cancelled: %s", got)
	}
	days = append(days, pt.On("2021-03-04", shipment.Cancelled{ShipmentID: "S", Reason: "sold here"}))
	if got := part(t, pt.Given(t, p, "shipments", days...)[0], "departure_id", "status", "logged_kg"); got != `null "cancelled" "100.000"` {
		t.Errorf("shipment cancelled: %s", got)
	}
}

func TestCorrectionReplacesTheLines(t *testing.T) {
	t.Parallel()
	p := transport.Projection()
	a, b := line(1, "jujube", "100"), line(2, "walnut", "50")
	days := []pt.Day{
		pt.On("2021-03-01", logged("S", a, b), scheduled("D")),
		pt.On("2021-03-02", load("D", "S", a, b)...),
		pt.On("2021-03-02",
			shipment.Corrected{ShipmentID: "S", Lines: []shipment.Line{line(2, "walnut", "60"), line(3, "almond", "5")}, Loaded: true, Reason: "miscounted"},
			departure.LoadCorrected{DepartureID: "D", Consignment: departure.Consignment{ShipmentID: "S", Kg: pt.Kg("65")}}),
	}
	var got []string
	for _, l := range pt.Given(t, p, "shipment_lines", days...) {
		got = append(got, part(t, l, "line_no", "item_id", "logged_kg", "loaded_kg"))
	}
	if diff := cmp.Diff([]string{`2 "walnut" "60.000" "60.000"`, `3 "almond" "5.000" "5.000"`}, got); diff != "" {
		t.Error(diff)
	}
	if got := part(t, pt.Given(t, p, "departures", days...)[0], "loaded_kg"); got != `"65.000"` {
		t.Errorf("departure: %s", got)
	}
}
