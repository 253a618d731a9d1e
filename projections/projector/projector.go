package projector

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/events/log"
	"zhitong/projections"
	"zhitong/projections/past"
)

// ErrStream says that the log is not the stream that the views were folded from:
// another programme's, made anew, cut, or with another commit at the checkpoint.
// Nothing was written. A rebuild of all views accepts the stream as it is now.
var ErrStream = errors.New("the log is not the one these views were folded from")

// Config is what a [Projector] works with.
type Config struct {
	// Postgres is the connection string of the database that holds the views.
	Postgres string
	// Log is the log of record.
	Log log.Log
	// Past is a folder for what projections were at earlier positions, so that a look
	// back need not fold from the log's beginning. Everything in it can be deleted at
	// any time. Defaults to none.
	Past string
	// PastStepCommits is the usual distance between two places that are kept. Defaults
	// to [past.StepCommits].
	PastStepCommits int
	// Projections are all that this program knows, possibly several versions of one.
	Projections []projections.Projection
	// Logger takes notes. Defaults to none.
	Logger *slog.Logger
	// CacheRowsMax is how many rows of a table are kept in memory from one batch to
	// the next. Defaults to 50,000.
	CacheRowsMax int
	// WholeRowsMax is the size up to which a table is loaded whole when its first
	// row is needed. Defaults to 10,000.
	WholeRowsMax int
	// RebuildCommitsMin is the distance to the checkpoint from which a projection
	// that is behind is rebuilt in memory instead of catching up in batches.
	// Defaults to 5,000.
	RebuildCommitsMin int
	// ConnectionsMax is how many connections readers share. Defaults to 8.
	ConnectionsMax int
	// RetryAfterMin and RetryAfterMax bound the pause before trying again when
	// Postgres or the log is out of reach. Default to 100 ms and 5 s.
	RetryAfterMin, RetryAfterMax time.Duration
}

// Limits of a batch and of waiting.
const (
	batchEventsMax  = 4096 // a batch takes no further block once it has so many events
	blocksAheadMax  = 16   // blocks that are decoded ahead of the fold
	idleCheckPeriod = 500 * time.Millisecond
	lookBacksMax    = 2 // folds of the past at once, since each holds its rows in memory
)

func (c Config) withDefaults() Config {
	setDefault(&c.CacheRowsMax, 50_000)
	setDefault(&c.WholeRowsMax, 10_000)
	setDefault(&c.RebuildCommitsMin, 5_000)
	setDefault(&c.PastStepCommits, past.StepCommits)
	setDefault(&c.ConnectionsMax, 8)
	setDefault(&c.RetryAfterMin, 100*time.Millisecond)
	setDefault(&c.RetryAfterMax, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// Projector keeps views and reads them. All methods may be called from several
// goroutines and from several processes.
type Projector struct {
	cfg   Config
	conns *connections
	waits *waits
	// migrated says that the projector's own tables are there.
	migrated atomic.Bool
	// showing is, by the name of a projection, the version that its views were last
	// seen to show.
	showing sync.Map
	// lookBacks has one taken for each fold of the past under way.
	lookBacks chan struct{}
}

// New returns a projector. It opens nothing; a declaration that can't be one is
// refused.
func New(cfg Config) (*Projector, error) {
	if err := projections.Check(cfg.Projections); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Projector{
		cfg:   cfg,
		conns: newConnections(cfg.Postgres, cfg.ConnectionsMax),
		waits: newWaits(), lookBacks: make(chan struct{}, lookBacksMax),
	}, nil
}

// Close closes the connections that readers share. All other calls must have
// ended.
func (p *Projector) Close() {
	p.waits.close()
	p.conns.close()
}

// withTables calls fn with a shared connection to a database that has the
// projector's own tables.
func (p *Projector) withTables(ctx context.Context, fn func(*pgconn.PgConn) error) error {
	return p.conns.with(ctx, func(conn *pgconn.PgConn) error {
		if !p.migrated.Load() {
			if err := migrate(ctx, conn); err != nil {
				return err
			}
			p.migrated.Store(true)
		}
		return fn(conn)
	})
}

// readLog reads the log as projections.Fold wants it.
func (p *Projector) readLog(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
	return p.cfg.Log.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
}

// known returns the projection of a name and version that this program knows.
func (p *Projector) known(name string, version int) *projections.Projection {
	for i := range p.cfg.Projections {
		if q := &p.cfg.Projections[i]; q.Name == name && q.Version == version {
			return q
		}
	}
	return nil
}
