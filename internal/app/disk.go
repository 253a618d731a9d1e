package app

import "io"

// Disk is where snapshots of the folds lie. A snapshot is disposable: whoever opens
// one checks it before trusting a byte of it, and goes on without it when it is
// absent, older than was written last, cut short or torn, as it may be after a crash
// or on a full disk.
//
// Package simulate has one in memory that injects these faults.
type Disk interface {
	// Open opens what was last written under name. The error wraps fs.ErrNotExist
	// when there is nothing. The caller closes it.
	Open(name string) (io.ReadCloser, error)
	// Replace writes a new content under name: fill writes it. Readers see the old
	// content or the whole new one. An error, fill's or the disk's, leaves the old.
	Replace(name string, fill func(io.Writer) error) error
}
