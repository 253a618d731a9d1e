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
