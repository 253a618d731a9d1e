package model

import (
	"slices"
	"time"
)

type names map[string]string

type payee struct {
	AccountName string `json:"account_name"`
	Bank        string `json:"bank"`
	AccountNo   string `json:"account_no"`
}

type party struct {
	id, kind, channel string
	suspended         bool
	payeeChangedBy    string // the officer whose changed payee waits for another, or empty
}

type item struct {
	id, category string
	units        map[string]num
}

// routeVersion is a route as it stands from a day on.
type routeVersion struct {
	from     string // empty for the first
	calendar calendar
	days     int // ⌈transit max ÷ 24⌉
	capacity num
}

type route struct {
	id       string
	versions []routeVersion
}

type calendar struct {
	DaysEndingIn []int    `json:"days_ending_in"`
	Weekdays     []int    `json:"weekdays"`
	Dates        []string `json:"dates"`
}

// covers says whether a vehicle of the route departs on that day.
func (c calendar) covers(day string) bool {
	at, _ := time.Parse(time.DateOnly, day)
	iso := (int(at.Weekday())+6)%7 + 1
	return slices.Contains(c.DaysEndingIn, at.Day()%10) || slices.Contains(c.Weekdays, iso) || slices.Contains(c.Dates, day)
}

func (m *Model) programmeOpen(c call) error {
	var d struct {
		ProgrammeID string `json:"programme_id"`
		Name        names  `json:"name"`
		Currency    string `json:"currency"`
		Timezone    string `json:"timezone"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	if !goodID(d.ProgrammeID) {
		return refuse("id")
	}
	m.opened = true
	return nil
}

func (m *Model) partyRegister(c call) error {
	var d struct {
		PartyID  string `json:"party_id"`
		Kind     string `json:"kind"`
		Name     names  `json:"name"`
		USCC     string `json:"uscc"`
		Division string `json:"division"`
		Channel  string `json:"channel"`
		Farmers  int    `json:"farmers"`
		Payee    *payee `json:"payee"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	switch {
	case !goodID(d.PartyID):
		return refuse("id")
	case m.parties[d.PartyID] != nil:
		return refuse("exists")
	case !slices.Contains([]string{"cooperative", "buyer", "carrier", "funder"}, d.Kind):
		return refuse("kind")
	case d.Kind == "buyer" && d.Channel == "":
		return refuse("channel")
	}
	m.parties[d.PartyID] = &party{id: d.PartyID, kind: d.Kind, channel: d.Channel}
	return nil
}

// partyUpdate knows only the one field that a rule or a view depends on.
func (m *Model) partyUpdate(c call) error {
	var d struct {
		PartyID string `json:"party_id"`
		Name    names  `json:"name"`
		Channel string `json:"channel"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	p := m.parties[d.PartyID]
	if p == nil {
		return refuse("unknown")
	}
	if d.Channel != "" {
		p.channel = d.Channel
	}
	return nil
}

// Decision: suspending the suspended and reinstating the active are refused.
func (m *Model) partySuspend(c call) error   { return m.setSuspended(c, true) }
func (m *Model) partyReinstate(c call) error { return m.setSuspended(c, false) }

func (m *Model) setSuspended(c call, to bool) error {
	var d struct {
		PartyID string `json:"party_id"`
		Reason  string `json:"reason"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	p := m.parties[d.PartyID]
	if p == nil {
		return refuse("unknown")
	}
	if p.suspended == to {
		return refuse("status")
	}
	p.suspended = to
	return nil
}

// partyChangePayee: a second change replaces the first proposal.
func (m *Model) partyChangePayee(c call) error {
	var d struct {
		PartyID string `json:"party_id"`
		Payee   *payee `json:"payee"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	p := m.parties[d.PartyID]
	if p == nil || d.Payee == nil {
		return refuse("unknown")
	}
	p.payeeChangedBy = c.Actor
	return nil
}

func (m *Model) partyConfirmPayee(c call) error {
	var d struct {
		PartyID string `json:"party_id"`
	}
	if err := c.read(&d); err != nil {
		return err
	}
	p := m.parties[d.PartyID]
	switch {
	case p == nil:
		return refuse("unknown")
	case p.payeeChangedBy == "":
		return refuse("nothing_changed")
	case p.payeeChangedBy == c.Actor:
		return refuse("two_persons")
	}
	p.payeeChangedBy = ""
	return nil
}

type itemData struct {
	ItemID        string            `json:"item_id"`
	Name          names             `json:"name"`
	Category      string            `json:"category"`
	Units         map[string]string `json:"units"`
	LossAllowance string            `json:"loss_allowance"`
	HS            string            `json:"hs"`
}

func (m *Model) itemRegister(c call) error {
	var d itemData
	if err := c.read(&d); err != nil {
		return err
	}
	if !goodID(d.ItemID) {
		return refuse("id")
	}
	if m.items[d.ItemID] != nil {
		return refuse("exists")
	}
	return m.setItem(d)
}

// itemUpdate takes the whole item again: histories name every field.
func (m *Model) itemUpdate(c call) error {
	var d itemData
	if err := c.read(&d); err != nil {
		return err
	}
	if m.items[d.ItemID] == nil {
		return refuse("unknown")
	}
	return m.setItem(d)
}

func (m *Model) setItem(d itemData) error {
	units := map[string]num{}
	for name, s := range d.Units {
		n, err := parse(s, 6)
		if err != nil || !positive(n) {
			return refuse("number")
		}
		units[name] = n
	}
	if _, err := parsePart(d.LossAllowance); err != nil {
		return err
	}
	m.items[d.ItemID] = &item{id: d.ItemID, category: d.Category, units: units}
	return nil
}

// perUnit is the kg of one unit of the item, or nil when it has no such unit.
func (i *item) perUnit(unit string) num {
	switch unit {
	case "kg":
		return whole(1)
	case "jin":
		return quo(whole(1), whole(2))
	case "t":
		return whole(1000)
	}
	return i.units[unit]
}

type routeData struct {
	RouteID     string   `json:"route_id"`
	Origin      string   `json:"origin"`
	Destination string   `json:"destination"`
	DistanceKm  string   `json:"distance_km"`
	Calendar    calendar `json:"calendar"`
	Transit     struct {
		Min string `json:"min"`
		Max string `json:"max"`
	} `json:"transit_hours"`
	Capacity      string `json:"vehicle_capacity_kg"`
	EffectiveFrom string `json:"effective_from"`
}

func (d routeData) version() (routeVersion, error) {
	longest, err := parse(d.Transit.Max, 6)
	if err != nil {
		return routeVersion{}, err
	}
	capacity, err := parse(d.Capacity, 3)
	if err != nil || !positive(capacity) {
		return routeVersion{}, refuse("number")
	}
	ceiling := neg(floorAt(neg(quo(longest, whole(24))), 0))
	return routeVersion{from: d.EffectiveFrom, calendar: d.Calendar, days: int(ceiling.Num().Int64()), capacity: capacity}, nil
}

func (m *Model) routeOpen(c call) error {
	var d routeData
	if err := c.read(&d); err != nil {
		return err
	}
	if !goodID(d.RouteID) || m.routes[d.RouteID] != nil {
		return refuse("exists")
	}
	v, err := d.version()
	if err != nil {
		return err
	}
	m.routes[d.RouteID] = &route{id: d.RouteID, versions: []routeVersion{v}}
	return nil
}

func (m *Model) routeRevise(c call) error {
	var d routeData
	if err := c.read(&d); err != nil {
		return err
	}
	r := m.routes[d.RouteID]
	if r == nil || !goodDay(d.EffectiveFrom) {
		return refuse("unknown")
	}
	v, err := d.version()
	if err != nil {
		return err
	}
	r.versions = append(r.versions, v)
	return nil
}

// on is the version that a departure of that day is scheduled by: the latest
// day of taking effect wins, and of two for one day the later said.
func (r *route) on(day string) routeVersion {
	best := r.versions[0]
	for _, v := range r.versions[1:] {
		if v.from <= day && v.from >= best.from {
			best = v
		}
	}
	return best
}

func goodDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
