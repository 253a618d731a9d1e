// Package subsidy is what claims give: claims, claim_lines, item_subsidy and
// publicity.
//
// Amounts come from the moves of the claims' facts ([claim.EachMove]), so that no
// column has an arithmetic of its own. The steps of a calculation stay in their
// event: claim_lines has its id. The tables are in tables.go.
package subsidy
