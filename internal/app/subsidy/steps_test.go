package subsidy_test

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// readerOf reads commits as a log is read.
func readerOf(lines [][]byte) func(context.Context, uint64, func(uint64, [][]byte) error) error {
	return func(_ context.Context, from uint64, fn func(uint64, [][]byte) error) error {
		return fn(from, lines[from-1:])
	}
}

// step does one thing that may happen.
func (h *history) step() {
	switch pick(h.r, []string{"ship", "ship", "freight", "return", "return", "correct", "correct", "life", "life", "life", "life", "life", "reject",
		"batch", "confirm", "pay", "pay", "clawback", "clawback", "clawback", "adjust"}) {
	case "ship":
		h.ship()
	case "freight":
		h.freight()
	case "return":
		h.giveBack()
	case "correct":
		h.correct()
	case "life":
		h.life()
	case "reject":
		if id, ok := h.anyClaim(); ok && (h.m.claims[id].base != "" || h.r.IntN(3) == 0) {
			h.same("reject "+id, h.m.reject(id), h.send("claim.reject", "OFF", "officer", fmt.Sprintf(`{"claim_id":%q,"reason":"r"}`, id)))
		}
	case "batch":
		h.makeBatch()
	case "confirm":
		h.confirm()
	case "pay":
		h.pay()
	case "clawback":
		h.clawback()
	case "adjust":
		f := between(h.r, 0, len(h.m.funders)-1)
		delta := between64(h.r, -3000, 3000)
		if delta != 0 {
			engine := h.send("fund.adjust", "FIN", "finance", fmt.Sprintf(`{"fund_id":"FU","budget_id":"L%d","delta":%q,"document_no":"x","reason":"r"}`, f, yuan(delta)))
			h.same("adjust", h.m.adjust(h.m.funders[f], delta), engine)
		}
	}
}

func (h *history) anyClaim() (string, bool) {
	ids := sortedKeys(h.m.claims)
	if len(ids) == 0 {
		return "", false
	}
	supplements := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return h.m.claims[id].base == "" })
	if len(supplements) > 0 && h.r.IntN(3) == 0 {
		ids = supplements
	}
	return pick(h.r, ids), true
}

func grams(n int64) string { return big.NewRat(n, 1000).FloatString(3) }

// ship brings a shipment from the field to its inspection.
func (h *history) ship() {
	id := fmt.Sprintf("S%d", len(h.ships))
	b, c := pick(h.r, []string{"B1", "B2"}), between(h.r, 0, 1)
	s := &mSale{id: id, coop: []string{"C1", "C2"}[c], buyer: b, departure: "D" + id}
	var logged, found []string
	loaded := new(big.Rat)
	for i := range between(h.r, 1, 3) {
		load := between64(h.r, 1, 40000)
		accepted := load - pick(h.r, []int64{0, 0, load / 7, load})
		logged = append(logged, fmt.Sprintf(`{"line_no":%d,"order_id":"PO-%s","order_line":%d,"quantity":%q}`, i+1, b, c*3+i+1, grams(load)))
		found = append(found, finding(i+1, load, accepted))
		price, kg := rat(prices[i]), big.NewRat(accepted, 1000)
		loaded = plus(loaded, big.NewRat(load, 1000))
		s.lines = append(s.lines, &mSold{item: itemOf(i), price: price, accepted: kg, returned: new(big.Rat), sale: toFen(times(price, kg)), loaded: big.NewRat(load, 1000)})
	}
	h.must("shipment.log", s.coop, "cooperative", fmt.Sprintf(`{"shipment_id":%q,"cooperative_id":%q,"waybill_no":%q,"lines":[%s]}`, id, s.coop, id, strings.Join(logged, ",")))
	h.must("departure.schedule", "DIS", "dispatcher", fmt.Sprintf(`{"departure_id":%q,"route_id":"R","date":"2021-06-01","vehicle_plate":%q}`, s.departure, id))
	h.must("shipment.load", "DIS", "dispatcher", fmt.Sprintf(`{"shipment_id":%q,"departure_id":%q}`, id, s.departure))
	h.must("departure.depart", "DIS", "dispatcher", fmt.Sprintf(`{"departure_id":%q}`, s.departure))
	h.must("departure.arrive", "DIS", "dispatcher", fmt.Sprintf(`{"departure_id":%q}`, s.departure))
	h.ships, h.m.sales[id] = append(h.ships, id), s
	freight := new(big.Rat)
	if early := (h.r.IntN(2) == 0); early {
		freight = h.invoice(id)
	}
	s.inspected = true
	h.must("shipment.inspect", fmt.Sprintf("DIS-%d", h.n), "dispatcher", fmt.Sprintf(`{"shipment_id":%q,"ticket_no":%q,"lines":[%s]}`, id, id, strings.Join(found, ",")))
	h.last[id] = fmt.Sprintf("H-%d", h.n)
	if h.final[id] || !h.m.waits(s) {
		h.m.assess(s, freight, loaded)
		h.m.serve()
	}
}

func finding(line int, arrived, accepted int64) string {
	s := fmt.Sprintf(`"line_no":%d,"arrived":%q,"accepted":%q`, line, grams(arrived), grams(accepted))
	if arrived > accepted {
		s += fmt.Sprintf(`,"rejected":[{"quantity":%q,"reason":"quality","disposition":"scrap"}]`, grams(arrived-accepted))
	}
	return "{" + s + "}"
}

// invoice records the final invoice.
func (h *history) invoice(id string) *big.Rat {
	amount := between64(h.r, 0, 5000)
	h.must("departure.record_freight", "DIS", "dispatcher", fmt.Sprintf(`{"departure_id":"D%s","amount":%q,"invoice_no":"1"}`, id, yuan(amount)))
	h.final[id] = true
	return fen(amount)
}

func (h *history) anyShip() *mSale {
	if len(h.ships) == 0 {
		return nil
	}
	return h.m.sales[pick(h.r, h.ships)]
}

func (h *history) freight() {
	s := h.anyShip()
	if s == nil || h.final[s.id] {
		return
	}
	freight, loaded := h.invoice(s.id), new(big.Rat)
	for _, l := range s.lines {
		loaded = plus(loaded, l.loaded)
	}
	if h.m.waits(s) {
		h.m.assess(s, freight, loaded)
		h.m.serve()
	}
}

func (h *history) giveBack() {
	s := h.anyShip()
	if s == nil {
		return
	}
	i := between(h.r, 0, len(s.lines)-1)
	l := s.lines[i]
	left := milli(l.net())
	if left == 0 {
		return
	}
	n := pick(h.r, []int64{left, 1 + (left-1)/2, 1 + (left-1)/9})
	h.must("shipment.return", s.buyer, "buyer", fmt.Sprintf(`{"shipment_id":%q,"line_no":%d,"quantity":%q,"reason":"r"}`, s.id, i+1, grams(n)))
	l.returned = plus(l.returned, big.NewRat(n, 1000))
	l.back = toFen(times(l.price, l.returned))
	h.m.changed(s, false)
}

func milli(r *big.Rat) int64 { return half(r, 3).Int64() }

func (h *history) correct() {
	s := h.anyShip()
	if s == nil {
		return
	}
	var lines []string
	type change struct {
		l  *mSold
		to int64
	}
	var changes []change
	for i, l := range s.lines {
		low, high := milli(l.returned), milli(l.loaded)
		to := pick(h.r, []int64{low, high, (low + high) / 2, milli(l.accepted)})
		if to != milli(l.accepted) {
			lines = append(lines, finding(i+1, high, to))
			changes = append(changes, change{l, to})
		}
	}
	if lines == nil {
		return
	}
	h.must("shipment.correct_inspection", fmt.Sprintf("DIS-%d", h.n), "dispatcher",
		fmt.Sprintf(`{"shipment_id":%q,"corrects":%q,"lines":[%s],"reason":"r"}`, s.id, h.last[s.id], strings.Join(lines, ",")))
	h.last[s.id] = fmt.Sprintf("H-%d", h.n)
	for _, c := range changes {
		c.l.accepted = big.NewRat(c.to, 1000)
		c.l.sale = toFen(times(c.l.price, c.l.accepted))
	}
	h.m.changed(s, true)
}

// life moves a claim on by the step that its status asks for, or by another one.
func (h *history) life() {
	id, ok := h.anyClaim()
	if !ok {
		return
	}
	c := h.m.claims[id]
	next := map[string]string{"assessed": "submit", "submitted": "approve", "approved": "authorise"}[c.status]
	if next == "" || between(h.r, 0, 9) == 0 {
		next = pick(h.r, []string{"submit", "approve", "authorise"})
	}
	data := fmt.Sprintf(`{"claim_id":%q}`, id)
	actor := pick(h.r, []string{"OFF1", "OFF2"})
	switch next {
	case "submit":
		h.same("submit "+id, h.m.submit(id), h.send("claim.submit", c.coop, "cooperative", data))
	case "approve":
		h.same("approve "+id, h.m.approve(id, actor), h.send("claim.approve", actor, "officer", data))
	case "authorise":
		h.same("authorise "+id, h.m.authorise(id, actor), h.send("claim.authorise", actor, "officer", data))
	}
}

func (h *history) makeBatch() {
	var ids []string
	for _, id := range sortedKeys(h.m.claims) {
		if s := h.m.claims[id].status; (s == "authorised" || s == "payment_failed") && between(h.r, 0, 3) > 0 {
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return
	}
	batch := fmt.Sprintf("BT%d", len(h.batches))
	h.batches = append(h.batches, batch)
	h.same("batch", h.m.makeBatch(batch, "FIN1", ids),
		h.send("disbursement.batch", "FIN1", "finance", fmt.Sprintf(`{"batch_id":%q,"claim_ids":["%s"]}`, batch, strings.Join(ids, `","`))))
}

func (h *history) confirm() {
	if len(h.batches) == 0 {
		return
	}
	id := pick(h.r, h.batches)
	failed := map[string]bool{}
	var lines []string
	for _, c := range h.m.batch[id].claims {
		status := "paid"
		if between(h.r, 0, 4) == 0 {
			failed[c], status = true, "failed"
		}
		lines = append(lines, fmt.Sprintf(`{"claim_id":%q,"status":%q}`, c, status))
	}
	actor := pick(h.r, []string{"FIN1", "FIN2", "FIN2", "FIN2"})
	h.same("confirm "+id, h.m.confirm(id, actor, failed),
		h.send("disbursement.confirm", actor, "finance", fmt.Sprintf(`{"batch_id":%q,"lines":[%s]}`, id, strings.Join(lines, ","))))
}

// clawback takes each clawback a step on, or tries one that it is not at.
func (h *history) clawback() {
	for _, id := range sortedKeys(h.m.backs) {
		switch s := h.m.backs[id].status; {
		case s == "settled" && h.r.IntN(20) > 0, h.r.IntN(3) == 0:
		case s == "proposed" || h.r.IntN(10) == 0:
			h.same("approve "+id, h.m.approveBack(id, "OFF1"), h.send("clawback.approve", "OFF1", "officer", fmt.Sprintf(`{"clawback_id":%q}`, id)))
		default:
			method := pick(h.r, []string{"refund", "offset", "offset", "write_off"})
			h.same("settle "+id, h.m.settle(id, method), h.send("clawback.settle", "FIN1", "finance", fmt.Sprintf(`{"clawback_id":%q,"method":%q,"reference":"r"}`, id, method)))
		}
	}
}

// pay takes every claim that can go on to the door of the bank, and perhaps in.
func (h *history) pay() {
	for _, id := range sortedKeys(h.m.claims) {
		c, data := h.m.claims[id], fmt.Sprintf(`{"claim_id":%q}`, id)
		if c.status == "assessed" && c.total() > 0 && h.r.IntN(4) > 0 {
			h.same("submit "+id, h.m.submit(id), h.send("claim.submit", c.coop, "cooperative", data))
		}
		if c.status == "submitted" && h.r.IntN(4) > 0 {
			h.same("approve "+id, h.m.approve(id, "OFF1"), h.send("claim.approve", "OFF1", "officer", data))
		}
		if c.status == "approved" && h.r.IntN(4) > 0 {
			h.same("authorise "+id, h.m.authorise(id, "OFF3"), h.send("claim.authorise", "OFF3", "officer", data))
		}
	}
	h.makeBatch()
	if h.r.IntN(2) == 0 {
		h.confirm()
	}
}
