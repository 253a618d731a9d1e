package simulate

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"zhitong/internal/app"
)

// disk is the disk under the snapshots of all processes.
type disk struct {
	mu    sync.Mutex
	files map[string][][]byte // by name, the latest last; guarded by mu
}

func newDisk() *disk { return &disk{files: map[string][][]byte{}} }

// folder is one process's view of the disk.
type folder struct {
	w    *world
	life *life
}

var _ app.Disk = folder{}

// Open implements app.Disk. What it opens may be torn.
func (f folder) Open(name string) (io.ReadCloser, error) {
	v, err := f.w.gates.pass(context.Background(), f.life, kindOpen, name, nil)
	if err != nil {
		return nil, err
	}
	f.w.disk.mu.Lock()
	defer f.w.disk.mu.Unlock()
	all := f.w.disk.files[name]
	if v.old && len(all) > 0 {
		all = all[:len(all)-1]
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	content := all[len(all)-1]
	return io.NopCloser(bytes.NewReader(tear(content, v.torn))), nil
}

// tear cuts a content, or changes a bit of it, at a place.
func tear(content []byte, at int) []byte {
	if at == 0 || len(content) == 0 {
		return content
	}
	torn := bytes.Clone(content)
	if at%2 == 0 {
		return torn[:at%len(torn)]
	}
	torn[at%len(torn)] ^= 1 << (at % 8)
	return torn
}

// Replace implements app.Disk. It may find no room half way.
func (f folder) Replace(name string, fill func(io.Writer) error) error {
	v, err := f.w.gates.pass(context.Background(), f.life, kindReplace, name, nil)
	if err != nil {
		return err
	}
	room := &limited{left: v.torn, bounded: v.torn > 0}
	if err := fill(room); err != nil {
		return err
	}
	f.w.disk.mu.Lock()
	defer f.w.disk.mu.Unlock()
	f.w.disk.files[name] = append(f.w.disk.files[name], room.content.Bytes())
	return nil
}

// limited is a file on a disk that may become full.
type limited struct {
	content bytes.Buffer
	left    int
	bounded bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.bounded {
		if l.left < len(p) {
			return 0, syscall.ENOSPC
		}
		l.left -= len(p)
	}
	return l.content.Write(p)
}

// diskVerdict is what befalls a snapshot.
func (w *world) diskVerdict(k kind) verdict {
	if k == kindReplace {
		return verdict{word: "no room for the snapshot", torn: 1 + w.rnd.IntN(1<<12)}
	}
	switch w.rnd.IntN(4) {
	case 0:
		return verdict{word: "snapshot can't be opened", err: syscall.EIO}
	case 1:
		return verdict{word: "an older snapshot", old: true}
	default:
		return verdict{word: "torn snapshot", torn: 1 + w.rnd.IntN(1<<16)}
	}
}
