package claim

import "zhitong/domain"

// Submit is the cooperative's request for what was assessed.
type Submit struct {
	ClaimID domain.ID `json:"claim_id"`
}

// Approve obligates the money.
type Approve struct {
	ClaimID domain.ID `json:"claim_id"`
}

// Reject ends a claim before it is authorised.
type Reject struct {
	ClaimID domain.ID   `json:"claim_id"`
	Reason  domain.Text `json:"reason"`
}

// Validate refuses data that can't be a command.
func (c *Submit) Validate() error { return domain.RequiredID("claim_id", c.ClaimID) }

// Validate refuses data that can't be a command.
func (c *Approve) Validate() error { return domain.RequiredID("claim_id", c.ClaimID) }

// Validate refuses data that can't be a command.
func (c *Reject) Validate() error {
	return domain.First(domain.RequiredID("claim_id", c.ClaimID), domain.RequiredText("reason", c.Reason))
}
