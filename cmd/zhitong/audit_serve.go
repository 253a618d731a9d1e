package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/audit/views"
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
	// selfCheckGCPercent is how far the heap grows meanwhile before it is collected.
	selfCheckGCPercent = 30
	// folderLook is how often is looked whether another process has left the folder
	// of the Merkle log.
	folderLook = time.Second
)

// auditing is the audit's part of a serving process.
type auditing struct {
	house     *house
	reader    tree.Reader
	check     *keeper.SelfCheck
	publisher *publish.Publisher
	panel     *witness.Panel // nil when nobody is asked
	handler   http.Handler
}

// keepMerkle lets the Merkle log follow the log as a part of the group, asks
// witnesses, verifies the whole now and then, and returns it with what serves it. Where
// another process writes the Merkle log, this one serves it and waits for its turn.
func (h *house) keepMerkle(ctx context.Context, g *errgroup.Group) (*auditing, error) {
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
	mux.HandleFunc("GET "+logPrefix+"/views", a.showViews)
	mux.Handle(logPrefix+"/", http.StripPrefix(logPrefix, a.publisher.Handler()))
	a.handler = mux
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
	a.check = keeper.NewSelfCheck(selfCheckEvery, func(ctx context.Context) (*verify.Report, uint64, error) {
		// It holds every row of every view for a while: rather slowly than in much
		// memory.
		before := debug.SetGCPercent(selfCheckGCPercent)
		report, position, err := a.checkSelf(ctx, keys)
		debug.SetGCPercent(before)
		return report, position, err
	}, a.found, time.Now)
	g.Go(func() error { return a.check.Run(ctx) })
	return a, nil
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

// checkSelf verifies log and views, and signs what the views are when the log has grown
// since that was last signed.
func (a *auditing) checkSelf(ctx context.Context, keys *checkpoint.Keys) (*verify.Report, uint64, error) {
	verifiers, err := checkpoint.Verifiers(lines(keys.VKeys()))
	if err != nil {
		return nil, 0, err
	}
	dir := a.house.auditDir()
	kept, err := views.Kept(os.DirFS(dir))
	if err != nil {
		return nil, 0, err
	}
	report, now, err := a.house.verifyAll(ctx, verify.Options{Read: a.house.read, Tree: &a.reader, Verifiers: verifiers, Views: kept})
	if err != nil {
		return nil, 0, err
	}
	last := uint64(0)
	if len(kept) > 0 {
		if s, err := views.Open(kept[len(kept)-1], verifiers); err == nil {
			last = s.Position
		}
	}
	if now.Views == nil || now.Position <= last {
		return report, last, nil
	}
	now.Origin = keys.Name()
	signed, err := views.Sign(now, keys.Signers()...)
	if err == nil {
		err = views.Keep(dir, signed)
	}
	if err != nil {
		return nil, 0, err
	}
	return report, now.Position, nil
}

// found says it when a self-check found something, or could not be done.
func (a *auditing) found(c keeper.Checked) {
	switch {
	case c.Error != "":
		a.house.p.note("self-check: " + c.Error)
	case !c.OK:
		a.house.p.note(fmt.Sprintf("self-check: something is wrong with %v: run zhitong audit verify", c.Failed))
	}
}

// last is when the system last verified itself, and whether all was well.
func (a *auditing) last() (at time.Time, ok bool) {
	if a.check == nil {
		return time.Time{}, false
	}
	c, _ := a.check.Status()
	return c.At, c.OK
}

// showViews answers with the latest signed statement about the views.
func (a *auditing) showViews(w http.ResponseWriter, _ *http.Request) {
	signed, err := views.Latest(os.DirFS(a.house.auditDir()))
	if errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "no view was signed yet", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, "the statements about views cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(signed) // the client has gone
}

// showChecked answers what the last self-check found.
func (a *auditing) showChecked(w http.ResponseWriter, _ *http.Request) {
	if a.check == nil {
		http.Error(w, "another process verifies", http.StatusServiceUnavailable)
		return
	}
	c, _ := a.check.Status()
	if c.At.IsZero() {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "not verified yet", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, c) // the client has gone
}
