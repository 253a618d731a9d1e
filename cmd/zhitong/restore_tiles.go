package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/audit/tree"
	"zhitong/events"
	"zhitong/internal/backup"
)

// fromTiles restores the log from the entry bundles of an audit folder. The data
// folder may hold everything but a log.
func (r *restoreRun) fromTiles(ctx context.Context) error {
	reader := tree.NewReader(os.DirFS(r.tiles))
	signed, err := r.signed(reader)
	if err != nil {
		return err
	}
	if err := r.whole(reader, signed); err != nil {
		return err
	}
	if err := r.emptyLog(ctx); err != nil {
		return err
	}
	if err := r.begin(func(string) bool { return true }); err != nil {
		return err
	}
	err = r.open(ctx, func(ctx context.Context, h *house) error {
		return r.fill(ctx, h, bundles(reader, signed.Checkpoint))
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return err
	}
	r.result.Restored, r.result.Views = true, r.views()
	return r.print()
}

// emptyLog refuses a log that holds something, unless a restore of it was cut short.
func (r *restoreRun) emptyLog(ctx context.Context) error {
	if r.p.unfinished() != nil {
		return nil
	}
	return r.open(ctx, func(ctx context.Context, h *house) error {
		head, err := h.log.Head(ctx)
		if err == nil && head.Position != 0 {
			return usagef("the log in %s has %d positions: an empty data folder is needed", r.p.cfg.Data, head.Position)
		}
		return err
	})
}

// bundles are the commits in the entry bundles. One that can't be read ends it.
func bundles(reader tree.Reader, c checkpoint.Checkpoint) backup.Commits {
	return func(fn func(uint64, []byte) error) error {
		_, err := reader.Recover(c, nil, func(position uint64, commit []byte) error {
			if commit == nil {
				return fmt.Errorf("position %d cannot be read", position)
			}
			return fn(position, commit)
		})
		return err
	}
}

// signed is the latest checkpoint, by a known key.
func (r *restoreRun) signed(reader tree.Reader) (checkpoint.Signed, error) {
	inside, err := reader.VKeys()
	if err != nil {
		return checkpoint.Signed{}, usageError{fmt.Errorf("%s is no audit folder: %w", r.tiles, err)}
	}
	verifiers, err := offline.Options{Key: r.key}.Verifiers(inside)
	if err != nil {
		return checkpoint.Signed{}, usageError{err}
	}
	note, err := reader.Latest()
	if err != nil {
		return checkpoint.Signed{}, err
	}
	s, err := checkpoint.Open(note, verifiers)
	if err != nil {
		return s, foundError{err}
	}
	if r.until.Position > s.Size {
		return s, usageError{fmt.Errorf("position %d: %w: it ends at position %d", r.until.Position, backup.ErrNotThere, s.Size)}
	}
	return s, nil
}

// whole finds where to end, and refuses a folder that lacks a commit up to there.
func (r *restoreRun) whole(reader tree.Reader, s checkpoint.Signed) error {
	r.result = restored{Folder: r.p.cfg.Data, Size: s.Size, Checkpoint: comparedCheckpoint{Size: s.Size, By: s.By, Compared: true}}
	end := errors.New("the end was found")
	all, err := reader.Recover(s.Checkpoint, nil, func(position uint64, commit []byte) error {
		if r.until.Position > 0 && position > r.until.Position {
			return nil
		}
		if commit == nil {
			r.result.Position = position
			return nil
		}
		return r.last(position, commit, end)
	})
	if err != nil && !errors.Is(err, end) {
		return err
	}
	if r.result.Position == 0 {
		return usageError{fmt.Errorf("%s: %w: its first commit was recorded later", r.toText, backup.ErrNotThere)}
	}
	r.result.Checkpoint.Missing = s.Size - r.result.Position
	missing := 0
	for _, m := range all {
		if m.First <= r.result.Position {
			missing++
			r.p.note(fmt.Sprintf("positions %d to %d: %s", m.First, m.Last, m.Why))
		}
	}
	if missing > 0 {
		return hintError{found(missing, "parts of the log cannot be restored from here; nothing was written"),
			fmt.Sprintf("restore what comes before with --to, or bring another copy of %s", filepath.Join(r.tiles, "tile"))}
	}
	return nil
}

// last notes a commit as the last one, or ends where it was recorded too late. Only
// where that is asked for, and at the end, it is decoded.
func (r *restoreRun) last(position uint64, commit []byte, end error) error {
	atEnd := position == r.result.Size || position == r.until.Position
	if r.until.Time.IsZero() && !atEnd {
		r.result.Position = position
		return nil
	}
	c, err := events.Decode(commit)
	if err != nil {
		return fmt.Errorf("position %d: %w", position, err)
	}
	e := &c.Events[len(c.Events)-1]
	if !r.until.Time.IsZero() && e.Recorded.After(r.until.Time) {
		return end
	}
	r.result.Position, r.result.LastEvent, r.result.Recorded = position, e.ID, e.Recorded.UTC()
	return nil
}
