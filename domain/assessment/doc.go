// Package assessment decides what spans policy, fund and claim: the assessment of a
// shipment, taking a waiting claim up, and reckoning a claim anew after a return or
// a correction.
//
// It owns how running totals, limits, splits and budget lines meet in one decision.
// Its functions are pure: from states to facts or a refusal. It has no state of its
// own, and refuses to know commands and the log.
//
// Start at [Assess], then [Reassess].
package assessment
