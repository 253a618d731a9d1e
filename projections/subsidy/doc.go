// Package subsidy is what became of the subsidy: claims with their lines, what
// each item and funder has of them, budget lines, the flow of funds, payments,
// clawbacks, publicity and the waitlist.
//
// A claim stands in claims and claim_lines as it is; item_subsidy is the sum of
// what claims contribute at present (contributions.go takes a claim's part out and
// puts the new one in); funds_flow and budget_lines add up movements. The tables
// are in tables.go and claim_tables.go, each source of facts has a file.
package subsidy
