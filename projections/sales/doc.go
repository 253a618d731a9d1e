// Package sales is what was sold: sales_volume by month, sales_by_item and
// programme_totals.
//
// A sale counts when goods are accepted; returns and corrections count in their
// own month and never change an earlier one (domain: sales). The tables are in
// tables.go. Each source of facts has a file of its own that adds to them:
// trade.go for what shipments say. A further source (what claims say) is one more
// file and one more line in fold.go.
package sales
