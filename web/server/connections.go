package server

import (
	"net"
	"net/netip"
	"sync"
)

const (
	// connectionsMax is how many clients are connected at once.
	connectionsMax = 4096
	// connectionsOfAddressMax is how many of them come from one address.
	connectionsOfAddressMax = 1024
)

// bounded is a listener that sends away who is too much.
type bounded struct {
	net.Listener
	most, each int
	exempt     func(net.Addr) bool

	mu   sync.Mutex
	open int
	of   map[netip.Addr]int
}

func bound(l net.Listener, o Options) *bounded {
	b := &bounded{Listener: l, most: o.Connections, each: o.ConnectionsOfAddress, exempt: o.Exempt, of: make(map[netip.Addr]int)}
	if b.most == 0 {
		b.most = connectionsMax
	}
	if b.each == 0 {
		b.each = connectionsOfAddressMax
	}
	if b.exempt == nil {
		b.exempt = func(a net.Addr) bool { return address(a).IsLoopback() }
	}
	return b
}

func address(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// Accept accepts the next connection that there is room for.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.enter(c.RemoteAddr()) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { b.leave(c.RemoteAddr()) })}, nil
		}
		_ = c.Close() // there is nobody to tell
	}
}

func (b *bounded) enter(from net.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := address(from)
	if b.open >= b.most || b.of[a] >= b.each && !b.exempt(from) {
		return false
	}
	b.open++
	b.of[a]++
	return true
}

func (b *bounded) leave(from net.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := address(from)
	b.open--
	if b.of[a]--; b.of[a] <= 0 {
		delete(b.of, a)
	}
}

// counted is a connection that is counted while it is open.
type counted struct {
	net.Conn
	leave func()
}

// CloseWrite ends the sending, so that an answer arrives although the rest of the
// request was not read.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection and makes room.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
