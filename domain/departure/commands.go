package departure

import "zhitong/domain"

// Schedule is the command departure.schedule.
type Schedule struct {
	DepartureID       domain.ID   `json:"departure_id"`
	RouteID           domain.ID   `json:"route_id"`
	Date              domain.Day  `json:"date"`
	VehiclePlate      domain.ID   `json:"vehicle_plate"`
	CarrierID         domain.ID   `json:"carrier_id,omitzero"`
	CapacityKg        domain.Kg   `json:"capacity_kg,omitzero"` // defaults to the route's
	OffCalendarReason domain.Text `json:"off_calendar_reason,omitzero"`
}

// Validate checks the command's values.
func (c *Schedule) Validate() error {
	return domain.First(
		domain.RequiredID("departure_id", c.DepartureID),
		domain.RequiredID("route_id", c.RouteID),
		domain.Required("date", !c.Date.IsZero()),
		domain.RequiredID("vehicle_plate", c.VehiclePlate),
		positiveIfGiven("capacity_kg", c.CapacityKg),
	)
}

func positiveIfGiven(field string, kg domain.Kg) error {
	if kg.IsZero() {
		return nil
	}
	return kg.Positive(field)
}

// Weighed is what a weighbridge said of the vehicle.
type Weighed struct {
	GrossKg domain.Kg `json:"gross_kg,omitzero"`
	TareKg  domain.Kg `json:"tare_kg,omitzero"`
}

func (w Weighed) validate() error {
	if err := domain.First(w.GrossKg.NotNegative("gross_kg"), w.TareKg.NotNegative("tare_kg")); err != nil {
		return err
	}
	if !w.GrossKg.IsZero() && !w.TareKg.IsZero() && w.GrossKg.Cmp(w.TareKg) < 0 {
		return domain.Refuse(domain.Invalid, "departure.gross_below_tare", "gross_kg", w.GrossKg.String(), "a gross weight is not below the tare, %s", w.TareKg)
	}
	return nil
}

// Depart is the command departure.depart.
type Depart struct {
	DepartureID domain.ID `json:"departure_id"`
	Weighed     `json:",embed"`
	SealNo      domain.ID         `json:"seal_no,omitzero"`
	Attributes  domain.Attributes `json:"attributes,omitzero"`
}

// Validate checks the command's values.
func (c *Depart) Validate() error {
	return domain.First(domain.RequiredID("departure_id", c.DepartureID), c.Weighed.validate(), c.Attributes.Validate("attributes"))
}

// Transship is the command departure.transship.
type Transship struct {
	DepartureID  domain.ID   `json:"departure_id"`
	VehiclePlate domain.ID   `json:"vehicle_plate"`
	CapacityKg   domain.Kg   `json:"capacity_kg,omitzero"` // absent = unchanged
	Place        domain.Text `json:"place"`
	Reason       domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Transship) Validate() error {
	return domain.First(
		domain.RequiredID("departure_id", c.DepartureID),
		domain.RequiredID("vehicle_plate", c.VehiclePlate),
		positiveIfGiven("capacity_kg", c.CapacityKg),
		domain.RequiredText("place", c.Place),
		domain.RequiredText("reason", c.Reason),
	)
}

// Arrive is the command departure.arrive.
type Arrive struct {
	DepartureID domain.ID `json:"departure_id"`
	Weighed     `json:",embed"`
}

// Validate checks the command's values.
func (c *Arrive) Validate() error {
	return domain.First(domain.RequiredID("departure_id", c.DepartureID), c.Weighed.validate())
}

// Cancel is the command departure.cancel.
type Cancel struct {
	DepartureID domain.ID   `json:"departure_id"`
	Reason      domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Cancel) Validate() error {
	return domain.First(domain.RequiredID("departure_id", c.DepartureID), domain.RequiredText("reason", c.Reason))
}

// RecordFreight is the command departure.record_freight.
type RecordFreight struct {
	DepartureID domain.ID    `json:"departure_id"`
	Amount      domain.Money `json:"amount"`
	InvoiceNo   domain.ID    `json:"invoice_no"`
	Final       *bool        `json:"final,omitzero"` // defaults to true
}

// Validate checks the command's values.
func (c *RecordFreight) Validate() error {
	return domain.First(
		domain.RequiredID("departure_id", c.DepartureID),
		domain.Required("amount", !c.Amount.IsZero()),
		c.Amount.NotNegative("amount"),
		domain.RequiredID("invoice_no", c.InvoiceNo),
	)
}
