package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// Account is the user that a cluster belongs to and runs as.
type Account struct {
	Name     string
	UID, GID int
	dropped  bool // it is another than this process's
}

// ServerAccount is the user of this process, or when that is root, under whom
// Postgres refuses to run, an unprivileged one: postgres if there is one, else
// nobody.
func ServerAccount() (Account, error) {
	if os.Geteuid() != 0 {
		return Account{Name: strconv.Itoa(os.Geteuid()), UID: os.Geteuid(), GID: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return Account{}, fmt.Errorf("account %s: %w", name, err)
		}
		return Account{Name: name, UID: uid, GID: gid, dropped: true}, nil
	}
	return Account{}, errors.New("postgres does not run as root, and there is neither a user postgres nor nobody")
}

// OtherUser says whether the account is not this process's own, so that its
// files must lie where it can reach them.
func (a Account) OtherUser() bool { return a.dropped }

// Use has a command run as the account, in a process group of its own, so that
// an interrupt typed at the terminal is not for it.
func (a Account) Use(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.dropped {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID)}
	}
}

// MakeDir makes a private folder of the account, or checks that the one that
// exists is.
func (a Account) MakeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && a.dropped {
		err = os.Chown(dir, a.UID, a.GID)
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at folder: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(owner.Uid) != a.UID {
		return fmt.Errorf("%s is not a folder of user %s", dir, a.Name)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("make folder private: %w", err)
		}
	}
	return nil
}
