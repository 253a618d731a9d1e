// Package fulfilment is what became of each order line: order_fulfilment.
//
// Quantities are reckoned in the unit of the order line and shown in kg; the
// status is the first of the domain's list that holds. To know which order line a
// departure moves, the fold remembers the lines of shipments (shipments.go) until
// they are inspected.
package fulfilment
