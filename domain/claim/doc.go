// Package claim is a shipment's subsidy under one policy: what was frozen for it,
// its way to payment, and what is clawed back of it.
//
// It owns the life of a claim and of its clawbacks, with the rules of two persons.
// A clawback belongs to its claim's aggregate; a supplement (a claim
// "<claim_id>.S<n>" for what a paid claim gained by a correction) is a claim of its
// own. The package refuses to know budgets and rules of policies: amounts come from
// package assessment.
//
// Start at facts.go, then at [State] and life.go.
package claim
