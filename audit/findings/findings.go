package findings

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"unicode/utf8"

	"zhitong/domain"
	"zhitong/domain/finding"
	"zhitong/events"
	"zhitong/projections"
)

// The severities.
const (
	High   = "high"   // money or evidence is at stake
	Medium = "medium" // it needs an explanation
	Low    = "low"    // it may well be nothing
)

// eventsMax is how many events a finding names; all are counted.
const eventsMax = 50

// Key names a finding: the rule, a colon, and what it is about.
type Key struct {
	FindingID string `col:"finding_id" doc:"the rule and what it is about"`
}

// Row is a row of findings.
type Row struct {
	Key
	Rule     string   `col:"rule" doc:"which rule asks"`
	Severity string   `col:"severity" doc:"high, medium or low"`
	Subject  string   `col:"subject" doc:"what it is about, as in the events' subject"`
	Detail   string   `col:"detail" doc:"the figures that it rests on"`
	Events   []string `col:"events" doc:"ids of the events that it rests on, the first 50"`
	Status   string   `col:"status" doc:"open, explained or confirmed, as an auditor noted"`
	Count    int      `col:"count" doc:"how many events it rests on"`
	Position uint64   `col:"position" doc:"position at which it was first seen"`
	Note     string   `col:"note" doc:"what the auditor noted; empty before"`
}

var table = projections.View[Key, Row]("findings", "Records that are implausible or contradictory, each with rule, evidence and events (疑点清单).")

// notes keeps what auditors noted, also on findings that came and went.
type noteRow struct {
	Key
	Status string `col:"status" doc:"open, explained or confirmed"`
	Note   string `col:"note" doc:"what was noted"`
}

var notes = projections.State[Key, noteRow]("finding_notes", "What auditors noted on findings.")

// rule is one question that is asked of the log.
type rule struct {
	id       string
	severity string
	tables   []projections.AnyTable // what it remembers
	fold     func(f *fold, e *events.Event)
}

// rules are all rules, in the order of domain.md §12.
func rules() []rule {
	return []rule{
		overload, transit, twoPlaces, numberTwice, tare,
		lossNear, limitNear, priceOff, flawless, inspectionTime,
		late, deviceGap, onePerson, equalAmounts, bulkApprovals,
		sharedAccount, payeeChanged, cliApproval,
	}
}

// Rules names the rules with their severities.
func Rules() map[string]string {
	m := map[string]string{}
	for _, r := range rules() {
		m[r.id] = r.severity
	}
	return m
}

// fold is what a rule sees while an event is folded.
type fold struct {
	*Thresholds
	db   *projections.DB
	rule *rule
}

// Projection declares the view of findings under the given thresholds.
func Projection(t Thresholds) projections.Projection {
	all := rules()
	tables := []projections.AnyTable{table, notes}
	for _, r := range all {
		for _, s := range r.tables {
			if !slices.Contains(tables, s) {
				tables = append(tables, s)
			}
		}
	}
	return projections.Projection{Name: "findings", Version: t.Version, Tables: tables, Fold: func(db *projections.DB, e *events.Event) error {
		if f, ok := e.Fact.(finding.Noted); ok {
			note(db, f)
		}
		asking := fold{Thresholds: &t, db: db}
		for i := range all {
			asking.rule = &all[i]
			all[i].fold(&asking, e)
		}
		return nil
	}}
}

// note puts an auditor's note on its finding.
func note(db *projections.DB, f finding.Noted) {
	k := Key{string(f.FindingID)}
	n := notes.At(db, k)
	n.Status, n.Note = string(f.Status), string(f.Note)
	if table.Has(db, k) {
		row := table.At(db, k)
		row.Status, row.Note = n.Status, n.Note
	}
}

// raise makes or extends the finding of the rule about something; it rests on the
// events named and on e.
func (f *fold) raise(about string, e *events.Event, others []string, detail string, args ...any) {
	f.raiseAt(about, e, append(slices.Clone(others), e.ID), detail, args...)
}

// raiseAt is raise for a finding that rests on the events named only; e is what
// made it visible.
func (f *fold) raiseAt(about string, e *events.Event, rests []string, detail string, args ...any) {
	k := f.key(about)
	row := table.At(f.db, k)
	had := row.Count > 0
	if !had {
		row.Rule, row.Severity, row.Subject, row.Status, row.Position = f.rule.id, f.rule.severity, e.Subject.String(), "open", e.Position
		if n, ok := notes.Find(f.db, k); ok {
			row.Status, row.Note = n.Status, n.Note
		}
	}
	row.Detail = fmt.Sprintf(detail, args...)
	for _, id := range rests {
		if slices.Contains(row.Events, id) {
			continue
		}
		row.Count++
		if len(row.Events) < eventsMax {
			row.Events = append(slices.Clip(row.Events), id)
		}
	}
}

// key is the id of the finding of the rule about something. One that would be too
// long for an id ends in a hash of the whole.
func (f *fold) key(about string) Key {
	id := f.rule.id + ":" + about
	if len(id) > domain.IDCharsMax && utf8.RuneCountInString(id) > domain.IDCharsMax {
		sum := sha256.Sum256([]byte(id))
		id = string([]rune(id)[:domain.IDCharsMax-13]) + "~" + hex.EncodeToString(sum[:6])
	}
	return Key{id}
}

// drop takes back a finding that later events have made plausible.
func (f *fold) drop(about string) { table.Delete(f.db, f.key(about)) }
