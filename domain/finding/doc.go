// Package finding is what auditors say about doubtful records.
//
// It owns the note on a finding. It refuses to know which findings there are: they
// are a view, and a note may come before or after one.
package finding
