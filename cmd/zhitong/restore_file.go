package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/internal/backup"
)

// auditBeforeFolder holds the checkpoints of a log that goes on under another signing
// key than the one that made them.
const auditBeforeFolder = "audit-before"

// copied is a backup that was checked, with the keys that go with it.
type copied struct {
	*backup.Backup
	backup.Checked
	keys *broughtKeys // nil without --keys
}

// fromFile restores a backup.
func (r *restoreRun) fromFile(ctx context.Context) error {
	b, err := backup.Open(r.file)
	if err != nil {
		return refusedCopy(err)
	}
	defer b.Close()
	c := &copied{Backup: b}
	if err := r.checkFile(ctx, c); err != nil {
		return err
	}
	r.describe(c)
	if r.check {
		return r.print()
	}
	if err := r.begin(operatorsFile); err != nil {
		return err
	}
	err = r.open(ctx, func(ctx context.Context, h *house) error {
		if err := r.fill(ctx, h, b.Each); err != nil {
			return err
		}
		if err := c.keys.restore(ctx, h); err != nil {
			return err
		}
		if err := r.restoreAudit(c); err != nil {
			return err
		}
		return r.sign(ctx, h)
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return refusedCopy(err)
	}
	r.result.Restored = true
	r.result.Views = r.views()
	return r.print()
}

// refusedCopy gives what is wrong with a copy its exit status.
func refusedCopy(err error) error {
	var broken *backup.DamagedError
	var differs *backup.DiffersError
	switch {
	case errors.As(err, &broken), errors.As(err, &differs):
		return foundError{err}
	case errors.Is(err, backup.ErrNotThere), errors.Is(err, fs.ErrNotExist):
		return usageError{err}
	}
	return err
}

// checkFile checks everything before anything is written.
func (r *restoreRun) checkFile(ctx context.Context, c *copied) error {
	inside, err := c.VKeys()
	if err != nil {
		return foundError{fmt.Errorf("%s: %w", r.file, err)}
	}
	var verifiers note.Verifiers
	if verifiers, err = (offline.Options{Key: r.key}).Verifiers(inside); err != nil {
		return usageError{err}
	}
	since, err := r.sinceFiles()
	if err != nil {
		return err
	}
	c.Checked, err = c.Check(ctx, backup.Options{Verifiers: verifiers, Since: since, Until: r.until})
	if err != nil {
		return refusedCopy(fmt.Errorf("%s: %w", r.file, err))
	}
	if r.keysFile == "" {
		return nil
	}
	c.keys, err = r.openKeys(c.Stream, c.Erased)
	return err
}

// describe says what will be restored.
func (r *restoreRun) describe(c *copied) {
	r.result = restored{
		Folder: r.p.cfg.Data, Stream: c.Stream.Name, Position: c.To, Size: c.Position, LastEvent: c.Event, Recorded: c.Recorded.UTC(),
		Checkpoint: compared(c.Own), NewSigner: !r.sameSigner(c),
	}
	for _, s := range c.Since {
		r.result.Since = append(r.result.Since, compared(s))
	}
	if c.keys != nil {
		r.result.Keys = c.keys.count(c.Later)
	}
}

func compared(c backup.Compared) comparedCheckpoint {
	return comparedCheckpoint{File: c.Name, Size: c.Size, By: c.By, Missing: c.Missing, Compared: c.Reached}
}

// sameSigner reports whether the log goes on under its signing key: everything that it
// has signed must be there, else it would sign two histories.
func (r *restoreRun) sameSigner(c *copied) bool {
	return c.keys != nil && c.keys.Signing != nil && c.To == c.Position
}

// restoreAudit puts the checkpoints where the log's signer finds them, or aside where
// another signer goes on.
func (r *restoreRun) restoreAudit(c *copied) error {
	folder := auditBeforeFolder
	if r.sameSigner(c) {
		folder = auditFolder
		if err := backup.Put(r.p.signingKey(), c.keys.Signing); err != nil {
			return err
		}
	}
	vkeys, err := c.VKeys()
	if err != nil {
		return err
	}
	all, err := c.Checkpoints()
	if err != nil {
		return err
	}
	last, err := c.Checkpoint()
	if err != nil {
		return err
	}
	for _, x := range []struct {
		name string
		data []byte
	}{{"vkeys", []byte(vkeys)}, {"checkpoints", all}, {"checkpoint", last}} {
		name := filepath.Join(r.p.cfg.Data, folder, x.name)
		if r.resume && folder == auditFolder && x.name != "vkeys" {
			if _, err := os.Stat(name); err == nil {
				continue // brought back before it was cut short; signed on since, perhaps
			}
		}
		if err := backup.Put(name, x.data); err != nil {
			return err
		}
	}
	return nil
}

// sign makes the signed tree of the log as it is now, which must go through every
// checkpoint that it had.
func (r *restoreRun) sign(ctx context.Context, h *house) error {
	m, err := h.merkle(ctx)
	if err != nil {
		return err
	}
	verifiers, err := checkpoint.Verifiers(m.vkeys)
	if err != nil {
		return err
	}
	s, err := checkpoint.Open(m.signed.Note, verifiers)
	if err == nil {
		r.result.SignedBy = s.By[0]
	}
	return err
}

// views says what becomes of the views, which are no part of a copy.
func (r *restoreRun) views() string {
	if r.p.cfg.PostgresURL != "" {
		return viewsElsewhere
	}
	if _, err := os.Stat(filepath.Join(r.p.cfg.Data, "postgres.json")); err == nil {
		return viewsBefore
	}
	return viewsAnew
}

// What becomes of the views.
const (
	viewsAnew      = "anew"      // there are none: the next start makes them
	viewsBefore    = "before"    // the folder has those of the log that was lost
	viewsElsewhere = "elsewhere" // a database of somebody else's may have others
)
