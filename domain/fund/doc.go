// Package fund is one policy in one calendar year: the budget lines of its
// funders, the running totals of tiers and limits, the residuals of the split, and
// the claims that wait for money.
//
// Its facts carry deltas and its state holds no claims, so that an assessment
// costs the same however many there were. It owns that nothing is ever overdrawn:
// available = appropriated − reserved − obligated − spent + refunded ≥ 0 on every
// line. It refuses to know why an amount is what it is: that is in the claim.
//
// Start at facts.go, then at [State]; [Draft] is how a decision looks ahead.
package fund
