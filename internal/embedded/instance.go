package embedded

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// reconnectEvery is the pace at which a client looks for the server after
	// its owner has ended.
	reconnectEvery = 50 * time.Millisecond
	// connectMax bounds one greeting of the server, not the wait for it.
	connectMax = 10 * time.Second
	// startAgainAfter lies between two attempts to take over that failed.
	startAgainAfter = 2 * time.Second
	// CloseMax bounds Close; what is not closed by then is named.
	CloseMax = 30 * time.Second
)

// Options say where the log server and the database are.
type Options struct {
	// Dir is the data folder; it is made when it is absent.
	Dir string
	// NATSURL is the address of a real NATS server, used instead of the embedded
	// one. Defaults to none.
	NATSURL string
	// NATS are options for every connection to NATSURL: credentials, certificates.
	// Defaults to none.
	NATS []nats.Option
	// PostgresURL is the address of a real Postgres, used instead of the private
	// cluster. Defaults to none.
	PostgresURL string
	// Note is told, in a line, what takes time or has gone wrong without stopping
	// the work. It may be called from several goroutines. Defaults to nobody.
	Note func(line string)
	// NoSync lets the embedded server acknowledge before the disk has it: for
	// measuring only. Defaults to false.
	NoSync bool
	// Logger takes the NATS server's warnings. Defaults to none.
	Logger *slog.Logger
	// Getenv looks up ZHITONG_PG_BIN (the folder of the Postgres server's
	// binaries) and ZHITONG_PG_DATA (where the cluster lives). Defaults to
	// os.Getenv.
	Getenv func(string) string

	free func(dir string) (int64, error) // of the disk; nil for what it says
}

func (o Options) withDefaults() Options {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return o
}

// Instance is this process's hold on a data folder. Its methods may be called
// from several goroutines.
type Instance struct {
	opts     Options
	folder   folder
	nc       *nats.Conn
	postgres keeper
	life     context.Context // ends with Close
	end      context.CancelFunc
	closing  func() error

	mu      sync.Mutex
	owned   *owned       // guarded by mu; nil unless this process is the owner
	closed  bool         // guarded by mu
	conns   []*nats.Conn // guarded by mu
	failed  error        // guarded by mu; why taking over last failed
	retryAt time.Time    // guarded by mu; not before then
}

// Open opens the data folder and connects to the log server, which it starts
// when no other process on the folder runs it. It waits for an owner that is
// starting or ending until ctx ends. The caller closes the instance.
func Open(ctx context.Context, opts Options) (*Instance, error) {
	f, err := openFolder(opts.Dir)
	if err != nil {
		return nil, err
	}
	i := &Instance{opts: opts.withDefaults(), folder: f}
	i.life, i.end = context.WithCancel(context.WithoutCancel(ctx))
	i.postgres.setUp(i)
	i.closing = sync.OnceValue(i.closeAll)
	if i.nc, err = i.Connect(ctx); err != nil {
		return nil, errors.Join(err, i.Close(ctx))
	}
	return i, nil
}

// NATS returns the instance's connection to the log server. It reconnects by
// itself, also by taking over from an owner that has ended, and lasts until
// Close.
func (i *Instance) NATS() *nats.Conn { return i.nc }

// Connect opens another connection like the one of NATS, which lasts until it
// is closed or the instance is. opts are added to the instance's own.
func (i *Instance) Connect(ctx context.Context, opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{
		nats.Name("zhitong"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectEvery),
		nats.ReconnectJitter(reconnectEvery/2, reconnectEvery/2),
		nats.Timeout(connectMax),
		nats.ErrorHandler(i.natsError),
	}, opts...)
	url := i.opts.NATSURL
	if url != "" {
		opts = append(opts, i.opts.NATS...)
	} else {
		url = nats.DefaultURL // only a name: the dialer knows the way
		opts = append(opts, nats.SetCustomDialer(i), nats.SkipHostLookup())
	}
	for {
		nc, err := nats.Connect(url, opts...)
		if err == nil {
			return nc, i.adopt(nc)
		}
		if why := i.hopeless(); why != nil {
			return nil, why
		}
		if i.opts.NATSURL != "" && refusedForGood(err) {
			return nil, fmt.Errorf("connect to the log server: %w", err)
		}
		if pauseErr := pause(ctx, reconnectEvery); pauseErr != nil {
			return nil, fmt.Errorf("connect to the log server: %w", errors.Join(err, pauseErr))
		}
	}
}

// refusedForGood says that asking the server again will not help.
func refusedForGood(err error) bool {
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrSecureConnRequired) ||
		errors.Is(err, os.ErrNotExist) || errors.As(err, &unknown) || errors.As(err, &wrongHost)
}

// natsError takes what a connection cannot return to anybody.
func (i *Instance) natsError(_ *nats.Conn, _ *nats.Subscription, err error) {
	if i.opts.Logger != nil {
		i.opts.Logger.WarnContext(i.life, "nats connection", "error", err)
	}
}

// adopt has the instance close the connection.
func (i *Instance) adopt(nc *nats.Conn) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		nc.Close()
		return errClosed
	}
	i.conns = append(i.conns, nc)
	return nil
}

// errClosed says that the instance has been closed.
var errClosed = errors.New("the data folder has been closed")

// hopeless is why connecting again would not help, or nil.
func (i *Instance) hopeless() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return errClosed
	}
	return i.failed
}

// Dial implements nats.CustomDialer: to the server of this process, else to that
// of the folder's owner, else to one that this process starts because there is
// no owner.
func (i *Instance) Dial(string, string) (net.Conn, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return nil, errClosed
	}
	if i.owned == nil {
		conn, err := i.dialOther()
		if err == nil || !errors.Is(err, errNoOwner) {
			return conn, err
		}
	}
	return i.owned.server.InProcessConn()
}

// errNoOwner says that this process is the owner now.
var errNoOwner = errors.New("no owner but this process")

// dialOther reaches the owner, or becomes it and returns errNoOwner. The caller
// holds mu.
func (i *Instance) dialOther() (net.Conn, error) {
	lock, err := tryLock(i.folder.ownerLock())
	if errors.Is(err, errLocked) {
		i.failed = nil
		conn, err := dialBridge(i.folder)
		if err != nil {
			return nil, fmt.Errorf("reach process %s, which owns data folder %s: %w", signer(i.folder.ownerLock()), i.folder.path, err)
		}
		return conn, nil
	}
	if err != nil {
		return nil, err
	}
	if now := time.Now(); i.failed != nil && now.Before(i.retryAt) {
		return nil, errors.Join(i.failed, lock.release())
	}
	i.owned, i.failed = own(i.folder, lock, i.opts)
	if i.failed != nil {
		i.retryAt = time.Now().Add(startAgainAfter)
		i.opts.Note(fmt.Sprintf("the log server does not start: %v", i.failed))
		return nil, i.failed
	}
	if len(i.conns) > 0 {
		i.opts.Note("the process that owned the data folder has ended; this one has taken over")
	}
	return nil, errNoOwner
}

// Owns says whether this process runs the log server of its folder.
func (i *Instance) Owns() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.owned != nil
}

// Close ends what this process runs, in reverse order: its connections, Postgres
// unless another process needs it, the log server. It returns within CloseMax,
// and earlier, with an error, when ctx ends meanwhile; a ctx that has ended before
// the call, as after an interrupt, does not hurry it. Closing again returns what
// the first time did.
func (i *Instance) Close(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- i.closing() }()
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, CloseMax)
	defer cancel()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("close data folder %s: still ending: %w", i.folder.path, ctx.Err())
	}
}

func (i *Instance) closeAll() error {
	i.end()
	i.mu.Lock()
	i.closed = true
	conns, owned := i.conns, i.owned
	i.conns, i.owned = nil, nil
	i.mu.Unlock()
	for _, nc := range conns {
		nc.Close()
	}
	err := i.postgres.leave()
	return errors.Join(err, owned.disown())
}

// Remove closes the instance and deletes the data folder with everything that
// lives elsewhere for it. It is for folders that were made for a moment.
func (i *Instance) Remove(ctx context.Context) error {
	err := i.Close(ctx)
	if c, noteErr := readNote(i.folder); noteErr == nil {
		err = errors.Join(err, os.RemoveAll(c.Home))
	}
	return errors.Join(err, os.RemoveAll(i.folder.path))
}
