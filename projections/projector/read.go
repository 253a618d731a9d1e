package projector

import (
	"context"
	"slices"
	"strings"

	"zhitong/projections"
)

// snapshot begins a transaction that sees one position.
const snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// Views describes the public views that this program knows, by name;
// projection_status among them.
func (p *Projector) Views() []*projections.Schema {
	views := []*projections.Schema{statusTable.Schema()}
	for i := range p.cfg.Projections {
		for _, s := range p.cfg.Projections[i].Views() {
			if _, newest, _ := projections.FindView(p.cfg.Projections, s.Name); newest == s {
				views = append(views, s)
			}
		}
	}
	slices.SortFunc(views, func(a, b *projections.Schema) int { return strings.Compare(a.Name, b.Name) })
	return views
}

// Query returns the rows of a public view that meet all conditions, ordered by
// key: the short form of [Projector.Ask].
func (p *Projector) Query(ctx context.Context, view string, where []projections.Cond, limit int) (*projections.Rows, error) {
	return p.Ask(ctx, projections.Question{View: view, Where: where, Limit: limit})
}

// AsOf folds the log up to an instant, in memory, for the projections that have
// the given views (all, if none is given). A position beyond the head is the head.
func (p *Projector) AsOf(ctx context.Context, until projections.Until, views ...string) (*projections.Folded, error) {
	set, err := p.owners(views)
	if err != nil {
		return nil, err
	}
	ps := make([]projections.Projection, len(set))
	for i, q := range set {
		ps[i] = *q
	}
	return projections.Fold(ctx, p.readLog, ps, until)
}
