package roles_test

import (
	"slices"
	"testing"

	"zhitong/domain"
	"zhitong/domain/roles"
)

func TestEveryCommandHasItsRoles(t *testing.T) {
	t.Parallel()
	for command, could := range map[string][]domain.Role{
		"programme.open":              {domain.Operator},
		"order.submit":                {domain.Buyer},
		"order.confirm":               {domain.Dispatcher},
		"shipment.load":               {domain.Cooperative, domain.Dispatcher},
		"shipment.inspect":            {domain.Buyer, domain.Dispatcher},
		"shipment.return":             {domain.Buyer},
		"shipment.correct_inspection": {domain.Dispatcher},
		"departure.transship":         {domain.Dispatcher, domain.Carrier},
		"departure.cancel":            {domain.Dispatcher},
		"party.confirm_payee":         {domain.Officer},
		"person.erase":                {domain.Operator},
		"claim.submit":                {domain.Cooperative},
		"claim.authorise":             {domain.Officer},
		"fund.adjust":                 {domain.Finance},
		"clawback.settle":             {domain.Finance},
		"finding.note":                {domain.Auditor},
		"claim.object":                {domain.Cooperative, domain.Buyer, domain.Carrier, domain.Dispatcher, domain.Officer, domain.Finance, domain.Auditor, domain.Funder, domain.Operator},
	} {
		for _, role := range domain.Roles {
			p := roles.Check(command, role)
			if want := slices.Contains(could, role); (p == nil) != want {
				t.Errorf("%s as %s: %v, want allowed = %v", command, role, p, want)
			}
			if p != nil && p.Code == "role.denied" && !slices.Equal(p.Roles, roles.May(command)) {
				t.Errorf("%s as %s: the refusal names %v, could are %v", command, role, p.Roles, roles.May(command))
			}
		}
	}
}

func TestNoClientIsTheSystem(t *testing.T) {
	t.Parallel()
	for _, command := range append(roles.Commands(), "no.such") {
		if p := roles.Check(command, domain.System); p == nil || p.Code != "role.system" || p.Class != domain.Denied {
			t.Errorf("%s as system: %v", command, p)
		}
		if p := roles.Check(command, "boss"); p == nil || p.Code != "role.unknown" {
			t.Errorf("%s as boss: %v", command, p)
		}
	}
	for _, role := range domain.Roles {
		if roles.Check("person.complete_erasure", role) == nil || roles.Check("no.such", role) == nil {
			t.Errorf("role %s may do what is nobody's", role)
		}
	}
}

func TestTheTableNamesEachCommandOnce(t *testing.T) {
	t.Parallel()
	names := roles.Commands()
	slices.Sort(names)
	if once := slices.Compact(slices.Clone(names)); len(once) != len(names) {
		t.Errorf("a command stands twice: %v", names)
	}
}
