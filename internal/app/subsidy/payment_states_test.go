package subsidy_test

import (
	"slices"
	"testing"
)

// TestClawbackStates tries every command in every state of a clawback.
func TestClawbackStates(t *testing.T) {
	t.Parallel()
	const approve, refund, offset, writeOff = "approve", "refund", "offset", "write_off"
	settle := func(method string) [2]string {
		return [2]string{"clawback.settle U-8 finance", `{"clawback_id":"S.P.C1","method":"` + method + `","reference":"r"}`}
	}
	commands := map[string][2]string{
		approve: {"clawback.approve U-9 officer", `{"clawback_id":"S.P.C1"}`},
		refund:  settle(refund), offset: settle(offset), writeOff: settle(writeOff),
	}
	for _, s := range []struct {
		name, status string
		steps        []string
		may          []string
	}{
		{"proposed", "proposed", nil, []string{approve}},
		{"approved", "approved", []string{approve}, []string{refund, offset, writeOff}},
		{"settled by refund", "settled", []string{approve, refund}, nil},
		{"settled by offset", "settled", []string{approve, offset}, nil},
		{"settled by write-off", "settled", []string{approve, writeOff}, nil},
	} {
		for name, c := range commands {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.policy()
				b.fund("100.00", "100.00")
				b.ship("S", "C1", "50")
				b.life("S.P", "submit", "approve", "authorise", "batch", "paid")
				b.giveBack("S", 1, "10")
				for _, step := range s.steps {
					b.ok(commands[step][0], commands[step][1])
				}
				if slices.Contains(s.may, name) {
					b.ok(c[0], c[1])
				} else {
					b.refused(c[0], c[1], "clawback.wrong_status", "the clawback is "+s.status)
				}
			})
		}
	}
}

// TestDisbursementStates tries to confirm, and to make anew, a batch that is open
// and one that is closed.
func TestDisbursementStates(t *testing.T) {
	t.Parallel()
	const confirm = `{"batch_id":"BT-S.P","lines":[{"claim_id":"S.P","status":"paid"}]}`
	const again = `{"batch_id":"BT-S.P","claim_ids":["S.P"]}`
	for _, s := range []struct {
		name, line string
		steps      []string
		confirmed  string // code; "" where it may be confirmed
	}{
		{"none", "", []string{"submit", "approve", "authorise"}, "disbursement.unknown"},
		{"open", "pending", []string{"submit", "approve", "authorise", "batch"}, ""},
		{"closed, paid", "paid", []string{"submit", "approve", "authorise", "batch", "paid"}, "disbursement.closed"},
		{"closed, failed", "failed", []string{"submit", "approve", "authorise", "batch", "failed"}, "disbursement.closed"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.policy()
			b.fund("100.00", "100.00")
			b.ship("S", "C1", "50")
			b.life("S.P", s.steps...)
			if s.line != "" {
				b.is("disbursements", "status", s.line)
				b.refused("disbursement.batch U-7 finance", again, "disbursement.exists")
			}
			if s.confirmed == "" {
				b.ok("disbursement.confirm U-8 finance", confirm)
			} else {
				b.refused("disbursement.confirm U-8 finance", confirm, s.confirmed)
			}
		})
	}
}
