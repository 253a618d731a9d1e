package demo

import (
	"fmt"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/internal/app"
)

func TestEndsAtTheTwoTotals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ scale, kg, amount string }{
		{"1.25", "52500000.000", "775000000.00"},
		{"1", "42000000.000", "620000000.00"},
		{"0.01", "420000.000", "6200000.00"},
		{"0.0001", "4200.000", "62000.00"},
	} {
		t.Run(tc.scale, func(t *testing.T) {
			t.Parallel()
			b := recompute(t, Options{Scale: tc.scale, Seed: DefaultSeed})
			if got, want := []string{b.kg.String(), b.amount.String()}, []string{tc.kg, tc.amount}; !slices.Equal(got, want) {
				t.Errorf("totals: got %v, want %v", got, want)
			}
		})
	}
}

// Each draw is a whole programme, so there are fewer than rapid's hundred.
func TestTotalsAreExactForEveryScaleAndSeed(t *testing.T) {
	t.Parallel()
	r := random{1}
	for range 20 {
		o := Options{Scale: fixed(int64(r.between(scaleMicroMin, 30_000)), 6), Seed: r.next()}
		t.Run(fmt.Sprintf("scale %s seed %d", o.Scale, o.Seed), func(t *testing.T) {
			t.Parallel()
			b := recompute(t, o)
			scale, _ := o.scaleMicro()
			if want := targetsOf(scale); b.kg.Cmp(want.NetKg) != 0 || b.amount.Cmp(want.NetAmount) != 0 {
				t.Errorf("ends at %s kg and %s yuan, want %s and %s", b.kg, b.amount, want.NetKg, want.NetAmount)
			}
		})
	}
}

func TestTheProgrammeIsTheOnePublished(t *testing.T) {
	t.Parallel()
	b := recompute(t, Options{Scale: "1", Seed: DefaultSeed})
	if got := len(b.days); got != 180 {
		t.Errorf("departure days: got %d, want the calendar's 179 and one more", got)
	}
	if got := len(b.offCalendar); got != 1 {
		t.Errorf("days off the calendar: got %v, want one", b.offCalendar)
	}
	first := slices.Min(b.dayTexts())
	if b.days[first] != convoyLorries || b.dayKg[first].String() != "240000.000" {
		t.Errorf("the first convoy: %d lorries with %s kg on %s, want 8 with 240 t", b.days[first], b.dayKg[first], first)
	}
	if b.lastSale != lastDay {
		t.Errorf("last sale: got %s, want %s", b.lastSale, lastDay)
	}
	if b.lorries < 1350 || b.lorries > 1550 {
		t.Errorf("lorries: got %d, want about 1,400", b.lorries)
	}
	if got := len(b.items); got != len(goods) {
		t.Errorf("items sold: got %d, want %d", got, len(goods))
	}
	for _, kind := range []string{"shipment.return", "shipment.correct_inspection", "order.short_close", "order.cancel", "order.revise_price", "claim.submit"} {
		if b.count[kind] == 0 {
			t.Errorf("no %s in the programme", kind)
		}
	}
	if b.lost.Sign() == 0 || b.rejected.Sign() == 0 || b.gained.Sign() == 0 {
		t.Errorf("lost %s, rejected %s, gained %s: want some of each", b.lost, b.rejected, b.gained)
	}
}

func TestTheSameOptionsGiveTheSameCommands(t *testing.T) {
	t.Parallel()
	list := func(seed uint64) (out []app.Envelope) {
		p, err := New(Options{Scale: "0.001", Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Collect(p.Commands())
	}
	text := func(es []app.Envelope) (out []string) {
		for _, e := range es {
			out = append(out, fmt.Sprint(e.ID, e.Command, e.Actor, e.Role, e.Time, string(e.Data)))
		}
		return out
	}
	one := text(list(7))
	if diff := cmp.Diff(one, text(list(7))); diff != "" {
		t.Errorf("two runs differ: %s", diff)
	}
	if slices.Equal(one, text(list(8))) {
		t.Error("another seed gives the same commands")
	}
}

func TestRefusesAScaleOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, scale := range []string{"0", "0.00001", "21", "-1", "1e3", "half", "0.0000001"} {
		if _, err := New(Options{Scale: scale}); err == nil {
			t.Errorf("scale %q is accepted", scale)
		}
	}
}

func TestIdsAreUniqueAndValid(t *testing.T) {
	t.Parallel()
	p, err := New(Options{Scale: "0.01", Seed: DefaultSeed})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for e := range p.Commands() {
		if err := domain.CheckID(e.ID); err != nil || seen[e.ID] {
			t.Fatalf("command id %q: taken %v, %v", e.ID, seen[e.ID], err)
		}
		seen[e.ID] = true
	}
	if len(seen) != p.Len() {
		t.Errorf("Len says %d, there are %d", p.Len(), len(seen))
	}
}

func TestCreditCodesCheck(t *testing.T) {
	t.Parallel()
	// The example that the standard's users quote most, and its parts.
	if got, want := uscc("91", "350100", "M000100Y"), "91350100M000100Y43"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// books recomputes the programme from its commands, without the plan.
type books struct {
	kg          domain.Kg
	amount      domain.Money
	units       map[string]map[string]domain.Kg
	orders      map[string]map[int]*bookLine
	shipments   map[string]map[int]*bookParcel
	tripKg      map[string]domain.Kg
	dayOf       map[string]string
	days        map[string]int
	dayKg       map[string]domain.Kg
	offCalendar []string
	count       map[string]int
	items       map[string]bool
	lastSale    domain.Day
	lorries     int
	lost        domain.Quantity
	rejected    domain.Quantity
	gained      domain.Quantity
}

type bookLine struct {
	item  string
	perKg domain.Kg
	price domain.Price
}

type bookParcel struct {
	line             *bookLine
	loaded, accepted domain.Quantity
	back             domain.Quantity
	loadedKg, kg     domain.Kg
	sale, returned   domain.Money
}

func recompute(t *testing.T, o Options) *books {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	b := &books{
		units: map[string]map[string]domain.Kg{}, orders: map[string]map[int]*bookLine{}, shipments: map[string]map[int]*bookParcel{},
		tripKg: map[string]domain.Kg{}, dayOf: map[string]string{}, days: map[string]int{}, dayKg: map[string]domain.Kg{},
		count: map[string]int{}, items: map[string]bool{},
	}
	var last domain.Time
	for e := range p.Commands() {
		if !last.IsZero() && e.Time.Instant().Before(last.Instant()) {
			t.Fatalf("%s goes back in time", e.ID)
		}
		last = e.Time
		b.count[e.Command]++
		if err := b.take(e); err != nil {
			t.Fatalf("%s: %v", e.ID, err)
		}
	}
	return b
}

// data is the union of the fields that the books read.
type data struct {
	ItemID            string               `json:"item_id"`
	Units             map[string]domain.Kg `json:"units"`
	OrderID           string               `json:"order_id"`
	ShipmentID        string               `json:"shipment_id"`
	DepartureID       string               `json:"departure_id"`
	Date              string               `json:"date"`
	OffCalendarReason string               `json:"off_calendar_reason"`
	LineNo            int                  `json:"line_no"`
	UnitPrice         domain.Price         `json:"unit_price"`
	Quantity          domain.Quantity      `json:"quantity"`
	Lines             []dataLine           `json:"lines"`
}

type dataLine struct {
	LineNo    int             `json:"line_no"`
	ItemID    string          `json:"item_id"`
	Unit      string          `json:"unit"`
	UnitPrice domain.Price    `json:"unit_price"`
	OrderID   string          `json:"order_id"`
	OrderLine int             `json:"order_line"`
	Quantity  domain.Quantity `json:"quantity"`
	Kg        domain.Kg       `json:"kg"`
	Arrived   domain.Quantity `json:"arrived"`
	Accepted  domain.Quantity `json:"accepted"`
	Rejected  []struct {
		Quantity domain.Quantity `json:"quantity"`
	} `json:"rejected"`
}

var everywhere = map[string]domain.Kg{"kg": domain.KgFromGrams(1000), "jin": domain.KgFromGrams(500)}

func (b *books) take(e app.Envelope) error {
	var d data
	switch e.Command {
	case "item.register", "order.submit", "order.revise_price", "departure.schedule", "shipment.log", "shipment.load",
		"shipment.inspect", "shipment.return", "shipment.correct_inspection":
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
	}
	switch e.Command {
	case "item.register":
		b.units[d.ItemID] = d.Units
	case "order.submit":
		b.orders[d.OrderID] = map[int]*bookLine{}
		for _, l := range d.Lines {
			perKg, ok := everywhere[l.Unit]
			if !ok {
				perKg = b.units[l.ItemID][l.Unit]
			}
			b.orders[d.OrderID][l.LineNo] = &bookLine{l.ItemID, perKg, l.UnitPrice}
		}
	case "order.revise_price":
		b.orders[d.OrderID][d.LineNo].price = d.UnitPrice
	case "departure.schedule":
		b.lorries++
		b.days[d.Date]++
		b.dayOf[d.DepartureID] = d.Date
		if d.OffCalendarReason != "" && !slices.Contains(b.offCalendar, d.Date) {
			b.offCalendar = append(b.offCalendar, d.Date)
		}
	case "shipment.log":
		b.log(d)
	case "shipment.load":
		return b.load(d)
	case "shipment.inspect":
		b.lastSale = e.Time.Day()
		return b.inspect(d)
	case "shipment.return":
		b.bringBack(d)
	case "shipment.correct_inspection":
		return b.correct(d)
	}
	return nil
}

func (b *books) log(d data) {
	b.shipments[d.ShipmentID] = map[int]*bookParcel{}
	for _, l := range d.Lines {
		line := b.orders[l.OrderID][l.OrderLine]
		kg := l.Kg
		if kg.IsZero() {
			kg = l.Quantity.Nominal(line.perKg)
		}
		b.shipments[d.ShipmentID][l.LineNo] = &bookParcel{line: line, loaded: l.Quantity, loadedKg: kg}
	}
}

func (b *books) load(d data) error {
	for _, l := range d.Lines {
		p := b.shipments[d.ShipmentID][l.LineNo]
		p.loaded, p.loadedKg = l.Quantity, l.Quantity.Nominal(p.line.perKg)
	}
	day := b.dayOf[d.DepartureID]
	for _, p := range b.shipments[d.ShipmentID] {
		b.dayKg[day] = b.dayKg[day].Add(p.loadedKg)
		b.tripKg[d.DepartureID] = b.tripKg[d.DepartureID].Add(p.loadedKg)
	}
	if capacity, _ := domain.ParseKg(capacityKg); b.tripKg[d.DepartureID].Cmp(capacity) > 0 {
		return fmt.Errorf("%s carries %s kg", d.DepartureID, b.tripKg[d.DepartureID])
	}
	return nil
}

func (b *books) inspect(d data) error {
	if len(d.Lines) != len(b.shipments[d.ShipmentID]) {
		return fmt.Errorf("%d lines inspected of %d", len(d.Lines), len(b.shipments[d.ShipmentID]))
	}
	for _, l := range d.Lines {
		p := b.shipments[d.ShipmentID][l.LineNo]
		b.lost = b.lost.Add(p.loaded.Excess(l.Arrived))
		b.gained = b.gained.Add(l.Arrived.Excess(p.loaded))
		b.items[p.line.item] = true
		if err := b.accept(p, l); err != nil {
			return err
		}
	}
	return nil
}

func (b *books) accept(p *bookParcel, l dataLine) error {
	sum := l.Accepted
	for _, r := range l.Rejected {
		sum = sum.Add(r.Quantity)
		b.rejected = b.rejected.Add(r.Quantity)
	}
	if sum.Cmp(l.Arrived) != 0 || l.Accepted.Sign() <= 0 {
		return fmt.Errorf("line %d: arrived %s is not accepted %s and rejected", l.LineNo, l.Arrived, l.Accepted)
	}
	kg := l.Kg
	if kg.IsZero() {
		kg = l.Accepted.Nominal(p.line.perKg)
	}
	sale := p.line.price.Times(l.Accepted)
	b.kg, b.amount = b.kg.Add(kg).Sub(p.kg), b.amount.Add(sale).Sub(p.sale)
	p.accepted, p.kg, p.sale = l.Accepted, kg, sale
	return nil
}

func (b *books) bringBack(d data) {
	p := b.shipments[d.ShipmentID][d.LineNo]
	before := p.kg.Part(p.back, p.accepted)
	p.back = p.back.Add(d.Quantity)
	all := p.line.price.Times(p.back)
	b.kg = b.kg.Sub(p.kg.Part(p.back, p.accepted)).Add(before)
	b.amount = b.amount.Sub(all).Add(p.returned)
	p.returned = all
}

func (b *books) correct(d data) error {
	for _, l := range d.Lines {
		p := b.shipments[d.ShipmentID][l.LineNo]
		if p.back.Sign() > 0 {
			return fmt.Errorf("line %d was returned and corrected: the books cannot follow", l.LineNo)
		}
		if err := b.accept(p, l); err != nil {
			return err
		}
	}
	return nil
}

func (b *books) dayTexts() []string {
	var out []string
	for d := range b.days {
		out = append(out, d)
	}
	return out
}
