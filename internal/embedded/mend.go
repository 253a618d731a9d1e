package embedded

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"zhitong/internal/embedded/blocks"
)

// Mended says what [Mend] has found and done.
type Mended struct {
	// Damage is what was damaged; none where everything was whole.
	Damage []blocks.Damage
	// Lacking is what nobody held: then nothing was written.
	Lacking []blocks.Damage
	// Kept is the folder with the files as they were.
	Kept string
}

// Mend looks at the log's files in a data folder that no process has open, and mends
// what is damaged. find returns the commit at a position of a stream, or nil; it must
// be certain of it. With write false nothing is written.
func Mend(dir string, find func(stream string, position uint64) []byte, write bool) (m Mended, err error) {
	f, err := openFolder(dir)
	if err != nil {
		return m, err
	}
	lock, err := tryLock(f.ownerLock())
	if err != nil {
		return m, fmt.Errorf("mend %s: process %s works on it; end it first: %w", f.path, signer(f.ownerLock()), err)
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	reports, err := checkStore(f)
	var damaged *DamagedError
	if !errors.As(err, &damaged) {
		return m, err
	}
	m.Damage = damaged.Damage
	known := 0
	for _, r := range reports {
		known += len(r.Damage)
		m.Lacking = append(m.Lacking, r.Lacks(func(p uint64) []byte { return find(r.Stream, p) })...)
	}
	m.Lacking = append(m.Lacking, m.Damage[known:]...) // streams that are gone
	if len(m.Lacking) > 0 || !write {
		return m, nil
	}
	m.Kept = filepath.Join(f.damaged(), time.Now().UTC().Format("20060102T150405Z"))
	for _, r := range reports {
		if r.Whole() {
			continue
		}
		if err := r.Mend(func(p uint64) []byte { return find(r.Stream, p) }, filepath.Join(m.Kept, r.Stream)); err != nil {
			return m, err
		}
	}
	return m, nil
}
