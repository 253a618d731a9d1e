package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"zhitong/events/log"
)

const (
	// serverStartMax bounds the start of the NATS server: a stream of a million
	// messages takes under two seconds.
	serverStartMax = 2 * time.Minute
	// serverMemoryMax bounds streams and consumers kept in memory.
	serverMemoryMax = 256 << 20
	// diskReserve is what JetStream leaves free: on a disk that is full to the
	// last byte it would switch itself off instead of refusing a message.
	diskReserve = 256 << 20
	// roomMin is what must be free beyond the reserve before a server that had found
	// no room is started anew.
	roomMin = 16 << 20
	// roomLookEvery is the pace at which a full disk is looked at.
	roomLookEvery = 2 * time.Second
)

// Server is a NATS server in this process without a listener.
type Server struct {
	storeDir   string
	syncAlways bool
	logger     *slog.Logger
	free       func(dir string) (int64, error) // of the disk
	full       *atomic.Bool                    // it has found no room, and takes no more
	broken     *atomic.Bool                    // it could not write, and does not answer any more

	mu   sync.RWMutex
	nats *server.Server // guarded by mu; replaced by a restart
}

// StartServer starts a server on a store and returns when it is ready. Every
// write is synced before it is acknowledged. storeMax bounds the store; 0 stands
// for what the disk has, less a reserve. The caller ends it with Shutdown.
func StartServer(storeDir string, storeMax int64, logger *slog.Logger) (*Server, error) {
	s := newServer(storeDir, logger)
	return s, s.start(storeMax)
}

func newServer(storeDir string, logger *slog.Logger) *Server {
	return &Server{storeDir: storeDir, syncAlways: true, logger: logger, free: diskFree, full: new(atomic.Bool), broken: new(atomic.Bool)}
}

// start starts the server. The caller holds mu, or nobody else knows of it.
func (s *Server) start(storeMax int64) error {
	if storeMax == 0 {
		var err error
		if storeMax, err = s.storeBytesMax(); err != nil {
			return err
		}
	}
	srv, err := server.NewServer(&server.Options{
		ServerName:         "zhitong",
		DontListen:         true,
		JetStream:          true,
		StoreDir:           s.storeDir,
		SyncAlways:         s.syncAlways,
		MaxPayload:         log.PayloadBytesMax,
		JetStreamMaxMemory: serverMemoryMax,
		JetStreamMaxStore:  storeMax,
		NoSigs:             true,
	})
	if err != nil {
		return fmt.Errorf("nats server: %w", err)
	}
	s.full.Store(false)
	s.broken.Store(false)
	srv.SetLoggerV2(&serverLog{s.logger, s.full, s.broken}, false, false, false)
	srv.Start()
	s.nats = srv
	switch {
	case !srv.ReadyForConnections(serverStartMax) || !srv.JetStreamEnabled():
		err = fmt.Errorf("nats server: not ready on %s: the log of warnings has the reason", s.storeDir)
	case s.syncAlways:
		err = checkSync(srv.JetStreamConfig())
	}
	if err != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
	return err
}

// takeBroken says that the server could not write; once for each time.
func (s *Server) takeBroken() bool { return s.broken.Swap(false) }

// checkSync refuses a server that would acknowledge what the disk does not have.
func checkSync(c *server.JetStreamConfig) error {
	if c == nil || !c.SyncAlways {
		return errors.New("nats server: it would acknowledge before the disk has what was written: sync_always is off")
	}
	return nil
}

// roomAgain says that the server has found no room before, and that there is some
// now: beyond the reserve, by more than a little.
func (s *Server) roomAgain() bool {
	if !s.full.Load() {
		return false
	}
	free, err := s.free(s.storeDir)
	return err == nil && free > diskReserve+roomMin
}

// restart ends the server and starts it anew on what the disk has now, after check.
// Whoever was connected connects again. It fails as start does; the server is down
// then, and may be tried again.
func (s *Server) restart(check func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	if err := check(); err != nil {
		s.full.Store(true)
		return err
	}
	err := s.start(0)
	if err != nil {
		s.full.Store(true)
	}
	return err
}

// Shutdown ends the server and returns when the store is closed.
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// InProcessConn opens the wire under a connection, which makes a Server what
// nats.InProcessServer takes.
func (s *Server) InProcessConn() (net.Conn, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nats.InProcessConn()
}

// storeBytesMax is how large the store may become on its disk.
func (s *Server) storeBytesMax() (int64, error) {
	free, err := s.free(s.storeDir)
	if err != nil {
		return 0, err
	}
	used := int64(0)
	err = filepath.WalkDir(s.storeDir, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			used += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure store: %w", err)
	}
	return used + max(free-diskReserve, 1), nil
}

// serverLog passes the server's warnings and errors on; a fatal one is an error
// here, for a library must not end the process.
type serverLog struct {
	logger *slog.Logger
	full   *atomic.Bool
	broken *atomic.Bool
}

// signsOfFull are what the server says when it takes no more: its limit is reached,
// or the disk's. After either it does not go on by itself.
var signsOfFull = []string{"resource limits exceeded", "critical write error", "no space left"}

// signOfBroken is what it says when it could not write: from then on it leaves every
// message without an answer.
const signOfBroken = "critical write error"

// look notes when the server says that it is full.
func (l *serverLog) look(format string, v []any) {
	text := fmt.Sprintf(format, v...)
	for _, sign := range signsOfFull {
		if strings.Contains(text, sign) {
			l.full.Store(true)
		}
	}
	if strings.Contains(text, signOfBroken) {
		l.broken.Store(true)
	}
}

func (l *serverLog) say(level slog.Level, format string, v []any) {
	if l.logger != nil {
		l.logger.Log(context.Background(), level, "nats server", "message", fmt.Sprintf(format, v...))
	}
}

func (l *serverLog) Noticef(string, ...any) {}
func (l *serverLog) Debugf(string, ...any)  {}
func (l *serverLog) Tracef(string, ...any)  {}

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, v ...any) {
	l.look(format, v)
	l.say(slog.LevelWarn, format, v)
}

// Errorf implements server.Logger.
func (l *serverLog) Errorf(format string, v ...any) {
	l.look(format, v)
	l.say(slog.LevelError, format, v)
}

// Fatalf implements server.Logger.
func (l *serverLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }
