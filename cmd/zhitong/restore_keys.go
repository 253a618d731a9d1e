package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/internal/backup"
)

// broughtKeys are the keys of a keys file, opened with the master key.
type broughtKeys struct {
	backup.Opened
	erased []domain.ID // parties whose keys must not come back
}

// openKeys reads the keys file, which must be of a log, and opens it with the master
// key. Where that is not there the keys will wait for it: then the first is nil and the
// second is what waits.
func (r *restoreRun) openKeys(of backup.Stream, erased []domain.ID) (*broughtKeys, *backup.Keys, error) {
	k, err := backup.ReadKeys(r.keysFile)
	if err != nil {
		return nil, nil, refusedCopy(err)
	}
	if !k.Stream.Same(of) {
		return nil, nil, usagef("%s holds the keys of another log (%s, first commit %.12s…), this one is %s, %.12s…", r.keysFile, k.Stream.Name, k.Stream.First, of.Name, of.First)
	}
	path := r.p.masterKey()
	master, err := keys.ReadMaster(path)
	if errors.Is(err, fs.ErrNotExist) && r.p.cfg.NATSURL == "" {
		return nil, waiting(k, erased), nil
	}
	if err != nil {
		return nil, nil, hintError{usageError{err}, r.p.text.Say("restore.no_master", "file", path)}
	}
	opened, err := k.Open(master)
	switch {
	case errors.Is(err, keys.ErrOtherMaster):
		return nil, nil, hintError{usagef("%s: %v", r.keysFile, err), r.p.text.Say("restore.other_master", "file", path)}
	case err != nil:
		return nil, nil, foundError{fmt.Errorf("%s: %w", r.keysFile, err)}
	}
	return &broughtKeys{opened, erased}, nil, nil
}

// waiting are the keys that will wait for the master key: all but those of erased
// persons.
func waiting(k backup.Keys, erased []domain.ID) *backup.Keys {
	left := k
	left.Persons = nil
	for _, w := range k.Persons {
		if !erasedKey(w.Name, erased) {
			left.Persons = append(left.Persons, w)
		}
	}
	return &left
}

// erasedKey reports whether a key is that of a party whose erasure was asked for.
func erasedKey(name string, erased []domain.ID) bool {
	id, ok := strings.CutPrefix(name, "party/")
	return ok && slices.Contains(erased, domain.ID(id))
}

// count says what will be restored; later are the parties who must ask again.
func (k *broughtKeys) count(later []domain.ID) *restoredKeys {
	n := &restoredKeys{AskAgain: later}
	for name := range k.Persons {
		if erasedKey(name, k.erased) {
			n.Erased++
			continue
		}
		n.Keys++
	}
	return n
}

// restore brings the keys back, but those of erased persons. On nil it does nothing.
func (k *broughtKeys) restore(ctx context.Context, stream *keys.Stream) error {
	if k == nil {
		return nil
	}
	for _, name := range k.names() {
		if erasedKey(name, k.erased) {
			continue
		}
		stored, err := stream.Create(ctx, name, k.Persons[name])
		if err != nil {
			return fmt.Errorf("restore the key of %q: %w", name, err)
		}
		if string(stored) != string(k.Persons[name]) {
			return usagef("the key of %q: another one is stored already, nothing is overwritten", name)
		}
	}
	return nil
}

// names are the names of the keys, that of the tags first, as the store wants it.
func (k *broughtKeys) names() []string {
	var names []string
	for name := range k.Persons {
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
