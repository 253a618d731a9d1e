package transport

import (
	"zhitong/domain/departure"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// Projection declares the views of transport.
func Projection() projections.Projection {
	return projections.Projection{
		Name:    "transport",
		Version: 1,
		Tables:  []projections.AnyTable{shipments, lines, departures, freight, manifests, loads},
		Fold:    fold,
	}
}

func fold(db *projections.DB, e *events.Event) error {
	switch f := e.Fact.(type) {
	case shipment.Logged:
		logged(db, e, f)
	case shipment.Corrected:
		return corrected(db, f)
	case shipment.Cancelled:
		return cancelled(db, f)
	case shipment.Loaded:
		return loaded(db, f)
	case shipment.Inspected:
		return inspected(db, e, f)
	case shipment.Returned:
		return returned(db, f)
	case shipment.InspectionCorrected:
		return inspectionCorrected(db, f)
	case departure.Scheduled:
		scheduled(db, f)
	case departure.Loaded:
		return put(db, f.DepartureID, f.Consignment)
	case departure.LoadCorrected:
		return reweigh(db, f)
	case departure.Unloaded:
		return take(db, f)
	case departure.Departed:
		return departed(db, e, f)
	case departure.Transshipped:
		return transshipped(db, f)
	case departure.Arrived:
		return arrived(db, e, f)
	case departure.Cancelled:
		return departureCancelled(db, f)
	case departure.FreightRecorded:
		return freightRecorded(db, f)
	}
	return nil
}
