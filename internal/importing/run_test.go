package importing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refusing refuses the command of an id.
func refusing(id, code, field string) func(Command) (Result, bool) {
	return func(c Command) (Result, bool) {
		return Result{Code: code, Field: field, Detail: "a rule"}, c.ID == id
	}
}

func TestADocumentThatARehearsalRefusesLeavesNothing(t *testing.T) {
	t.Parallel()
	src := testdataFile(t, "scms/scms-sample.csv")
	log := newFakeLog()
	log.refuse = refusing("scms:inspect:ASN-8", "shipment.wrong", "lines[0].arrived")
	s := run(t, src, profile(t, "scms"), log, Options{Rehearser: log})
	for _, c := range log.commands {
		if strings.HasSuffix(c.ID, ":ASN-8") || strings.HasSuffix(c.ID, ":SCMS-4") {
			t.Errorf("%s was recorded", c.ID)
		}
	}
	if s.DocumentsRejected != 2 || s.RowsRejected != 56 || len(s.Partial) != 0 {
		t.Errorf("documents %d, rows %d, partial %v", s.DocumentsRejected, s.RowsRejected, s.Partial)
	}
	want := Reason{Code: "shipment.wrong", Row: 1, Line: 2, Detail: "shipment.inspect lines[0].arrived: a rule"}
	if got := *s.Rejected[0].Reasons[0]; got != want {
		t.Errorf("reason %+v, want %+v", got, want)
	}
}

func TestADocumentRefusedOnTheWayStopsAndIsNamed(t *testing.T) {
	t.Parallel()
	src := testdataFile(t, "scms/scms-sample.csv")
	log := newFakeLog()
	log.refuse = refusing("scms:load:ASN-8", "departure.full", "")
	s := run(t, src, profile(t, "scms"), log, Options{})
	want := []PartialDocument{{
		Document: "SCMS-4", Accepted: []string{"scms:submit:SCMS-4", "scms:confirm:SCMS-4", "scms:schedule:ASN-8", "scms:log:ASN-8"},
		Refused: "scms:load:ASN-8", Code: "departure.full",
	}}
	if diff := cmp.Diff(want, s.Partial); diff != "" {
		t.Errorf("partial:\n%s", diff)
	}
	for _, c := range log.commands {
		if c.ID == "scms:depart:ASN-8" {
			t.Error("a command behind the refused one was sent")
		}
	}
	if s.Commands != len(log.commands) || s.RowsAccepted+s.RowsRejected != s.Rows {
		t.Errorf("counted %d, recorded %d; rows %d + %d of %d", s.Commands, len(log.commands), s.RowsAccepted, s.RowsRejected, s.Rows)
	}
	log.refuse = nil
	again := run(t, src, profile(t, "scms"), log, Options{})
	if again.Repeated != s.Commands || again.RowsRejected != 55 {
		t.Errorf("run again: repeated %d of %d, rejected %d", again.Repeated, s.Commands, again.RowsRejected)
	}
}

func TestDocumentsThatNeedARefusedMasterDatumAreRefused(t *testing.T) {
	t.Parallel()
	src := testdataFile(t, "scms/scms-sample.csv")
	for _, rehearse := range []bool{false, true} {
		log := newFakeLog()
		log.refuse = refusing("scms:buyer:100-CI-T01", "party.wrong", "name")
		o := Options{}
		if rehearse {
			o.Rehearser = log
		}
		s := run(t, src, profile(t, "scms"), log, o)
		for _, c := range log.commands {
			if c.Actor == "100-CI-T01" {
				t.Errorf("rehearse %v: %s was recorded for a buyer that is not", rehearse, c.ID)
			}
		}
		if s.DocumentsRejected < 5 || s.Rejected[0].Reasons[0].Code != "party.wrong" || len(s.Partial) > 0 {
			t.Errorf("rehearse %v: %d documents rejected, %+v, partial %v", rehearse, s.DocumentsRejected, s.Rejected[0].Reasons[0], s.Partial)
		}
	}
}

func TestMasterDataThatAreThereAlreadyAreKept(t *testing.T) {
	t.Parallel()
	log := newFakeLog()
	log.refuse = refusing("scms:buyer:100-CI-T01", "party.exists", "party_id")
	s := run(t, testdataFile(t, "scms/scms-sample.csv"), profile(t, "scms"), log, Options{Rehearser: log})
	if s.RowsRejected != 55 || s.Repeated != 1 {
		t.Errorf("rejected %d, repeated %d", s.RowsRejected, s.Repeated)
	}
}

func TestADryRunSendsNothing(t *testing.T) {
	t.Parallel()
	src, log := testdataFile(t, "scms/scms-sample.csv"), newFakeLog()
	dry := run(t, src, profile(t, "scms"), nil, Options{DryRun: true, Rehearser: log})
	if len(log.commands) != 0 || !dry.DryRun {
		t.Fatalf("%d commands recorded", len(log.commands))
	}
	plain := run(t, src, profile(t, "scms"), nil, Options{DryRun: true})
	wet := run(t, src, profile(t, "scms"), log, Options{Rehearser: log})
	for name, s := range map[string]*Summary{"with a rehearsal": dry, "without": plain} {
		if s.Commands != wet.Commands || s.New != wet.New || s.RowsRejected != wet.RowsRejected || !cmp.Equal(s.ByName, wet.ByName) {
			t.Errorf("a dry run %s: %d commands, %d new; the run: %d, %d", name, s.Commands, s.New, wet.Commands, wet.New)
		}
	}
	after := run(t, src, profile(t, "scms"), nil, Options{DryRun: true, Rehearser: log})
	if after.New != 0 || after.Repeated != wet.Commands {
		t.Errorf("a dry run after the run: new %d, repeated %d", after.New, after.Repeated)
	}
	if _, err := Run(t.Context(), src, profile(t, "scms"), nil, Options{}); err == nil {
		t.Error("a run without a submitter")
	}
}

func TestALogOutOfReachEndsTheRunWhichCanBeRepeated(t *testing.T) {
	t.Parallel()
	src, log := testdataFile(t, "scms/scms-sample.csv"), newFakeLog()
	broken := errors.New("out of reach")
	log.err = func(c Command) error {
		if len(log.commands) >= 1000 {
			return broken
		}
		return nil
	}
	s, err := Run(t.Context(), src, profile(t, "scms"), log, Options{InFlight: 7})
	if !errors.Is(err, broken) || s == nil || s.Commands > 1000 {
		t.Fatalf("Run = %v", err)
	}
	if log.most > 7 {
		t.Errorf("%d on their way at once", log.most)
	}
	log.err = nil
	again := run(t, src, profile(t, "scms"), log, Options{})
	if again.Repeated != 1000 || again.Commands != 1918 || len(log.commands) != 1918 {
		t.Errorf("run again: repeated %d of %d, recorded %d", again.Repeated, again.Commands, len(log.commands))
	}
	if _, err := Run(t.Context(), src, profile(t, "scms"), log, Options{Rehearser: short{}}); err == nil || !strings.Contains(err.Error(), "0 results") {
		t.Errorf("a rehearsal without answers: %v", err)
	}
}

// short is a rehearser that answers nothing.
type short struct{}

func (short) Rehearse(context.Context, []Command) ([]Result, error) { return nil, nil }

func TestCommandsOfADocumentComeInTheirOrder(t *testing.T) {
	t.Parallel()
	src := testdataFile(t, "scms/scms-sample.csv")
	var orders [2][]string
	for i, inFlight := range []int{1, 100} {
		log := newFakeLog()
		rows := 0
		run(t, src, profile(t, "scms"), log, Options{InFlight: inFlight, Progress: func(done, total int) {
			if done <= rows || total != 329 {
				t.Errorf("progress %d of %d after %d", done, total, rows)
			}
			rows = done
		}})
		if rows != 329 {
			t.Errorf("progress ended at %d", rows)
		}
		at := map[string]int{}
		for n, c := range log.commands {
			at[c.ID] = n
			orders[i] = append(orders[i], c.ID)
		}
		for id := range at {
			step, key, _ := strings.Cut(strings.TrimPrefix(id, "scms:"), ":")
			before := map[string]string{"confirm": "submit", "log": "schedule", "load": "log", "depart": "load", "arrive": "depart", "inspect": "arrive", "freight": "inspect"}[step]
			if before != "" && at["scms:"+before+":"+key] > at[id] {
				t.Errorf("%s came before %s", id, before)
			}
		}
	}
	slices.Sort(orders[0])
	slices.Sort(orders[1])
	if diff := cmp.Diff(orders[0], orders[1]); diff != "" {
		t.Errorf("one at a time and many at once send different commands:\n%s", diff)
	}
	plan, err := Prepare(src, profile(t, "scms"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(plan.Commands()); n != len(orders[0]) {
		t.Errorf("the plan has %d commands, %d were sent", n, len(orders[0]))
	}
}
