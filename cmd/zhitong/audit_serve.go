package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/audit/witness"
	"zhitong/events/log"
	"zhitong/internal/lease"
)

const (
	// logPrefix is where the Merkle log is served.
	logPrefix = "/api/v1/log"
	// selfCheckEvery is how often the running system verifies itself, from its start
	// on.
	selfCheckEvery = 30 * time.Minute
	// folderLook is how often is looked whether another process has left the folder
	// of the Merkle log.
	folderLook = time.Second
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
	publisher *publish.Publisher
	panel     *witness.Panel // nil when nobody is asked
	checked   atomic.Pointer[selfCheck]
}

// keepMerkle lets the Merkle log follow the log as a part of the group, asks
// witnesses, verifies the whole now and then, and returns what serves it. Where
// another process writes the Merkle log, this one serves it and waits for its turn.
func (h *house) keepMerkle(ctx context.Context, g *errgroup.Group) (http.Handler, error) {
	policy, err := h.witnessPolicy()
	if err != nil {
		return nil, err
	}
	a := &auditing{house: h, reader: tree.NewReader(os.DirFS(h.auditDir()))}
	a.publisher = publish.New(a.reader, policy, time.Now)
	if policy != nil {
		a.panel = witness.NewPanel(policy, http.DefaultClient, time.Now)
		g.Go(func() error { return a.publisher.Run(ctx) })
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+logPrefix+"/verified", a.showChecked)
	mux.Handle(logPrefix+"/", http.StripPrefix(logPrefix, a.publisher.Handler()))
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	w, err := tree.OpenWriter(h.auditDir(), keys)
	if err != nil && !errors.Is(err, tree.ErrLocked) {
		return nil, fmt.Errorf("merkle log: %w", err)
	}
	g.Go(func() error {
		err := a.keep(ctx, w, keys)
		for errors.Is(err, syscall.ENOSPC) {
			// The log stands still too, and both go on when there is room.
			h.p.note("merkle log: " + err.Error() + "; tried again")
			err = a.keep(ctx, nil, keys)
		}
		if err != nil {
			return fmt.Errorf("merkle log: %w", err)
		}
		return nil
	})
	g.Go(func() error { return a.checkSelf(ctx, keys) })
	return mux, nil
}

// keep lets the Merkle log grow until ctx ends. w is nil while another process has
// the folder.
func (a *auditing) keep(ctx context.Context, w *tree.Writer, keys *checkpoint.Keys) error {
	for w == nil {
		select {
		case <-time.After(folderLook):
		case <-ctx.Done():
			return nil
		}
		var err error
		if w, err = tree.OpenWriter(a.house.auditDir(), keys); err != nil && !errors.Is(err, tree.ErrLocked) {
			return err
		}
	}
	err := a.grow(ctx, w)
	if ctx.Err() != nil && !errors.Is(err, tree.ErrRewritten) {
		err = nil
	}
	return errors.Join(err, w.Close())
}

// grow signs alone, or as one of a cluster.
func (a *auditing) grow(ctx context.Context, w *tree.Writer) error {
	o := keeper.Options{OnSigned: func(ctx context.Context, s checkpoint.Signed) { a.ask(ctx, w, s) }}
	member, err := a.house.member(ctx, w, o)
	if err != nil {
		return err
	}
	if member == nil {
		return keeper.New(a.house.log, w, o).Run(ctx)
	}
	turns, err := lease.Open(ctx, a.house.instance.NATS(), log.StreamDefault, leaseSigning, processName(), a.house.p.cfg.Replicas)
	if err != nil {
		return err
	}
	return member.Run(ctx, turns)
}

// ask asks the witnesses to cosign. One that refuses or is out of reach is noted; a
// later checkpoint asks again.
func (a *auditing) ask(ctx context.Context, w *tree.Writer, s checkpoint.Signed) {
	if a.panel == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cosignWaitMax)
	defer cancel()
	lines, failures := a.panel.Ask(ctx, a.reader, s)
	if err := w.Cosign(s, lines); err != nil {
		failures = append(failures, err)
	}
	for _, f := range failures {
		a.house.p.note(f.Error())
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
		r, err := a.house.verifyAll(ctx, verify.Options{Read: a.house.read, Tree: &a.reader, Verifiers: verifiers})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			a.house.p.note("self-check: " + err.Error())
		} else {
			a.found(r)
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

// showChecked answers what the last self-check found.
func (a *auditing) showChecked(w http.ResponseWriter, _ *http.Request) {
	c := a.checked.Load()
	if c == nil {
		answer(w, http.StatusServiceUnavailable, "not verified yet")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, c) // the client has gone
}
