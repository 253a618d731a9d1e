package assessment

import "zhitong/domain"

// AssessShipment assesses an inspected shipment under a policy: by itself, or by an
// officer where that could not be.
type AssessShipment struct {
	ShipmentID domain.ID `json:"shipment_id"`
	PolicyID   domain.ID `json:"policy_id"`
}

// ReassessClaim reckons a claim and its supplements anew. It is the system's.
type ReassessClaim struct {
	ClaimID domain.ID `json:"claim_id"`
	BatchID domain.ID `json:"batch_id,omitzero"` // whose confirmation let it be reckoned
}

// TakeUpNext takes the head of a fund's waitlist up. It is the system's.
type TakeUpNext struct {
	FundID domain.ID `json:"fund_id"`
}

// Validate refuses data that can't be a command.
func (c *AssessShipment) Validate() error {
	return domain.First(domain.RequiredID("shipment_id", c.ShipmentID), domain.RequiredID("policy_id", c.PolicyID))
}

// Validate refuses data that can't be a command.
func (c *ReassessClaim) Validate() error { return domain.RequiredID("claim_id", c.ClaimID) }

// Validate refuses data that can't be a command.
func (c *TakeUpNext) Validate() error { return domain.RequiredID("fund_id", c.FundID) }
