package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/domain"
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
	// waits are keys whose master key is not there yet; then keys is nil.
	waits *backup.Keys
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
		if err := r.restoreKeys(ctx, h, c.keys, c.waits); err != nil {
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
	c.keys, c.waits, err = r.openKeys(c.Stream, c.Erased)
	return err
}

// describe says what will be restored.
func (r *restoreRun) describe(c *copied) {
	r.result = restored{
		Folder: r.p.cfg.Data, Stream: c.Stream.Name, Position: c.To, Size: c.Position, LastEvent: c.Event, Recorded: c.Recorded.UTC(),
		Checkpoint: compared(c.Own), NewSigner: c.To < c.Position, NewKey: c.To == c.Position && !c.signs(),
	}
	for _, s := range c.Since {
		r.result.Since = append(r.result.Since, compared(s))
	}
	r.countKeys(c.keys, c.waits, c.Later)
}

// countKeys says what becomes of the keys.
func (r *restoreRun) countKeys(k *broughtKeys, waits *backup.Keys, later []domain.ID) {
	switch {
	case k != nil:
		r.result.Keys = k.count(later)
	case waits != nil:
		r.result.Keys = &restoredKeys{Keys: len(waits.Persons), Waiting: true, AskAgain: later}
	}
}

// restoreKeys brings the keys back, or leaves them for when the master key is there.
func (r *restoreRun) restoreKeys(ctx context.Context, h *house, k *broughtKeys, waits *backup.Keys) error {
	switch {
	case waits != nil:
		return r.p.leaveWaiting(*waits)
	case k == nil:
		return nil
	}
	stream, _, err := h.keyStream(ctx)
	if err != nil {
		return err
	}
	return k.restore(ctx, stream)
}

func compared(c backup.Compared) comparedCheckpoint {
	return comparedCheckpoint{File: c.Name, Size: c.Size, By: c.By, Missing: c.Missing, Compared: c.Reached}
}

// signs reports whether the signing key is there.
func (c *copied) signs() bool { return c.keys != nil && c.keys.Signing != nil }

// restoreAudit puts the checkpoints where the log's signer finds them. Where commits
// that were signed are left out they are put aside: under its old name the log would
// sign two histories.
func (r *restoreRun) restoreAudit(c *copied) error {
	vkeys, err := c.VKeys()
	if err != nil {
		return err
	}
	folder := auditBeforeFolder
	if c.To == c.Position {
		folder = auditFolder
		if err := r.restoreSigning(c, vkeys); err != nil {
			return err
		}
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

// restoreSigning brings the signing key back. Where it is not there a new one is made
// for the same log: what the old one has signed goes on verifying, but nobody vouches
// for the new one.
func (r *restoreRun) restoreSigning(c *copied, vkeys string) error {
	path := r.p.signingKey()
	if c.signs() {
		return backup.Put(path, c.keys.Signing)
	}
	if _, err := os.Stat(path); err == nil && r.resume {
		return nil
	}
	skey, err := checkpoint.NewKey(c.Own.Origin)
	if err != nil {
		return err
	}
	return backup.Put(path, []byte(strings.TrimSpace(vkeys)+"\n"+skey+"\n"))
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
