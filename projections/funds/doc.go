// Package funds is where the money goes: budget_lines, funds_flow, disbursements,
// clawbacks, and the waitlist of each fund.
//
// Budget lines fold the funds' facts; what funders bear of claims comes from the
// moves of the claims' facts ([claim.EachMove]). The tables are in tables.go.
package funds
