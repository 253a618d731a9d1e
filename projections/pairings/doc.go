// Package pairings is the view of what was sold between paired divisions (结对帮扶).
//
// It owns sales_by_pairing and what it must remember for it: where parties are, which
// pairings were set, and which of them a shipment's sale counts for. It refuses to
// judge a pairing: the rules are in domain/pairing. Start at fold.go.
package pairings
