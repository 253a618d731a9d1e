package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// socketPathMax is the longest path of a socket on every system (Linux takes
// 107 bytes, others 103).
const socketPathMax = 103

// folder is the data folder.
type folder struct{ path string } // absolute, without links

func (f folder) ownerLock() string     { return filepath.Join(f.path, "owner.lock") }
func (f folder) bridgeNote() string    { return filepath.Join(f.path, "bridge") }
func (f folder) run() string           { return filepath.Join(f.path, "run") }
func (f folder) store() string         { return filepath.Join(f.path, "nats") }
func (f folder) aside() string         { return filepath.Join(f.path, "nats-aside") }
func (f folder) heads() string         { return filepath.Join(f.path, "nats", "heads.json") }
func (f folder) damaged() string       { return filepath.Join(f.path, "nats-damaged") }
func (f folder) postgresNote() string  { return filepath.Join(f.path, "postgres.json") }
func (f folder) postgresSeed() string  { return filepath.Join(f.path, "postgres.seed") }
func (f folder) postgresLock() string  { return filepath.Join(f.path, "postgres.lock") }
func (f folder) postgresUsers() string { return filepath.Join(f.path, "postgres.users") }
func (f folder) postgres() string      { return filepath.Join(f.path, "postgres") }

// hash names the folder where its path would be too long or out of reach.
func (f folder) hash() string {
	sum := sha256.Sum256([]byte(f.path))
	return hex.EncodeToString(sum[:8])
}

// openFolder makes the data folder if need be, and refuses one that this user
// cannot use or that another user has begun: files of two users in one folder
// would lock the first one out.
func openFolder(dir string) (folder, error) {
	if dir == "" {
		return folder{}, errors.New("no data folder named")
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return folder{}, fmt.Errorf("data folder: %w; name another one with --data", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return folder{}, fmt.Errorf("data folder: %w", err)
	}
	f := folder{path}
	if info, err := os.Stat(f.ownerLock()); err == nil {
		if owner, known := info.Sys().(*syscall.Stat_t); known && int(owner.Uid) != os.Geteuid() {
			return folder{}, fmt.Errorf("data folder %s is in use by user %d, this is user %d: run as that user, or name another folder with --data", path, owner.Uid, os.Geteuid())
		}
	}
	probe, err := os.OpenFile(f.ownerLock(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return folder{}, fmt.Errorf("data folder %s is not writable for user %d: %w; name another one with --data", path, os.Geteuid(), err)
	}
	return f, probe.Close()
}
