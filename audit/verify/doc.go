// Package verify checks a history against itself, against what was signed about
// it, and against the rules: it trusts neither the operator nor the database.
//
// It owns the checks and their report. It refuses to use the application's own
// folds for them: each invariant is written again, over the facts. It imports
// neither the broker nor the database. Start reading at [Run].
//
// # What is checked
//
//	positions    1, 2, 3, … without gaps
//	shapes       the strict decoder reads each commit, the encoder writes the same bytes
//	commits      one command each: ids, times, actor, places within the commit
//	causation    each effect has an earlier cause, each reaction says whose
//	hashes       the commits give the leaves, tiles and bundles that are stored
//	checkpoints  each signature, and the root that was signed for each size
//	allocation   no order line carries more than its ceiling, at any event
//	conservation loaded + gain = accepted + rejected + lost; returns; amounts
//	capacity     no departure carries more than its capacity
//	statuses     departures, shipments, claims and clawbacks go the allowed ways only
//	budgets      nothing on a budget line is ever below zero
//	agreement    claims and budget lines tell of the same money
//	persons      two persons where two are needed
//	assessments  each amount follows from the policy and its frozen inputs, step by step
//	inputs       frozen inputs are what the log said at that moment
//	splits       shares follow from the funders' shares and residuals, also of what is
//	             taken or clawed back, and of what comes back
//	totals       running totals of tiers and limits, and the residuals that are carried
//	grants       what fits is assessed, what does not is dealt with as the policy says,
//	             and nobody overtakes those who wait
//	debts        payments withhold what is owed, oldest settlement first, and it comes back
//	digests      what was signed of views is what the log makes at that position
//
// Returns and corrections are reckoned anew as a whole: what every line of a claim and
// its supplements becomes, what is released, clawed back, or given in addition, and
// what of it a limit or a budget line did not allow (reckon.go). That and the engine
// are two readings of the same rules; package internal/model, a third one, holds both
// against its random histories.
package verify
