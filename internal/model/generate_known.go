package model

// Here is what the model and the application read differently and histories
// therefore leave out; testdata/open has a history of each. They go when the two
// agree.

// wentEmpty says whether a line departed with quantity 0. Whether its price is
// frozen by that is read differently by the model (yes, by the letter) and the
// application (no), so histories leave it out.
func (g *generator) wentEmpty(l *orderLine) bool {
	for _, s := range g.m.shipments {
		for _, sl := range s.lines {
			if sl.of == l && s.departure != nil && s.departure.departedAt != "" && !positive(sl.loaded) {
				return true
			}
		}
	}
	return false
}
