package transport

import (
	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/projections"
)

func freightRecorded(db *projections.DB, f departure.FreightRecorded) error {
	d, l, err := trip(db, f.DepartureID)
	if err != nil {
		return err
	}
	d.FreightAmount, d.FreightFinal = d.FreightAmount.Add(f.Amount), f.Final
	split(db, d, l)
	return nil
}

// split splits the freight so far over the lines that departed, in loading order
// and then by line number, and sums it up per item. An item has a row also when
// nothing of it was loaded in the end.
func split(db *projections.DB, d *Departure, l *Load) {
	weights := make([]domain.Kg, len(l.Lines))
	for i, w := range l.Lines {
		weights[i] = w.Kg
		r := freight.At(db, FreightKey{d.DepartureID, w.ItemID})
		r.Kg, r.FreightAmount = domain.Kg{}, domain.Money{}
	}
	for i, share := range domain.PrefixSplit(d.FreightAmount, weights) {
		w := l.Lines[i]
		r := freight.At(db, FreightKey{d.DepartureID, w.ItemID})
		r.Kg, r.FreightAmount = r.Kg.Add(w.Kg), r.FreightAmount.Add(share)
	}
}
