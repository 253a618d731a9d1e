package projector_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/past"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

// TestARunningProjectorKeepsThePast: places are kept while it runs, by folds that go
// on from single rows, and a look back from them equals one without any.
func TestARunningProjectorKeepsThePast(t *testing.T) {
	t.Parallel()
	lines := projectionstest.Demo(t, "0.0001")[:1200]
	_, cfg := setup(t, 0)
	l := projectionstest.NewLog(t, lines[:len(lines)/2], 16)
	cfg.Projections, cfg.Log = catalogue.All(), l
	without := open(t, cfg)
	cfg.Past, cfg.PastStepCommits, cfg.HistoryEvery = t.TempDir(), len(lines)/9, time.Millisecond
	p := open(t, cfg)
	start(t, p)
	projectionstest.Append(t, l, lines[len(lines)/2:], 16)
	id, err := l.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store := past.Open(cfg.Past, past.Stream{Name: id.Stream, Created: id.Created, First: projector.FirstOf(id.First)}, cfg.PastStepCommits)
	for i := range cfg.Projections {
		for store.Next(store.Chain(&cfg.Projections[i], projections.Until{}).Position) <= uint64(len(lines)) {
			if t.Context().Err() != nil {
				t.Fatal("not every place was kept")
			}
		}
	}
	for _, at := range []int{len(lines) / 9, len(lines)/9 + 1, len(lines) / 3, len(lines) - 1, len(lines)} {
		until := projections.Until{Position: uint64(at)}
		if diff := cmp.Diff(digestsAsOf(t, without, until), digestsAsOf(t, p, until)); diff != "" {
			t.Errorf("as of %d (-from the beginning +from what was kept): %s", at, diff)
		}
	}
}

func digestsAsOf(t *testing.T, p *projector.Projector, until projections.Until) map[string]string {
	t.Helper()
	f, err := p.AsOf(t.Context(), until)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, v := range p.Views() {
		if v.Name == "projection_status" {
			continue
		}
		_, s, db, err := f.View(v.Name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := db.Digest(s)
		if err != nil {
			t.Fatal(err)
		}
		m[v.Name] = d.String()
	}
	return m
}
