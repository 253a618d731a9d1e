package policy

import "zhitong/domain"

// Published is a version of a policy, whole.
type Published struct {
	Policy `json:",embed"`
}

// Withdrawn cuts a version's range to the day before From.
type Withdrawn struct {
	PolicyID domain.ID   `json:"policy_id"`
	Version  int         `json:"version"`
	From     domain.Day  `json:"from"`
	Reason   domain.Text `json:"reason"`
}

// The names of the facts.
func (Published) FactName() string { return "policy.published" }
func (Withdrawn) FactName() string { return "policy.withdrawn" }

// The subject of each is the policy.
func (f Published) Subject() domain.Ref { return Ref(f.PolicyID) }
func (f Withdrawn) Subject() domain.Ref { return Ref(f.PolicyID) }
