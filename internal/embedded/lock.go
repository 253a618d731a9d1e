package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked by another process")

// lockEvery is the pace of asking for a lock that another holds.
const lockEvery = 20 * time.Millisecond

// fileLock is a lock that the kernel ends with its process.
type fileLock struct{ file *os.File }

// tryLock takes a lock, or returns errLocked.
func tryLock(path string) (*fileLock, error) { return flock(path, syscall.LOCK_EX) }

// tryShare takes a lock that others may share, or returns errLocked.
func tryShare(path string) (*fileLock, error) { return flock(path, syscall.LOCK_SH) }

func flock(path string, how int) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case err == nil:
		return &fileLock{file}, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = errLocked
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
}

// awaitLock repeats try until it gets the lock or ctx ends.
func awaitLock(ctx context.Context, try func() (*fileLock, error)) (*fileLock, error) {
	for {
		lock, err := try()
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		if pauseErr := pause(ctx, lockEvery); pauseErr != nil {
			return nil, errors.Join(err, pauseErr)
		}
	}
}

// sign writes this process's number into the lock's file, for people.
func (l *fileLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("sign lock: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("sign lock: %w", err)
	}
	return nil
}

// release gives the lock back; on nil it does nothing.
func (l *fileLock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// signer is the process that has signed a lock's file, as text.
func signer(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
