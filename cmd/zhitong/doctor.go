package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/embedded/pgcluster"
	"zhitong/internal/table"
	"zhitong/projections/projector"
)

// postgresMajorMin is the oldest server that the views are tested on.
const postgresMajorMin = 14

func (p *program) doctorCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the installation and name what is missing",
		Long: `Check the data folder, the file system, Postgres, the log, the keys and the views.
Each line says what was found and, where something is missing, what to do about it.
Ends with status 1 when something is missing.`,
		Example: "  zhitong doctor --format json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			return p.doctor(c.Context(), f)
		},
	}
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

// The states of a check.
const (
	healthy = "ok"
	doubt   = "doubtful" // works, and may not be what is wanted
	missing = "missing"
)

// finding is what one check found.
type finding struct {
	check, state, detail string
	advice               string // "" when there is nothing to do
}

// examination is the findings so far.
type examination struct {
	p    *program
	list []finding
}

func (e *examination) ok(check, detail string) {
	e.list = append(e.list, finding{check: check, state: healthy, detail: detail})
}

func (e *examination) doubtful(check, detail, advice string) {
	e.list = append(e.list, finding{check, doubt, detail, advice})
}

func (e *examination) missing(check, detail, advice string) {
	e.list = append(e.list, finding{check, missing, detail, advice})
}

func (p *program) doctor(ctx context.Context, f table.Format) error {
	e := &examination{p: p}
	e.folder()
	e.postgresBinaries(ctx)
	e.psql()
	e.running(ctx)
	columns := []table.Column{{Name: "check"}, {Name: "state"}, {Name: "detail"}, {Name: "what_to_do"}}
	var rows [][]any
	bad := 0
	for _, x := range e.list {
		var advice any
		if x.advice != "" {
			advice = x.advice
		}
		if x.state == missing {
			bad++
		}
		rows = append(rows, []any{x.check, x.state, x.detail, advice})
	}
	if err := table.Write(p.stdout, f, columns, table.Slice(rows)); err != nil {
		return err
	}
	if bad > 0 {
		return found(bad, "things are missing")
	}
	return nil
}

// folder looks at the data folder and the file system below it.
func (e *examination) folder() {
	dir := e.p.cfg.Data
	if err := os.MkdirAll(dir, 0o700); err != nil {
		e.missing("data folder", err.Error(), e.p.text.Say("doctor.folder"))
		return
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		e.missing("data folder", err.Error(), e.p.text.Say("doctor.folder"))
		return
	}
	probe.Close()
	os.Remove(probe.Name())
	e.ok("data folder", dir)
	name, durable, err := fileSystem(dir)
	switch {
	case err != nil:
		e.doubtful("file system", err.Error(), "")
	case durable:
		e.ok("file system", name)
	default:
		e.doubtful("file system", name, e.p.text.Say("doctor.file_system"))
	}
}

func (e *examination) postgresBinaries(ctx context.Context) {
	const check = "postgres server"
	if e.p.cfg.PostgresURL != "" {
		e.ok(check, "external")
		return
	}
	found, err := pgcluster.FindBinaries(ctx, e.p.lookup("ZHITONG_PG_BIN"))
	switch {
	case err != nil:
		e.missing(check, err.Error(), e.p.text.Say("hint.no_postgres"))
	case found[0].Major < postgresMajorMin:
		e.missing(check, fmt.Sprintf("%d in %s", found[0].Major, found[0].Dir), e.p.text.Say("doctor.old_postgres", "version", postgresMajorMin))
	default:
		e.ok(check, fmt.Sprintf("%d in %s", found[0].Major, found[0].Dir))
	}
}

func (e *examination) psql() {
	if path, err := exec.LookPath("psql"); err == nil {
		e.ok("psql", path)
		return
	}
	e.doubtful("psql", "not installed", e.p.text.Say("hint.no_psql"))
}

// running opens the house and looks at what works in it.
func (e *examination) running(ctx context.Context) {
	h, err := e.p.open(ctx)
	if err != nil {
		e.missing("log", err.Error(), e.p.text.Say("doctor.log"))
		return
	}
	owner := "another process"
	if h.instance.Owns() {
		owner = "this process"
	}
	e.ok("owner", owner)
	e.log(ctx, h)
	e.keys(ctx, h)
	e.views(ctx, h)
	if err := h.close(ctx); err != nil {
		e.doubtful("clean end", err.Error(), "")
	}
}

func (e *examination) log(ctx context.Context, h *house) {
	id, err := h.log.Identity(ctx)
	if err == nil {
		err = log.Verify(ctx, h.log)
	}
	if err != nil {
		e.missing("log", err.Error(), e.p.text.Say("doctor.log"))
		return
	}
	head, err := h.log.Head(ctx)
	if err != nil {
		e.missing("log", err.Error(), e.p.text.Say("doctor.log"))
		return
	}
	e.ok("log", fmt.Sprintf("%s of %s, first %x, %d commits", id.Stream, id.Created.UTC().Format("2006-01-02T15:04:05Z"), id.First[:6], head.Position))
}

// keys opens everything that a command needs.
func (e *examination) keys(ctx context.Context, h *house) {
	path := e.p.masterKey()
	if err := h.bringWaiting(ctx); errors.Is(err, errKeysWait) {
		e.missing("keys", err.Error(), e.p.text.Say("restore.keys_wait", "file", path, "waiting", e.p.waitingPath()))
		return
	}
	o, err := h.appOptions(ctx)
	if err == nil {
		_, err = app.Open(ctx, o)
	}
	if err != nil {
		e.missing("keys", err.Error(), e.p.text.Say("doctor.keys", "file", path))
		return
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		e.missing("keys", fmt.Sprintf("%s has mode %o", path, info.Mode().Perm()), "chmod 600 "+path)
		return
	}
	e.ok("keys", filepath.Base(path))
}

func (e *examination) views(ctx context.Context, h *house) {
	err := h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error {
		if err := views.CatchUp(ctx); err != nil {
			return err
		}
		states, err := views.Status(ctx)
		if err != nil {
			return err
		}
		live := 0
		for _, s := range states {
			if s.Status == "stopped" {
				e.missing("view "+s.Projection, deref(s.Error), e.p.text.Say("doctor.stopped", "view", s.Projection))
				continue
			}
			live++
		}
		e.ok("views", fmt.Sprintf("%d up to date", live))
		return nil
	})
	if err == nil {
		return
	}
	advice := e.p.text.Say("doctor.views")
	var hint hintError
	if errors.As(err, &hint) {
		advice = hint.hint
	}
	e.missing("views", err.Error(), advice)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
