// Package catalogue lists the projections that this program knows. A new view is
// one line here.
package catalogue

import (
	"zhitong/projections"
	"zhitong/projections/fulfilment"
	"zhitong/projections/funds"
	"zhitong/projections/pairings"
	"zhitong/projections/policies"
	"zhitong/projections/register"
	"zhitong/projections/sales"
	"zhitong/projections/subsidy"
	"zhitong/projections/transport"
)

// All returns every projection in every version that this program can fold.
func All() []projections.Projection {
	return []projections.Projection{
		sales.Projection(),
		fulfilment.Projection(),
		transport.Projection(),
		register.Projection(),
		policies.Projection(),
		subsidy.Projection(),
		funds.Projection(),
		pairings.Projection(),
	}
}
