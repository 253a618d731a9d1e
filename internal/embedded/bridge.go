package embedded

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zhitong/internal/embedded/pgcluster"
)

// bridgeDialMax bounds the way to a bridge that is there.
const bridgeDialMax = 2 * time.Second

// bridge lets other processes reach the server of this one.
type bridge struct {
	listener net.Listener
	server   *Server
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu; nil once closed
}

// openBridge listens and notes where. The caller holds the owner's lock, so that
// a socket that is there is a dead owner's.
func openBridge(f folder, server *Server) (*bridge, error) {
	listener, err := listen(filepath.Join(f.run(), "nats.sock"))
	if err != nil {
		// Too long a path, or a file system that takes no sockets.
		var again error
		listener, again = listen(filepath.Join(os.TempDir(), "zt-"+f.hash(), "nats.sock"))
		if again != nil {
			return nil, fmt.Errorf("open the bridge to this process: %w", errors.Join(err, again))
		}
	}
	b := &bridge{listener: listener, server: server, conns: map[net.Conn]struct{}{}}
	b.wg.Go(b.serve)
	if err := os.WriteFile(f.bridgeNote(), []byte(listener.Addr().String()+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("note the bridge: %w", err), b.close())
	}
	return b, nil
}

// listen makes a socket in a private folder of this user.
func listen(path string) (net.Listener, error) {
	if len(path) > socketPathMax {
		return nil, fmt.Errorf("socket %s: path of %d bytes, at most %d", path, len(path), socketPathMax)
	}
	self := pgcluster.Account{Name: "of this process", UID: os.Geteuid(), GID: os.Getegid()}
	if err := self.MakeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// dialBridge reaches the owner.
func dialBridge(f folder) (net.Conn, error) {
	note, err := os.ReadFile(f.bridgeNote())
	if err != nil {
		return nil, err
	}
	return net.DialTimeout("unix", strings.TrimSpace(string(note)), bridgeDialMax)
}

func (b *bridge) serve() {
	for {
		outside, err := b.listener.Accept()
		if err != nil {
			return // closed
		}
		inside, err := b.server.InProcessConn()
		if err != nil {
			_ = outside.Close() // the server is ending, so is the bridge
			continue
		}
		b.wg.Go(func() { b.join(outside, inside) })
	}
}

// join copies both ways until one side ends; then both have.
func (b *bridge) join(outside, inside net.Conn) {
	if !b.keep(outside) {
		_ = errors.Join(outside.Close(), inside.Close())
		return
	}
	defer b.forget(outside)
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(outside, inside) // the end of either side is its end
		_ = outside.Close()
	}()
	_, _ = io.Copy(inside, outside)
	_ = inside.Close()
	<-back
}

func (b *bridge) keep(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		return false
	}
	b.conns[conn] = struct{}{}
	return true
}

func (b *bridge) forget(conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, conn)
}

// close ends the listener and every connection.
func (b *bridge) close() error {
	err := b.listener.Close()
	b.mu.Lock()
	conns := b.conns
	b.conns = nil
	for conn := range conns {
		_ = conn.Close() // it may have ended by itself
	}
	b.mu.Unlock()
	b.wg.Wait()
	return err
}
