package findings_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"zhitong/audit/findings"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/item"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// history is a random plausible history that tests plant irregularities in.
type history struct {
	t       *testing.T
	r       *rand.Rand
	commits []events.Commit
	trips   int
	seq     int64
}

// start is a Wednesday.
var start = time.Date(2021, 3, 3, 2, 0, 0, 0, time.UTC)

const hour = time.Hour

func clean(t *testing.T, seed uint64) *history {
	h := &history{t: t, r: rand.New(rand.NewPCG(seed, 369))}
	h.add(start, "OF-1", item.Registered{ItemID: "walnut", Category: "nuts", LossAllowance: parse(domain.ParseShare, "0.02")})
	for i := range 3 {
		h.add(start, "OF-1", party.Registered{PartyID: coop(i), PartyKind: party.KindCooperative, Payee: &party.Payee{AccountTag: domain.Tag(fmt.Sprintf("tag-%d", i))}})
	}
	for i := range 30 {
		h.trip(start.Add(time.Duration(i*30)*hour), trip{})
	}
	return h
}

func coop(i int) domain.ID { return domain.ID(fmt.Sprintf("C%d", i%3)) }

func parse[T any](read func(string) (T, error), s string) T {
	v, err := read(s)
	if err != nil {
		panic(err)
	}
	return v
}

func kg(n int64) domain.Kg { return domain.KgFromGrams(n * 1000) }

// option changes the envelope of an event.
type option func(*events.Event)

func via(v events.Via) option { return func(e *events.Event) { e.Via = v } }
func recordedLater(d time.Duration) option {
	return func(e *events.Event) { e.Recorded = e.Recorded.Add(d) }
}
func device(seq int64) option {
	return func(e *events.Event) { e.Device = &events.Device{ID: "PHONE-1", Seq: seq} }
}

// add appends a commit of one fact, recorded a minute later.
func (h *history) add(at time.Time, actor domain.ID, f domain.Fact, opts ...option) string {
	p := uint64(len(h.commits)) + 1
	id := fmt.Sprintf("c%d", p)
	e := events.Event{ID: events.IDOf(id, 1), Subject: f.Subject(), Time: domain.TimeOf(at), Fact: f, Recorded: events.RecordedTime(at.Add(time.Minute)),
		Actor: actor, Role: domain.Officer, Via: events.ViaAPI, CommandID: id, CommandHash: "00", Position: p, Index: 1, Of: 1}
	for _, o := range opts {
		o(&e)
	}
	h.commits = append(h.commits, events.Commit{Position: p, Events: []events.Event{e}})
	return e.ID
}

// trip says how a trip differs from a plausible one.
type trip struct {
	plate    domain.ID
	hours    int   // under way
	loadKg   int64 // of its one shipment
	tareKg   int64 // of the vehicle
	grossKg  int64 // 0: what is loaded and the tare
	seal     domain.ID
	ticket   domain.ID
	wait     time.Duration // from arrival to inspection
	lostKg   int64
	price    string
	accepted int64 // kg; 0: what arrived less a kg that is rejected
	flawless bool
	limit    domain.Money // left of a limit for the claim
	opts     []option     // of the inspection
	by       int          // cooperative
}

// trip adds a trip with one shipment, its inspection and its claim.
func (h *history) trip(at time.Time, x trip) {
	h.trips++
	n := h.trips
	id, ship := domain.ID(fmt.Sprintf("D%d", n)), domain.ID(fmt.Sprintf("S%d", n))
	def := func(v, d int64) int64 {
		if v == 0 {
			return d
		}
		return v
	}
	if x.plate == "" {
		x.plate = domain.ID(fmt.Sprintf("新R%d", n%7))
	}
	if x.seal == "" {
		x.seal, x.ticket = domain.ID(fmt.Sprintf("seal-%d", n)), or(x.ticket, domain.ID(fmt.Sprintf("ticket-%d", n)))
	}
	x.ticket = or(x.ticket, domain.ID(fmt.Sprintf("ticket-%d", n)))
	load := def(x.loadKg, 20_000+h.r.Int64N(5_000))
	tare := def(x.tareKg, 15_000+h.r.Int64N(100))
	h.add(at, "DI-1", departure.Scheduled{DepartureID: id, RouteID: "369", VehiclePlate: x.plate, CapacityKg: kg(30_000),
		TransitHours: route.TransitHours{Min: parse(domain.ParseQuantity, "48"), Max: parse(domain.ParseQuantity, "96")}})
	h.add(at, "DI-1", departure.Departed{DepartureID: id, Shipments: []departure.Consignment{{ShipmentID: ship, Kg: kg(load)}}, GrossKg: kg(def(x.grossKg, load+tare)), TareKg: kg(tare), SealNo: x.seal})
	arrived := at.Add(time.Duration(def(int64(x.hours), 50+h.r.Int64N(40))) * hour)
	h.add(arrived, "DI-1", departure.Arrived{DepartureID: id, Shipments: []domain.ID{ship}})
	if x.wait == 0 {
		x.wait = time.Duration(1+h.r.IntN(60)) * hour
	}
	h.inspect(arrived.Add(x.wait), ship, load, x)
}

func or[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

func (h *history) inspect(at time.Time, ship domain.ID, load int64, x trip) {
	lost := or(x.lostKg, 3+h.r.Int64N(20))
	rejected := int64(1)
	if x.flawless {
		lost, rejected = 0, 0
	}
	accepted := load - lost - rejected
	if x.accepted > 0 {
		accepted, lost = x.accepted, load-rejected-x.accepted
	}
	price := parse(domain.ParsePrice, or(x.price, fmt.Sprintf("%d.%02d", 19+h.r.IntN(3), h.r.IntN(100))))
	q := func(n int64) domain.Quantity { return parse(domain.ParseQuantity, fmt.Sprint(n)) }
	amount := price.Times(q(accepted))
	line := shipment.InspectedLine{LineNo: 1, Loaded: q(load), Sold: shipment.Sold{OrderID: "PO", OrderLine: 1, ItemID: "walnut", Category: "nuts", Unit: "kg", KgPerUnit: kg(1), UnitPrice: price},
		Result: shipment.Result{Arrived: q(load - lost), Accepted: q(accepted), Kg: kg(accepted), RejectedQ: q(rejected), RejectedKg: kg(rejected), Lost: q(lost), LostKg: kg(lost), Amount: amount}}
	deal := shipment.Deal{CooperativeID: coop(or(x.by, h.trips)), BuyerID: "B1", Channel: "schools"}
	h.seq++
	h.add(at, "B1", shipment.Inspected{ShipmentID: ship, DepartureID: domain.ID("D" + string(ship)[1:]), TicketNo: x.ticket, Deal: deal, Lines: []shipment.InspectedLine{line}}, append([]option{device(h.seq)}, x.opts...)...)
	head := claim.Head{ClaimID: ship + ".P", ShipmentID: ship, CooperativeID: deal.CooperativeID, PolicyID: "P", PolicyVersion: 1, FundID: "F", Year: 2021}
	limit := or(x.limit, domain.MoneyFromFen(100_000_00))
	subsidy := domain.MoneyFromFen(1000_00 + h.r.Int64N(1000_00))
	h.add(at, "system", claim.Assessed{Assessment: claim.Assessment{Head: head, Total: subsidy,
		Lines: []claim.Line{{LineNo: 1, Subsidy: subsidy, Calculated: subsidy, Inputs: policy.Inputs{Limits: []policy.LimitLeft{{Per: "line", Left: limit}}}}}}}, via(events.ViaReaction))
	h.claim(at, head, "OF-1", "OF-2", events.ViaAPI)
}

// claim brings a claim to its payment, at ten in the morning of working days.
func (h *history) claim(at time.Time, head claim.Head, approver, authoriser domain.ID, by events.Via) {
	day := working(at.Add(24 * hour))
	h.add(at, head.CooperativeID, claim.Submitted{Head: head, By: head.CooperativeID})
	h.add(day, approver, claim.Approved{Head: head, By: approver}, via(by))
	h.add(day, "OF-3", claim.Publicised{Head: head, By: "OF-3"})
	later := working(day.Add(8 * 24 * hour))
	h.add(later, authoriser, claim.Authorised{Head: head}, via(by))
	batch := domain.ID("B." + string(head.ClaimID))
	h.add(later, "FI-1", disbursement.Batched{BatchID: batch, Lines: []disbursement.Line{{LineNo: 1, ClaimID: head.ClaimID, PayeeID: head.CooperativeID}}})
	h.add(later.Add(hour), "FI-2", disbursement.Confirmed{BatchID: batch})
}

// working is ten in the morning of the next working day in Shanghai.
func working(at time.Time) time.Time {
	d := time.Date(at.Year(), at.Month(), at.Day(), 2, 0, 0, 0, time.UTC)
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d = d.Add(24 * hour)
	}
	return d
}

// fold returns the findings of the history, by id.
func (h *history) fold() map[string]findings.Row {
	h.t.Helper()
	p := findings.Projection(findings.Default())
	if err := projections.Check([]projections.Projection{p}); err != nil {
		h.t.Fatal(err)
	}
	db := projections.NewMemory(&p)
	for i := range h.commits {
		if err := p.Apply(db, &h.commits[i]); err != nil {
			h.t.Fatal(err)
		}
	}
	_, schema, err := projections.FindView([]projections.Projection{p}, "findings")
	if err != nil {
		h.t.Fatal(err)
	}
	rows, err := db.Select(schema, nil, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]findings.Row{}
	for _, v := range rows.Values {
		out[v[0].Text] = findings.Row{Key: findings.Key{FindingID: v[0].Text}, Rule: v[1].Text, Severity: v[2].Text, Subject: v[3].Text, Detail: v[4].Text, Status: v[6].Text, Note: v[9].Text}
	}
	return out
}
