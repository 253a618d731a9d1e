package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"zhitong/domain"
	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
)

// step is one command of a test: who, what, with which data, and either accepted
// or refused with a code in a field.
type step struct {
	do    string // "actor/role command data"; the data may be left out
	code  string // "" = accepted
	field string
	at    string // defaults to noon of 2021-03-01, Shanghai
}

func ok(do string) step              { return step{do: do} }
func no(do, code, field string) step { return step{do: do, code: code, field: field} }
func (s step) on(at string) step     { s.at = at; return s }
func steps(groups ...[]step) (all []step) { // one after the other
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// masterData is a programme with two buyers, two cooperatives, a carrier, an item
// with boxes of 2.5 kg, and a route that leaves on days ending in 3, 6 and 9.
var masterData = []step{
	ok(`OP/operator programme.open {"programme_id":"P","name":{"en":"P"}}`),
	ok(`O1/officer party.register {"party_id":"B","kind":"buyer","name":{"en":"B"},"channel":"schools"}`),
	ok(`O1/officer party.register {"party_id":"B2","kind":"buyer","name":{"en":"B2"},"channel":"schools"}`),
	ok(`O1/officer party.register {"party_id":"C","kind":"cooperative","name":{"en":"C"}}`),
	ok(`O1/officer party.register {"party_id":"C2","kind":"cooperative","name":{"en":"C2"}}`),
	ok(`O1/officer party.register {"party_id":"K","kind":"carrier","name":{"en":"K"}}`),
	ok(`O1/officer item.register {"item_id":"jujube","name":{"en":"jujube"},"category":"dried","units":{"box":"2.5"},"loss_allowance":"0.02"}`),
	ok(`D1/dispatcher route.open {"route_id":"R","origin":"a","destination":"b","distance_km":"4200","calendar":{"days_ending_in":[3,6,9]},"transit_hours":{"min":"60","max":"120"},"vehicle_capacity_kg":"1000"}`),
}

// anOrder is order O of buyer B: line 1 of 100 boxes, 5 % over, and line 2 of 200 jin,
// both for cooperative C.
var anOrder = []step{
	ok(`B/buyer order.submit {"order_id":"O","buyer_id":"B","lines":[
		{"line_no":1,"item_id":"jujube","quantity":"100","unit":"box","unit_price":"30","cooperative_id":"C","tolerance":"0.05"},
		{"line_no":2,"item_id":"jujube","quantity":"200","unit":"jin","unit_price":"6","cooperative_id":"C"}]}`),
	ok(`D1/dispatcher order.confirm {"order_id":"O"}`),
}

// aShipment is shipment S of 100 boxes and 200 jin; aTrip the departure T.
var (
	aShipment = []step{ok(`C/cooperative shipment.log {"shipment_id":"S","cooperative_id":"C","waybill_no":"1","lines":[
		{"line_no":1,"order_id":"O","order_line":1,"quantity":"100","kg":"251"},{"line_no":2,"order_id":"O","order_line":2,"quantity":"200"}]}`)}
	aTrip = []step{
		ok(`D1/dispatcher departure.schedule {"departure_id":"T","route_id":"R","date":"2021-03-03","vehicle_plate":"V1","carrier_id":"K"}`)}
	loaded    = []step{ok(`C/cooperative shipment.load {"shipment_id":"S","departure_id":"T"}`)}
	departed  = []step{ok(`D1/dispatcher departure.depart {"departure_id":"T"}`)}
	arrived   = []step{ok(`D1/dispatcher departure.arrive {"departure_id":"T"}`).on("2021-03-07T12:00:00+08:00")}
	inspected = []step{ok(`B/buyer shipment.inspect {"shipment_id":"S","ticket_no":"K1","lines":[
		{"line_no":1,"arrived":"100","accepted":"98","kg":"246","rejected":[{"quantity":"2","reason":"damage","disposition":"scrap"}]},
		{"line_no":2,"arrived":"190","accepted":"190"}]}`).on("2021-03-07T13:00:00+08:00")}
)

var ready = steps(masterData, anOrder, aShipment, aTrip)

// play sends the steps and checks each answer. It returns the last one.
func play(t apptest.TB, w *apptest.World, all []step) app.Result {
	t.Helper()
	var r app.Result
	for i, s := range all {
		r = send(t, w, i, s)
		p := r.Problem
		switch {
		case s.code == "" && !r.OK:
			t.Fatalf("step %d: %s: refused: %v", i, s.do, p)
		case s.code != "" && r.OK:
			t.Fatalf("step %d: %s: accepted, want %s", i, s.do, s.code)
		case s.code != "" && (p.Code != s.code || p.Field != s.field):
			t.Fatalf("step %d: %s: %v in field %q, want %s in %q", i, s.do, p, p.Field, s.code, s.field)
		}
	}
	return r
}

func send(t apptest.TB, w *apptest.World, i int, s step) app.Result {
	t.Helper()
	who, rest, _ := strings.Cut(s.do, " ")
	actor, role, _ := strings.Cut(who, "/")
	command, data, given := strings.Cut(rest, " ")
	if !given {
		data = "{}"
	}
	at := s.at
	if at == "" {
		at = "2021-03-01T12:00:00+08:00"
	}
	before, id := w.Position(), fmt.Sprintf("c%d", i)
	r := w.Do(fmt.Sprintf(`{"id":%q,"command":%q,"actor":%q,"role":%q,"time":%q,"data":%s}`, id, command, actor, role, at, data))
	for p := before + 1; !r.OK && p <= w.Position(); p++ { // reactions to earlier commands may stand there
		if w.Commit(p).Events[0].CommandID == id {
			t.Fatalf("step %d: %s: the refusal left something in the log", i, s.do)
		}
	}
	return r
}

// rules runs tables of steps, each a subtest named by its rule.
func rules(t *testing.T, table map[string][]step) {
	t.Helper()
	for rule, all := range table {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			play(t, trade(t), all)
		})
	}
}

// factsOf returns the facts of an answer that are of type F.
func factsOf[F domain.Fact](w *apptest.World, r app.Result) []F {
	var found []F
	for _, f := range w.Facts(r) {
		if f, ok := f.(F); ok {
			found = append(found, f)
		}
	}
	return found
}
