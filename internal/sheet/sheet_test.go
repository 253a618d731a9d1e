package sheet_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/events/log"
	"zhitong/internal/app/apptest"
	"zhitong/internal/history"
	"zhitong/internal/history/historytest"
	"zhitong/internal/sheet"
	"zhitong/internal/text"
)

// claimsOf lists the claims of a history.
func claimsOf(t *testing.T, w *apptest.World) []domain.ID {
	t.Helper()
	var ids []domain.ID
	for _, c := range historytest.Commits(t, w) {
		for i := range c.Events {
			switch f := c.Events[i].Fact.(type) {
			case claim.Assessed:
				ids = append(ids, f.ClaimID)
			case claim.Waitlisted:
				ids = append(ids, f.ClaimID)
			case claim.Refused:
				ids = append(ids, f.ClaimID)
			}
		}
	}
	return ids
}

func sheetOf(t *testing.T, l log.Log, id domain.ID) *sheet.Sheet {
	t.Helper()
	m := sheet.NewMaker(id)
	if err := history.Read(t.Context(), l, m.Keep(), func(c *events.Commit) error { m.Fold(c); return nil }); err != nil {
		t.Fatal(err)
	}
	s, err := m.Sheet()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var unfilled = regexp.MustCompile(`\{[a-z_]*\}|sheet[a-z_]*\.`)

// checkSheet checks what must hold of every sheet, and that each language can say it.
func checkSheet(t *testing.T, s *sheet.Sheet) {
	t.Helper()
	if !s.Check.Complete {
		t.Errorf("claim %q: comes out otherwise: %q", s.ClaimID, s.Check.Differs)
	}
	steps := 0
	again := func(list []policy.Step) {
		for _, step := range list {
			steps++
			if got, err := step.Again(); err != nil || got != step.Result {
				t.Errorf("claim %q: %+v done again gives %q, %v", s.ClaimID, step, got, err)
			}
		}
	}
	for _, l := range s.Lines {
		again(l.Steps)
		sum := domain.MoneyFromFen(0)
		for _, f := range append(l.Shares, l.TakenUp...) {
			sum = sum.Add(f.Amount)
		}
		if shown := len(l.Shares)+len(l.TakenUp) > 0; shown && !sum.Equal(l.Subsidy) {
			t.Errorf("claim %q, line %d: the shares sum to %s, the line is %s", s.ClaimID, l.LineNo, sum, l.Subsidy)
		}
	}
	for _, r := range s.Reassessments {
		for _, l := range r.Lines {
			again(l.Steps)
		}
	}
	if s.Check.Steps != steps {
		t.Errorf("claim %q: %d steps were checked of %d", s.ClaimID, s.Check.Steps, steps)
	}
	for _, lang := range []string{"zh", "ug", "en"} {
		c, err := text.For(lang)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := s.Write(&b, c); err != nil {
			t.Fatal(err)
		}
		if m := unfilled.FindString(b.String()); m != "" {
			t.Errorf("claim %q in %s: %q is not filled in:\n%s", s.ClaimID, lang, m, b.String())
		}
		for _, l := range s.Lines {
			if !strings.Contains(b.String(), l.EventID) || !strings.Contains(b.String(), l.Subsidy.String()) {
				t.Errorf("claim %q in %s: line %d is not there", s.ClaimID, lang, l.LineNo)
			}
		}
	}
	if _, err := json.Marshal(s); err != nil {
		t.Errorf("claim %q: %v", s.ClaimID, err)
	}
}

func TestEverySheetOfTheScenariosComesOutAgain(t *testing.T) {
	t.Parallel()
	for _, sc := range historytest.Scenarios(t, "../..") {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			w := historytest.Run(t, sc.Lines)
			l := historytest.Log(t, w)
			ids := claimsOf(t, w)
			for _, id := range ids {
				checkSheet(t, sheetOf(t, l, id))
			}
			t.Logf("%d sheets", len(ids))
		})
	}
}

func TestEverySheetOfTheDemoComesOutAgain(t *testing.T) {
	t.Parallel()
	w := historytest.Demo(t, "0.0001")
	l := historytest.Log(t, w)
	for i, id := range claimsOf(t, w) {
		if i%7 == 0 {
			checkSheet(t, sheetOf(t, l, id))
		}
	}
}

func TestAnUnknownClaimHasNoSheet(t *testing.T) {
	t.Parallel()
	if _, err := sheet.NewMaker("NOPE").Sheet(); err == nil {
		t.Error("a sheet came out")
	}
}
