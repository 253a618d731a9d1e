package bench

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// RebuildOptions are the settings of [Rebuild].
type RebuildOptions struct {
	Events int  // of the demo programme to fill in first
	Floor  bool // fold in memory, without a database, too
	Growth bool // rebuild at a tenth of the events first
}

// RebuildFigures are what [Rebuild] measured.
type RebuildFigures struct {
	Commits         uint64      `json:"commits"`
	Events          int         `json:"events"`
	Views           int         `json:"views"`
	Rows            int64       `json:"rows"` // of all tables, also the folds' own
	Took            Millis      `json:"took_ms"`
	EventsPerSecond int64       `json:"events_per_s"`
	Card            CardRebuild `json:"card"`
	Tables          []TableCost `json:"tables"` // the largest first
	// FloorEventsPerSecond is of the fold in memory alone.
	FloorEventsPerSecond int64 `json:"floor_events_per_s,omitzero"`
	// Tenth is how long it took at about a tenth of the events, Times how many times
	// as long the whole took, in hundredths.
	Tenth *Tenth `json:"tenth,omitempty"`
}

// CardRebuild is a rebuild of sales_volume and item_subsidy alone.
type CardRebuild struct {
	Took            Millis `json:"took_ms"`
	EventsPerSecond int64  `json:"events_per_s"`
}

// TableCost is what writing the rows of one table costs: written as text, hashed,
// sorted, copied and indexed, while another table is written beside it.
type TableCost struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Took  Millis `json:"took_ms"`
	RowUs Millis `json:"row_us"` // microseconds a row, with three places
}

// Tenth is a rebuild at about a tenth of the events.
type Tenth struct {
	Events int    `json:"events"`
	Took   Millis `json:"took_ms"`
	Times  int64  `json:"whole_took_times_percent"`
}

// Rebuild fills a fresh log of nc with the demo programme, up to about so many
// events, and measures how long all views take to be made anew in Postgres.
func Rebuild(ctx context.Context, nc *nats.Conn, dsn string, o RebuildOptions) (RebuildFigures, error) {
	var f RebuildFigures
	l, err := newFilled(ctx, nc, o.Events)
	if err != nil {
		return f, err
	}
	defer l.stop()
	var costs costs
	views, err := projector.New(projector.Config{Postgres: dsn, Log: l.log, Projections: catalogue.All(), Written: costs.add})
	if err != nil {
		return f, err
	}
	defer views.Close()
	if o.Growth {
		if err := l.to(ctx, max(1, o.Events/10)); err != nil {
			return f, err
		}
		took, err := rebuild(ctx, views)
		if err != nil {
			return f, err
		}
		f.Tenth = &Tenth{Events: l.events, Took: Millis(took)}
	}
	if err := l.to(ctx, o.Events); err != nil {
		return f, err
	}
	costs.forget()
	took, err := rebuild(ctx, views)
	if err != nil {
		return f, err
	}
	head, err := l.log.Head(ctx)
	if err != nil {
		return f, err
	}
	f.Commits, f.Events, f.Views, f.Took, f.EventsPerSecond = head.Position, l.events, len(views.Views()), Millis(took), perSecond(l.events, took)
	f.Tables, f.Rows = costs.take()
	if f.Tenth != nil {
		f.Tenth.Times = int64(took) * 100 / max(1, int64(f.Tenth.Took))
	}
	if took, err = rebuild(ctx, views, "sales_volume", "item_subsidy"); err != nil {
		return f, err
	}
	f.Card = CardRebuild{Millis(took), perSecond(l.events, took)}
	if o.Floor {
		_, took, err := fold(ctx, l, catalogue.All())
		if err != nil {
			return f, err
		}
		f.FloorEventsPerSecond = perSecond(l.events, took)
	}
	return f, nil
}

// rebuild measures a rebuild of views that are there already.
func rebuild(ctx context.Context, views *projector.Projector, names ...string) (time.Duration, error) {
	if err := views.CatchUp(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	err := views.Rebuild(ctx, names...)
	return time.Since(began), err
}

// costs gathers what the tables of a rebuild cost.
type costs struct {
	mu  sync.Mutex
	all []TableCost // guarded by mu
}

func (c *costs) add(table string, rows int64, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := TableCost{Table: table, Rows: rows, Took: Millis(took)}
	if rows > 0 {
		t.RowUs = Millis(int64(took) * 1000 / rows) // a thousand times: milliseconds stand for microseconds
	}
	c.all = append(c.all, t)
}

func (c *costs) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = nil
}

// take returns the costs of one rebuild, the largest table first, and all rows.
func (c *costs) take() ([]TableCost, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := map[string]TableCost{} // of a first build and the rebuild behind it, the last
	for _, t := range c.all {
		seen[t.Table] = t
	}
	var list []TableCost
	rows := int64(0)
	for _, t := range seen {
		list, rows = append(list, t), rows+t.Rows
	}
	slices.SortFunc(list, func(a, b TableCost) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Table, b.Table)) })
	return list, rows
}
