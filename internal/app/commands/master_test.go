package commands_test

import (
	"testing"

	"zhitong/domain/party"
)

func TestProgrammeRules(t *testing.T) {
	t.Parallel()
	open := masterData[0]
	rules(t, map[string][]step{
		"NothingBeforeTheProgrammeIsOpen": {no(`O1/officer item.update {"item_id":"x"}`, "programme.not_open", "")},
		"OpensOnce":                       {open, no(`OP/operator programme.open {"programme_id":"P2","name":{"zh":"P"}}`, "programme.already_open", "programme_id")},
		"NeedsAName":                      {no(`OP/operator programme.open {"programme_id":"P","name":{}}`, "value.missing", "name")},
		"DaysAreThoseOfShanghai":          {no(`OP/operator programme.open {"programme_id":"P","name":{"zh":"P"},"timezone":"Europe/Berlin"}`, "value.unknown_word", "timezone")},
		"CurrencyHasThreeCapitals":        {no(`OP/operator programme.open {"programme_id":"P","name":{"zh":"P"},"currency":"yuan"}`, "value.invalid_currency", "currency")},
		"OnlyAnOperatorOpens":             {no(`O1/officer programme.open {"programme_id":"P","name":{"zh":"P"}}`, "role.denied", "role")},
	})
}

func TestPartyRules(t *testing.T) {
	t.Parallel()
	const payee = `{"account_name":"甲","bank":"乙","account_no":"6222"}`
	const suspend = `O1/officer party.suspend {"party_id":"C","reason":"r"}`
	rules(t, map[string][]step{
		"ABuyerHasAChannel": steps(masterData, []step{
			no(`O1/officer party.register {"party_id":"B3","kind":"buyer","name":{"zh":"x"}}`, "value.missing", "channel")}),
		"OnlyABuyerHasAChannel": steps(masterData, []step{
			no(`O1/officer party.register {"party_id":"C3","kind":"cooperative","name":{"zh":"x"},"channel":"schools"}`, "party.channel_not_buyer", "channel"),
			no(`O1/officer party.update {"party_id":"C","channel":"schools","reason":"r"}`, "party.channel_not_buyer", "channel")}),
		"KindsAreKnown": steps(masterData, []step{
			no(`O1/officer party.register {"party_id":"X","kind":"bank","name":{"zh":"x"}}`, "value.unknown_word", "kind")}),
		"AnIDIsUsedOnce": steps(masterData, []step{
			no(`O1/officer party.register {"party_id":"C","kind":"carrier","name":{"zh":"x"}}`, "party.exists", "party_id")}),
		"TheCreditCodeIsChecked": steps(masterData, []step{
			ok(`O1/officer party.register {"party_id":"C3","kind":"cooperative","name":{"zh":"x"},"uscc":"91350100M000100Y43","farmers":0}`),
			no(`O1/officer party.update {"party_id":"C3","uscc":"91350100M000100Y44","reason":"r"}`, "value.invalid_uscc", "uscc")}),
		"TheDivisionIsKnown": steps(masterData, []step{
			ok(`O1/officer party.update {"party_id":"C","division":"653223100201","reason":"r"}`),
			no(`O1/officer party.update {"party_id":"C","division":"110101","reason":"r"}`, "value.unknown_division", "division")}),
		"KindAndPayeeAreNotUpdated": steps(masterData, []step{
			no(`O1/officer party.update {"party_id":"C","kind":"buyer","reason":"r"}`, "malformed", "kind"),
			no(`O1/officer party.update {"party_id":"C","payee":`+payee+`,"reason":"r"}`, "malformed", "payee")}),
		"AnUpdateChangesSomething": steps(masterData, []step{
			no(`O1/officer party.update {"party_id":"C","reason":"r"}`, "party.nothing_changes", ""),
			no(`O1/officer party.update {"party_id":"C","farmers":3}`, "value.missing", "reason")}),
		"AnotherOfficerConfirmsAPayee": steps(masterData, []step{
			ok(`O1/officer party.change_payee {"party_id":"C","payee":` + payee + `}`),
			no(`O1/officer party.confirm_payee {"party_id":"C"}`, "party.same_officer", ""),
			ok(`O2/officer party.confirm_payee {"party_id":"C"}`),
			no(`O2/officer party.confirm_payee {"party_id":"C"}`, "party.no_changed_payee", "party_id")}),
		"APayeeGivenAtFirstIsConfirmed": steps(masterData, []step{
			ok(`O1/officer party.register {"party_id":"C3","kind":"cooperative","name":{"zh":"x"},"payee":` + payee + `}`), no(`O2/officer party.confirm_payee {"party_id":"C3"}`, "party.no_changed_payee", "party_id")}),
		"APayeeIsGivenWhole": steps(masterData, []step{
			no(`O1/officer party.change_payee {"party_id":"C","payee":{"account_name":"a","bank":"b"}}`, "value.missing", "payee.account_no"),
			no(`O1/officer party.change_payee {"party_id":"C"}`, "value.missing", "payee")}),
		"SuspendingNeedsAReason": steps(masterData, []step{no(`O1/officer party.suspend {"party_id":"C"}`, "value.missing", "reason")}),
		"SuspendedOnceUntilReinstated": steps(masterData, []step{
			ok(suspend),
			no(suspend, "party.suspended", "party_id"),
			ok(`O1/officer party.reinstate {"party_id":"C","reason":"r"}`),
			no(`O1/officer party.reinstate {"party_id":"C","reason":"r"}`, "party.not_suspended", "party_id")}),
		"ASuspendedCooperativeLogsNothing": steps(masterData, anOrder, []step{
			ok(suspend),
			no(strings1(aShipment), "party.suspended", "cooperative_id")}),
		"ASuspendedCooperativeGoesOn": steps(ready, []step{ok(suspend)}, loaded, departed, arrived, inspected),
		"ASuspendedBuyerOrdersNothing": steps(masterData, []step{
			ok(`O1/officer party.suspend {"party_id":"B","reason":"r"}`),
			no(strings1(anOrder), "party.suspended", "buyer_id")}),
		"NoLineNamesASuspendedCooperative": steps(masterData, []step{
			ok(suspend),
			no(strings1(anOrder), "party.suspended", "lines[0].cooperative_id")}),
		"NoConfirmationNamesASuspendedCooperative": steps(masterData, anOrder[:1], []step{ok(suspend), no(anOrder[1].do, "party.suspended", "lines")}),
		"NoDepartureNamesASuspendedCarrier": steps(masterData, []step{
			ok(`O1/officer party.suspend {"party_id":"K","reason":"r"}`),
			no(strings1(aTrip), "party.suspended", "carrier_id")}),
		"ClosingNeedsNoOpenOrderLine": steps(masterData, anOrder, []step{
			no(`O1/officer party.close {"party_id":"B","reason":"r"}`, "party.has_open", "party_id"),
			no(`O1/officer party.close {"party_id":"C","reason":"r"}`, "party.has_open", "party_id"),
			ok(`B/buyer order.cancel {"order_id":"O","reason":"r"}`),
			ok(`O1/officer party.close {"party_id":"B","reason":"r"}`),
			ok(`O1/officer party.close {"party_id":"C","reason":"r"}`)}),
		"ClosingNeedsNoOpenShipment": steps(ready, []step{
			ok(`B/buyer order.cancel {"order_id":"O","reason":"r"}`),
			no(`O1/officer party.close {"party_id":"C","reason":"r"}`, "party.has_open", "party_id"),
			ok(`C/cooperative shipment.cancel {"shipment_id":"S","reason":"r"}`),
			ok(`O1/officer party.close {"party_id":"C","reason":"r"}`)}),
		"ClosingNeedsNoOpenDeparture": steps(ready, loaded, departed, []step{
			no(`O1/officer party.close {"party_id":"K","reason":"r"}`, "party.has_open", "party_id")}, arrived, []step{
			ok(`O1/officer party.close {"party_id":"K","reason":"r"}`)}),
		"FulfilledLinesAreNotOpen": steps(ready, loaded, departed, arrived, inspected, []step{
			no(`O1/officer party.close {"party_id":"C","reason":"r"}`, "party.has_open", "party_id"),
			ok(`B/buyer order.short_close {"order_id":"O","line_no":1,"reason":"r"}`),
			ok(`B/buyer order.short_close {"order_id":"O","line_no":2,"reason":"r"}`),
			ok(`O1/officer party.close {"party_id":"C","reason":"r"}`)}),
		"AClosedPartyChangesNothing": steps(masterData, []step{
			ok(`O1/officer party.close {"party_id":"C","reason":"r"}`),
			no(`O1/officer party.update {"party_id":"C","farmers":1,"reason":"r"}`, "party.closed", "party_id"),
			no(strings1(anOrder), "party.closed", "lines[0].cooperative_id"),
			ok(`OP/operator person.erase {"party_id":"C","reason":"r"}`)}),
		"AnErasureIsForGood": steps(masterData, []step{
			ok(`O1/officer party.change_payee {"party_id":"C","payee":` + payee + `}`),
			ok(`OP/operator person.erase {"party_id":"C","reason":"r"}`),
			no(`OP/operator person.erase {"party_id":"C","reason":"r"}`, "party.erased", "party_id"),
			no(`O2/officer party.confirm_payee {"party_id":"C"}`, "party.erased", "party_id")}),
		"UnknownPartiesAreRefused": steps(masterData, []step{
			no(`O1/officer party.suspend {"party_id":"X","reason":"r"}`, "party.unknown", "party_id")}),
	})
}

func strings1(s []step) string { return s[0].do }

func TestAPayeeIsNeverInClear(t *testing.T) {
	t.Parallel()
	w := trade(t)
	r := play(t, w, steps(masterData, []step{
		ok(`O1/officer party.register {"party_id":"C3","kind":"cooperative","name":{"zh":"x"},"payee":{"account_name":"甲","bank":"乙","account_no":"6222"}}`)}))
	f := factsOf[party.Registered](w, r)[0]
	if f.Payee == nil || f.Payee.AccountNo == "" || f.Payee.AccountNo == "6222" || f.Payee.AccountTag == "" || f.Payee.AccountName == "甲" || f.Payee.Bank == "乙" {
		t.Errorf("payee = %+v", f.Payee)
	}
}

func TestGoodsRules(t *testing.T) {
	t.Parallel()
	const r = `{"route_id":"R2","origin":"a","destination":"b","distance_km":"1","transit_hours":{"min":"1","max":"2"},"vehicle_capacity_kg":"1","calendar":`
	rules(t, map[string][]step{
		"PairsAnhuiWithPishan": steps(masterData, []step{
			ok(`O1/officer pairing.set {"division":"3401","partner_division":"653223100","from":"2020-01-01"}`),
			no(`O1/officer pairing.set {"division":"653223","partner_division":"653223100","from":"2020-01-01"}`, "pairing.not_anhui", "division"),
			no(`O1/officer pairing.set {"division":"3401","partner_division":"653223","from":"2020-01-01"}`, "pairing.not_pishan", "partner_division"),
			no(`O1/officer pairing.set {"division":"9901","partner_division":"653223100","from":"2020-01-01"}`, "value.unknown_division", "division"),
			no(`O1/officer pairing.set {"division":"3401","partner_division":"653223100","from":"2020-01-02","to":"2020-01-01"}`, "value.days_reversed", "to")}),
		"ItemsKeepTheUnitsOfWeight": steps(masterData, []step{
			no(`O1/officer item.register {"item_id":"i","name":{"zh":"i"},"category":"c","units":{"jin":"0.6"},"loss_allowance":"0"}`, "item.unit_reserved", "units.jin"),
			no(`O1/officer item.update {"item_id":"jujube","units":{"box":"0"}}`, "value.not_positive", "units.box"),
			no(`O1/officer item.register {"item_id":"i","name":{"zh":"i"},"category":"c","units":{"box":"-1"},"loss_allowance":"0"}`, "value.invalid_weight", "units.box")}),
		"AnItemIsRegisteredOnce": steps(masterData, []step{
			no(masterData[6].do, "item.exists", "item_id"),
			no(`O1/officer item.update {"item_id":"x","category":"c"}`, "item.unknown", "item_id"),
			no(`O1/officer item.update {"item_id":"jujube"}`, "item.nothing_changes", "")}),
		"ACalendarIsOfOneKind": steps(masterData, []step{
			no(`D1/dispatcher route.open `+r+`{"weekdays":[1],"days_ending_in":[3]}}`, "route.calendar_unclear", "calendar"),
			no(`D1/dispatcher route.open `+r+`{}}`, "route.calendar_unclear", "calendar"),
			no(`D1/dispatcher route.open `+r+`{"weekdays":[0]}}`, "value.out_of_range", "calendar.weekdays[0]"),
			no(`D1/dispatcher route.open `+r+`{"days_ending_in":[3,3]}}`, "value.repeated", "calendar.days_ending_in[1]"),
			no(`D1/dispatcher route.open `+r+`{"dates":[]}}`, "value.missing", "calendar.dates"),
			ok(`D1/dispatcher route.open ` + r + `{"dates":["2021-03-04"]}}`)}),
		"TransitHoursAreARange": steps(masterData, []step{
			no(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-01-01","transit_hours":{"min":"3","max":"2"}}`, "route.transit_reversed", "transit_hours.min"),
			no(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-01-01","transit_hours":{"min":"0","max":"0"}}`, "value.not_positive", "transit_hours.max"),
			no(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-01-01","transit_hours":{"min":"0","max":"9000"}}`, "route.transit_too_long", "transit_hours.max")}),
		"ARevisionChangesSomething": steps(masterData, []step{
			no(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-01-01"}`, "route.nothing_changes", ""),
			no(`D1/dispatcher route.revise {"route_id":"X","effective_from":"2021-01-01","origin":"o"}`, "route.unknown", "route_id")}),
		"ARevisionHoldsFromItsDay": steps(masterData, []step{
			ok(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-03-06","calendar":{"weekdays":[7]}}`),
			ok(strings1(aTrip)),
			no(`D1/dispatcher departure.schedule {"departure_id":"T2","route_id":"R","date":"2021-03-09","vehicle_plate":"V9"}`, "departure.off_calendar", "date"),
			ok(`D1/dispatcher departure.schedule {"departure_id":"T2","route_id":"R","date":"2021-03-07","vehicle_plate":"V9"}`)}),
		"ABackdatedRevisionGivesWay": steps(masterData, []step{
			ok(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-03-06","calendar":{"weekdays":[7]}}`),
			ok(`D1/dispatcher route.revise {"route_id":"R","effective_from":"2021-03-01","calendar":{"weekdays":[1]}}`),
			no(strings1(aTrip), "departure.off_calendar", "date"),
			ok(`D1/dispatcher departure.schedule {"departure_id":"T2","route_id":"R","date":"2021-03-07","vehicle_plate":"V9"}`)}),
		"OnlyADispatcherOpensARoute": steps(masterData, []step{no(`O1/officer route.open `+r+`{"weekdays":[1]}}`, "role.denied", "role")}),
		"AnIDWithoutNFCIsRefused": steps(masterData, []step{
			no("O1/officer item.update {\"item_id\":\"e\u0301\",\"category\":\"c\"}", "value.invalid_id", "item_id")}),
		"ANumberForAStringIsRefused": steps(masterData, []step{
			no(`O1/officer item.register {"item_id":"i","name":{"zh":"i"},"category":"c","units":{},"loss_allowance":0.02}`, "malformed", "loss_allowance")}),
		"AllowancesLieBetweenZeroAndOne": steps(masterData, []step{
			no(`O1/officer item.update {"item_id":"jujube","loss_allowance":"1.1"}`, "value.invalid_share", "loss_allowance")}),
	})
}
