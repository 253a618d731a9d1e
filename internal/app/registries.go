package app

import "zhitong/events"

// Registries are the folds of the log that rules need across aggregates. Each is
// an [Index]; a new one is a field here, made in NewRegistries and folded in a
// file of its own.
type Registries struct {
	j *Journal
}

// NewRegistries returns empty registries that note their changes in j.
func NewRegistries(j *Journal) *Registries {
	return &Registries{j: j}
}

// Apply folds one event. It never refuses.
func (r *Registries) Apply(e *events.Event) {
}
