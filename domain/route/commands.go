package route

import (
	"strconv"

	"zhitong/domain"
)

// Limits of a route's terms.
const (
	calendarDatesMax = 3660 // days named one by one: ten years
	transitHoursMax  = "8760"
)

// Open is the command route.open.
type Open struct {
	RouteID domain.ID `json:"route_id"`
	Terms   `json:",embed"`
}

// Validate checks the command's values.
func (c *Open) Validate() error {
	return domain.First(
		domain.RequiredID("route_id", c.RouteID),
		domain.RequiredText("origin", c.Origin),
		domain.RequiredText("destination", c.Destination),
		domain.Required("distance_km", !c.DistanceKm.IsZero()),
		domain.Required("calendar", c.Calendar != nil),
		domain.Required("transit_hours", c.TransitHours != nil),
		domain.Required("vehicle_capacity_kg", !c.VehicleCapacityKg.IsZero()),
		c.Terms.validate(),
	)
}

// Revise is the command route.revise: the terms given change for departures dated
// from EffectiveFrom on.
type Revise struct {
	RouteID       domain.ID  `json:"route_id"`
	EffectiveFrom domain.Day `json:"effective_from"`
	Terms         `json:",embed"`
}

// Validate checks the command's values: at least one of the terms changes.
func (c *Revise) Validate() error {
	if err := domain.First(
		domain.RequiredID("route_id", c.RouteID),
		domain.Required("effective_from", !c.EffectiveFrom.IsZero()),
		c.Terms.validate(),
	); err != nil {
		return err
	}
	if c.Terms.isZero() {
		return domain.Refuse(domain.Invalid, "route.nothing_changes", "", "",
			"at least one of origin, destination, distance_km, calendar, transit_hours, vehicle_capacity_kg")
	}
	return nil
}

func (t *Terms) isZero() bool {
	return t.Origin == "" && t.Destination == "" && t.DistanceKm.IsZero() &&
		t.Calendar == nil && t.TransitHours == nil && t.VehicleCapacityKg.IsZero()
}

// validate checks the terms that are given.
func (t *Terms) validate() error {
	if t.Calendar != nil {
		if err := t.Calendar.validate("calendar"); err != nil {
			return err
		}
	}
	if t.TransitHours != nil {
		if err := t.TransitHours.validate("transit_hours"); err != nil {
			return err
		}
	}
	if !t.VehicleCapacityKg.IsZero() {
		return t.VehicleCapacityKg.Positive("vehicle_capacity_kg")
	}
	return nil
}

func (h *TransitHours) validate(field string) error {
	if err := domain.First(domain.Required(field+".min", !h.Min.IsZero()), h.Max.Positive(field+".max")); err != nil {
		return err
	}
	longest, err := domain.ParseQuantity(transitHoursMax)
	switch {
	case err != nil:
		return err
	case h.Max.Cmp(longest) > 0:
		return domain.Refuse(domain.Limit, "route.transit_too_long", field+".max", h.Max.String(), "at most %s hours", transitHoursMax)
	case h.Min.Cmp(h.Max) > 0:
		return domain.Refuse(domain.Invalid, "route.transit_reversed", field+".min", h.Min.String(), "not above max, %s", h.Max)
	}
	return nil
}

func (c *Calendar) validate(field string) error {
	given := 0
	for _, list := range []struct {
		name     string
		numbers  []int
		from, to int
	}{{"days_ending_in", c.DaysEndingIn, 0, 9}, {"weekdays", c.Weekdays, 1, 7}} {
		if list.numbers == nil {
			continue
		}
		given++
		at := field + "." + list.name
		path := func(i int) string { return domain.Path(at, i, "") }
		if err := domain.First(
			domain.CheckCount(at, len(list.numbers), list.to-list.from+1),
			domain.CheckDistinct(list.numbers, path),
		); err != nil {
			return err
		}
		for i, n := range list.numbers {
			if n < list.from || n > list.to {
				return domain.Refuse(domain.Invalid, "value.out_of_range", path(i), strconv.Itoa(n), "from %d to %d", list.from, list.to)
			}
		}
	}
	if c.Dates != nil {
		given++
		if err := domain.CheckCount(field+".dates", len(c.Dates), calendarDatesMax); err != nil {
			return err
		}
	}
	if given != 1 {
		return domain.Refuse(domain.Invalid, "route.calendar_unclear", field, "", "exactly one of days_ending_in, weekdays and dates, given %d", given)
	}
	return nil
}
