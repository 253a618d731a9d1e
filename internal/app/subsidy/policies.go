package subsidy

import (
	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/internal/app"
)

func policies() []app.Command {
	return []app.Command{
		define("policy.publish", publishPolicy),
		define("policy.withdraw", func(u *app.Unit, c *policy.Withdraw) error {
			versions := u.Registries.Policy(c.PolicyID)
			if versions == nil {
				return unknownPolicy(c.PolicyID)
			}
			f, err := versions.Withdraw(c.PolicyID, c.Version, c.From, c.Reason)
			return one(u, f, err)
		}),
	}
}

func publishPolicy(u *app.Unit, p *policy.Policy) error {
	for i, f := range p.Split {
		if err := funder(u, domain.Path("split", i, "funder_id"), f.FunderID); err != nil {
			return err
		}
	}
	f, before, err := u.Registries.Policy(p.PolicyID).Publish(p)
	if err == nil && before > 0 {
		u.RepeatOf(before)
		return nil
	}
	return one(u, f, err)
}

// funder refuses a party that is not a registered funder.
func funder(u *app.Unit, field string, id domain.ID) error {
	s, err := u.Party(id)
	if err != nil {
		return err
	}
	return s.IsA(party.KindFunder, field, id)
}

func unknownPolicy(id domain.ID) error {
	return domain.Refuse(domain.NotFound, "policy.unknown", "policy_id", string(id), "no policy has this id")
}
