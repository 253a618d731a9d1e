package commands

import (
	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/party"
	"zhitong/internal/app"
)

func departures() []app.Command {
	return []app.Command{
		define("departure.schedule", scheduleDeparture),
		define("departure.depart", onDeparture(func(s *departure.State, u *app.Unit, c *departure.Depart) ([]domain.Fact, error) {
			return s.Depart(c, u.By)
		}, func(c *departure.Depart) domain.ID { return c.DepartureID })),
		define("departure.transship", onDeparture(func(s *departure.State, u *app.Unit, c *departure.Transship) ([]domain.Fact, error) {
			busy := u.Registries.Busy(c.VehiclePlate, u.Registries.TripOf(c.DepartureID), c.DepartureID)
			return s.Transship(c, u.By, busy)
		}, func(c *departure.Transship) domain.ID { return c.DepartureID })),
		define("departure.arrive", onDeparture(func(s *departure.State, u *app.Unit, c *departure.Arrive) ([]domain.Fact, error) {
			return s.Arrive(c, u.By)
		}, func(c *departure.Arrive) domain.ID { return c.DepartureID })),
		define("departure.cancel", onDeparture(func(s *departure.State, u *app.Unit, c *departure.Cancel) ([]domain.Fact, error) {
			return s.Cancel(c, u.By)
		}, func(c *departure.Cancel) domain.ID { return c.DepartureID })),
		define("departure.record_freight", onDeparture(func(s *departure.State, u *app.Unit, c *departure.RecordFreight) ([]domain.Fact, error) {
			return s.RecordFreight(c, u.By)
		}, func(c *departure.RecordFreight) domain.ID { return c.DepartureID })),
	}
}

// onDeparture makes the handler of a command that concerns one departure.
func onDeparture[T any](decide func(s *departure.State, u *app.Unit, c *T) ([]domain.Fact, error), id func(c *T) domain.ID) func(*app.Unit, *T) error {
	return func(u *app.Unit, c *T) error {
		s, err := u.Departure(id(c))
		if err != nil {
			return err
		}
		facts, err := decide(s, u, c)
		return emit(u, facts, err)
	}
}

func scheduleDeparture(u *app.Unit, c *departure.Schedule) error {
	s, err := u.Departure(c.DepartureID)
	if err != nil {
		return err
	}
	r, err := u.Route(c.RouteID)
	if err != nil {
		return err
	}
	if err := r.Known("route_id", c.RouteID); err != nil {
		return err
	}
	if c.CarrierID != "" {
		if err := mayBegin(u, c.CarrierID, party.KindCarrier, "carrier_id"); err != nil {
			return err
		}
	}
	terms := r.On(c.Date)
	busy := u.Registries.Busy(c.VehiclePlate, departure.WindowOf(c.Date, *terms.TransitHours), c.DepartureID)
	facts, err := s.Schedule(c, terms, busy)
	return emit(u, facts, err)
}
