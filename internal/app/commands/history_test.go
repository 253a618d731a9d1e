package commands_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/internal/app/apptest"
)

// historian makes random histories of the trade: mostly commands that have a chance
// of being accepted, and enough that have none. rapid gives the seed and the length
// (its own numbers lean towards the small, and would hardly ever get a shipment to
// its inspection).
type historian struct {
	t    *rapid.T
	r    *rand.Rand
	w    *apptest.World
	book *ledger
	n    int            // commands sent
	day  int            // of March 2021
	seen map[string]int // accepted commands
}

// The size of a history's world.
const (
	orders    = 2
	shipments = 8
	trips     = 6
)

func (h *historian) send(who, command, data string) {
	h.n++
	actor, role, _ := strings.Cut(who, "/")
	at := fmt.Sprintf("2021-03-%02dT%02d:00:00+08:00", 1+h.day%28, h.n%24)
	before := h.w.Position()
	r := h.w.Do(fmt.Sprintf(`{"id":"h%d","command":%q,"actor":%q,"role":%q,"time":%q,"data":%s}`, h.n, command, actor, role, at, data))
	switch {
	case !r.OK && h.w.Position() != before:
		h.t.Fatalf("%s %s: the refusal left something in the log", command, data)
	case !r.OK && r.Problem.Code == "malformed":
		h.t.Fatalf("%s %s: %v", command, data, r.Problem)
	case !r.OK || r.Repeated:
		return
	}
	h.seen[command]++
	if err := h.book.book(h.w.Commit(h.w.Position())); err != nil {
		h.t.Fatalf("%s %s: %v", command, data, err)
	}
}

// chance is true once in n times.
func (h *historian) chance(n int) bool { return h.r.IntN(n) == 0 }

// number is a quantity up to most, often a whole one.
func (h *historian) number(most int) string {
	milli := h.r.IntN(most*1000 + 1)
	if h.chance(2) {
		milli -= milli % 1000
	}
	return fmt.Sprintf("%d.%03d", milli/1000, milli%1000)
}

// shipment names a shipment that is as asked, if there is one; now and then another.
func (h *historian) shipment(asked func(s *shipmentBook) bool) string {
	from := h.r.IntN(shipments)
	for i := range shipments {
		id := fmt.Sprintf("S%d", (from+i)%shipments)
		if s := h.book.shipments[domain.ID(id)]; s != nil && asked(s) && !h.chance(20) {
			return id
		}
	}
	return fmt.Sprintf("S%d", from)
}

// trip names a trip of the status, if there is one; now and then another.
func (h *historian) trip(status departure.Status) string {
	from := h.r.IntN(trips)
	for i := range trips {
		id := fmt.Sprintf("T%d", (from+i)%trips)
		if t := h.book.trips[domain.ID(id)]; t != nil && t.status == status && (status != departure.IsScheduled || !h.chance(3)) && !h.chance(20) {
			return id
		}
	}
	return fmt.Sprintf("T%d", from)
}

func isLogged(s *shipmentBook) bool    { return s.trip == "" && !s.over }
func isHere(s *shipmentBook) bool      { return !s.road && !s.over }
func isInspected(s *shipmentBook) bool { return s.inspected }
func (h *historian) hasArrived(s *shipmentBook) bool {
	return s.road && !s.inspected && h.book.trips[s.trip].status == departure.HasArrived
}

// lines are one to three lines of a shipment.
func (h *historian) lines() string {
	var lines []string
	for no := range 1 + h.r.IntN(3) {
		lines = append(lines, fmt.Sprintf(`{"line_no":%d,"order_id":"O%d","order_line":%d,"quantity":%q}`, no+1, h.r.IntN(orders), 1+h.r.IntN(2), h.number(40)))
	}
	return strings.Join(lines, ",")
}

// findings are what was found of a shipment's lines, of all or of some.
func (h *historian) findings(id string, all bool) string {
	s := h.book.shipments[domain.ID(id)]
	if s == nil {
		return `{"line_no":1,"arrived":"1","accepted":"1"}`
	}
	var found []string
	for _, no := range s.lines {
		if !all && len(found) > 0 && h.chance(2) {
			continue
		}
		arrived := h.book.lines[shipmentLine{domain.ID(id), no}].loaded
		switch h.r.IntN(4) {
		case 1:
			arrived = h.quantity(40)
		case 2:
			arrived = arrived.Add(h.quantity(2))
		}
		rejected := h.quantity(8)
		if h.chance(2) || rejected.Cmp(arrived) > 0 || rejected.Sign() == 0 {
			found = append(found, fmt.Sprintf(`{"line_no":%d,"arrived":%q,"accepted":%q}`, no, arrived, arrived))
			continue
		}
		found = append(found, fmt.Sprintf(`{"line_no":%d,"arrived":%q,"accepted":%q,"rejected":[{"quantity":%q,"reason":"quality","disposition":"scrap"}]}`,
			no, arrived, arrived.Sub(rejected), rejected))
	}
	return strings.Join(found, ",")
}

func (h *historian) quantity(most int) domain.Quantity {
	q, err := domain.ParseQuantity(h.number(most))
	if err != nil {
		h.t.Fatalf("%v", err)
	}
	return q
}

// step sends one command.
func (h *historian) step() {
	switch h.r.IntN(18) {
	case 0, 1:
		h.send("C/cooperative", "shipment.log", fmt.Sprintf(`{"shipment_id":"S%d","cooperative_id":"C","waybill_no":"W%d","lines":[%s]}`, h.r.IntN(shipments), h.n, h.lines()))
	case 2:
		h.send("C/cooperative", "shipment.correct", fmt.Sprintf(`{"shipment_id":%q,"reason":"r","lines":[%s]}`, h.shipment(isHere), h.lines()))
	case 3:
		if h.chance(3) {
			h.send("C/cooperative", "shipment.cancel", fmt.Sprintf(`{"shipment_id":%q,"reason":"r"}`, h.shipment(isHere)))
		}
	case 4, 5, 6:
		named := ""
		if h.chance(2) {
			named = fmt.Sprintf(`{"line_no":1,"quantity":%q}`, h.number(30))
		}
		h.send("C/cooperative", "shipment.load", fmt.Sprintf(`{"shipment_id":%q,"departure_id":%q,"lines":[%s]}`, h.shipment(isLogged), h.trip(departure.IsScheduled), named))
	case 7, 8, 9, 10, 11:
		h.drive()
	case 12, 13:
		id := h.shipment(h.hasArrived)
		h.send("B/buyer", "shipment.inspect", fmt.Sprintf(`{"shipment_id":%q,"ticket_no":"K","lines":[%s]}`, id, h.findings(id, true)))
	case 14, 15:
		h.giveBack()
	case 16:
		id := h.shipment(isInspected)
		latest := "none"
		if s := h.book.shipments[domain.ID(id)]; s != nil && s.latest != "" {
			latest = s.latest
		}
		h.send(fmt.Sprintf("D%d/dispatcher", h.n), "shipment.correct_inspection", fmt.Sprintf(`{"shipment_id":%q,"corrects":%q,"reason":"r","lines":[%s]}`, id, latest, h.findings(id, false)))
	case 17:
		h.change()
	}
}

// drive sends a command on a trip.
func (h *historian) drive() {
	const plates = 3
	switch h.r.IntN(8) {
	case 0, 1:
		h.send("D/dispatcher", "departure.schedule", fmt.Sprintf(`{"departure_id":"T%d","route_id":"R","date":"2021-03-%02d","vehicle_plate":"V%d","capacity_kg":%q}`,
			h.r.IntN(trips), 1+(h.day+h.r.IntN(7))%28, h.r.IntN(plates), h.number(60)))
	case 2, 3:
		h.send("D/dispatcher", "departure.depart", fmt.Sprintf(`{"departure_id":%q}`, h.trip(departure.IsScheduled)))
	case 4, 5:
		h.day += h.r.IntN(6)
		h.send("D/dispatcher", "departure.arrive", fmt.Sprintf(`{"departure_id":%q}`, h.trip(departure.HasDeparted)))
	case 6:
		if h.chance(3) {
			h.send("D/dispatcher", "departure.cancel", fmt.Sprintf(`{"departure_id":%q,"reason":"r"}`, h.trip(departure.IsScheduled)))
		}
	case 7:
		h.send("D/dispatcher", "departure.transship", fmt.Sprintf(`{"departure_id":%q,"vehicle_plate":"V%d","capacity_kg":%q,"place":"p","reason":"r"}`,
			h.trip(departure.HasDeparted), h.r.IntN(plates), h.number(60)))
	}
}

// giveBack returns a part of a line, or all that is left of it.
func (h *historian) giveBack() {
	id, no, q := h.shipment(isInspected), 1+h.r.IntN(2), h.number(20)
	if g := h.book.lines[shipmentLine{domain.ID(id), no}]; g != nil && h.chance(2) {
		q = g.accepted.Sub(g.returned).String()
	}
	h.send("B/buyer", "shipment.return", fmt.Sprintf(`{"shipment_id":%q,"line_no":%d,"quantity":%q,"reason":"r"}`, id, no, q))
}

// change sends a command on an order.
func (h *historian) change() {
	o, no := h.r.IntN(orders), 1+h.r.IntN(2)
	switch h.r.IntN(8) {
	case 0:
		h.send("B/buyer", "order.short_close", fmt.Sprintf(`{"order_id":"O%d","line_no":%d,"reason":"r"}`, o, no))
	case 1:
		h.send("B/buyer", "order.cancel", fmt.Sprintf(`{"order_id":"O%d","reason":"r"}`, o))
	default:
		h.send("B/buyer", "order.revise_price", fmt.Sprintf(`{"order_id":"O%d","line_no":%d,"unit_price":%q,"reason":"r"}`, o, no, h.number(50)))
	}
}

// begin sets up the world: one buyer, one cooperative, orders of 100 and 70.5 units
// of 0.333 kg, and a route that leaves every day.
func (h *historian) begin() {
	for i, s := range masterData[:6] {
		send(h.t, h.w, 90000+i, s)
	}
	h.send("O/officer", "item.register", `{"item_id":"i","name":{"zh":"i"},"category":"c","units":{"u":"0.333"},"loss_allowance":"0"}`)
	h.send("D/dispatcher", "route.open", `{"route_id":"R","origin":"a","destination":"b","distance_km":"1","calendar":{"days_ending_in":[0,1,2,3,4,5,6,7,8,9]},"transit_hours":{"min":"1","max":"120"},"vehicle_capacity_kg":"40"}`)
	for o := range orders {
		h.send("B/buyer", "order.submit", fmt.Sprintf(`{"order_id":"O%d","buyer_id":"B","lines":[
			{"line_no":1,"item_id":"i","quantity":"100","unit":"u","unit_price":"3.333333","cooperative_id":"C","tolerance":"0.05"},
			{"line_no":2,"item_id":"i","quantity":"70.5","unit":"u","unit_price":"0.335","cooperative_id":"C"}]}`, o))
		h.send("D/dispatcher", "order.confirm", fmt.Sprintf(`{"order_id":"O%d"}`, o))
	}
}

func TestRandomHistoriesAddUp(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		h := &historian{t: t, r: rand.New(rand.NewPCG(seed, 369)), w: trade(t), book: newLedger(), seen: seen}
		h.begin()
		for range rapid.IntRange(100, 300).Draw(t, "commands") {
			h.step()
		}
	})
	for _, command := range []string{"shipment.log", "shipment.correct", "shipment.cancel", "shipment.load", "departure.depart", "departure.transship", "departure.cancel",
		"departure.arrive", "shipment.inspect", "shipment.return", "shipment.correct_inspection", "order.cancel", "order.short_close", "order.revise_price"} {
		if seen[command] == 0 {
			t.Errorf("no history had an accepted %s: %v", command, seen)
		}
	}
	t.Logf("accepted: %v", seen)
}
