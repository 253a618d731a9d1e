package claim

import (
	"strconv"

	"zhitong/domain"
)

// IDsMax is the number of claims that one command may name.
const IDsMax = 300

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

// Publicise posts claims for the public to see.
type Publicise struct {
	ClaimIDs []domain.ID `json:"claim_ids"`
	From     domain.Day  `json:"from"`
	To       domain.Day  `json:"to"`
}

// Object raises an objection to a posted claim.
type Object struct {
	ClaimID domain.ID   `json:"claim_id"`
	Reason  domain.Text `json:"reason"`
}

// ResolveObjection ends an objection.
type ResolveObjection struct {
	ClaimID domain.ID   `json:"claim_id"`
	Upheld  *bool       `json:"upheld"`
	Note    domain.Text `json:"note"`
}

// Authorise lets a claim be paid.
type Authorise struct {
	ClaimID domain.ID `json:"claim_id"`
}

// ApproveClawback is an officer's consent to a clawback.
type ApproveClawback struct {
	ClawbackID domain.ID `json:"clawback_id"`
}

// SettleClawback says how a clawback's money comes back.
type SettleClawback struct {
	ClawbackID domain.ID   `json:"clawback_id"`
	Method     string      `json:"method"`
	Reference  domain.Text `json:"reference"`
}

// Validate refuses data that can't be a command.
func (c *Publicise) Validate() error {
	if err := domain.First(CheckIDs(c.ClaimIDs), domain.Required("from", !c.From.IsZero()), domain.Required("to", !c.To.IsZero())); err != nil {
		return err
	}
	if c.To.Cmp(c.From) < 0 {
		return domain.Refuse(domain.Invalid, "claim.publicity_backwards", "to", c.To.String(), "not before from, %s", c.From)
	}
	return nil
}

// CheckIDs refuses an empty or too long list of claims, and one named twice.
func CheckIDs(ids []domain.ID) error {
	if err := domain.CheckCount("claim_ids", len(ids), IDsMax); err != nil {
		return err
	}
	seen := make(map[domain.ID]bool, len(ids))
	for i, id := range ids {
		field := "claim_ids[" + strconv.Itoa(i) + "]"
		if err := domain.RequiredID(field, id); err != nil {
			return err
		}
		if seen[id] {
			return domain.Refuse(domain.Invalid, "claim.named_twice", field, string(id), "each claim is named once")
		}
		seen[id] = true
	}
	return nil
}

// Validate refuses data that can't be a command.
func (c *Object) Validate() error {
	return domain.First(domain.RequiredID("claim_id", c.ClaimID), domain.RequiredText("reason", c.Reason))
}

// Validate refuses data that can't be a command.
func (c *ResolveObjection) Validate() error {
	return domain.First(domain.RequiredID("claim_id", c.ClaimID), domain.Required("upheld", c.Upheld != nil), domain.RequiredText("note", c.Note))
}

// Validate refuses data that can't be a command.
func (c *Authorise) Validate() error { return domain.RequiredID("claim_id", c.ClaimID) }

// Validate refuses data that can't be a command.
func (c *ApproveClawback) Validate() error { return domain.RequiredID("clawback_id", c.ClawbackID) }

// Validate refuses data that can't be a command.
func (c *SettleClawback) Validate() error {
	return domain.First(domain.RequiredID("clawback_id", c.ClawbackID), domain.CheckWord("method", c.Method, Refund, Offset, WriteOff),
		domain.RequiredText("reference", c.Reference))
}
