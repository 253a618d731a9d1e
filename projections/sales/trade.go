package sales

import (
	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/programme"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// foldTrade adds what the trade says: inspections, returns, corrections,
// departures.
func foldTrade(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case programme.Opened:
		total(db) // so that there is the one row from the beginning
	case departure.Departed:
		total(db).Departures++
	case shipment.Inspected:
		for i := range f.Lines {
			inspected(db, e, f.Deal, &f.Lines[i])
		}
	case shipment.Returned:
		sold{e, f.Deal, f.ItemID}.add(db, sale{returnedKg: f.Kg, returnedAmount: f.Amount})
	case shipment.InspectionCorrected:
		for i := range f.Lines {
			corrected(db, e, f.Deal, &f.Lines[i])
		}
	}
	return nil
}

// inspected adds a line of an inspection. A line of which nothing was accepted is
// no sale: it makes no row.
func inspected(db *projections.DB, e *events.Event, deal shipment.Deal, l *shipment.InspectedLine) {
	if l.Accepted.Sign() == 0 {
		return
	}
	sold{e, deal, l.ItemID}.add(db, sale{acceptedKg: l.Kg, amount: l.Amount, lines: 1})
	countLine(db, deal, 1)
}

// corrected adds the differences that a correction made in a line.
func corrected(db *projections.DB, e *events.Event, deal shipment.Deal, l *shipment.CorrectedLine) {
	sold{e, deal, l.ItemID}.add(db, sale{acceptedKg: l.AcceptedKg, returnedKg: l.ReturnedKg, amount: l.Amount})
	switch was, is := l.Old.Accepted.Sign() > 0, l.New.Accepted.Sign() > 0; {
	case was && !is:
		countLine(db, deal, -1)
	case is && !was:
		countLine(db, deal, 1)
	}
}

// sold says of what an event makes a sale.
type sold struct {
	e    *events.Event
	deal shipment.Deal
	item domain.ID
}

// sale is what an event adds to a sale; what it doesn't touch is zero.
type sale struct {
	acceptedKg, returnedKg domain.Kg
	amount, returnedAmount domain.Money
	lines                  int
}

func (s sold) add(db *projections.DB, d sale) {
	v := volume.At(db, VolumeKey{s.e.Month(), s.item, s.deal.CooperativeID, s.deal.BuyerID, s.deal.Channel})
	v.AcceptedKg = v.AcceptedKg.Add(d.acceptedKg)
	v.ReturnedKg = v.ReturnedKg.Add(d.returnedKg)
	v.NetKg = v.AcceptedKg.Sub(v.ReturnedKg)
	v.GrossAmount = v.GrossAmount.Add(d.amount)
	v.ReturnedAmount = v.ReturnedAmount.Add(d.returnedAmount)
	v.NetAmount = v.GrossAmount.Sub(v.ReturnedAmount)
	v.Lines += d.lines

	kg, amount := d.acceptedKg.Sub(d.returnedKg), d.amount.Sub(d.returnedAmount)
	i := byItem.At(db, ItemKey{s.item})
	i.NetKg, i.NetAmount = i.NetKg.Add(kg), i.NetAmount.Add(amount)

	t := total(db)
	t.NetKg, t.NetAmount = t.NetKg.Add(kg), t.NetAmount.Add(amount)
	day := s.e.Time.Day()
	if t.FirstDate.IsZero() || day.Cmp(t.FirstDate) < 0 {
		t.FirstDate = day
	}
	if day.Cmp(t.LastDate) > 0 {
		t.LastDate = day
	}
}

// countLine counts an accepted line, or one that is no longer accepted, for both
// sides, and so the sides that have any.
func countLine(db *projections.DB, deal shipment.Deal, by int) {
	t := total(db)
	t.Cooperatives += count(db, TraderKey{"cooperative", deal.CooperativeID}, by)
	t.Buyers += count(db, TraderKey{"buyer", deal.BuyerID}, by)
}

// count returns 1 when the party has its first line by it, −1 when it had its last.
func count(db *projections.DB, k TraderKey, by int) int {
	tr := traders.At(db, k)
	had := tr.Lines > 0
	tr.Lines += by
	switch has := tr.Lines > 0; {
	case has && !had:
		return 1
	case had && !has:
		return -1
	default:
		return 0
	}
}

// total is the one row of programme_totals.
func total(db *projections.DB) *Totals { return totals.At(db, NoKey{}) }
