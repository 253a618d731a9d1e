// Package roles is the one table of who may do what, for the API, the command line
// and the pages alike.
//
// It owns which roles may send which command. It refuses to know any state: that a
// party acts only for itself (a buyer on its own orders, a cooperative on its own
// shipments, a carrier on departures that name it) is checked by the deciders, with
// [domain.By.MayActFor]: for the roles cooperative, buyer, carrier and funder the
// actor is the party's id. Start at the table.
package roles

import (
	"slices"

	"zhitong/domain"
)

// Short names keep the table readable.
const (
	cooperative = domain.Cooperative
	buyer       = domain.Buyer
	carrier     = domain.Carrier
	dispatcher  = domain.Dispatcher
	officer     = domain.Officer
	finance     = domain.Finance
	auditor     = domain.Auditor
	operator    = domain.Operator
	system      = domain.System
)

// row is a command with the roles that may send it.
type row struct {
	command string
	roles   []domain.Role
}

func may(command string, roles ...domain.Role) row { return row{command, roles} }

// anyone is every role that a client can have.
var anyone = slices.DeleteFunc(slices.Clone(domain.Roles[:]), func(r domain.Role) bool { return r == system })

// table is the table. A command that is not in it is nobody's.
var table = []row{
	may("programme.open", operator),
	may("programme.confirm_clock", operator),

	may("account.grant", operator),
	may("account.revoke", operator),

	may("party.register", officer),
	may("party.change_payee", officer),
	may("party.confirm_payee", officer),
	may("party.update", officer),
	may("party.suspend", officer),
	may("party.reinstate", officer),
	may("party.close", officer),
	may("person.erase", operator),
	may("person.complete_erasure", system),
	may("pairing.set", officer),
	may("item.register", officer),
	may("item.update", officer),
	may("route.open", dispatcher),
	may("route.revise", dispatcher),

	may("order.submit", buyer),
	may("order.confirm", dispatcher),
	may("order.revise_price", buyer),
	may("order.short_close", buyer),
	may("order.cancel", buyer),

	may("departure.schedule", dispatcher),
	may("departure.depart", dispatcher, carrier),
	may("departure.transship", dispatcher, carrier),
	may("departure.arrive", dispatcher, carrier),
	may("departure.cancel", dispatcher),
	may("departure.record_freight", dispatcher),

	may("shipment.log", cooperative),
	may("shipment.correct", cooperative),
	may("shipment.cancel", cooperative),
	may("shipment.load", cooperative, dispatcher),
	may("shipment.inspect", buyer, dispatcher),
	may("shipment.return", buyer),
	may("shipment.correct_inspection", dispatcher),

	may("policy.publish", officer),
	may("policy.withdraw", officer),
	may("fund.open", finance),
	may("fund.adjust", finance),
	may("fund.add_line", finance),

	may("claim.assess", officer),
	may("claim.reassess", system),
	may("claim.take_up", system),
	may("claim.submit", cooperative),
	may("claim.approve", officer),
	may("claim.publicise", officer),
	may("claim.object", anyone...),
	may("claim.resolve_objection", officer),
	may("claim.authorise", officer),
	may("claim.reject", officer),
	may("disbursement.batch", finance),
	may("disbursement.confirm", finance),
	may("clawback.approve", officer),
	may("clawback.settle", finance),

	may("finding.note", auditor),
}

// May lists the roles that may send a command; none for a command that is not in
// the table. The list is shared: do not change it.
func May(command string) []domain.Role {
	for i := range table {
		if table[i].command == command {
			return table[i].roles
		}
	}
	return nil
}

// Commands lists the commands of the table, in its order.
func Commands() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].command
	}
	return names
}

// Check returns nil when a client in the role may send the command, else a problem
// with code role.unknown, role.system (no client can be it: reactions do not ask)
// or role.denied, which names the roles that could.
func Check(command string, role domain.Role) *domain.Problem {
	switch {
	case !role.Known():
		return domain.Refuse(domain.Invalid, "role.unknown", "role", string(role), "one of %v", anyone)
	case role == system:
		return domain.Refuse(domain.Denied, "role.system", "role", string(role), "no client can be the system")
	}
	could := May(command)
	if slices.Contains(could, role) {
		return nil
	}
	p := domain.Refuse(domain.Denied, "role.denied", "role", string(role), "%s is for %v", command, could)
	p.Roles = slices.Clone(could)
	return p
}
