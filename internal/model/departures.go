package model

import (
	"slices"
	"time"
)

type departure struct {
	id, route, date, plate, carrier, status string
	days                                    int
	capacity                                num
	departedAt, arrivedAt                   string // as claimed
	departed, arrived                       time.Time
	freight                                 num
	invoices                                map[string]bool
	final                                   bool
	loadedKg                                num // K, frozen at the departure
}

// onBoard lists the shipments of a departure in the order of their loadings.
func (m *Model) onBoard(d *departure) []*shipment {
	var out []*shipment
	for _, s := range m.shipments {
		if s.departure == d {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *shipment) int { return a.loadTick - b.loadTick })
	return out
}

func (m *Model) kgOnBoard(d *departure) num {
	total := zero()
	for _, s := range m.onBoard(d) {
		total = add(total, s.loadedKg())
	}
	return total
}

// window is [first, end) of a trip in days.
//
// Decision: the day of arrival itself is free again, because the window is
// half open; a trip that arrives on its first day has an empty one.
func (d *departure) window() (first, end string) {
	if d.status == "arrived" {
		return d.date, dayOf(d.arrived)
	}
	at, _ := time.Parse(time.DateOnly, d.date)
	return d.date, at.AddDate(0, 0, d.days).Format(time.DateOnly)
}

// plateBusy says whether another trip of that plate shares a day with trip.
// Decision: a trip belongs to the vehicle that it has now, for its whole window.
func (m *Model) plateBusy(trip *departure, plate string) bool {
	first, end := trip.window()
	for _, other := range m.departures {
		if other == trip || other.plate != plate || other.status == "cancelled" {
			continue
		}
		from, to := other.window()
		if from < to && first < end && first < to && from < end {
			return true
		}
	}
	return false
}

func (m *Model) departureSchedule(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		RouteID     string `json:"route_id"`
		Date        string `json:"date"`
		Plate       string `json:"vehicle_plate"`
		Carrier     string `json:"carrier_id"`
		Capacity    string `json:"capacity_kg"`
		OffReason   string `json:"off_calendar_reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	r := m.routes[d.RouteID]
	switch {
	case !goodID(d.DepartureID) || !goodDay(d.Date):
		return refuse("malformed")
	case m.departures[d.DepartureID] != nil:
		return refuse("exists")
	case r == nil:
		return refuse("unknown")
	}
	v := r.on(d.Date)
	if !v.calendar.covers(d.Date) && d.OffReason == "" {
		return refuse("calendar")
	}
	if d.Carrier != "" {
		p := m.parties[d.Carrier]
		if p == nil || p.kind != "carrier" || p.suspended {
			return refuse("carrier")
		}
	}
	capacity := v.capacity
	if d.Capacity != "" {
		n, err := parse(d.Capacity, 3)
		if err != nil || !positive(n) {
			return refuse("number")
		}
		capacity = n
	}
	trip := &departure{id: d.DepartureID, route: d.RouteID, date: d.Date, plate: d.Plate, carrier: d.Carrier,
		status: "scheduled", days: v.days, capacity: capacity, freight: zero(), invoices: map[string]bool{}, loadedKg: zero()}
	if m.plateBusy(trip, trip.plate) {
		return refuse("vehicle_busy")
	}
	m.departures[trip.id] = trip
	return nil
}

// trip finds a departure that the actor may move, in the status that is due.
func (m *Model) trip(c call, id string, status ...string) (*departure, error) {
	d := m.departures[id]
	if d == nil {
		return nil, refuse("unknown")
	}
	if c.Role == "carrier" && (d.carrier != c.Actor || m.parties[c.Actor] == nil) {
		return nil, refuse("not_yours")
	}
	if !slices.Contains(status, d.status) {
		return nil, refuse("status")
	}
	return d, nil
}

func weights(texts ...string) error {
	for _, s := range texts {
		if s != "" {
			if _, err := parse(s, 3); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Model) departureDepart(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		Gross       string `json:"gross_kg"`
		Tare        string `json:"tare_kg"`
		Seal        string `json:"seal_no"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	trip, err := m.trip(c, d.DepartureID, "scheduled")
	if err != nil {
		return err
	}
	if err := weights(d.Gross, d.Tare); err != nil {
		return err
	}
	on := m.onBoard(trip)
	if len(on) == 0 {
		return refuse("empty")
	}
	trip.status, trip.departedAt, trip.departed, trip.loadedKg = "departed", c.Time, c.at, m.kgOnBoard(trip)
	for _, s := range on {
		s.status = "departed"
		for _, l := range s.lines {
			l.price = l.of.price
			l.of.departedAnyOfIt = l.of.departedAnyOfIt || positive(l.loaded)
		}
	}
	return nil
}

func (m *Model) departureTransship(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		Plate       string `json:"vehicle_plate"`
		Capacity    string `json:"capacity_kg"`
		Place       string `json:"place"`
		Reason      string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	trip, err := m.trip(c, d.DepartureID, "departed")
	if err != nil {
		return err
	}
	capacity := trip.capacity
	if d.Capacity != "" {
		if capacity, err = parse(d.Capacity, 3); err != nil {
			return err
		}
	}
	if less(capacity, trip.loadedKg) {
		return refuse("capacity")
	}
	if d.Plate == trip.plate || m.plateBusy(trip, d.Plate) {
		return refuse("vehicle_busy")
	}
	trip.plate, trip.capacity = d.Plate, capacity
	return nil
}

func (m *Model) departureArrive(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		Gross       string `json:"gross_kg"`
		Tare        string `json:"tare_kg"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	trip, err := m.trip(c, d.DepartureID, "departed")
	if err != nil {
		return err
	}
	if err := weights(d.Gross, d.Tare); err != nil {
		return err
	}
	trip.status, trip.arrivedAt, trip.arrived = "arrived", c.Time, c.at
	for _, s := range m.onBoard(trip) {
		s.status = "arrived"
	}
	return nil
}

func (m *Model) departureCancel(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		Reason      string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	trip, err := m.trip(c, d.DepartureID, "scheduled")
	if err != nil {
		return err
	}
	for _, s := range m.onBoard(trip) {
		s.unload()
		s.status = "logged"
	}
	trip.status = "cancelled"
	return nil
}

func (m *Model) departureRecordFreight(c call) error {
	var d struct {
		DepartureID string `json:"departure_id"`
		Amount      string `json:"amount"`
		Invoice     string `json:"invoice_no"`
		Final       *bool  `json:"final"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	trip, err := m.trip(c, d.DepartureID, "departed", "arrived")
	if err != nil {
		return err
	}
	amount, err := parse(d.Amount, 2)
	switch {
	case err != nil:
		return err
	case trip.final:
		return refuse("final")
	case d.Invoice == "" || trip.invoices[d.Invoice]:
		return refuse("invoice")
	}
	trip.invoices[d.Invoice] = true
	trip.freight = add(trip.freight, amount)
	trip.final = d.Final == nil || *d.Final
	if trip.final {
		m.assessAwaiting(trip, c)
	}
	return nil
}
