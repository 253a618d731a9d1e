package tree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// pending writes files and makes them durable together. Until sync a file may be
// torn by a crash, which is why nothing counts before the checkpoint over it.
type pending struct {
	dir   string
	files []string            // written since the last sync
	dirs  map[string]struct{} // with new names since the last sync
	made  map[string]struct{} // directories known to exist
	old   []string            // partial tiles and folders of them, to be removed behind a checkpoint
	last  map[string]string   // the partial file of each kind that is in use
}

func newPending(dir string) *pending {
	return &pending{dir: dir, dirs: map[string]struct{}{}, made: map[string]struct{}{}, last: map[string]string{}}
}

// write writes a file in place: behind the last checkpoint nobody reads it, and
// while tiles are mended the folder says so.
func (p *pending) write(name string, data []byte) error {
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	folder := filepath.Dir(path)
	if err := p.mkdir(folder); err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	p.files = append(p.files, path)
	p.dirs[folder] = struct{}{}
	return nil
}

// mkdir makes a folder and notes each that it had to make.
func (p *pending) mkdir(folder string) error {
	if _, ok := p.made[folder]; ok {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for f := folder; len(f) >= len(p.dir); f = filepath.Dir(f) {
		if _, ok := p.made[f]; ok {
			break
		}
		p.made[f] = struct{}{}
		p.dirs[f] = struct{}{}
	}
	return nil
}

// partial writes a partial tile or bundle; the one that it replaces becomes
// obsolete.
func (p *pending) partial(kind Kind, n uint64, width int, data []byte) error {
	name := pathOf(kind, n, width)
	if before := p.last[string(kind)]; before != "" && before != name {
		p.old = append(p.old, before)
	}
	p.last[string(kind)] = name
	return p.write(name, data)
}

// remove removes a file, durably.
func (p *pending) remove(name string) error {
	return errors.Join(os.Remove(filepath.Join(p.dir, name)), syncPath(p.dir))
}

// clear removes a folder of partial tiles.
func (p *pending) clear(folder string) error {
	path := filepath.Join(p.dir, filepath.FromSlash(folder))
	delete(p.made, path)
	return os.RemoveAll(path)
}

// obsolete notes a folder of partial tiles whose full tile is there.
func (p *pending) obsolete(folder string) { p.old = append(p.old, folder) }

// syncWorkers is how many files are synced at the same time.
const syncWorkers = 8

// sync makes durable what was written.
func (p *pending) sync() error {
	paths := p.files
	for d := range p.dirs {
		paths = append(paths, d)
	}
	var wg sync.WaitGroup
	errs := make([]error, syncWorkers)
	for k := range syncWorkers {
		wg.Go(func() {
			for i := k; i < len(paths); i += syncWorkers {
				if err := syncPath(paths[i]); err != nil {
					errs[k] = err
					return
				}
			}
		})
	}
	wg.Wait()
	p.files = p.files[:0]
	clear(p.dirs)
	return errors.Join(errs...)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// append adds to a file, durably.
func (p *pending) append(name string, data []byte) error {
	path := filepath.Join(p.dir, name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close(), syncPath(p.dir))
}

// replace replaces a file, durably: a crash leaves the old or the new one.
func (p *pending) replace(name string, data []byte) error {
	path := filepath.Join(p.dir, name)
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	if err := syncPath(tmp); err != nil {
		return err
	}
	return errors.Join(os.Rename(tmp, path), syncPath(p.dir))
}

// removeObsolete removes partial tiles that a wider or full one contains.
func (p *pending) removeObsolete() error {
	for _, name := range p.old {
		path := filepath.Join(p.dir, filepath.FromSlash(name))
		if _, err := strconv.Atoi(filepath.Base(path)); err == nil {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		if err := p.clear(name); err != nil {
			return err
		}
	}
	p.old = p.old[:0]
	return nil
}

// ErrLocked says that another process writes the folder. Reading it is always
// possible.
var ErrLocked = errors.New("another process writes it")

// lockDir locks the folder for one writer.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(ErrLocked, f.Close())
	}
	return f, nil
}
