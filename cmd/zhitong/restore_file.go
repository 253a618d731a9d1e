package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/internal/backup"
)

// auditBeforeFolder holds the checkpoints of a log that goes on under another signing
// key than the one that made them.
const auditBeforeFolder = "audit-before"

// copied is a backup that was checked, with the keys that go with it.
type copied struct {
	*backup.Backup
	backup.Checked
	keys *backup.Opened // nil without --keys
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
		if err := r.restoreKeys(ctx, h, c); err != nil {
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
	c.keys, err = r.openKeys(c.Stream)
	return err
}

// openKeys reads the keys file and opens it with the master key.
func (r *restoreRun) openKeys(of backup.Stream) (*backup.Opened, error) {
	k, err := backup.ReadKeys(r.keysFile)
	if err != nil {
		return nil, refusedCopy(err)
	}
	if !k.Stream.Same(of) {
		return nil, usagef("%s holds the keys of another log (%s, first commit %.12s…), the backup is of %s, %.12s…", r.keysFile, k.Stream.Name, k.Stream.First, of.Name, of.First)
	}
	path := r.p.masterKey()
	master, err := keys.ReadMaster(path)
	if err != nil {
		return nil, hintError{usageError{err}, r.p.text.Say("restore.no_master", "file", path)}
	}
	opened, err := k.Open(master)
	switch {
	case errors.Is(err, keys.ErrOtherMaster):
		return nil, hintError{usagef("%s: %v", r.keysFile, err), r.p.text.Say("restore.other_master", "file", path)}
	case err != nil:
		return nil, foundError{fmt.Errorf("%s: %w", r.keysFile, err)}
	}
	return &opened, nil
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
	if c.keys == nil {
		return
	}
	k := &restoredKeys{AskAgain: c.Later}
	for name := range c.keys.Persons {
		if c.erased(name) {
			k.Erased++
			continue
		}
		k.Keys++
	}
	r.result.Keys = k
}

func compared(c backup.Compared) comparedCheckpoint {
	return comparedCheckpoint{File: c.Name, Size: c.Size, By: c.By, Missing: c.Missing, Compared: c.Reached}
}

// sameSigner reports whether the log goes on under its signing key: everything that it
// has signed must be there, else it would sign two histories.
func (r *restoreRun) sameSigner(c *copied) bool {
	return c.keys != nil && c.keys.Signing != nil && c.To == c.Position
}

// erased reports whether a key is that of a party whose erasure the copy asks for.
func (c *copied) erased(name string) bool {
	id, ok := strings.CutPrefix(name, "party/")
	return ok && slices.ContainsFunc(c.Erased, func(e domain.ID) bool { return string(e) == id })
}

// restoreKeys brings the keys back, but those of erased persons.
func (r *restoreRun) restoreKeys(ctx context.Context, h *house, c *copied) error {
	if c.keys == nil {
		return nil
	}
	stream, _, err := h.keyStream(ctx)
	if err != nil {
		return err
	}
	for _, name := range c.names() {
		if c.erased(name) {
			continue
		}
		stored, err := stream.Create(ctx, name, c.keys.Persons[name])
		if err != nil {
			return fmt.Errorf("restore the key of %q: %w", name, err)
		}
		if string(stored) != string(c.keys.Persons[name]) {
			return fmt.Errorf("restore the key of %q: another key is stored already", name)
		}
	}
	return nil
}

// names are the names of the keys, that of the tags first, as the store wants it.
func (c *copied) names() []string {
	var names []string
	for name := range c.keys.Persons {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if tag := keys.TagName; (a == tag) != (b == tag) {
			if a == tag {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
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
