package app

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Folder is a Disk in a folder of the file system.
type Folder string

// leftoverAfter is when a file that was being written counts as left over by a
// process that has ended.
const leftoverAfter = time.Hour

// unfinished is how the names of files end that are being written.
const unfinished = ".new"

// Open implements Disk. What it returns can also be read anywhere.
func (f Folder) Open(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), name))
}

// Replace implements Disk: it writes a file beside the old one, has it synced, puts
// it in the old one's place and has the folder synced.
func (f Folder) Replace(name string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	f.sweep()
	out, err := os.CreateTemp(string(f), name+".*"+unfinished)
	if err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	err = errors.Join(fill(out), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), filepath.Join(string(f), name))
	}
	if err != nil {
		return fmt.Errorf("write snapshot %s: %w", filepath.Join(string(f), name), errors.Join(err, os.Remove(out.Name())))
	}
	return syncFolder(string(f))
}

// sweep removes what killed processes have left half done.
func (f Folder) sweep() {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return // the write that follows will say so
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasSuffix(e.Name(), unfinished) && time.Since(info.ModTime()) > leftoverAfter {
			_ = os.Remove(filepath.Join(string(f), e.Name())) // tried again next time
		}
	}
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// ProgramCode identifies the running program by what it is: another build is another
// code.
func ProgramCode() ([32]byte, error) {
	path := "/proc/self/exe" // also when the file was replaced meanwhile
	if _, err := os.Stat(path); err != nil {
		if path, err = os.Executable(); err != nil {
			return [32]byte{}, fmt.Errorf("find the program: %w", err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return [32]byte{}, fmt.Errorf("read the program: %w", err)
	}
	sum, err := sumOf(f)
	return sum, errors.Join(err, f.Close())
}

func sumOf(r io.Reader) (sum [32]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return sum, fmt.Errorf("read the program: %w", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}
