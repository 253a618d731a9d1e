package assessment

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
)

// Sale is an inspected shipment as it stands: what subsidies are reckoned from.
type Sale struct {
	ShipmentID    domain.ID
	DepartureID   domain.ID
	CooperativeID domain.ID
	BuyerID       domain.ID
	Channel       domain.ID
	InspectedOn   domain.Day // Shanghai day
	Lines         []SaleLine // in line order
	Changes       int        // how many returns and corrections there were
}

// SaleLine is a line of a sale.
type SaleLine struct {
	LineNo int
	shipment.Sold
	NetKg    domain.Kg
	Amount   domain.Money // accepted × price
	Returned domain.Money
}

// SaleOf reads the sale from an inspected shipment. The inspection's day and the
// number of changes are known to the log, not to the shipment.
func SaleOf(s *shipment.State, inspectedOn domain.Day, changes int) Sale {
	sale := Sale{ShipmentID: s.ID, DepartureID: s.DepartureID, CooperativeID: s.Deal.CooperativeID, BuyerID: s.Deal.BuyerID,
		Channel: s.Deal.Channel, InspectedOn: inspectedOn, Changes: changes}
	for _, l := range s.Lines {
		sale.Lines = append(sale.Lines, SaleLine{l.LineNo, l.Sold, l.Result.Kg.Sub(l.Back), l.Result.Amount, l.Refunded})
	}
	// The order in which a waybill names its lines is no content.
	slices.SortFunc(sale.Lines, func(a, b SaleLine) int { return a.LineNo - b.LineNo })
	return sale
}

// Line returns the line with the number; it must be there.
func (s *Sale) Line(no int) *SaleLine {
	for i := range s.Lines {
		if s.Lines[i].LineNo == no {
			return &s.Lines[i]
		}
	}
	panic("assessment: a claim has a line that its shipment has not")
}

// subject is what decides which rules match the line.
func (s *Sale) subject(l *SaleLine) policy.Subject {
	return policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: s.Channel, CooperativeID: s.CooperativeID, BuyerID: s.BuyerID}
}

// NeedsFreight reports whether a freight rule counts for at least one line, so that
// the claim waits for the departure's final invoice.
func (s *Sale) NeedsFreight(p *policy.Policy) bool {
	for i := range s.Lines {
		if p.NeedsFreight(s.subject(&s.Lines[i])) {
			return true
		}
	}
	return false
}
