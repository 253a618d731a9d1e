package policy

import "zhitong/domain"

// Withdraw cuts a version's range to the day before From. (The data of
// policy.publish is a [Policy].)
type Withdraw struct {
	PolicyID domain.ID   `json:"policy_id"`
	Version  int         `json:"version"`
	From     domain.Day  `json:"from"`
	Reason   domain.Text `json:"reason"`
}

// Validate refuses data that can't be a command.
func (c *Withdraw) Validate() error {
	return domain.First(domain.RequiredID("policy_id", c.PolicyID), domain.Required("version", c.Version != 0),
		domain.Required("from", !c.From.IsZero()), domain.RequiredText("reason", c.Reason))
}
