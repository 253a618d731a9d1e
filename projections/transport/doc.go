// Package transport is what travels: shipments with their lines, departures, and
// what the freight of a departure costs each item.
//
// The freight's split is made anew at every invoice over what was loaded when the
// departure departed (freight.go); the rows are there from the departure on.
package transport
