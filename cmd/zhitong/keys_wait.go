package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"zhitong/audit/checkpoint"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/backup"
)

// waitingFile is a keys file in the data folder that was restored before the master
// key was at hand: the next command that finds the master key brings the keys back.
// Until then no other keys are made.
const waitingFile = "keys-waiting"

// errKeysWait says that the keys wait for the master key.
var errKeysWait = errors.New("the keys of personal values wait for the master key")

func (p *program) waitingPath() string { return filepath.Join(p.cfg.Data, waitingFile) }

// leaveWaiting leaves the keys for when the master key is at hand, without those of
// erased persons.
func (p *program) leaveWaiting(k backup.Keys) error {
	var text bytes.Buffer
	if err := k.Write(&text); err != nil {
		return err
	}
	return backup.Put(p.waitingPath(), text.Bytes())
}

// bringWaiting brings back keys that wait, if any do. It returns errKeysWait while
// the master key is not there, or is another one.
func (h *house) bringWaiting(ctx context.Context) error {
	path := h.p.waitingPath()
	k, err := backup.ReadKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file := h.p.masterKey()
	wait := func(err error) error {
		return hintError{fmt.Errorf("%w: %w", errKeysWait, err), h.p.text.Say("restore.keys_wait", "file", file, "waiting", path)}
	}
	master, err := keys.ReadMaster(file)
	if err != nil {
		return wait(err)
	}
	opened, err := k.Open(master)
	if errors.Is(err, keys.ErrOtherMaster) {
		return wait(err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	erased, err := h.erasures(ctx)
	if err != nil {
		return err
	}
	stream, err := keys.OpenStream(ctx, h.instance.NATS(), log.StreamDefault, h.p.cfg.Replicas, master)
	if err != nil {
		return err
	}
	brought := &broughtKeys{opened, erased.Parties()}
	if err := brought.restore(ctx, stream); err != nil {
		return err
	}
	if err := h.p.findSigning(opened.Signing); err != nil {
		return err
	}
	return os.Remove(path)
}

// erasures are the requests for erasure in the log.
func (h *house) erasures(ctx context.Context) (backup.Erasures, error) {
	var e backup.Erasures
	err := h.log.Read(ctx, 1, func(b log.Block) error {
		for i, commit := range b.Commits {
			if err := e.Add(b.First+uint64(i), commit); err != nil {
				return err
			}
		}
		return nil
	})
	return e, err
}

// findSigning puts signing keys that were lost back into the file of signing keys.
func (p *program) findSigning(found []byte) error {
	text, err := os.ReadFile(p.signingKey())
	if errors.Is(err, fs.ErrNotExist) || len(found) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := checkpoint.WithFound(strings.Fields(string(text)), strings.Fields(string(found)))
	if err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	return backup.Put(p.signingKey(), []byte(lines(all)))
}
