package commands_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain/order"
	"zhitong/domain/shipment"
)

// logged is shipment.log of a shipment with one line.
func logged(id, waybill, line string) string {
	return `C/cooperative shipment.log {"shipment_id":"` + id + `","cooperative_id":"C","waybill_no":"` + waybill + `","lines":[{"line_no":1,"order_id":"O","order_line":1,` + line + `}]}`
}

func TestShipmentRules(t *testing.T) {
	t.Parallel()
	correct := func(lines string) string {
		return `C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[` + lines + `]}`
	}
	const load = `C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[`
	rules(t, map[string][]step{
		"ACooperativeLogsForItself": steps(masterData, anOrder, []step{
			no(strings.Replace(strings1(aShipment), "C/coop", "C2/coop", 1), "shipment.not_yours", "cooperative_id"),
			no(strings.ReplaceAll(strings1(aShipment), `C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C"`, `C2/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C2"`), "order.not_yours", "lines[0].order_line")}),
		"TheCeilingHolds": steps(masterData, anOrder, []step{
			no(logged("S", "1", `"quantity":"105.001"`), "order.over_allocated", "lines[0].quantity"),
			ok(logged("S", "1", `"quantity":"105"`)),
			no(logged("S2", "2", `"quantity":"0.001"`), "order.over_allocated", "lines[0].quantity")}),
		"LinesOnOneOrderLineAreSummed": steps(masterData, anOrder, []step{
			no(`C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C","waybill_no":"1","lines":[{"line_no":1,"order_id":"O","order_line":1,"quantity":"100"},{"line_no":2,"order_id":"O","order_line":1,"quantity":"5.001"}]}`, "order.over_allocated", "lines[1].quantity")}),
		"ValuesAreChecked": steps(masterData, anOrder, []step{
			no(logged("S", "1", `"quantity":"0"`), "value.not_positive", "lines[0].quantity"),
			no(logged("S", "1", `"quantity":"1","kg":"-2.5"`), "value.invalid_weight", "lines[0].kg"),
			no(logged("S", "1", `"quantity":"1","kg":"0"`), "shipment.kg_implausible", "lines[0].kg"),
			no(logged("S", "1", `"quantity":"1","packages":-1`), "value.out_of_range", "lines[0].packages"),
			no(logged(strings.Repeat("s", 33), "1", `"quantity":"1"`), "value.invalid_id", "shipment_id"),
			ok(logged(strings.Repeat("山", 32), "1", `"quantity":"1","packages":2,"lot":"A"`)),
		}),
		"WeightUnitsWeighWhatTheySay": steps(masterData, anOrder, []step{
			no(`C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C","waybill_no":"1","lines":[{"line_no":1,"order_id":"O","order_line":2,"quantity":"10","kg":"5.001"}]}`, "shipment.kg_not_nominal", "lines[0].kg"),
			ok(`C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C","waybill_no":"1","lines":[{"line_no":1,"order_id":"O","order_line":2,"quantity":"10","kg":"5.000"}]}`)}),
		"AShipmentHasOneBuyer": steps(masterData, anOrder, []step{
			ok(`B2/buyer order.submit {"order_id":"O2","buyer_id":"B2","lines":[{"line_no":1,"item_id":"jujube","quantity":"5","unit":"box","unit_price":"30","cooperative_id":"C"}]}`), ok(`D1/dispatcher order.confirm {"order_id":"O2"}`),
			no(`C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C","waybill_no":"1","lines":[{"line_no":1,"order_id":"O","order_line":1,"quantity":"1"},{"line_no":2,"order_id":"O2","order_line":1,"quantity":"1"}]}`, "shipment.several_buyers", "lines[1].order_id"),
			ok(logged("S", "1", `"quantity":"1"`)),
			no(correct(`{"line_no":1,"order_id":"O2","order_line":1,"quantity":"1"}`), "shipment.several_buyers", "lines[0].order_id")}),
		"OrdersAndLinesAreKnown": steps(masterData, anOrder, []step{
			no(strings.Replace(logged("S", "1", `"quantity":"1"`), `"O"`, `"nope"`, 1), "order.unknown", "lines[0].order_id"),
			no(strings.Replace(logged("S", "1", `"quantity":"1"`), `"order_line":1`, `"order_line":9`, 1), "order.line_unknown", "lines[0].order_line")}),
		"AShipmentIDIsUsedOnce": steps(masterData, anOrder, []step{
			ok(logged("S", "1", `"quantity":"1"`)),
			no(logged("S", "2", `"quantity":"1"`), "shipment.exists", "shipment_id")}),
		"AWaybillIsUsedOnceAYear": steps(masterData, anOrder, []step{
			ok(logged("S", "0012", `"quantity":"1"`)),
			no(logged("S2", "0012", `"quantity":"2"`), "shipment.waybill_used", "waybill_no"),
			ok(logged("S3", "12", `"quantity":"1"`)),
			ok(logged("S4", "0012", `"quantity":"2"`)).on("2021-12-31T16:00:00Z"),
			no(logged("S5", "0012", `"quantity":"3"`), "shipment.waybill_used", "waybill_no").on("2022-06-01T00:00:00+08:00")}),
		"ACancelledWaybillStaysUsed": steps(masterData, anOrder, []step{
			ok(logged("S", "1", `"quantity":"1"`)),
			ok(`C/cooperative shipment.cancel {"shipment_id":"S","reason":"r"}`),
			no(logged("S2", "1", `"quantity":"2"`), "shipment.waybill_used", "waybill_no"),
			ok(logged("S2", "2", `"quantity":"105"`))}),

		"LoadsOnceWhileLogged": steps(ready, loaded, []step{no(strings1(loaded), "shipment.not_logged", "shipment_id")}),
		"LoadsOnAScheduledTrip": steps(ready, []step{
			no(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"X"}`, "departure.unknown", "departure_id"),
			no(`C/cooperative shipment.load {"shipment_id":"X","departure_id":"T"}`, "shipment.unknown", "shipment_id"),
			no(`C2/cooperative shipment.load {"shipment_id":"S","departure_id":"T"}`, "shipment.not_yours", "shipment_id")}),
		"LoadsNoMoreThanItHolds": steps(ready, []step{
			no(load+`{"line_no":1,"quantity":"100.001"}]}`, "shipment.more_than_allocated", "lines[0].quantity"),
			no(load+`{"line_no":7,"quantity":"1"}]}`, "shipment.line_unknown", "lines[0].line_no"),
			no(load+`{"line_no":1,"quantity":"0"},{"line_no":2,"quantity":"0.0"}]}`, "shipment.nothing_loaded", "lines"),
			no(load+`{"line_no":1,"quantity":"0","kg":"1"}]}`, "shipment.kg_implausible", "lines[0].kg"),
			ok(load + `{"line_no":1,"quantity":"0"}]}`)}),

		"CorrectsBeforeDeparting": steps(ready, loaded, []step{
			ok(correct(`{"line_no":5,"order_id":"O","order_line":2,"quantity":"200"}`))}, departed, []step{
			no(correct(`{"line_no":5,"order_id":"O","order_line":2,"quantity":"100"}`), "shipment.departed", "shipment_id"),
			no(`C/cooperative shipment.cancel {"shipment_id":"S","reason":"r"}`, "shipment.departed", "shipment_id")}),
		"ACancelledShipmentLeavesTheTrip": steps(ready, loaded, []step{
			ok(`C/cooperative shipment.cancel {"shipment_id":"S","reason":"r"}`),
			no(strings1(departed), "departure.empty", "departure_id"),
			no(correct(`{"line_no":1,"order_id":"O","order_line":1,"quantity":"1"}`), "shipment.cancelled", "shipment_id"),
			no(strings1(loaded), "shipment.not_logged", "shipment_id"),
			ok(logged("S2", "2", `"quantity":"105"`))}),
		"ACorrectionStaysWithinTheCeiling": steps(ready, []step{
			no(correct(`{"line_no":1,"order_id":"O","order_line":1,"quantity":"105.5"}`), "order.over_allocated", "lines[0].quantity"),
			ok(correct(`{"line_no":9,"order_id":"O","order_line":1,"quantity":"105"}`)),
			ok(logged("S2", "2", `"quantity":"1"`)).refused("order.over_allocated", "lines[0].quantity")}),
	})
}

func (s step) refused(code, field string) step { s.code, s.field = code, field; return s }

func TestTheSameWaybillIsTheSameShipment(t *testing.T) {
	t.Parallel()
	w := trade(t)
	first := play(t, w, steps(masterData, anOrder, []step{ok(logged("S", "1", `"quantity":"10.50","kg":"26"`))}))
	for i, s := range []step{
		ok(logged("S", "1", `"quantity":"10.5","kg":"26.000"`)).on("2021-11-01T12:00:00+08:00"),
		ok(logged("other", "1", `"quantity":"10.500","kg":"26.0"`)),
	} {
		r := send(t, w, 1000+i, s)
		if !r.OK || !r.Repeated {
			t.Fatalf("repeat: %+v", r)
		}
		if d := cmp.Diff(first.Events, r.Events); d != "" {
			t.Errorf("events (-original +repeat):\n%s", d)
		}
	}
	for i, line := range []string{`"quantity":"10.5"`, `"quantity":"10.5","kg":"26.001"`, `"quantity":"10.5","kg":"26","lot":"A"`, `"quantity":"10.5","kg":"26","packages":1`} {
		if r := send(t, w, 2000+i, ok(logged("other", "1", line))); r.OK || r.Problem.Code != "shipment.waybill_used" {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if r := send(t, w, 3000, ok(`C/cooperative shipment.cancel {"shipment_id":"other","reason":"r"}`)); r.OK || r.Problem.Code != "shipment.unknown" {
		t.Errorf("a repeat made a shipment: %+v", r)
	}
}

func TestACorrectionMovesTheDifference(t *testing.T) {
	t.Parallel()
	w := trade(t)
	r := play(t, w, steps(ready, []step{ok(`C/cooperative shipment.correct {"shipment_id":"S","reason":"r","lines":[
		{"line_no":1,"order_id":"O","order_line":1,"quantity":"103"},{"line_no":2,"order_id":"O","order_line":1,"quantity":"2"},{"line_no":3,"order_id":"O","order_line":2,"quantity":"150"}]}`)}))
	share := func(orderLine, line int, q string) order.Share {
		return order.Share{OrderID: "O", LineNo: orderLine, ShipmentID: "S", ShipmentLine: line, Quantity: quantity(t, q)}
	}
	if d := cmp.Diff([]order.LineReleased{{Share: share(2, 2, "200"), Why: order.WhyCorrected}}, factsOf[order.LineReleased](w, r)); d != "" {
		t.Errorf("released (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]order.LineAllocated{{Share: share(1, 1, "3"), Why: order.WhyCorrected}, {Share: share(1, 2, "2"), Why: order.WhyCorrected}, {Share: share(2, 3, "150"), Why: order.WhyCorrected}}, factsOf[order.LineAllocated](w, r)); d != "" {
		t.Errorf("allocated (-want +got):\n%s", d)
	}
}

func TestInspectionRules(t *testing.T) {
	t.Parallel()
	inspect := func(lines string) string {
		return `B/buyer shipment.inspect {"shipment_id":"S","ticket_no":"K1","lines":[` + lines + `]}`
	}
	const two = `,{"line_no":2,"arrived":"200","accepted":"200"}`
	there := steps(ready, loaded, departed, arrived)
	done := steps(there, inspected)
	inspection := "c" + strconv.Itoa(len(done)-1)
	correct := func(who, corrects, lines string) string {
		return who + `/dispatcher shipment.correct_inspection {"shipment_id":"S","corrects":"` + corrects + `","reason":"r","lines":[` + lines + `]}`
	}
	giveBack := func(q string) string {
		return `B/buyer shipment.return {"shipment_id":"S","line_no":1,"quantity":"` + q + `","reason":"r"}`
	}
	first := "c" + strconv.Itoa(len(done)+1)
	rules(t, map[string][]step{
		"InspectsAfterArrivalOnce": steps(ready, loaded, departed, []step{
			no(strings1(inspected), "shipment.not_arrived", "shipment_id")}, arrived, inspected, []step{
			no(strings1(inspected), "shipment.inspected", "shipment_id")}),
		"BuyersInspectTheirOwn": steps(there, []step{
			no(strings.Replace(strings1(inspected), "B/buyer", "B2/buyer", 1), "shipment.not_yours", "shipment_id"),
			ok(strings.Replace(strings1(inspected), "B/buyer", "D1/dispatcher", 1))}),
		"EveryLineIsNamed": steps(there, []step{
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"100"}`), "shipment.line_missing", "lines"),
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"100"},{"line_no":9,"arrived":"1","accepted":"1"}`), "shipment.line_unknown", "lines[1].line_no")}),
		"ArrivedIsAcceptedAndRejected": steps(there, []step{
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"99"}`+two), "shipment.arrived_mismatch", "lines[0].arrived"),
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"99","rejected":[{"quantity":"1","reason":"ugly","disposition":"scrap"}]}`+two), "value.unknown_word", "lines[0].rejected[0].reason"),
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"99","rejected":[{"quantity":"1","reason":"quality"}]}`+two), "value.missing", "lines[0].rejected[0].disposition"),
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"100","rejected":[{"quantity":"0","reason":"quality","disposition":"scrap"}]}`+two), "value.not_positive", "lines[0].rejected[0].quantity")}),
		"WeightUnitsWeighWhatTheySay": steps(there, []step{
			no(inspect(`{"line_no":1,"arrived":"100","accepted":"100"},{"line_no":2,"arrived":"200","accepted":"200","kg":"101"}`), "shipment.kg_not_nominal", "lines[1].kg")}),
		"AGainStaysWithinTheCeiling": steps(there, []step{
			no(inspect(`{"line_no":1,"arrived":"105.001","accepted":"90","rejected":[{"quantity":"15.001","reason":"excess","disposition":"return"}]}`+two), "order.over_allocated", "lines[0].arrived"),
			ok(inspect(`{"line_no":1,"arrived":"105","accepted":"90","rejected":[{"quantity":"15","reason":"excess","disposition":"return"}]}` + two))}),
		"WhatWasLostCanBeSentAgain": steps(done, []step{
			ok(logged("S2", "2", `"quantity":"7"`)),
			no(logged("S3", "3", `"quantity":"0.001"`), "order.over_allocated", "lines[0].quantity")}),

		"ReturnsAfterAcceptance": steps(there, []step{
			no(giveBack("1"), "shipment.not_inspected", "shipment_id")}, inspected, []step{
			ok(giveBack("90")),
			no(giveBack("8.001"), "shipment.over_returned", "quantity"),
			ok(giveBack("8")),
			no(giveBack("0.001"), "shipment.over_returned", "quantity")}),
		"ReturnsReleaseNothing": steps(done, []step{
			ok(giveBack("98")),
			no(logged("S2", "2", `"quantity":"7.001"`), "order.over_allocated", "lines[0].quantity")}),
		"BuyersReturnTheirOwn": steps(done, []step{
			no(strings.Replace(giveBack("1"), "B/", "B2/", 1), "shipment.not_yours", "shipment_id"),
			no(strings.Replace(giveBack("1"), `"line_no":1`, `"line_no":3`, 1), "shipment.line_unknown", "line_no"),
			no(strings.Replace(giveBack("1"), "B/buyer", "D1/dispatcher", 1), "role.denied", "role")}),
		"CorrectsTheLatestOnly": steps(done, []step{
			no(correct("D2", "c0", `{"line_no":1,"arrived":"97","accepted":"97"}`), "shipment.not_latest", "corrects"),
			ok(correct("D2", inspection, `{"line_no":1,"arrived":"97","accepted":"97"}`)).on("2021-04-01T00:00:00+08:00"),
			no(correct("D3", inspection, `{"line_no":1,"arrived":"96","accepted":"96"}`), "shipment.not_latest", "corrects")}),
		"AnotherPersonCorrects": steps(there, []step{
			ok(strings.Replace(strings1(inspected), "B/buyer", "D1/dispatcher", 1)),
			no(correct("D1", inspection, `{"line_no":1,"arrived":"97","accepted":"97"}`), "shipment.same_person", ""),
			ok(correct("D2", inspection, `{"line_no":1,"arrived":"97","accepted":"97"}`)),
			no(correct("D2", first, `{"line_no":1,"arrived":"96","accepted":"96"}`), "shipment.same_person", ""),
			no(correct("D1", first, `{"line_no":1,"arrived":"96","accepted":"96"}`), "shipment.same_person", ""),
			ok(correct("D3", first, `{"line_no":1,"arrived":"96","accepted":"96"}`))}),
		"NotBelowWhatWasReturned": steps(done, []step{
			ok(giveBack("50")),
			no(correct("D2", inspection, `{"line_no":1,"arrived":"49","accepted":"49"}`), "shipment.below_returned", "lines[0].accepted"),
			ok(correct("D2", inspection, `{"line_no":1,"arrived":"50","accepted":"50"}`))}),
		"ACorrectionStaysWithinTheCeiling": steps(done, []step{
			ok(logged("S2", "2", `"quantity":"7"`)),
			no(correct("D2", inspection, `{"line_no":1,"arrived":"99","accepted":"99"}`), "order.over_allocated", "lines[0].accepted"),
			ok(`C/cooperative shipment.cancel {"shipment_id":"S2","reason":"r"}`),
			ok(correct("D2", inspection, `{"line_no":1,"arrived":"105","accepted":"105"}`)),
			no(logged("S3", "3", `"quantity":"0.001"`), "order.over_allocated", "lines[0].quantity")}),
		"ALineLoadedWithNothingIsInspected": steps(ready, []step{
			ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T","lines":[{"line_no":1,"quantity":"0"}]}`)}, departed, arrived, []step{
			no(inspect(`{"line_no":2,"arrived":"200","accepted":"200"}`), "shipment.line_missing", "lines"),
			ok(inspect(`{"line_no":1,"arrived":"0","accepted":"0"}` + two))}),
	})
}

func TestCorrectionsCountAsDifferences(t *testing.T) {
	t.Parallel()
	w := trade(t)
	all := steps(ready, loaded, departed, arrived, inspected, []step{
		ok(`B/buyer shipment.return {"shipment_id":"S","line_no":1,"quantity":"49","reason":"r"}`),
	})
	r := play(t, w, all)
	back := factsOf[shipment.Returned](w, r)[0]
	if back.Kg.String() != "123.000" || back.Amount.String() != "1470.00" || back.ReturnedInAll.String() != "49" {
		t.Errorf("returned = %+v", back)
	}
	event := w.Commit(w.Position() - 1).Events[0].ID // the inspection, by its event id
	r = send(t, w, 500, ok(`D2/dispatcher shipment.correct_inspection {"shipment_id":"S","corrects":"`+event+`","reason":"r","lines":[{"line_no":1,"arrived":"100","accepted":"80","kg":"201","rejected":[{"quantity":"20","reason":"spec","disposition":"resell"}]}]}`))
	if !r.OK {
		t.Fatal(r.Problem)
	}
	c := factsOf[shipment.InspectionCorrected](w, r)[0]
	// returned kg: 201 × 49 ÷ 80 = 123.1125 → 123.113
	got := []string{c.Corrects, c.Lines[0].AcceptedKg.String(), c.Lines[0].Amount.String(), c.Lines[0].ReturnedKg.String(), c.Lines[0].Old.Kg.String(), c.Lines[0].New.RejectedKg.String()}
	if d := cmp.Diff([]string{event, "-45.000", "-540.00", "0.113", "246.000", "50.000"}, got); d != "" {
		t.Errorf("correction (-want +got):\n%s", d)
	}
	released := factsOf[order.LineReleased](w, r)
	if len(released) != 1 || released[0].Quantity.String() != "18" {
		t.Errorf("released %+v, want 18", released)
	}
	r = send(t, w, 501, ok(`B/buyer shipment.return {"shipment_id":"S","line_no":1,"quantity":"31","reason":"r"}`))
	rest := factsOf[shipment.Returned](w, r)[0]
	if rest.Kg.String() != "77.887" || rest.Amount.String() != "930.00" {
		t.Errorf("the rest is returned with %s kg and %s, want 201 − 123.113 kg and 2400 − 1470", rest.Kg, rest.Amount)
	}
}
