package subsidy_test

import (
	"slices"
	"testing"
)

// TestClaimStates tries every command in every state of a claim.
func TestClaimStates(t *testing.T) {
	t.Parallel()
	states := []struct {
		name  string
		lay   func(b *bench) // before the shipment
		steps []string
		may   []string // the commands that this state allows
	}{
		{"waitlisted", func(b *bench) { b.policy(); b.fund("1.00", "1.00") }, nil, []string{"reject"}},
		{"refused", func(b *bench) { b.policy(`"waitlist"`, `"refuse"`); b.fund("1.00", "1.00") }, nil, nil},
		{"assessed", nil, nil, []string{"submit", "reject"}},
		{"submitted", nil, []string{"submit"}, []string{"approve", "reject"}},
		{"approved", nil, []string{"submit", "approve"}, []string{"publicise", "authorise", "reject"}},
		{"publicised", nil, []string{"submit", "approve", "publicise"}, []string{"object", "authorise", "reject"}},
		{"objected", nil, []string{"submit", "approve", "publicise", "object"}, []string{"resolve", "reject"}},
		{"authorised", nil, []string{"submit", "approve", "authorise"}, []string{"batch"}},
		{"batched", nil, []string{"submit", "approve", "authorise", "batch"}, nil},
		{"payment_failed", nil, []string{"submit", "approve", "authorise", "batch", "failed"}, []string{"batch"}},
		{"paid", nil, []string{"submit", "approve", "authorise", "batch", "paid"}, nil},
		{"rejected", nil, []string{"reject"}, nil},
	}
	next := day[:8] + "11T12:00:00+08:00"
	commands := []struct{ name, who, data string }{
		{"submit", "claim.submit C1 cooperative", `{"claim_id":"S.P"}`},
		{"approve", "claim.approve U-1 officer", `{"claim_id":"S.P"}`},
		{"publicise", "claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"` + day + `","to":"` + day + `"}`},
		{"object", "claim.object U-3 auditor", `{"claim_id":"S.P","reason":"r"}`},
		{"resolve", "claim.resolve_objection U-4 officer", `{"claim_id":"S.P","upheld":false,"note":"n"}`},
		{"authorise", "claim.authorise U-5 officer " + next, `{"claim_id":"S.P"}`},
		{"reject", "claim.reject U-6 officer", `{"claim_id":"S.P","reason":"r"}`},
		{"batch", "disbursement.batch U-7 finance", `{"batch_id":"X","claim_ids":["S.P"]}`},
	}
	for _, s := range states {
		for _, c := range commands {
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				if s.lay != nil {
					s.lay(b)
				} else {
					b.policy()
					b.fund("100.00", "100.00")
				}
				b.ship("S", "C1", "50")
				b.life("S.P", s.steps...)
				b.is("claims", "status", s.name)
				if slices.Contains(s.may, c.name) {
					b.ok(c.who, c.data)
				} else {
					b.refused(c.who, c.data, "claim.wrong_status", "the claim is "+s.name)
				}
			})
		}
	}
}

// TestTwoPersons tries each pair with one actor, and again where the policy lifts
// the pair.
func TestTwoPersons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		steps []string // before the command
		act   func(b *bench)
		who   string
		data  string
		code  string
		keeps bool // distinct_actors: false does not lift it
	}{
		{"ApproveSubmit", []string{"submit"}, nil, "claim.approve C1 officer", `{"claim_id":"S.P"}`, "two_persons.claim.approve", false},
		{"AuthoriseApprove", []string{"submit", "approve"}, nil, "claim.authorise U-APP officer", `{"claim_id":"S.P"}`, "two_persons.claim.authorise", false},
		{"AuthorisePublicise", []string{"submit", "approve", "publicise"}, nil, "claim.authorise U-PUB officer 2021-06-11T00:00:00+08:00", `{"claim_id":"S.P"}`, "two_persons.claim.authorise", false},
		{"ResolveObject", []string{"submit", "approve", "publicise", "object"}, nil, "claim.resolve_objection B1 officer", `{"claim_id":"S.P","upheld":false,"note":"n"}`, "two_persons.claim.resolve_objection", false},
		{"ResolveApprove", []string{"submit", "approve", "publicise", "object"}, nil, "claim.resolve_objection U-APP officer", `{"claim_id":"S.P","upheld":true,"note":"n"}`, "two_persons.claim.resolve_objection", false},
		{"ConfirmBatch", []string{"submit", "approve", "authorise", "batch"}, nil, "disbursement.confirm U-FIN1 finance", `{"batch_id":"BT-S.P","lines":[{"claim_id":"S.P","status":"paid"}]}`, "two_persons.disbursement.confirm", true},
		{"ClawbackApproveReturn", []string{"submit", "approve", "authorise", "batch", "paid"}, func(b *bench) { b.giveBack("S", 1, "10") }, "clawback.approve B1 officer", `{"clawback_id":"S.P.C1"}`, "two_persons.clawback.approve", false},
		{"ClawbackSettleApprove", []string{"submit", "approve", "authorise", "batch", "paid"}, func(b *bench) {
			b.giveBack("S", 1, "10")
			b.ok("clawback.approve U-X officer", `{"clawback_id":"S.P.C1"}`)
		}, "clawback.settle U-X finance", `{"clawback_id":"S.P.C1","method":"write_off","reference":"r"}`, "two_persons.clawback.settle", false},
	} {
		for _, distinct := range []bool{true, false} {
			name := c.name
			if !distinct {
				name += "/lifted"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				if distinct {
					b.policy()
				} else {
					b.policy(`"distinct_actors":true`, `"distinct_actors":false`)
				}
				b.fund("100.00", "100.00")
				b.ship("S", "C1", "50")
				b.life("S.P", c.steps...)
				if c.act != nil {
					c.act(b)
				}
				if distinct || c.keeps {
					b.refused(c.who, c.data, c.code, "another person is needed")
				} else {
					b.ok(c.who, c.data)
				}
			})
		}
	}
}

func TestPublicity(t *testing.T) {
	t.Parallel()
	lay := func(t *testing.T) *bench {
		b := newBench(t)
		b.policy(`"publicity_days":0`, `"publicity_days":7`)
		b.fund("100.00", "100.00")
		b.ship("S", "C1", "50", "20")
		b.life("S.P", "submit", "approve")
		return b
	}
	t.Run("IsNeededForAsManyDays", func(t *testing.T) {
		t.Parallel()
		b := lay(t)
		b.refused("claim.authorise U-5 officer", `{"claim_id":"S.P"}`, "claim.wrong_status", "publicised")
		b.refused("claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"2021-06-10","to":"2021-06-15"}`, "claim.publicity_too_short", "asks for 7 days, these are 6")
		b.refused("claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"2021-06-09","to":"2021-06-16"}`, "claim.publicity_in_past")
		b.refused("claim.publicise U-2 officer 2021-06-09T16:00:00Z", `{"claim_ids":["S.P"],"from":"2021-06-09","to":"2021-06-16"}`, "claim.publicity_in_past", "2021-06-10")
		b.ok("claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"2021-06-10","to":"2021-06-16"}`)
		b.refused("claim.authorise U-5 officer 2021-06-16T23:59:59+08:00", `{"claim_id":"S.P"}`, "claim.publicity_runs", "from 2021-06-17 on")
		b.ok("claim.authorise U-5 officer 2021-06-16T16:00:00Z", `{"claim_id":"S.P"}`)
	})
	t.Run("IsAllOrNothing", func(t *testing.T) {
		t.Parallel()
		b := lay(t)
		b.ship("T", "C2", "5")
		b.refused("claim.publicise U-2 officer", `{"claim_ids":["S.P","T.P"],"from":"2021-06-10","to":"2021-06-16"}`, "claim.wrong_status", "claim_ids[1]")
		b.refused("claim.publicise U-2 officer", `{"claim_ids":["S.P","S.P"],"from":"2021-06-10","to":"2021-06-16"}`, "claim.named_twice")
		b.is("claims", "claim_id status", "S.P approved", "T.P assessed")
	})
	t.Run("KeepsWhatWasPosted", func(t *testing.T) {
		t.Parallel()
		b := lay(t)
		b.ok("claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"2021-06-10","to":"2021-06-16"}`)
		b.giveBack("S", 1, "10")
		b.is("publicity", "claim_id item_ids accepted_kg amount_posted amount_now from to status", `S.P ["jujube","walnut"] 70.000 70.00 60.00 2021-06-10 2021-06-16 publicised`)
	})
	t.Run("AnObjectionNotUpheldGoesBackWithTheSameDates", func(t *testing.T) {
		t.Parallel()
		b := lay(t)
		b.ok("claim.publicise U-2 officer", `{"claim_ids":["S.P"],"from":"2021-06-10","to":"2021-06-16"}`)
		b.life("S.P", "object")
		b.ok("claim.resolve_objection U-9 officer", `{"claim_id":"S.P","upheld":false,"note":"n"}`)
		b.is("publicity", "from to status", "2021-06-10 2021-06-16 publicised")
		b.life("S.P", "object")
		b.ok("claim.resolve_objection U-9 officer", `{"claim_id":"S.P","upheld":true,"note":"n"}`)
		b.is("claims", "status assessed", "rejected 0.00")
		b.is("budget_lines", "budget_id reserved obligated available", "A 0.00 0.00 100.00", "B 0.00 0.00 100.00")
	})
}
