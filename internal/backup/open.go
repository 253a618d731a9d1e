package backup

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Backup is an opened backup. It belongs to one goroutine.
type Backup struct {
	Manifest
	file    *os.File
	size    int64
	members []member // those of the manifest, with their sums
}

// Open opens a backup and checks that its parts are those of its manifest; the parts
// themselves are checked when they are read. A *DamagedError names the part that is
// not whole.
func Open(name string) (*Backup, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := open(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, joinClose(err, f))
	}
	return b, nil
}

func joinClose(err error, f *os.File) error {
	f.Close() // read only
	return err
}

func open(f *os.File) (*Backup, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, damaged("the file", "it is no regular file")
	}
	b := &Backup{file: f, size: info.Size()}
	all, err := list(f, b.size)
	if err != nil {
		return nil, err
	}
	n := len(all)
	if n < 2 || all[n-2].name != manifestName || all[n-1].name != sealName {
		return nil, damaged(manifestName, "it is not in its place: the file is no backup, or it is incomplete")
	}
	text, err := all[n-2].read(f, b.size)
	if err != nil {
		return nil, err
	}
	seal, err := all[n-1].read(f, b.size)
	if err != nil {
		return nil, err
	}
	if string(seal) != sum(text)+"\n" {
		return nil, damaged(manifestName, "its SHA-256 is not the one in %s: one of the two was changed", sealName)
	}
	b.members = all[:n-2]
	if b.Manifest, err = parseManifest(text, b.members); err != nil {
		return nil, err
	}
	for i := range b.members {
		b.members[i].sum = b.Parts[i].SHA256
	}
	return b, nil
}

// Close ends the use of the file.
func (b *Backup) Close() error { return b.file.Close() }

// Each calls fn with every commit, in order; the bytes belong to fn until it returns.
func (b *Backup) Each(fn func(position uint64, commit []byte) error) error {
	for i, p := range b.Parts {
		if p.First == 0 {
			continue
		}
		data, err := b.members[i].read(b.file, b.size)
		if err != nil {
			return err
		}
		if err := lines(p, data, fn); err != nil {
			return err
		}
	}
	return nil
}

// lines calls fn with the commits of a part.
func lines(p Part, data []byte, fn func(uint64, []byte) error) error {
	position := p.First
	for len(data) > 0 {
		at := slices.Index(data, '\n')
		if at <= 0 || position > p.Last {
			return damaged(p.Name, "it does not hold the positions %d to %d, one a line", p.First, p.Last)
		}
		if err := fn(position, data[:at:at]); err != nil {
			return err
		}
		data, position = data[at+1:], position+1
	}
	if position != p.Last+1 {
		return damaged(p.Name, "it ends before position %d", p.Last)
	}
	return nil
}

// text is the bytes of the members whose names begin so, one after the other.
func (b *Backup) text(prefix string) ([]byte, error) {
	var all []byte
	found := false
	for _, m := range b.members {
		if m.name != prefix && !(strings.HasSuffix(prefix, "/") && strings.HasPrefix(m.name, prefix)) {
			continue
		}
		data, err := m.read(b.file, b.size)
		if err != nil {
			return nil, err
		}
		all, found = append(all, data...), true
	}
	if !found {
		return nil, damaged(prefix, "it is missing: the backup is incomplete")
	}
	return all, nil
}

// VKeys are the log's public keys as they stand in the backup.
func (b *Backup) VKeys() (string, error) {
	text, err := b.text(vkeysName)
	return string(text), err
}

// Checkpoint is the signed checkpoint that covers the last position.
func (b *Backup) Checkpoint() ([]byte, error) { return b.text(checkpointName) }

// Checkpoints is every signed checkpoint, an empty line behind each.
func (b *Backup) Checkpoints() ([]byte, error) { return b.text(checkpointsDir) }

// rest checks the members that nobody reads otherwise.
func (b *Backup) rest() error {
	text, err := b.text(readmeName)
	if err == nil && string(text) != readme {
		err = damaged(readmeName, "it was changed")
	}
	return err
}
