package sales

import (
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of sales.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "sales",
		Version: 1,
		Tables:  []projections.AnyTable{volume, byItem, totals, traders},
		Fold:    fold,
	}
}

// fold lets each source of facts add what it knows.
func fold(db *projections.DB, e *events.Event) error {
	foldClaims(db, e)
	return foldTrade(db, e)
}
