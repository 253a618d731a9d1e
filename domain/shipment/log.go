package shipment

import (
	"zhitong/domain"
	"zhitong/domain/item"
)

// Wanted is what is known of the order line that a shipment line is for.
type Wanted struct {
	BuyerID   domain.ID
	ItemID    domain.ID
	Unit      string
	KgPerUnit domain.Kg
}

// Own refuses, for a cooperative, a shipment that it would log for another.
func (c *Log) Own(by domain.By) error {
	if !by.MayActFor(domain.Cooperative, c.CooperativeID) {
		return domain.Refuse(domain.Denied, "shipment.not_yours", "cooperative_id", string(c.CooperativeID), "cooperative %q logs its own shipments only", by.Actor)
	}
	return nil
}

// Free refuses an id that is taken.
func (s *State) Free(c *Log) error {
	if s.Exists() {
		return domain.Refuse(domain.Conflict, "shipment.exists", "shipment_id", string(c.ShipmentID), "there is a shipment with this id")
	}
	return nil
}

// Log decides the shipment's part of shipment.log; wanted has one entry for each
// line. Whether the waybill is free is asked of the registry before.
func (s *State) Log(c *Log, wanted []Wanted) ([]domain.Fact, error) {
	if err := s.Free(c); err != nil {
		return nil, err
	}
	buyer := wanted[0].BuyerID
	lines, err := makeLines(c.Lines, wanted, buyer)
	if err != nil {
		return nil, err
	}
	return []domain.Fact{Logged{
		ShipmentID: c.ShipmentID, CooperativeID: c.CooperativeID, BuyerID: buyer,
		WaybillNo: c.WaybillNo, Lines: lines, Attributes: c.Attributes,
	}}, nil
}

// makeLines makes the lines of a shipment for the buyer.
func makeLines(lines []LogLine, wanted []Wanted, buyer domain.ID) ([]Line, error) {
	made := make([]Line, len(lines))
	for i, l := range lines {
		w := wanted[i]
		if w.BuyerID != buyer {
			return nil, domain.Refuse(domain.Conflict, "shipment.several_buyers", domain.Path("lines", i, "order_id"), string(l.OrderID),
				"order %q is buyer %q's, the shipment is for %q", l.OrderID, w.BuyerID, buyer)
		}
		kg, err := weigh(domain.Path("lines", i, "kg"), w.Unit, w.KgPerUnit, l.Quantity, l.Kg)
		if err != nil {
			return nil, err
		}
		made[i] = Line{
			LineNo: l.LineNo, OrderID: l.OrderID, OrderLine: l.OrderLine,
			ItemID: w.ItemID, Unit: w.Unit, KgPerUnit: w.KgPerUnit,
			Quantity: l.Quantity, Kg: kg, Measured: !l.Kg.IsZero(), Lot: l.Lot, Packages: l.Packages,
		}
	}
	return made, nil
}

// weigh returns the kg of a quantity: the measured ones if they were given, else
// the nominal ones. Goods in a unit of weight weigh what they say; no goods weigh
// nothing, and goods weigh something.
func weigh(field, unit string, perUnit domain.Kg, q domain.Quantity, measured domain.Kg) (domain.Kg, error) {
	nominal := q.Nominal(perUnit)
	switch {
	case measured.IsZero():
		return nominal, nil
	case item.IsWeight(unit) && measured.Cmp(nominal) != 0:
		return domain.Kg{}, domain.Refuse(domain.Invalid, "shipment.kg_not_nominal", field, measured.String(), "%s %s are %s kg", q, unit, nominal)
	case nominal.Sign() != measured.Sign():
		return domain.Kg{}, domain.Refuse(domain.Invalid, "shipment.kg_implausible", field, measured.String(), "%s %s, nominally %s kg", q, unit, nominal)
	}
	return measured, nil
}
