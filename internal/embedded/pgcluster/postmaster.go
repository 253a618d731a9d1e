package pgcluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// connectEvery is the pace of asking a starting server whether it is ready.
	connectEvery = 20 * time.Millisecond
	// lookEvery is the pace of looking whether an adopted postmaster lives; it is
	// no child of this process, which is told of a child's end.
	lookEvery = 200 * time.Millisecond
	// startAttemptsMax bounds the starts while the processes of a killed
	// postmaster are still ending, startPause lies between them.
	startAttemptsMax = 50
	startPause       = 100 * time.Millisecond
	// logBytesMax is the size at which the server's log is begun anew.
	logBytesMax = 16 << 20
	// logTail is how much of the server's log an error quotes.
	logTail = 2 << 10
)

// Postmaster is the cluster's running server.
type Postmaster struct {
	PID  int
	done chan struct{}
}

// Done is closed when the postmaster has ended.
func (p *Postmaster) Done() <-chan struct{} { return p.done }

// Stop ends the postmaster: fast, that is cleanly and without waiting for its
// clients, and when ctx ends before it has, immediately. It returns when it has
// ended.
func (p *Postmaster) Stop(ctx context.Context) error {
	if err := p.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := p.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-p.done
	return fmt.Errorf("postgres had to be ended without a checkpoint: %w", ctx.Err())
}

func (p *Postmaster) signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := syscall.Kill(p.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end postgres (process %d): %w", p.PID, err)
	}
	return nil
}

// Start returns the cluster's postmaster once it answers: the one that another
// process has left behind, or a new one. The caller holds whatever lock keeps
// other processes from doing the same. ctx bounds the start only.
func (c *Cluster) Start(ctx context.Context, settings ...string) (*Postmaster, error) {
	for attempt := 1; ; attempt++ {
		p, err := c.Adopt()
		if err != nil {
			return nil, err
		}
		if p == nil {
			if p, err = c.launch(settings); err != nil {
				return nil, err
			}
		}
		err = c.awaitReady(ctx, p)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("postgres is not ready: %w", err), p.Stop(ctx))
		}
		// It has ended: it was just being shut down, or the processes of one that
		// was killed still hold its memory.
		if attempt == startAttemptsMax || !c.mayStartAgain() {
			return nil, fmt.Errorf("postgres does not start: %w", err)
		}
		if err := pause(ctx, startPause); err != nil {
			return nil, err
		}
	}
}

// mayStartAgain says whether the last start failed for a passing reason.
func (c *Cluster) mayStartAgain() bool {
	tail := c.tail()
	for _, reason := range []string{"shared memory block", "is shut down", "shutting down", "lock file"} {
		if strings.Contains(tail, reason) {
			return true
		}
	}
	return false
}

// tail is the end of the server's log.
func (c *Cluster) tail() string {
	text, err := os.ReadFile(c.LogFile())
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-logTail):]))
}

// awaitReady returns nil when the server takes connections, and an error when it
// has ended or ctx has.
func (c *Cluster) awaitReady(ctx context.Context, p *Postmaster) error {
	for {
		err := ping(ctx, c.DSN(Superuser, "postgres"))
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it has ended: %s", c.tail())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(connectEvery):
		}
	}
}

// launch starts a new postmaster.
func (c *Cluster) launch(settings []string) (*Postmaster, error) {
	if err := c.disownStale(); err != nil {
		return nil, err
	}
	out, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the server has its own descriptor
	args := c.Command(settings...)
	cmd := exec.Command(args[0], args[1:]...)
	c.Account.Use(cmd)
	cmd.Dir = c.Home
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	p := &Postmaster{PID: cmd.Process.Pid, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	return p, nil
}

// disownStale cleans up behind a postmaster that was killed. Its number may be
// another process's by now, which Postgres would take for a postmaster; the rest
// of the file must stay, for by it Postgres knows whether processes of the dead
// one are still at work on the data.
func (c *Cluster) disownStale() error {
	file := filepath.Join(c.Data(), "postmaster.pid")
	text, err := os.ReadFile(file)
	if err == nil {
		_, rest, _ := bytes.Cut(text, []byte{'\n'})
		err = overwrite(file, append([]byte(noProcess+"\n"), rest...))
	}
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = os.Remove(filepath.Join(c.SocketDir, ".s.PGSQL."+port+".lock"))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clean up behind a killed postgres: %w", err)
	}
	return nil
}

// overwrite gives a file other contents. The folder is another user's than
// root's: what is a link there is not followed.
func overwrite(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// noProcess is a process number that no system gives.
const noProcess = "2147483646"

// openLog opens the server's log, begun anew when it has grown large.
func (c *Cluster) openLog() (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND | syscall.O_NOFOLLOW
	if info, err := os.Stat(c.LogFile()); err == nil && info.Size() > logBytesMax {
		flags |= os.O_TRUNC
	}
	out, err := os.OpenFile(c.LogFile(), flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of postgres: %w", err)
	}
	return out, nil
}

// Adopt returns the postmaster that runs on the cluster, nil when there is none.
func (c *Cluster) Adopt() (*Postmaster, error) {
	pid, socketDir, err := c.pidFile()
	if err != nil || pid == 0 || !c.isPostmaster(pid) {
		return nil, err
	}
	if socketDir != "" && socketDir != c.SocketDir {
		return nil, fmt.Errorf("postgres (process %d) runs on %s with its socket in %s, not %s: end it first", pid, c.Data(), socketDir, c.SocketDir)
	}
	p := &Postmaster{PID: pid, done: make(chan struct{})}
	go func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for c.isPostmaster(pid) {
			<-ticker.C
		}
		close(p.done)
	}()
	return p, nil
}

// pidFile reads what the postmaster notes about itself; 0 when there is nothing.
func (c *Cluster) pidFile() (pid int, socketDir string, err error) {
	file, err := os.Open(filepath.Join(c.Data(), "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("look for postgres: %w", err)
	}
	defer func() { _ = file.Close() }() // read only
	lines := bufio.NewScanner(file)
	for line := 1; lines.Scan(); line++ {
		switch line {
		case 1: // a file that is just being written has no number yet
			pid, _ = strconv.Atoi(strings.TrimSpace(lines.Text()))
		case 5:
			socketDir = lines.Text()
		}
	}
	return max(pid, 0), socketDir, lines.Err()
}

// isPostmaster says whether a process lives and works in the cluster's data
// folder, as a postmaster does. Where the system does not tell the folder, that
// it lives must do.
func (c *Cluster) isPostmaster(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		return true
	}
	works, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false // ended, or a stranger's
	}
	data, err := os.Stat(c.Data())
	return err == nil && os.SameFile(works, data)
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
