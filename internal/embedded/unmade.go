package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dropUnmade takes away streams whose making was cut short, as by a kill: their
// settings are there without the checksum that the broker writes next, and no message.
// Nobody was told of them, and the broker would neither open nor finish them.
func dropUnmade(f folder) error {
	metas, err := filepath.Glob(filepath.Join(f.store(), "jetstream", "*", "streams", "*", "meta.inf"))
	if err != nil {
		return err
	}
	heads, err := readHeads(f)
	if err != nil {
		return err
	}
	for _, meta := range metas {
		dir := filepath.Dir(meta)
		if heads[filepath.Base(dir)].Seq > 0 {
			continue // something was in it once
		}
		unmade, err := isUnmade(dir)
		if err == nil && unmade {
			err = os.RemoveAll(dir)
		}
		if err != nil {
			return fmt.Errorf("take away a stream whose making was cut short: %w", err)
		}
	}
	return nil
}

// isUnmade reports whether a stream's folder lacks the checksum and any message.
func isUnmade(dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, "meta.sum")); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil {
		return false, err
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 0 {
			return false, err
		}
	}
	return true, nil
}
