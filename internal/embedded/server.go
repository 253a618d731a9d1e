package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
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
)

// Server is a NATS server in this process without a listener.
type Server struct {
	nats *server.Server
}

// StartServer starts a server on a store and returns when it is ready. Every
// write is synced before it is acknowledged. storeMax bounds the store; 0 stands
// for what the disk has, less a reserve. The caller ends it with Shutdown.
func StartServer(storeDir string, storeMax int64, logger *slog.Logger) (*Server, error) {
	return startServer(storeDir, storeMax, true, logger)
}

func startServer(storeDir string, storeMax int64, syncAlways bool, logger *slog.Logger) (*Server, error) {
	if storeMax == 0 {
		var err error
		if storeMax, err = storeBytesMax(storeDir); err != nil {
			return nil, err
		}
	}
	srv, err := server.NewServer(&server.Options{
		ServerName:         "zhitong",
		DontListen:         true,
		JetStream:          true,
		StoreDir:           storeDir,
		SyncAlways:         syncAlways,
		MaxPayload:         log.PayloadBytesMax,
		JetStreamMaxMemory: serverMemoryMax,
		JetStreamMaxStore:  storeMax,
		NoSigs:             true,
	})
	if err != nil {
		return nil, fmt.Errorf("nats server: %w", err)
	}
	srv.SetLoggerV2(&serverLog{logger}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(serverStartMax) || !srv.JetStreamEnabled() {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, fmt.Errorf("nats server: not ready on %s: the log of warnings has the reason", storeDir)
	}
	if config := srv.JetStreamConfig(); syncAlways && (config == nil || !config.SyncAlways) {
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil, fmt.Errorf("nats server: it would acknowledge before the disk has what was written (sync_always is off on %s)", storeDir)
	}
	return &Server{nats: srv}, nil
}

// Shutdown ends the server and returns when the store is closed.
func (s *Server) Shutdown() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// InProcessConn opens the wire under a connection, which makes a Server what
// nats.InProcessServer takes.
func (s *Server) InProcessConn() (net.Conn, error) { return s.nats.InProcessConn() }

// storeBytesMax is how large the store may become on its disk.
func storeBytesMax(dir string) (int64, error) {
	free, err := diskFree(dir)
	if err != nil {
		return 0, err
	}
	used := int64(0)
	err = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
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
type serverLog struct{ logger *slog.Logger }

func (l *serverLog) say(level slog.Level, format string, v []any) {
	if l.logger != nil {
		l.logger.Log(context.Background(), level, "nats server", "message", fmt.Sprintf(format, v...))
	}
}

func (l *serverLog) Noticef(string, ...any)         {}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Warnf(format string, v ...any)  { l.say(slog.LevelWarn, format, v) }
func (l *serverLog) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v) }
func (l *serverLog) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v) }
