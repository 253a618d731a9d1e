package commands_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
)

func TestOrderRules(t *testing.T) {
	t.Parallel()
	line := func(l string) string {
		return `B/buyer order.submit {"order_id":"X","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"},` + l + `]}`
	}
	rules(t, map[string][]step{
		"ProblemsNameTheLineAndField": steps(masterData, []step{
			no(line(`{"line_no":2,"item_id":"nuts","quantity":"1","unit":"kg","unit_price":"1"}`), "order.line_unknown_item", "lines[1].item_id"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"crate","unit_price":"1"}`), "order.line_unknown_unit", "lines[1].unit"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"0","unit":"kg","unit_price":"1"}`), "value.not_positive", "lines[1].quantity"),
			no(line(`{"line_no":2,"item_id":"jujube","unit":"kg","unit_price":"1"}`), "value.missing", "lines[1].quantity"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1.0001","unit":"kg","unit_price":"1"}`), "value.invalid_quantity", "lines[1].quantity"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":1,"unit":"kg","unit_price":"1"}`), "malformed", "lines[1].quantity"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"-1"}`), "value.invalid_price", "lines[1].unit_price"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1","tolerance":"1.5"}`), "value.invalid_share", "lines[1].tolerance"),
			no(line(`{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}`), "value.repeated", "lines[1].line_no"),
			no(line(`{"line_no":0,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}`), "value.missing", "lines[1].line_no"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1","cooperative_id":"K"}`), "party.wrong_kind", "lines[1].cooperative_id"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1","cooperative_id":"nobody"}`), "party.unknown", "lines[1].cooperative_id"),
			no(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1","colour":"red"}`), "malformed", "lines[1].colour"),
			ok(line(`{"line_no":2,"item_id":"jujube","quantity":"1","unit":"t","unit_price":"0","attributes":{"grade":"一级"}}`)),
		}),
		"AnOrderHasALine": steps(masterData, []step{no(`B/buyer order.submit {"order_id":"X","buyer_id":"B","lines":[]}`, "value.missing", "lines")}),
		"ABuyerIsABuyer": steps(masterData, []step{
			no(`C/buyer order.submit {"order_id":"X","buyer_id":"C","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}]}`, "party.wrong_kind", "buyer_id")}),
		"OrdersAreOnesOwn": steps(masterData, anOrder, []step{
			no(`B2/buyer order.short_close {"order_id":"O","line_no":1,"reason":"r"}`, "order.not_yours", "order_id"),
			no(`B2/buyer order.cancel {"order_id":"O","reason":"r"}`, "order.not_yours", "order_id"),
			no(strings.Replace(strings1(anOrder), "B/buyer", "B2/buyer", 1), "order.not_yours", "buyer_id")}),
		"NotBeforeConfirmed": steps(masterData, anOrder[:1], []step{no(strings1(aShipment), "order.not_confirmed", "lines[0].order_id")}),
		"PriceHoldsFromTheDeparture": steps(ready, loaded, []step{
			ok(`B/buyer order.revise_price {"order_id":"O","line_no":1,"unit_price":"31","reason":"r"}`)}, departed,
			[]step{no(`B/buyer order.revise_price {"order_id":"O","line_no":1,"unit_price":"32","reason":"r"}`, "order.line_departed", "line_no")}),
		"PriceIsOpenWhereNothingOfTheLineDeparted": steps(ready, []step{
			ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"0"}]}`)}, departed,
			[]step{
				ok(`B/buyer order.revise_price {"order_id":"O","line_no":1,"unit_price":"31","reason":"r"}`),
				no(`B/buyer order.revise_price {"order_id":"O","line_no":2,"unit_price":"31","reason":"r"}`, "order.line_departed", "line_no")}),
		"CancelReleasesWhatIsLogged": steps(ready, []step{
			ok(`B/buyer order.cancel {"order_id":"O","reason":"r"}`),
			no(strings1(loaded), "order.cancelled", "shipment_id"),
			no(`B/buyer order.cancel {"order_id":"O","reason":"r"}`, "order.cancelled", "order_id"),
			ok(`C/cooperative shipment.cancel {"shipment_id":"S","reason":"r"}`)}),
		"CancelIsRefusedOnceLoaded": steps(ready, loaded, []step{
			no(`B/buyer order.cancel {"order_id":"O","reason":"r"}`, "order.loaded", "order_id"),
			ok(`D1/dispatcher departure.cancel {"departure_id":"T","reason":"r"}`),
			ok(`B/buyer order.cancel {"order_id":"O","reason":"r"}`)}),
		"ACorrectedShipmentIsFreeOfACancelledOrder": steps(ready, []step{
			ok(`B/buyer order.submit {"order_id":"O2","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"5","unit":"box","unit_price":"30","cooperative_id":"C"}]}`),
			ok(`D1/dispatcher order.confirm {"order_id":"O2"}`), ok(`B/buyer order.cancel {"order_id":"O","reason":"r"}`),
			no(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[{"line_no":1,"order_id":"O","order_line":1,"quantity":"1"}]}`, "order.cancelled", "lines[0].order_id"),
			ok(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[{"line_no":1,"order_id":"O2","order_line":1,"quantity":"5"}]}`)}, loaded),
		"ShortClosedLinesTakeNoNewShipment": steps(masterData, anOrder, []step{
			ok(`B/buyer order.short_close {"order_id":"O","line_no":2,"reason":"r"}`),
			no(strings1(aShipment), "order.line_short_closed", "lines[1].quantity")}),
		"WhatIsLoggedOnAShortClosedLineGoesOn": steps(ready, []step{ok(`B/buyer order.short_close {"order_id":"O","line_no":2,"reason":"r"}`),
			no(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[{"line_no":2,"order_id":"O","order_line":2,"quantity":"150"},{"line_no":3,"order_id":"O","order_line":2,"quantity":"50.001"}]}`, "order.line_short_closed", "lines[1].quantity"),
			ok(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[{"line_no":2,"order_id":"O","order_line":2,"quantity":"150"},{"line_no":3,"order_id":"O","order_line":2,"quantity":"50"}]}`)}, loaded, departed, arrived),
	})
}

func TestDepartureRules(t *testing.T) {
	t.Parallel()
	schedule := func(id, date, plate, more string) string {
		return `D1/dispatcher departure.schedule {"departure_id":"` + id + `","route_id":"R","date":"` + date + `","vehicle_plate":"` + plate + `"` + more + `}`
	}
	rules(t, map[string][]step{
		"OffTheCalendarNeedsAReason": steps(masterData, []step{
			no(schedule("T2", "2021-03-04", "V", ""), "departure.off_calendar", "date"),
			ok(schedule("T2", "2021-03-04", "V", `,"off_calendar_reason":"灾情"`))}),
		"TheRouteIsKnown": steps(masterData, []step{
			no(strings.Replace(schedule("T2", "2021-03-03", "V", ""), `"R"`, `"R9"`, 1), "route.unknown", "route_id")}),
		"AVehicleIsOnOneTrip": steps(masterData, aTrip, []step{
			no(schedule("T2", "2021-03-06", "V1", ""), "departure.vehicle_busy", "vehicle_plate"),
			ok(schedule("T3", "2021-03-06", "V2", "")),
			ok(schedule("T2", "2021-03-09", "V1", "")),
			no(schedule("T4", "2021-03-06", "V1", ""), "departure.vehicle_busy", "vehicle_plate")}),
		"TheWindowIsFiveDays": steps(masterData, aTrip, []step{
			no(schedule("T2", "2021-03-07", "V1", `,"off_calendar_reason":"r"`), "departure.vehicle_busy", "vehicle_plate"),
			ok(schedule("T2", "2021-03-08", "V1", `,"off_calendar_reason":"r"`))}),
		"ArrivalFreesTheVehicle": steps(ready, loaded, departed, []step{
			ok(`D1/dispatcher departure.arrive {"departure_id":"T"}`).on("2021-03-05T16:30:00Z"),
			no(schedule("T2", "2021-03-05", "V1", `,"off_calendar_reason":"r"`), "departure.vehicle_busy", "vehicle_plate"),
			ok(schedule("T2", "2021-03-06", "V1", ""))}),
		"CancellingFreesTheVehicle": steps(masterData, aTrip, []step{
			ok(`D1/dispatcher departure.cancel {"departure_id":"T","reason":"r"}`),
			ok(schedule("T2", "2021-03-06", "V1", ""))}),
		"TransshippingMovesTheWindow": steps(ready, loaded, departed, []step{
			ok(schedule("T2", "2021-03-06", "V2", "")),
			no(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V2","place":"p","reason":"r"}`, "departure.vehicle_busy", "vehicle_plate"),
			no(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V1","place":"p","reason":"r"}`, "departure.same_vehicle", "vehicle_plate"),
			ok(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V3","place":"p","reason":"r"}`),
			ok(schedule("T3", "2021-03-06", "V1", "")),
			no(schedule("T4", "2021-03-06", "V3", ""), "departure.vehicle_busy", "vehicle_plate")}),
		"TransshippingNeedsRoom": steps(ready, loaded, departed, []step{
			no(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V3","capacity_kg":"350.999","place":"p","reason":"r"}`, "departure.over_capacity", "capacity_kg"),
			ok(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V3","capacity_kg":"351","place":"p","reason":"r"}`)}),
		"TransshippingIsOnTheRoad": steps(ready, loaded, []step{
			no(`K/carrier departure.transship {"departure_id":"T","vehicle_plate":"V3","place":"p","reason":"r"}`, "departure.not_departed", "departure_id")}),
		"NothingDepartsEmpty": steps(masterData, aTrip, []step{no(strings1(departed), "departure.empty", "departure_id")}),
		"DepartsOnceAndArrivesAfter": steps(ready, loaded, []step{
			no(strings1(arrived), "departure.not_departed", "departure_id")}, departed, []step{
			no(strings1(departed), "departure.not_scheduled", "departure_id"),
			no(`D1/dispatcher departure.cancel {"departure_id":"T","reason":"r"}`, "departure.not_scheduled", "departure_id")}, arrived, []step{
			no(strings1(arrived), "departure.not_departed", "departure_id")}),
		"CarriersDriveTheirOwn": steps(ready, loaded, []step{
			no(`K2/carrier departure.depart {"departure_id":"T"}`, "departure.not_yours", "departure_id"),
			ok(`K/carrier departure.depart {"departure_id":"T","gross_kg":"9000","tare_kg":"8600","seal_no":"1","attributes":{"a":"b"}}`),
			no(`K2/carrier departure.arrive {"departure_id":"T"}`, "departure.not_yours", "departure_id"),
			ok(`K/carrier departure.arrive {"departure_id":"T"}`)}),
		"CarriersAreCarriers": steps(masterData, []step{
			no(schedule("T2", "2021-03-03", "V", `,"carrier_id":"C"`), "party.wrong_kind", "carrier_id")}),
		"GrossIsNotBelowTare": steps(ready, loaded, []step{
			no(`D1/dispatcher departure.depart {"departure_id":"T","gross_kg":"1","tare_kg":"2"}`, "departure.gross_below_tare", "gross_kg"),
			no(`D1/dispatcher departure.depart {"departure_id":"T","gross_kg":"-1"}`, "value.invalid_weight", "gross_kg")}),
		"CapacityHoldsForAllShipments": steps(ready, loaded, []step{
			ok(`B/buyer order.submit {"order_id":"O2","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"700","unit":"kg","unit_price":"30","cooperative_id":"C2"}]}`), ok(`D1/dispatcher order.confirm {"order_id":"O2"}`),
			ok(`C2/cooperative shipment.log {"shipment_id":"S2","cooperative_id":"C2","waybill_no":"1","lines":[{"line_no":1,"order_id":"O2","order_line":1,"quantity":"649.001"}]}`),
			no(`D1/dispatcher shipment.load {"shipment_id":"S2","departure_id":"T"}`, "departure.over_capacity", "departure_id"),
			ok(`D1/dispatcher shipment.load {"shipment_id":"S2","departure_id":"T","lines":[{"line_no":1,"quantity":"649"}]}`),
			no(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[{"line_no":1,"order_id":"O","order_line":1,"quantity":"100","kg":"251.001"},{"line_no":2,"order_id":"O","order_line":2,"quantity":"200"}]}`, "departure.over_capacity", "departure_id")}),
		"FreightComesAfterDeparting": steps(ready, loaded, []step{
			no(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"1","invoice_no":"1"}`, "departure.not_departed", "departure_id")}, departed, []step{
			ok(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"1","invoice_no":"1","final":false}`),
			no(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"1","invoice_no":"1","final":false}`, "departure.invoice_used", "invoice_no"),
			no(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"-1","invoice_no":"2"}`, "value.invalid_money", "amount"),
			no(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"-0","invoice_no":"2"}`, "value.invalid_money", "amount"),
			ok(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"0.00","invoice_no":"2"}`),
			no(`D1/dispatcher departure.record_freight {"departure_id":"T","amount":"1","invoice_no":"3"}`, "departure.freight_final", "invoice_no")}),
		"OnlyDispatchersRecordFreight": steps(ready, loaded, departed, []step{
			no(`K/carrier departure.record_freight {"departure_id":"T","amount":"1","invoice_no":"1"}`, "role.denied", "role")}),
	})
}

func TestACancelledDepartureTurnsItsShipmentsBack(t *testing.T) {
	t.Parallel()
	w := trade(t)
	r := play(t, w, steps(ready, []step{
		ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"80"}]}`),
		ok(`D1/dispatcher departure.cancel {"departure_id":"T","reason":"r"}`),
	}))
	if d := cmp.Diff([]domain.Fact{departure.Cancelled{DepartureID: "T", Shipments: []domain.ID{"S"}, Reason: "r"}}, w.Facts(r)); d != "" {
		t.Errorf("cancelled (-want +got):\n%s", d)
	}
	again := steps(ready, []step{
		ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"80"}]}`),
		ok(`D1/dispatcher departure.cancel {"departure_id":"T","reason":"r"}`),
		no(strings1(loaded), "departure.not_scheduled", "departure_id"),
		ok(`D1/dispatcher departure.schedule {"departure_id":"T2","route_id":"R","date":"2021-03-03","vehicle_plate":"V1"}`),
		no(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T2"}`, "shipment.more_than_allocated", "lines"),
		ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T2","lines":[{"line_no":1,"quantity":"80","kg":"199"}]}`),
	})
	w = trade(t)
	r = play(t, w, again)
	want := []domain.Fact{
		shipment.Loaded{ShipmentID: "S", DepartureID: "T2", Lines: []shipment.LoadedLine{
			{LineNo: 1, Quantity: quantity(t, "80"), Kg: kg(t, "199")}, {LineNo: 2, Quantity: quantity(t, "200"), Kg: kg(t, "100")}}},
		departure.Loaded{DepartureID: "T2", Consignment: departure.Consignment{ShipmentID: "S", Kg: kg(t, "299")}},
	}
	if d := cmp.Diff(want, w.Facts(r)); d != "" {
		t.Errorf("loaded again (-want +got):\n%s", d)
	}
}

func TestLoadingLessReleasesTheRest(t *testing.T) {
	t.Parallel()
	w := trade(t)
	r := play(t, w, steps(ready, []step{
		ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"80"}]}`)}))
	want := []order.LineReleased{{Share: order.Share{OrderID: "O", LineNo: 1, ShipmentID: "S", ShipmentLine: 1, Quantity: quantity(t, "20")}, Why: order.WhyNotLoaded}}
	if d := cmp.Diff(want, factsOf[order.LineReleased](w, r)); d != "" {
		t.Errorf("released (-want +got):\n%s", d)
	}
	if got := factsOf[shipment.Loaded](w, r)[0].Lines[0].Kg; got.Cmp(kg(t, "200")) != 0 {
		t.Errorf("a named line without kg weighs %s, want its nominal 200", got)
	}
}

func quantity(t testing.TB, s string) domain.Quantity {
	t.Helper()
	q, err := domain.ParseQuantity(s)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func kg(t testing.TB, s string) domain.Kg {
	t.Helper()
	k, err := domain.ParseKg(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestGoodsThatArrivedUnloadedHoldTheirOrder(t *testing.T) {
	t.Parallel()
	play(t, trade(t), steps(ready, []step{
		ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"0"}]}`)}, departed, arrived, []step{
		ok(`B/buyer order.revise_price {"order_id":"O","line_no":1,"unit_price":"31","reason":"r"}`),
		ok(`B/buyer shipment.inspect {"shipment_id":"S","ticket_no":"K1","lines":[{"line_no":1,"arrived":"3","accepted":"3"},{"line_no":2,"arrived":"200","accepted":"200"}]}`),
		no(`B/buyer order.revise_price {"order_id":"O","line_no":1,"unit_price":"32","reason":"r"}`, "order.line_departed", "line_no"),
	}))
}
