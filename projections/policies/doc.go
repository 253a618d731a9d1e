// Package policies is what is promised and what is still to be assessed: the
// published policies, and pending_assessments.
//
// pending_assessments is the inspected shipments for which a policy was in effect
// and no claim exists, with the reason. What the fold remembers for it is in
// state.go.
package policies
