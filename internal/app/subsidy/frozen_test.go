package subsidy_test

import (
	"testing"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/internal/app/apptest"
)

// recompute goes through all that is in the log and calculates every frozen line
// again, from what its event says alone: the same steps, the same result, and each
// step's arithmetic gives its result.
func recompute(t *testing.T, w *apptest.World) {
	t.Helper()
	versions := map[domain.ID]map[int]*policy.Policy{}
	for p := uint64(1); p <= w.Position(); p++ {
		for _, e := range w.Commit(p).Events {
			switch f := e.Fact.(type) {
			case policy.Published:
				if versions[f.PolicyID] == nil {
					versions[f.PolicyID] = map[int]*policy.Policy{}
				}
				versions[f.PolicyID][f.Version] = &f.Policy
			case claim.Assessed:
				recomputeLines(t, versions, &f.Assessment)
				for _, other := range w.Commit(p).Events {
					if r, ok := other.Fact.(fund.Reserved); ok && r.ClaimID == f.ClaimID {
						resplit(t, versions[f.PolicyID][f.PolicyVersion].Split, f.Lines, r)
					}
				}
			case claim.Waitlisted:
				recomputeLines(t, versions, &f.Assessment)
			case claim.Refused:
				recomputeLines(t, versions, &f.Assessment)
			case claim.Reassessed:
				for _, l := range f.Lines {
					in := l.Inputs
					if l.Used != nil {
						in = *l.Used
					}
					again(t, versions[f.PolicyID][f.PolicyVersion], policy.Subject{ItemID: l.ItemID, CooperativeID: f.CooperativeID, BuyerID: f.BuyerID}, in, l.Steps)
				}
			}
		}
	}
}

func recomputeLines(t *testing.T, versions map[domain.ID]map[int]*policy.Policy, a *claim.Assessment) {
	t.Helper()
	for _, l := range a.Lines {
		s := policy.Subject{ItemID: l.ItemID, Category: l.Category, Channel: a.Channel, CooperativeID: a.CooperativeID, BuyerID: a.BuyerID}
		got := again(t, versions[a.PolicyID][a.PolicyVersion], s, l.Inputs, l.Steps)
		if want := l.Subsidy.Add(l.Before); a.Supplements == "" && l.Shares != nil && got.Cmp(want) != 0 {
			t.Errorf("claim %q line %d: calculated again %s, was %s", a.ClaimID, l.LineNo, got, want)
		}
	}
}

func again(t *testing.T, p *policy.Policy, s policy.Subject, in policy.Inputs, steps []policy.Step) domain.Money {
	t.Helper()
	if steps == nil {
		return domain.Money{} // an unpaid supplement that a return made smaller: nothing is calculated
	}
	r := p.Calculate(s, in)
	if len(r.Steps) != len(steps) {
		t.Errorf("%d steps, were %d", len(r.Steps), len(steps))
		return r.Amount
	}
	for i, step := range steps {
		if got, err := step.Again(); err != nil || got != step.Result || r.Steps[i].Result != step.Result {
			t.Errorf("step %+v: its arithmetic gives %q (%v), the calculation %q", step, got, err, r.Steps[i].Result)
		}
	}
	return r.Amount
}

// resplit splits what was reserved again, from the residuals that the event names.
func resplit(t *testing.T, split []policy.Funding, lines []claim.Line, f fund.Reserved) {
	t.Helper()
	shares, residuals := make([]domain.Share, len(split)), make([]domain.Residual, len(split))
	for i, x := range split {
		shares[i], residuals[i] = x.Share, f.Before[i].Residual
	}
	for _, l := range lines {
		var parts []domain.Money
		parts, residuals = domain.ResidualSplit(l.Subsidy, shares, residuals)
		for i, p := range parts {
			if p.Cmp(l.Shares[i].Amount) != 0 {
				t.Errorf("claim %q line %d: split again %s for %q, was %s", f.ClaimID, l.LineNo, p, split[i].FunderID, l.Shares[i].Amount)
			}
		}
	}
	for i, r := range residuals {
		if r != f.Residuals[i].Residual {
			t.Errorf("claim %q: residual of %q is %s, was %s", f.ClaimID, split[i].FunderID, r, f.Residuals[i].Residual)
		}
	}
}
