package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The broker repairs its store while it starts, and may drop, cut or rewrite what it
// cannot read: evidence that the log could be restored from. The files have been
// looked at before it starts ([checkStore]); should it make less of them all the same,
// they are still aside. At most two sets are kept: the oldest, from before the first
// start that did not end well, and the latest.
const (
	asideOldest = "oldest"
	asideLatest = "latest"
)

// copyBytesMax is how much is copied in full where the file system can't share
// blocks between files, newest files first: those that are still written. The others
// are linked, which keeps them when they are deleted or replaced.
const copyBytesMax = 16 << 20

// setAside keeps what the store holds now.
func setAside(f folder) error {
	files, err := storeFiles(f.store())
	if err != nil {
		return fmt.Errorf("set the log aside: %w", err)
	}
	if len(files) == 0 {
		return nil
	}
	target := filepath.Join(f.aside(), asideOldest)
	if _, err := os.Stat(target); err == nil {
		target = filepath.Join(f.aside(), asideLatest)
	}
	unfinished := target + ".new"
	if err := errors.Join(os.RemoveAll(unfinished), os.RemoveAll(target)); err != nil {
		return fmt.Errorf("set the log aside: %w", err)
	}
	budget := int64(copyBytesMax)
	for _, file := range files {
		if err := keepFile(filepath.Join(f.store(), file.path), filepath.Join(unfinished, file.path), file.size, &budget); err != nil {
			return fmt.Errorf("set the log aside: %w", err)
		}
	}
	if err := os.Rename(unfinished, target); err != nil {
		return fmt.Errorf("set the log aside: %w", err)
	}
	return nil
}

// dropAside forgets everything that was set aside.
func dropAside(f folder) error {
	if err := os.RemoveAll(f.aside()); err != nil {
		return fmt.Errorf("forget what was set aside: %w", err)
	}
	return nil
}

// storeFile is a file of the store.
type storeFile struct {
	path     string // below the store's folder
	size     int64
	modified int64
}

// storeFiles lists the store's files, newest first.
func storeFiles(store string) ([]storeFile, error) {
	var files []storeFile
	err := filepath.WalkDir(store, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		below, err := filepath.Rel(store, path)
		files = append(files, storeFile{below, info.Size(), info.ModTime().UnixNano()})
		return err
	})
	slices.SortFunc(files, func(a, b storeFile) int {
		switch {
		case a.modified > b.modified:
			return -1
		case a.modified < b.modified:
			return 1
		}
		return 0
	})
	return files, err
}

// keepFile keeps one file: by sharing its blocks, else by copying while the
// budget lasts, else by a link.
func keepFile(from, to string, size int64, budget *int64) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := copyFile(from, to, shareBlocks); err == nil {
		return nil
	}
	if size > *budget {
		return os.Link(from, to)
	}
	*budget -= size
	return copyFile(from, to, func(to, from *os.File) error {
		_, err := io.Copy(to, from)
		return err
	})
}

// copyFile opens both files for fill; when that fails nothing is left.
func copyFile(from, to string, fill func(to, from *os.File) error) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // read only
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(out, in), out.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}
