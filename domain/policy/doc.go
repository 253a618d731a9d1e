// Package policy is a subsidy policy: what it says, when it is in effect, and the
// calculation that it prescribes.
//
// It owns the shape and the validation of a policy (from a command or from a
// file), the versions of one policy with their effective ranges, and one pure
// function, [Policy.Calculate], from the frozen inputs of a shipment line to an
// amount with every step that led to it. It refuses to know funds, claims and
// money that is left: whatever a calculation needs is handed to it.
//
// Start at [Policy], then [Inputs] and [Policy.Calculate]; versions.go has the
// rules of publishing and withdrawing.
package policy
