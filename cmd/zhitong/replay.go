package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhitong/events/log"
	"zhitong/internal/table"
	"zhitong/projections"
	"zhitong/projections/projector"
)

func (p *program) replayCommand() *cobra.Command {
	var r replayRun
	c := &cobra.Command{
		Use:   "replay",
		Short: "Fold the log up to a moment and write every view as it was",
		Long: `Fold the log up to a moment, in memory, and print what every view was then: its rows
and their digest. --out writes the views as CSV files with a manifest of their digests
and sums. --compare checks the live views against the log as well: it brings them up to
the end of the log, folds the whole log from its beginning, whatever is kept of the
past, and compares row by row and column by column where they stand; status 1 says that
one of them differs, or has stopped.`,
		Example: `  zhitong replay --as-of 1200 --out replay-1200
  zhitong replay --as-of 2021-01-31T23:59:59+08:00 --format json
  zhitong replay --compare`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			r.p = p
			if r.format, err = p.outputFormat(r.formatText); err != nil {
				return err
			}
			if r.asOfText != "" {
				if r.asOf, err = projections.ParseUntil(r.asOfText); err != nil {
					return usageError{err}
				}
			}
			if err := checkOut(r.out); err != nil {
				return err
			}
			return askable(p.with(c.Context(), r.run))
		},
	}
	f := c.Flags()
	f.StringVar(&r.asOfText, "as-of", "", "a position, or a time of recording such as 2021-01-31T23:59:59+08:00 (default: the end of the log)")
	f.StringVar(&r.out, "out", "", "folder for the CSV files and the manifest: absent, empty, or of an earlier replay")
	f.BoolVar(&r.compare, "compare", false, "check the live views against the log too")
	f.StringVar(&r.formatText, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

// replayRun is one run of replay.
type replayRun struct {
	p          *program
	asOfText   string
	out        string
	compare    bool
	formatText string

	format table.Format
	asOf   projections.Until
}

// manifestFile and manifestForm are the manifest's name and first member.
const (
	manifestFile = "manifest.json"
	manifestForm = "zhitong replay 1"
)

// manifest says what the files of a replay are.
type manifest struct {
	Form     string         `json:"form"`
	Stream   string         `json:"stream"`
	Created  time.Time      `json:"stream_created"`
	First    string         `json:"first_commit_sha256"`
	Position uint64         `json:"position"`
	Commit   string         `json:"commit_sha256"`
	Recorded *time.Time     `json:"recorded"` // of that commit; null before the first
	Views    []replayedView `json:"views"`
}

// replayedView is one view of a replay.
type replayedView struct {
	View    string `json:"view"`
	Version int    `json:"version"`
	Rows    int64  `json:"rows"`
	Digest  string `json:"digest"`           // of the rows, as in projection_status
	File    string `json:"file,omitzero"`    // below the folder
	SHA256  string `json:"sha256,omitempty"` // of the file
}

// run folds, writes, prints and compares.
func (r *replayRun) run(ctx context.Context, h *house) error {
	views, err := h.projector("")
	if err != nil {
		return err
	}
	folded, err := views.AsOf(ctx, r.asOf)
	if err != nil {
		return err
	}
	id, err := h.log.Identity(ctx)
	if err != nil {
		return err
	}
	m := manifestOf(id, folded)
	write := func(dir string) (err error) {
		m.Views, err = writeViews(ctx, folded, views.Views(), dir)
		if err == nil && dir != "" {
			err = m.write(dir)
		}
		return err
	}
	if r.out == "" {
		err = write("")
	} else {
		err = intoPlace(r.out, write)
	}
	if err != nil {
		return err
	}
	r.p.noteMoment(folded.Mark)
	if err := r.print(m); err != nil {
		return err
	}
	if r.compare {
		return h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error { return r.p.compare(ctx, views) })
	}
	return nil
}

func manifestOf(id log.Identity, f *projections.Folded) *manifest {
	m := &manifest{Form: manifestForm, Stream: id.Stream, Created: id.Created.UTC(), First: hex.EncodeToString(id.First[:]), Position: f.Position}
	if f.Position > 0 {
		m.Commit, m.Recorded = hex.EncodeToString(f.Hash[:]), new(f.Recorded.UTC())
	}
	return m
}

func (m *manifest) write(dir string) error {
	b, err := json.Marshal(m, jsontext.WithIndent("  "), json.FormatNilSliceAsNull(false))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestFile), append(b, '\n'), 0o644)
}

// writeViews reckons every view's digest and, where dir is given, writes its file.
func writeViews(ctx context.Context, f *projections.Folded, schemas []*projections.Schema, dir string) ([]replayedView, error) {
	list := make([]replayedView, 0, len(schemas))
	for _, s := range schemas {
		if s.Name != "projection_status" { // of now, not of the log
			list = append(list, replayedView{View: s.Name})
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range list {
		g.Go(func() error { return list[i].write(ctx, f, dir) })
	}
	return list, g.Wait()
}

func (v *replayedView) write(ctx context.Context, f *projections.Folded, dir string) error {
	p, s, db, err := f.View(v.View)
	if err != nil {
		return err
	}
	v.Version = p.Version
	var digest projections.Digest
	var line []byte
	rows := func(yield func([]any, error) bool) {
		cells := make([]any, len(s.Columns))
		err := db.Rows(s, func(vs []projections.Value) error {
			line = s.AppendLine(line[:0], vs)
			digest, v.Rows = digest.Add(projections.DigestLine(line)), v.Rows+1
			for j := range cells {
				cells[j] = s.Cell(vs, j)
			}
			if !yield(cells, nil) {
				return errStopped
			}
			return ctx.Err()
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
	defer func() { v.Digest = digest.String() }()
	if dir == "" {
		for _, err := range rows {
			if err != nil {
				return err
			}
		}
		return nil
	}
	v.File = v.View + ".csv"
	file, err := os.Create(filepath.Join(dir, v.File))
	if err != nil {
		return err
	}
	sum, out := sha256.New(), bufio.NewWriterSize(file, 1<<16)
	err = table.Write(io.MultiWriter(out, sum), table.CSV, columnsOf(s), rows)
	v.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return errors.Join(err, out.Flush(), file.Close())
}

// errStopped says that whoever takes rows wants no more.
var errStopped = errors.New("no more rows are wanted")

// print prints the views.
func (r *replayRun) print(m *manifest) error {
	columns := []table.Column{{Name: "view"}, {Name: "version", Numeric: true}, {Name: "position", Numeric: true},
		{Name: "rows", Numeric: true}, {Name: "digest"}}
	var rows [][]any
	for _, v := range m.Views {
		rows = append(rows, []any{v.View, number(uint64(v.Version)), number(m.Position), number(uint64(v.Rows)), v.Digest})
	}
	return table.Write(r.p.stdout, r.format, columns, table.Slice(rows))
}

// checkOut refuses a folder that holds anything but an earlier replay.
func checkOut(dir string) error {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return usageError{fmt.Errorf("--out: %w", err)}
	}
	var m manifest
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil || json.Unmarshal(b, &m) != nil || m.Form != manifestForm {
		return usagef("--out %q: the folder holds something else; name one that is absent, empty, or of an earlier replay", dir)
	}
	return nil
}

// intoPlace lets write fill a folder beside dir, which then takes its place whole.
func intoPlace(dir string, write func(dir string) error) error {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return usageError{fmt.Errorf("--out: %w", err)}
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return usageError{fmt.Errorf("--out: %w", err)}
	}
	err = errors.Join(os.Chmod(fresh, 0o755), write(fresh))
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err == nil {
		err = os.Rename(fresh, dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--out %s: %w", dir, err), os.RemoveAll(fresh))
	}
	return nil
}

// compare compares the live views with the log, where they stand now.
func (p *program) compare(ctx context.Context, views *projector.Projector) error {
	if err := views.CatchUp(ctx); err != nil {
		return err
	}
	checked, err := views.Verify(ctx)
	if err != nil {
		return err
	}
	different, at := 0, uint64(0)
	for _, v := range checked {
		at = max(at, v.Position)
		if v.Different != nil {
			different++
			p.note(fmt.Sprintf("%s (version %d, position %d): %s", v.Table, v.Version, v.Position, v.Different))
		}
	}
	states, err := views.Status(ctx)
	if err != nil {
		return err
	}
	for _, s := range states {
		if s.Status == "stopped" && s.Error != nil {
			different++
			p.note(fmt.Sprintf("%s (version %d) stopped at position %d: %s", s.Projection, s.Version, s.Position, *s.Error))
		}
	}
	if different > 0 {
		return hintError{found(different, "views do not say what the log says"), p.text.Say("hint.rebuild")}
	}
	p.note(p.text.Say("replay.equal", "position", at))
	return nil
}

// noteMoment says what moment an answer is of.
func (p *program) noteMoment(m projections.Mark) {
	if m.Position == 0 {
		p.note(p.text.Say("viewing.as_of_nothing"))
		return
	}
	p.note(p.text.Say("viewing.as_of", "position", m.Position, "recorded", m.Recorded.UTC().Format(time.RFC3339Nano)))
}
