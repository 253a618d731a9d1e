package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhitong/audit/offline"
	"zhitong/audit/verify"
	"zhitong/internal/embedded/pgcluster"
	"zhitong/projections"
	"zhitong/projections/projector"
)

// verifyRun is one run of audit verify.
type verifyRun struct {
	p       *program
	offline offline.Options
	format  string
}

func (p *program) auditVerifyCommand() *cobra.Command {
	v := verifyRun{p: p}
	c := &cobra.Command{
		Use:   "verify [BUNDLE.zip|FILE.tlog-proof|LOG.ndjson]",
		Short: "Check the log, its views, and every checkpoint; or a file offline",
		Long: `Check the running log: that no position is missing, that every commit is what the
program writes, that it gives every signed root, that the rules hold, that each
assessment follows from its policy, and that each view equals its log. With a file,
check that instead, offline. Ends with status 1 when something is found.

Without --key the keys of the data folder are used, or those inside a bundle: then
the check shows that nothing was changed, not who signed.`,
		Example: `  zhitong audit verify
  zhitong audit verify --since checkpoint-2021-06-30 --key vkeys
  zhitong audit verify bundle.zip --key vkeys
  zhitong audit verify log.ndjson --audit copy-of-audit-folder --key vkeys`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if v.format != "text" && v.format != "json" {
				return usagef("--format %q: text or json is needed", v.format)
			}
			if len(args) == 1 {
				return v.file(c.Context(), args[0])
			}
			return p.with(c.Context(), v.running)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&v.offline.Since, "since", nil, "file with a signed checkpoint that you have kept (repeatable)")
	f.StringVar(&v.offline.Key, "key", "", "file with the public keys as you know them")
	f.StringVar(&v.offline.Audit, "audit", "", "copy of the audit folder, for an exported log")
	f.BoolVar(&v.offline.HashesOnly, "hashes", false, "only hashes, tiles and checkpoints")
	f.StringVar(&v.format, "format", "text", "text or json")
	return c
}

// file checks a file. A proof or a log for which no key is given is held against the
// keys of the data folder.
func (v *verifyRun) file(ctx context.Context, name string) error {
	o := v.offline
	report, err := offline.File(ctx, name, o)
	if errors.Is(err, offline.ErrNoKey) {
		o.Key = filepath.Join(v.p.cfg.Data, auditFolder, "vkeys")
		report, err = offline.File(ctx, name, o)
	}
	if err != nil {
		return hintError{usageError{err}, "zhitong audit verify --help"}
	}
	return v.print(report)
}

// running checks the running log and its views.
func (v *verifyRun) running(ctx context.Context, h *house) error {
	m, merkleErr := h.merkle(ctx)
	var found foundError
	if merkleErr != nil && !errors.As(merkleErr, &found) {
		return merkleErr
	}
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return err
	}
	verifiers, err := v.offline.Verifiers(lines(keys.VKeys()))
	if err != nil {
		return usageError{err}
	}
	since, err := v.offline.Brought()
	if err != nil {
		return usageError{err}
	}
	o := verify.Options{Read: h.read, Tree: &m.reader, Verifiers: verifiers, Since: since, HashesOnly: v.offline.HashesOnly}
	r, err := h.verifyAll(ctx, o)
	if err != nil {
		return err
	}
	if merkleErr != nil {
		r.Checks = append(r.Checks, verify.Check{Name: "signing", Of: "log", Count: 1, Failed: 1, First: []verify.Failure{{Detail: merkleErr.Error()}}})
	}
	return v.print(r)
}

// verifyAll checks the log, and the live views against its fold: the log is read and
// decoded once for both.
func (h *house) verifyAll(ctx context.Context, o verify.Options) (*verify.Report, error) {
	if o.HashesOnly {
		return runChecks(ctx, o)
	}
	var report *verify.Report
	fold := func(ctx context.Context, read projections.Reader, ps []projections.Projection, until projections.Until) (*projections.Folded, error) {
		if report != nil || until.Nothing {
			return projections.Fold(ctx, read, ps, until)
		}
		with := o
		with.Fold, with.FoldTo = ps, until.Position
		r, err := verify.Run(ctx, with)
		if err != nil {
			return nil, err
		}
		report = r.Report
		return &projections.Folded{Mark: projections.Mark{Position: until.Position}, Events: r.Events, DBs: r.DBs, Failed: r.Failed}, nil
	}
	var checked []projector.Verified
	viewsErr := h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
		err := views.CatchUp(ctx)
		if err == nil {
			checked, err = views.VerifyWith(ctx, fold)
		}
		return err
	})
	if report == nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var err error
		if report, err = runChecks(ctx, o); err != nil {
			return nil, err
		}
	}
	return report, h.addViews(report, checked, viewsErr)
}

func runChecks(ctx context.Context, o verify.Options) (*verify.Report, error) {
	r, err := verify.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	return r.Report, nil
}

// addViews adds what was found of the views to the report. Views that can't be
// compared are a finding with what to do, so that the rest of the report is not lost.
func (h *house) addViews(r *verify.Report, checked []projector.Verified, err error) error {
	for _, c := range checked {
		x := verify.View{Name: c.Table, Position: c.Position, Rows: c.Rows, Digest: c.Digest, Differs: c.Different != nil}
		if d := c.Different; d != nil {
			x.Key, x.Column, x.Log, x.Table = d.Key, d.Column, d.Log, d.Table
		}
		r.Views = append(r.Views, x)
	}
	var failed *projections.FoldError
	check := verify.Check{Name: "views", Of: "views"}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgcluster.ErrNoBinaries):
		check.Not = h.p.text.Say("hint.no_postgres")
	case errors.Is(err, projector.ErrStream):
		check.Count, check.Failed = 1, 1
		check.First = []verify.Failure{{Detail: err.Error() + ": " + h.p.text.Say("hint.rebuild")}}
	case errors.As(err, &failed):
		check.Count, check.Failed = 1, 1
		check.First = []verify.Failure{{Position: failed.Position, Event: failed.EventID, Detail: failed.Error()}}
	default:
		return err
	}
	r.Checks = append(r.Checks, check)
	return nil
}

func (v *verifyRun) print(r *verify.Report) error {
	var err error
	if v.format == "json" {
		out := struct {
			OK             bool      `json:"ok"`
			At             time.Time `json:"at"`
			*verify.Report `json:",embed"`
		}{r.OK(), time.Now().UTC().Truncate(time.Second), r}
		err = json.MarshalWrite(v.p.stdout, out, jsontext.WithIndent("  "))
	} else {
		err = r.Text(v.p.stdout)
	}
	if err != nil {
		return err
	}
	if !r.OK() {
		return foundError{errors.New("something was found")}
	}
	return nil
}
