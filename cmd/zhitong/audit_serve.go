package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/audit/witness"
)

const (
	// logPrefix is where the Merkle log is served.
	logPrefix = "/api/v1/log"
	// witnessPolicyFile is the witness policy in the data folder; absent: nobody is
	// asked.
	witnessPolicyFile = "witnesses"
	// selfCheckEvery is how often the running system verifies itself, from its start
	// on.
	selfCheckEvery = 30 * time.Minute
)

// selfCheck is what the running system last found about itself.
type selfCheck struct {
	At       time.Time `json:"at"`
	OK       bool      `json:"ok"`
	Position uint64    `json:"position"`
	Events   uint64    `json:"events"`
	Failed   []string  `json:"failed,omitzero"` // names of the checks and views that failed
}

// auditing is the audit's part of a serving process.
type auditing struct {
	house     *house
	reader    tree.Reader
	handler   http.Handler
	checked   atomic.Pointer[selfCheck]
	witnesses []witness.Policy
}

// keepMerkle lets the Merkle log follow the log as a part of the group, asks
// witnesses, verifies the whole now and then, and returns it with what serves it. Where
// another process writes the Merkle log, this one only serves it.
func (h *house) keepMerkle(ctx context.Context, g *errgroup.Group) (*auditing, error) {
	dir := filepath.Join(h.p.cfg.Data, auditFolder)
	a := &auditing{house: h, reader: tree.NewReader(os.DirFS(dir))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+logPrefix+"/verified", a.showChecked)
	mux.Handle(logPrefix+"/", http.StripPrefix(logPrefix, publish.Handler(a.reader)))
	a.handler = mux
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.readPolicy(); err != nil {
		return nil, err
	}
	w, err := tree.OpenWriter(dir, keys)
	if errors.Is(err, tree.ErrLocked) {
		return a, nil
	}
	if err != nil {
		return nil, fmt.Errorf("merkle log: %w", err)
	}
	k := keeper.New(h.log, w, keeper.Options{OnSigned: func(ctx context.Context, s checkpoint.Signed) { a.ask(ctx, w, s) }})
	g.Go(func() error {
		err := k.Run(ctx)
		if ctx.Err() != nil {
			err = nil
		}
		if err := errors.Join(err, w.Close()); err != nil {
			return fmt.Errorf("merkle log: %w", err)
		}
		return nil
	})
	g.Go(func() error { return a.checkSelf(ctx, keys) })
	return a, nil
}

func (a *auditing) readPolicy() error {
	path := filepath.Join(a.house.p.cfg.Data, witnessPolicyFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		a.witnesses, err = witness.ParsePolicy(string(b))
	}
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return nil
}

// ask asks every witness to cosign. One that refuses or is out of reach is noted;
// the next checkpoint asks again.
func (a *auditing) ask(ctx context.Context, w *tree.Writer, s checkpoint.Signed) {
	for _, p := range a.witnesses {
		lines, err := witness.Ask(ctx, http.DefaultClient, p, a.reader, s)
		if err == nil {
			err = w.Cosign(s, lines)
		}
		if err != nil && ctx.Err() == nil {
			a.house.p.note(err.Error())
		}
	}
}

// checkSelf verifies log and views, over and over.
func (a *auditing) checkSelf(ctx context.Context, keys *checkpoint.Keys) error {
	verifiers, err := checkpoint.Verifiers(lines(keys.VKeys()))
	if err != nil {
		return err
	}
	tick := time.NewTicker(selfCheckEvery)
	defer tick.Stop()
	for {
		r, err := verify.Run(ctx, verify.Options{Read: a.house.read, Tree: &a.reader, Verifiers: verifiers})
		if err == nil {
			err = a.house.verifyViews(ctx, r.Report)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			a.house.p.note("self-check: " + err.Error())
		} else {
			a.found(r.Report)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// found keeps what a self-check found, and says it when something is wrong.
func (a *auditing) found(r *verify.Report) {
	c := &selfCheck{At: time.Now().UTC().Truncate(time.Second), OK: r.OK(), Position: r.Commits, Events: r.Events}
	for _, x := range r.Checks {
		if x.Failed > 0 {
			c.Failed = append(c.Failed, x.Name)
		}
	}
	for _, v := range r.Views {
		if v.Differs {
			c.Failed = append(c.Failed, "view "+v.Name)
		}
	}
	a.checked.Store(c)
	if !c.OK {
		a.house.p.note(fmt.Sprintf("self-check: something is wrong with %v: run zhitong audit verify", c.Failed))
	}
}

// last is when the system last verified itself, and whether all was well.
func (a *auditing) last() (at time.Time, ok bool) {
	if c := a.checked.Load(); c != nil {
		return c.At, c.OK
	}
	return time.Time{}, false
}

// showChecked answers what the last self-check found.
func (a *auditing) showChecked(w http.ResponseWriter, _ *http.Request) {
	c := a.checked.Load()
	if c == nil {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "not verified yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, c) // the client has gone
}
