// Package projections turns the log into views: tables of rows that are a pure
// fold of the events, the same fold for live, rebuild, as-of and verification.
//
// It owns how a view is declared ([View], [State], [Projection]), the rows in
// memory ([DB]), their canonical form and digest, and folding a log in memory
// ([Fold]). It refuses to know a database, a broker or a clock: it imports
// neither pgx nor NATS, directly or through others, so that an auditor's verifier
// can fold without them. Where rows are kept and who may write them is the
// business of package projector.
//
// # Adding a view
//
// Make a folder. Declare the tables as package variables, each with a key struct
// and a row struct that embeds it:
//
//	type VolumeKey struct {
//		Month  string    `col:"month" doc:"Shanghai month, YYYY-MM"`
//		ItemID domain.ID `col:"item_id" doc:"what was sold"`
//	}
//	type VolumeRow struct {
//		VolumeKey
//		AcceptedKg domain.Kg `col:"accepted_kg" doc:"accepted, after corrections"`
//	}
//	var volume = projections.View[VolumeKey, VolumeRow]("sales_volume", "What was sold.")
//
//	func fold(db *projections.DB, e *events.Event) error {
//		switch f := e.Fact.(type) {
//		case shipment.Inspected:
//			row := volume.At(db, VolumeKey{e.Month(), f.Lines[0].ItemID}) // made if it isn't there
//			row.AcceptedKg = row.AcceptedKg.Add(f.Lines[0].Kg)
//		}
//		return nil
//	}
//
//	func Projection() projections.Projection {
//		return projections.Projection{Name: "sales", Version: 1, Tables: []projections.AnyTable{volume}, Fold: fold}
//	}
//
// and add one line to package catalogue. A column or a fold that changes meaning
// takes a new Version.
//
// # Rules of a fold
//
// It reads the event and the tables of its own projection, nothing else: no
// clock, no randomness, no iteration over a map, no package variable that
// changes. It never changes the event. A fact that it does not know is passed
// over; a fact that contradicts what it has is an error, which stops this
// projection and no other.
package projections
