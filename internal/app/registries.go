package app

import (
	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// Registries are the folds of the log that rules need across aggregates. Each is
// an [Index]; a new one is a field here, made in NewRegistries and folded in a
// file of its own.
type Registries struct {
	j *Journal

	programme   Index[struct{}, domain.ID]
	clock       Index[struct{}, string] // the recording, far ahead of the clock, that an operator has confirmed
	waybills    Index[shipment.Waybill, waybillUse]
	inspections Index[domain.ID, shipment.Trail]
	trips       Index[domain.ID, trip]        // by departure; cancelled ones have none
	vehicles    Index[domain.ID, []domain.ID] // by plate: departures
	orders      Index[domain.ID, orderProgress]
	departed    Index[domain.ID, uint64]          // by departure: the position of its commit
	revisions   Index[orderLine, []priceRevision] // in order
	underWay    Index[domain.Ref, [2]domain.ID]   // shipments and departures that are not finished, with their parties
	open        Index[domain.ID, party.Unfinished]
	erasing     Index[domain.ID, struct{}] // parties whose personal data are erased, or about to be

	subsidies subsidies
}

// NewRegistries returns empty registries that note their changes in j.
func NewRegistries(j *Journal) *Registries {
	return &Registries{
		j:           j,
		programme:   NewIndex[struct{}, domain.ID](j, "programme"),
		clock:       NewIndex[struct{}, string](j, "clock"),
		waybills:    NewIndex[shipment.Waybill, waybillUse](j, "waybills"),
		inspections: NewIndex[domain.ID, shipment.Trail](j, "inspections"),
		trips:       NewIndex[domain.ID, trip](j, "trips"),
		vehicles:    NewIndex[domain.ID, []domain.ID](j, "vehicles"),
		orders:      NewIndex[domain.ID, orderProgress](j, "orders"),
		departed:    NewIndex[domain.ID, uint64](j, "departed"),
		revisions:   NewIndex[orderLine, []priceRevision](j, "revisions"),
		underWay:    NewIndex[domain.Ref, [2]domain.ID](j, "under_way"),
		open:        NewIndex[domain.ID, party.Unfinished](j, "open"),
		erasing:     NewIndex[domain.ID, struct{}](j, "erasing"),
		subsidies:   newSubsidies(j),
	}
}

// Apply folds one event. It never refuses.
func (r *Registries) Apply(e *events.Event) {
	r.applyTrade(e)
	r.applyPersons(e)
	r.applySubsidy(e)
}
