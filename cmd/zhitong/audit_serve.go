package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
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

// auditing is the audit's part of a serving process.
type auditing struct {
	house     *house
	reader    tree.Reader
	check     *keeper.SelfCheck
	witnesses []witness.Policy
}

// keepMerkle lets the Merkle log follow the log as a part of the group, asks
// witnesses, verifies the whole now and then, and returns what serves it. Where
// another process writes the Merkle log, this one only serves it.
func (h *house) keepMerkle(ctx context.Context, g *errgroup.Group) (http.Handler, error) {
	dir := filepath.Join(h.p.cfg.Data, auditFolder)
	a := &auditing{house: h, reader: tree.NewReader(os.DirFS(dir))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+logPrefix+"/verified", a.showChecked)
	mux.HandleFunc("GET "+logPrefix+"/views", a.showViews)
	mux.Handle(logPrefix+"/", http.StripPrefix(logPrefix, publish.Handler(a.reader)))
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.readPolicy(); err != nil {
		return nil, err
	}
	w, err := tree.OpenWriter(dir, keys)
	if errors.Is(err, tree.ErrLocked) {
		return mux, nil
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
	a.check = keeper.NewSelfCheck(selfCheckEvery, func(ctx context.Context) (*verify.Report, uint64, error) { return a.checkSelf(ctx, keys) }, a.found, time.Now)
	g.Go(func() error { return a.check.Run(ctx) })
	return mux, nil
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

// checkSelf verifies log and views, and signs what the views are when the log has grown
// since that was last signed.
func (a *auditing) checkSelf(ctx context.Context, keys *checkpoint.Keys) (*verify.Report, uint64, error) {
	verifiers, err := checkpoint.Verifiers(lines(keys.VKeys()))
	if err != nil {
		return nil, 0, err
	}
	dir := filepath.Join(a.house.p.cfg.Data, auditFolder)
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

// showViews answers with the latest signed statement about the views.
func (a *auditing) showViews(w http.ResponseWriter, _ *http.Request) {
	signed, err := views.Latest(os.DirFS(filepath.Join(a.house.p.cfg.Data, auditFolder)))
	if errors.Is(err, fs.ErrNotExist) {
		answer(w, http.StatusNotFound, "no view was signed yet")
		return
	}
	if err != nil {
		answer(w, http.StatusInternalServerError, "the statements about views cannot be read")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(signed) // the client has gone
}

// showChecked answers what the last self-check found.
func (a *auditing) showChecked(w http.ResponseWriter, _ *http.Request) {
	if a.check == nil {
		answer(w, http.StatusServiceUnavailable, "another process verifies")
		return
	}
	c, _ := a.check.Status()
	if c.At.IsZero() {
		answer(w, http.StatusServiceUnavailable, "not verified yet")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.MarshalWrite(w, c) // the client has gone
}
