// Package pending is pending_assessments: inspected shipments for which a policy
// was in effect and no claim exists, with the reason.
//
// Whether a policy was in effect is asked when the shipment is inspected; where its
// claim waits for the freight, the fund is asked for when the final invoice comes,
// as the assessment does.
package pending
