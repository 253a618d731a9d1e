// Package findings is the list of doubtful records (疑点清单): what is implausible or
// contradictory though no rule refused it. Each rule is a fold of its own; an
// auditor's note on a finding is an event.
//
// It owns the rules and their thresholds, which are versioned data
// (thresholds.json). It refuses to judge: a finding asks a question. Start reading at
// [Projection]; a new rule is a value of type rule in one file and one line in
// rules.
package findings
