package model

// Here is what the model and the application read differently and histories
// therefore leave out; testdata/open has a history of each. They go when the two
// agree. One more is not a function:
// the lines of a logging are written in the order of their line_no, because the
// application takes them into a claim in the order in which they were written,
// and the model by line_no.

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

// heldDown says whether a line's claim grants less than its frozen inputs give,
// because an earlier increase met a limit. A return of such a line grants more
// in the application when a correction that changed nothing went before it, and
// nothing in the model, where only a correction can make a line grow.
func (g *generator) heldDown(s *shipment, l *shipmentLine) bool {
	for _, p := range g.m.policies {
		k := g.m.claims[s.id+"."+p.id]
		if k == nil || !k.counts() {
			continue
		}
		if line := k.line(l.no); less(k.granted(l.no), line.target(k.version, line.left)) {
			return true
		}
	}
	return false
}
