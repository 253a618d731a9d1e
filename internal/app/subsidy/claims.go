package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/internal/app"
)

func claims() []app.Command {
	return []app.Command{
		define("claim.submit", func(u *app.Unit, c *claim.Submit) error {
			s, err := claimOf(u, c.ClaimID)
			if err != nil {
				return err
			}
			f, err := s.Submit(u.By)
			return one(u, f, err)
		}),
		define("claim.approve", func(u *app.Unit, c *claim.Approve) error {
			s, err := claimOf(u, c.ClaimID)
			if err != nil {
				return err
			}
			f, err := s.Approve(u.By, distinct(u, s))
			return emit(u, append([]domain.Fact{f}, obligated(s)...), err)
		}),
		define("claim.reject", func(u *app.Unit, c *claim.Reject) error {
			s, err := claimOf(u, c.ClaimID)
			if err != nil {
				return err
			}
			if err := s.MayReject(); err != nil {
				return err
			}
			return drop(u, s, c.Reason)
		}),
		define("claim.publicise", publicise),
		define("claim.object", func(u *app.Unit, c *claim.Object) error {
			s, err := claimOf(u, c.ClaimID)
			if err != nil {
				return err
			}
			f, err := s.Object(u.By, c.Reason)
			return one(u, f, err)
		}),
		define("claim.resolve_objection", resolve),
		define("claim.authorise", func(u *app.Unit, c *claim.Authorise) error {
			s, err := claimOf(u, c.ClaimID)
			if err != nil {
				return err
			}
			a := version(u.Registries, s.PolicyID, s.PolicyVersion).Approval
			f, err := s.Authorise(u.By, a.PublicityDays, a.Distinct())
			return one(u, f, err)
		}),
	}
}

func publicise(u *app.Unit, c *claim.Publicise) error {
	states := make([]*claim.State, len(c.ClaimIDs))
	for i, id := range c.ClaimIDs {
		s, err := claimOf(u, id)
		if err == nil {
			err = s.MayPublicise(c, u.By, version(u.Registries, s.PolicyID, s.PolicyVersion).Approval.PublicityDays)
		}
		if err != nil {
			return named(err, i)
		}
		states[i] = s
	}
	u.Emit(claim.PubliciseAll(states, c.From, c.To, u.By)...)
	return nil
}

// named puts the i-th of several claims into a refusal about one.
func named(err error, i int) error {
	p := domain.AsProblem(err)
	if p == nil || p.Field != "claim_id" {
		return err
	}
	q := *p
	q.Field = domain.Path("claim_ids", i, "")
	return &q
}

func resolve(u *app.Unit, c *claim.ResolveObjection) error {
	s, err := claimOf(u, c.ClaimID)
	if err != nil {
		return err
	}
	f, err := s.Resolve(u.By, *c.Upheld, c.Note, distinct(u, s))
	if err != nil || !*c.Upheld {
		return one(u, f, err)
	}
	u.Emit(f)
	return drop(u, s, c.Note)
}

// claimOf returns a claim that exists.
func claimOf(u *app.Unit, id domain.ID) (*claim.State, error) {
	s, err := u.Book().Claim(id)
	if err != nil {
		return nil, err
	}
	return s, s.Known("claim_id", id)
}

// distinct is what the claim's policy says of two persons.
func distinct(u *app.Unit, s *claim.State) bool {
	return version(u.Registries, s.PolicyID, s.PolicyVersion).Approval.Distinct()
}

// obligated moves a claim's money from reserved to obligated; a claim of 0.00 moves
// none.
func obligated(s *claim.State) []domain.Fact {
	m := assessment.MovementOf(s)
	if len(m.Lines) == 0 {
		return nil
	}
	return []domain.Fact{fund.Obligated{Movement: m}}
}
