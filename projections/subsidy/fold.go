package subsidy

import (
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of the subsidy.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "subsidy",
		Version: 1,
		Tables: []projections.AnyTable{claims, claimLines, items, publicity, states,
			budgets, flows, disbursements, clawbacks, waitlist},
		Fold: fold,
	}
}

// fold lets each source of facts add what it knows.
func fold(db *projections.DB, e *events.Event) error {
	if err := foldClaims(db, e); err != nil {
		return err
	}
	foldFunds(db, e)
	return foldPayments(db, e)
}
