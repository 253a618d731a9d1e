package guard

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// Peer is who is at the other end of a request.
type Peer struct {
	// Address is that of the client: the connection's, or what a trusted proxy says.
	Address netip.Addr
	// Secure says that the client came over TLS, to here or to a trusted proxy.
	Secure bool
	// Local says that the connection comes from this machine and no proxy has
	// forwarded it.
	Local bool
}

type peerKey struct{}

// From is the peer of a request's context.
func From(ctx context.Context) Peer {
	p, _ := ctx.Value(peerKey{}).(Peer)
	return p
}

// WithPeer returns a context that carries the peer.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// peerOf finds out who is at the other end. X-Forwarded-For and X-Forwarded-Proto
// count only from a trusted proxy, and only what trusted proxies have written: the
// last address that is not one of theirs.
func peerOf(r *http.Request, proxies []netip.Prefix) Peer {
	direct := addressOf(r.RemoteAddr)
	p := Peer{Address: direct, Secure: r.TLS != nil}
	forwarded := r.Header.Values("X-Forwarded-For")
	if !trusted(direct, proxies) {
		p.Local = direct.IsLoopback() && len(forwarded) == 0 && r.Header.Get("Forwarded") == "" && r.Header.Get("X-Real-Ip") == ""
		return p
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		p.Address = a.Unmap()
		if !trusted(p.Address, proxies) {
			break
		}
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) == 1 {
		p.Secure = strings.EqualFold(proto[0], "https")
	}
	return p
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func addressOf(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// crowd is what is counted of an address: the whole of IPv4, and the network of a
// subscriber in IPv6, who has as many addresses as he likes.
func crowd(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// Crowd is what limits count of the peer's address.
func (p Peer) Crowd() string { return crowd(p.Address) }
