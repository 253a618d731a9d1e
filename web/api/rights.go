package api

import (
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/projections"
)

// Right says which rows of a view a role may read.
type Right struct {
	View string
	// All are the roles that read every row.
	All []domain.Role
	// Own are the roles that read the rows of their party, and which rows those are.
	Own map[domain.Role]Path
	// Shares says that a funder sees of the column shares its own entry only.
	Shares bool
}

// Path says how rows belong to a party: by a column that holds the party's id, or by
// a column that holds the key of rows of another view that do.
type Path struct {
	Column string
	View   string // "" where Column holds the party
	Key    string // the column of View that Column points at
	Then   *Path
}

// by is a column that holds the party.
func by(column string) Path { return Path{Column: column} }

// through is a column that points at rows of another view.
func through(column, view, key string, then Path) Path { return Path{column, view, key, &then} }

// scope is the scope of the rows that belong to a party.
func (p Path) scope(party domain.ID) *projections.Scope {
	if p.Then == nil {
		return &projections.Scope{Column: p.Column, Value: string(party)}
	}
	return &projections.Scope{Column: p.Column, In: &projections.Within{View: p.View, Column: p.Key, Scope: *p.Then.scope(party)}}
}

// The roles that work for the programme see its trade; those that work with its
// money see that too.
var (
	office = []domain.Role{domain.Officer, domain.Finance, domain.Auditor, domain.Operator}
	staff  = append([]domain.Role{domain.Dispatcher}, office...)
	// everyone is every role that an account can have.
	everyone = slices.DeleteFunc(slices.Clone(domain.Roles[:]), func(r domain.Role) bool { return r == domain.System })
)

// own makes the map of a [Right].
type own = map[domain.Role]Path

// Whose claims, shipments and departures are whose.
var (
	fundsOf      = by("funder_id")
	claimsOf     = own{domain.Cooperative: by("cooperative_id"), domain.Funder: through("fund_id", "budget_lines", "fund_id", fundsOf)}
	departuresOf = by("carrier_id")
	shipmentsOf  = own{
		domain.Cooperative: by("cooperative_id"), domain.Buyer: by("buyer_id"),
		domain.Carrier: through("departure_id", "departures", "departure_id", departuresOf),
	}
)

// partOf is what belongs to somebody since what it is a part of does.
func partOf(column, view string, of own) own {
	out := own{}
	for role, path := range of {
		out[role] = through(column, view, column, path)
	}
	return out
}

// rights is the one table of who may read which rows of which view. A role that is
// named nowhere is refused.
var rights = []Right{
	// Master data, and what is public in the programme.
	{View: "programme_totals", All: everyone},
	{View: "items", All: everyone},
	{View: "routes", All: everyone},
	{View: "policies", All: everyone},
	{View: "pairings", All: everyone},
	{View: "sales_by_item", All: everyone},
	{View: "publicity", All: everyone},
	{View: "parties", All: staff, Own: own{
		domain.Cooperative: by("party_id"), domain.Buyer: by("party_id"), domain.Carrier: by("party_id"), domain.Funder: by("party_id"),
	}},

	// The trade.
	{View: "order_fulfilment", All: staff, Own: own{domain.Buyer: by("buyer_id"), domain.Cooperative: by("cooperative_id")}},
	{View: "departures", All: append([]domain.Role{domain.Cooperative, domain.Buyer}, staff...), Own: own{domain.Carrier: departuresOf}},
	{View: "shipments", All: staff, Own: shipmentsOf},
	{View: "shipment_lines", All: staff, Own: partOf("shipment_id", "shipments", shipmentsOf)},
	{View: "freight_cost", All: staff, Own: own{domain.Carrier: through("departure_id", "departures", "departure_id", departuresOf)}},
	{View: "sales_volume", All: staff, Own: own{domain.Cooperative: by("cooperative_id"), domain.Buyer: by("buyer_id")}},
	{View: "sales_by_pairing", All: append([]domain.Role{domain.Funder}, staff...)},

	// The subsidy and its money.
	{View: "claims", All: office, Own: claimsOf},
	{View: "claim_lines", All: office, Own: partOf("claim_id", "claims", claimsOf), Shares: true},
	{View: "pending_assessments", All: staff, Own: own{domain.Cooperative: through("shipment_id", "shipments", "shipment_id", by("cooperative_id"))}},
	{View: "waitlist", All: office, Own: partOf("claim_id", "claims", claimsOf)},
	{View: "item_subsidy", All: office, Own: own{domain.Funder: fundsOf}},
	{View: "budget_lines", All: office, Own: own{domain.Funder: fundsOf}},
	{View: "funds_flow", All: office, Own: own{domain.Funder: fundsOf, domain.Cooperative: by("cooperative_id")}},
	{View: "disbursements", All: office, Own: own{domain.Cooperative: by("payee_id")}},
	{View: "clawbacks", All: office, Own: own{domain.Cooperative: by("cooperative_id")}},

	// The audit, and the machine.
	{View: "findings", All: []domain.Role{domain.Auditor}},
	{View: "projection_status", All: staff},
}

// Rights lists the table. It is shared: do not change it.
func Rights() []Right { return rights }

// Readers lists the roles that may read at least a part of a view, in the order of
// the documentation.
func (r *Right) Readers() []domain.Role {
	var roles []domain.Role
	for _, role := range everyone {
		if _, mine := r.Own[role]; mine || slices.Contains(r.All, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

func rightOf(view string) *Right {
	for i := range rights {
		if rights[i].View == view {
			return &rights[i]
		}
	}
	return nil
}

// checkRights holds the table against the views that there are: a view nobody
// decided about is a fault of the program, not one that everybody may read.
func checkRights(views []*projections.Schema) error {
	for _, v := range views {
		right := rightOf(v.Name)
		if right == nil {
			return fmt.Errorf("view %q is not in the table of rights", v.Name)
		}
		for role, path := range right.Own {
			if _, ok := v.Column(path.Column); !ok {
				return fmt.Errorf("view %q has no column %q, by which rows are a %s's", v.Name, path.Column, role)
			}
		}
	}
	return nil
}
