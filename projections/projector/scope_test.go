package projector_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
)

// TestAScopeKeepsWhatBelongs: now and as of a moment, in pages and whole, through no,
// one and two other views.
func TestAScopeKeepsWhatBelongs(t *testing.T) {
	t.Parallel()
	lines := projectionstest.Demo(t, "0.0005")
	_, cfg := setup(t, 0)
	cfg.Projections, cfg.Log = catalogue.All(), projectionstest.NewLog(t, lines, 16)
	p := open(t, cfg)
	catchUp(t, p)
	ask := func(q projections.Question) *projections.Rows {
		t.Helper()
		rows, err := p.Ask(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	claims := ask(projections.Question{View: "claims"})
	column := func(r *projections.Rows, name string) int {
		i, ok := r.Schema.Column(name)
		if !ok {
			t.Fatalf("no column %s", name)
		}
		return i
	}
	cooperative := claims.Values[0][column(claims, "cooperative_id")].Text
	funder := ask(projections.Question{View: "budget_lines"}).Values[0]
	lineFunder := funder[2].Text
	own := projections.Scope{Column: "cooperative_id", Value: cooperative}
	for name, sc := range map[string]struct {
		view  string
		scope projections.Scope
	}{
		"ItsOwnColumn":         {"claims", own},
		"ThroughAnotherView":   {"claim_lines", projections.Scope{Column: "claim_id", In: &projections.Within{View: "claims", Column: "claim_id", Scope: own}}},
		"ThroughTwoOtherViews": {"claim_lines", projections.Scope{Column: "claim_id", In: &projections.Within{View: "claims", Column: "claim_id", Scope: projections.Scope{Column: "fund_id", In: &projections.Within{View: "budget_lines", Column: "fund_id", Scope: projections.Scope{Column: "funder_id", Value: lineFunder}}}}}},
		"NobodysRows":          {"claims", projections.Scope{Column: "cooperative_id", Value: "nobody"}},
	} {
		t.Run(name, func(t *testing.T) {
			whole, now := ask(projections.Question{View: sc.view}), ask(projections.Question{View: sc.view, Scope: &sc.scope})
			then := ask(projections.Question{View: sc.view, Scope: &sc.scope, AsOf: projections.Until{Position: uint64(len(lines))}})
			if diff := cmp.Diff(linesOf(now), linesOf(then)); diff != "" {
				t.Errorf("now and as of the end: %s", diff)
			}
			if diff := cmp.Diff(linesOf(now), pages(t, p, projections.Question{View: sc.view, Scope: &sc.scope, Limit: 3})); diff != "" {
				t.Errorf("whole and in pages: %s", diff)
			}
			var want []string
			ids := map[string]bool{}
			for _, row := range claims.Values {
				if row[column(claims, "cooperative_id")].Text == cooperative {
					ids[row[0].Text] = true
				}
			}
			for i, line := range linesOf(whole) {
				if ids[whole.Values[i][0].Text] || name == "ThroughTwoOtherViews" {
					want = append(want, line)
				}
			}
			if name == "NobodysRows" {
				want = nil
			}
			if diff := cmp.Diff(want, linesOf(now)); diff != "" {
				t.Errorf("what belongs: %s", diff)
			}
			if name == "ItsOwnColumn" && (len(now.Values) == 0 || len(now.Values) == len(whole.Values)) {
				t.Errorf("%d of %d rows: the test shows nothing", len(now.Values), len(whole.Values))
			}
		})
	}
	if _, err := p.Ask(t.Context(), projections.Question{View: "claims", Scope: &projections.Scope{Column: "nothing", Value: "x"}}); err == nil {
		t.Error("a scope of an unknown column was answered")
	}
}
