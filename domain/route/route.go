package route

import (
	"slices"

	"zhitong/domain"
)

// State is a route with its revisions.
type State struct {
	ID        domain.ID
	opened    Terms
	revisions []Revised // by effective day, then in the order of the log
}

// Exists reports whether the route was opened.
func (s *State) Exists() bool { return s.ID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Opened:
		s.ID, s.opened = f.RouteID, f.Terms
	case Revised:
		i := len(s.revisions)
		for i > 0 && s.revisions[i-1].EffectiveFrom.Cmp(f.EffectiveFrom) > 0 {
			i--
		}
		s.revisions = slices.Insert(s.revisions, i, f)
	default:
		domain.Unknown(f)
	}
}

// On returns the terms that hold for a departure dated day.
func (s *State) On(day domain.Day) Terms {
	t := s.opened
	for _, r := range s.revisions {
		if r.EffectiveFrom.Cmp(day) > 0 {
			break
		}
		t = t.with(r.Terms)
	}
	return t
}

// with returns t with the terms that are given in r.
func (t Terms) with(r Terms) Terms {
	if r.Origin != "" {
		t.Origin = r.Origin
	}
	if r.Destination != "" {
		t.Destination = r.Destination
	}
	if !r.DistanceKm.IsZero() {
		t.DistanceKm = r.DistanceKm
	}
	if r.Calendar != nil {
		t.Calendar = r.Calendar
	}
	if r.TransitHours != nil {
		t.TransitHours = r.TransitHours
	}
	if !r.VehicleCapacityKg.IsZero() {
		t.VehicleCapacityKg = r.VehicleCapacityKg
	}
	return t
}

// Includes reports whether the calendar has departures on day.
func (c *Calendar) Includes(day domain.Day) bool {
	return slices.Contains(c.DaysEndingIn, day.DayOfMonth()%10) ||
		slices.Contains(c.Weekdays, day.ISOWeekday()) ||
		slices.Contains(c.Dates, day)
}

// Days returns the number of days that a trip may take: ⌈max ÷ 24⌉.
func (h TransitHours) Days() int {
	return int(h.Max.CeilDiv(24))
}

// Open decides route.open.
func (s *State) Open(c *Open) ([]domain.Fact, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "route.exists", "route_id", string(c.RouteID), "there is a route with this id")
	}
	return []domain.Fact{Opened(*c)}, nil
}

// Known refuses a route that does not exist, in field.
func (s *State) Known(field string, id domain.ID) error {
	if !s.Exists() {
		return domain.Refuse(domain.NotFound, "route.unknown", field, string(id), "no route has this id")
	}
	return nil
}

// Revise decides route.revise. Departures that are scheduled keep their terms.
func (s *State) Revise(c *Revise) ([]domain.Fact, error) {
	if err := s.Known("route_id", c.RouteID); err != nil {
		return nil, err
	}
	return []domain.Fact{Revised(*c)}, nil
}
