// Package model is a second, independent reading of the rules of the trade and
// of the subsidy, written to disagree with the engine where one of the two is
// wrong.
//
// It owns a plain interpreter of commands: maps as state, exact fractions
// (math/big) as numbers, one function a command, and the rows of every view
// reckoned at the end from what is in the maps. It also owns a generator of
// random histories that aims with the model's own state (generate.go).
//
// It refuses to share anything with the engine: no package of domain, events,
// projections or internal/app is imported outside its tests, and the binary
// never imports it. It knows nothing of events, logs, keys or findings.
//
// Start reading at Model.Apply in command.go; the comments that begin with
// "Decision:" are the places where the written rules were silent and a reading
// had to be chosen; testdata/open would hold what is still read differently. Ids
// are not checked for NFC, and devices are not modelled.
package model
