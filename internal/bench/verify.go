package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"

	"zhitong/audit/checkpoint"
	"zhitong/audit/findings"
	"zhitong/audit/keeper"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/events/log"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projector"
)

// VerifyFigures are what [Verify] measured.
type VerifyFigures struct {
	Commits         uint64 `json:"commits"`
	Events          uint64 `json:"events"`
	ReadPerSecond   int64  `json:"read_commits_per_s"`            // reading the log and nothing else
	BarePerSecond   int64  `json:"bare_hashing_commits_per_s"`    // the hashes of commits in memory
	HashesInMemory  int64  `json:"hashes_commits_per_s,omitzero"` // hashes, tiles and checkpoints of commits in memory
	HashesPerSecond int64  `json:"hashes_from_log_commits_per_s"`
	ChecksPerSecond int64  `json:"checks_events_per_s"` // every check of the log
	AllPerSecond    int64  `json:"all_events_per_s"`    // and every row of every view, in Postgres
	All             Millis `json:"all_ms"`
}

// inMemoryMax is how many commits are hashed from memory.
const inMemoryMax = 200_000

// Verify fills a fresh log of nc with the demo programme, up to about so many events,
// hashes and signs it in dir, builds all views, and measures how fast the whole is
// verified.
func Verify(ctx context.Context, nc *nats.Conn, dsn, dir string, eventsWanted int) (f VerifyFigures, err error) {
	filled, err := newFilled(ctx, nc, eventsWanted)
	if err != nil {
		return f, err
	}
	defer filled.stop()
	if err := filled.to(ctx, eventsWanted); err != nil {
		return f, err
	}
	l := filled.log
	v := verifying{log: l}
	if err := v.sign(ctx, dir); err != nil {
		return f, err
	}
	if err := v.hashing(ctx, &f); err != nil {
		return f, err
	}
	began := time.Now()
	r, err := v.run(ctx, verify.Options{})
	if err != nil {
		return f, err
	}
	f.Commits, f.Events, f.ChecksPerSecond = r.Commits, r.Events, perSecond(int(r.Events), time.Since(began))
	views, err := projector.New(projector.Config{Postgres: dsn, Log: l, Projections: append(catalogue.All(), findings.Projection(findings.Default()))})
	if err != nil {
		return f, err
	}
	defer views.Close()
	if err := views.CatchUp(ctx); err != nil {
		return f, err
	}
	began = time.Now()
	if err := v.withViews(ctx, views); err != nil {
		return f, err
	}
	f.All = Millis(time.Since(began))
	f.AllPerSecond = perSecond(int(f.Events), time.Since(began))
	return f, nil
}

// verifying is a log with its Merkle log.
type verifying struct {
	log       log.Log
	reader    tree.Reader
	verifiers string
}

func (v *verifying) sign(ctx context.Context, dir string) error {
	keys, err := checkpoint.OpenKeys(filepath.Join(dir, "log.key"), "bench")
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "audit")
	w, err := tree.OpenWriter(folder, keys)
	if err != nil {
		return err
	}
	_, err = keeper.New(v.log, w, keeper.Options{}).CatchUp(ctx)
	v.reader, v.verifiers = tree.NewReader(os.DirFS(folder)), keys.VKeys()[0]
	return errors.Join(err, w.Close())
}

func (v *verifying) read(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
	return v.log.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
}

func (v *verifying) run(ctx context.Context, o verify.Options) (*verify.Result, error) {
	verifiers, err := checkpoint.Verifiers(v.verifiers)
	if err != nil {
		return nil, err
	}
	if o.Read == nil {
		o.Read = v.read
	}
	o.Tree, o.Verifiers = &v.reader, verifiers
	r, err := verify.Run(ctx, o)
	if err == nil && !r.OK() {
		err = fmt.Errorf("bench verify: something is wrong with %v", r.FailedNames())
	}
	return r, err
}

// hashing measures reading and hashing.
func (v *verifying) hashing(ctx context.Context, f *VerifyFigures) error {
	var lines [][]byte
	commits := 0
	began := time.Now()
	err := v.read(ctx, 1, func(_ uint64, block [][]byte) error {
		commits += len(block)
		for _, line := range block[:min(len(block), inMemoryMax-len(lines))] {
			lines = append(lines, append([]byte(nil), line...))
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.ReadPerSecond = perSecond(commits, time.Since(began))
	began = time.Now()
	merkle.Leaves(nil, lines)
	f.BarePerSecond = perSecond(len(lines), time.Since(began))
	if len(lines) == commits { // else the checkpoint is behind what is in memory
		began = time.Now()
		if _, err := v.run(ctx, verify.Options{HashesOnly: true, Read: inMemory(lines)}); err != nil {
			return err
		}
		f.HashesInMemory = perSecond(len(lines), time.Since(began))
	}
	began = time.Now()
	_, err = v.run(ctx, verify.Options{HashesOnly: true})
	f.HashesPerSecond = perSecond(commits, time.Since(began))
	return err
}

func inMemory(lines [][]byte) projections.Reader {
	return func(ctx context.Context, _ uint64, fn func(uint64, [][]byte) error) error {
		for at := 0; at < len(lines); at += merkle.TileWidth {
			if err := fn(uint64(at)+1, lines[at:min(at+merkle.TileWidth, len(lines))]); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
}

// withViews verifies the log and every view.
func (v *verifying) withViews(ctx context.Context, p *projector.Projector) error {
	fold := func(ctx context.Context, _ projections.Reader, ps []projections.Projection, until projections.Until) (*projections.Folded, error) {
		r, err := v.run(ctx, verify.Options{Fold: ps, FoldTo: until.Position})
		if err != nil {
			return nil, err
		}
		return projections.FoldedOf(ps, r.DBs, r.Failed, until.Position), nil
	}
	checked, err := p.VerifyWith(ctx, fold)
	for _, c := range checked {
		if c.Different != nil {
			return fmt.Errorf("bench verify: view %s: %v", c.Table, c.Different)
		}
	}
	return err
}
