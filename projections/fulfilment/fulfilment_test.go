package fulfilment_test

import (
	"strings"
	"testing"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/projections/fulfilment"
	pt "zhitong/projections/projectionstest"
)

func share(q string) order.Share {
	return order.Share{OrderID: "O", LineNo: 1, ShipmentID: "S", ShipmentLine: 1, Quantity: pt.Quantity(q)}
}

// boxes are the facts of a shipment of so many boxes of 2.5 kg up to its departure.
func boxes(q string) []domain.Fact {
	quantity := pt.Quantity(q)
	kg := quantity.Nominal(pt.Kg("2.5"))
	return []domain.Fact{
		shipment.Logged{ShipmentID: "S", CooperativeID: "C", BuyerID: "B", WaybillNo: "1", Lines: []shipment.Line{{
			LineNo: 1, OrderID: "O", OrderLine: 1, ItemID: "jujube", Unit: "box", KgPerUnit: pt.Kg("2.5"), Quantity: quantity, Kg: kg}}},
		order.LineAllocated{Share: share(q), Why: "logged"},
		shipment.Loaded{ShipmentID: "S", DepartureID: "D", Lines: []shipment.LoadedLine{{LineNo: 1, Quantity: quantity, Kg: kg}}},
		departure.Departed{DepartureID: "D", Shipments: []departure.Consignment{{ShipmentID: "S", Kg: kg}}},
	}
}

func accepted(loaded, accepted string) domain.Fact {
	a := pt.Quantity(accepted)
	return shipment.Inspected{ShipmentID: "S", DepartureID: "D", Lines: []shipment.InspectedLine{{
		LineNo: 1, Sold: shipment.Sold{OrderID: "O", OrderLine: 1, ItemID: "jujube"}, Loaded: pt.Quantity(loaded),
		Result: shipment.Result{Arrived: a, Accepted: a, Kg: a.Nominal(pt.Kg("2.5")), RejectedKg: pt.Kg("0")},
	}}}
}

func TestStatusIsTheFirstThatHolds(t *testing.T) {
	t.Parallel()
	submitted := order.Submitted{OrderID: "O", BuyerID: "B", WantedBy: domain.NewDay(2021, 4, 1), Lines: []order.Line{{
		LineNo: 1, ItemID: "jujube", Quantity: pt.Quantity("100"), Unit: "box", KgPerUnit: pt.Kg("2.5"), UnitPrice: pt.Price("30")}}}
	short := order.LineShortClosed{OrderID: "O", LineNo: 1, Reason: "enough"}
	for name, c := range map[string]struct {
		then []domain.Fact
		want string
	}{
		"Open":                  {nil, `"shipped_kg":"0.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"250.000" "status":"open" "open_quantity":"100.000"`},
		"OpenWhileOnlyLogged":   {boxes("60")[:3], `"shipped_kg":"0.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"100.000" "status":"open" "open_quantity":"40.000"`},
		"PartShipped":           {boxes("60"), `"shipped_kg":"150.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"100.000" "status":"part_shipped" "open_quantity":"40.000"`},
		"Shipped":               {boxes("104"), `"shipped_kg":"260.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"0.000" "status":"shipped" "open_quantity":"0.000"`},
		"PartAccepted":          {append(boxes("60"), accepted("60", "50")), `"shipped_kg":"150.000" "accepted_kg":"125.000" "short_closed_kg":"0.000" "open_kg":"100.000" "status":"part_accepted" "open_quantity":"40.000"`},
		"NothingAcceptedIsOpen": {append(boxes("60"), accepted("60", "0"), order.LineReleased{Share: share("60")}), `"shipped_kg":"150.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"250.000" "status":"open" "open_quantity":"100.000"`},
		"Fulfilled":             {append(boxes("100"), accepted("100", "100")), `"shipped_kg":"250.000" "accepted_kg":"250.000" "short_closed_kg":"0.000" "open_kg":"0.000" "status":"fulfilled" "open_quantity":"0.000"`},
		"ShortClosed":           {append(boxes("60"), accepted("60", "60"), short), `"shipped_kg":"150.000" "accepted_kg":"150.000" "short_closed_kg":"100.000" "open_kg":"0.000" "status":"short_closed" "open_quantity":"0.000"`},
		"Cancelled":             {[]domain.Fact{short, order.Cancelled{OrderID: "O", Reason: "no"}}, `"shipped_kg":"0.000" "accepted_kg":"0.000" "short_closed_kg":"0.000" "open_kg":"0.000" "status":"cancelled" "open_quantity":"0.000"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := pt.Given(t, fulfilment.Projection(), "order_fulfilment", pt.On("2021-03-01", append([]domain.Fact{submitted}, c.then...)...))
			if len(rows) != 1 {
				t.Fatalf("got %v", rows)
			}
			for _, want := range strings.Split(c.want, " ") {
				if !strings.Contains(rows[0], want) {
					t.Errorf("want %s in %s", want, rows[0])
				}
			}
		})
	}
}

func TestConfirmationNamesTheCooperative(t *testing.T) {
	t.Parallel()
	rows := pt.Given(t, fulfilment.Projection(), "order_fulfilment",
		pt.On("2021-03-01", order.Submitted{OrderID: "O", BuyerID: "B", Lines: []order.Line{{LineNo: 1, ItemID: "i", Quantity: pt.Quantity("1"), Unit: "kg", KgPerUnit: pt.Kg("1"), UnitPrice: pt.Price("1")}}}),
		pt.On("2021-03-02", order.Confirmed{OrderID: "O", Lines: []order.Assignment{{LineNo: 1, CooperativeID: "C"}}},
			order.PriceRevised{OrderID: "O", LineNo: 1, UnitPrice: pt.Price("1.25")}))
	if !strings.Contains(rows[0], `"cooperative_id":"C"`) || !strings.Contains(rows[0], `"unit_price":"1.250000"`) || !strings.Contains(rows[0], `"wanted_by":null`) {
		t.Error(rows[0])
	}
}
