package guard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"zhitong/internal/accounts"
	"zhitong/web/limit"
	"zhitong/web/problem"
)

const (
	// bodyBytesMax is the size of a body.
	bodyBytesMax = 1 << 20
	// batchBytesMax is the size of a batch of commands.
	batchBytesMax = 64 << 20
	// knownEvery is the default of [Options.KnownEvery].
	knownEvery = 5 * time.Second
	// keysMax is how many addresses or accounts a limit remembers.
	keysMax = 10_000
)

// Limits are how often somebody may ask.
type Limits struct {
	Account limit.Rate // requests of one account
	Address limit.Rate // requests of one address
	Failed  limit.Rate // credentials of one address that were not valid
}

// LimitsDefault leave one account or one address no more than about half of what a
// small machine can do.
var LimitsDefault = Limits{
	Account: limit.PerSecond(2000, 4000),
	Address: limit.PerSecond(4000, 8000),
	Failed:  limit.Rate{Every: 3 * time.Second, Burst: 30},
}

// Seen is what is noted of a request that has been answered.
type Seen struct {
	Method string
	Route  string // the pattern that matched; "" for none
	Status int
	Took   time.Duration
}

// Options make a Guard. The zero value of each but Identify is usable.
type Options struct {
	// Identify finds out which account is asking. The error is accounts.ErrDenied where
	// none is known.
	Identify func(*http.Request) (string, error)
	// Proxies are the networks whose X-Forwarded-For is believed. Defaults to none.
	Proxies []netip.Prefix
	// Hosts are the names that this server answers to. Defaults to every name.
	Hosts []string
	// Limits default to [LimitsDefault].
	Limits Limits
	// KnownEvery is how often it is asked again of a request that lasts. Defaults to 5 s.
	KnownEvery time.Duration
	// Observe is told of every request. Defaults to nobody.
	Observe func(Seen)
	// Logger is told of every request (level info) and of panics (error). Defaults to
	// nobody.
	Logger *slog.Logger
}

// Guard wraps handlers. It may be used from several goroutines.
type Guard struct {
	o                          Options
	crossOrigin                *http.CrossOriginProtection
	accounts, addresses, fails *limit.Limiter
}

// New returns a guard.
func New(o Options) *Guard {
	if o.Limits == (Limits{}) {
		o.Limits = LimitsDefault
	}
	if o.KnownEvery <= 0 {
		o.KnownEvery = knownEvery
	}
	if o.Observe == nil {
		o.Observe = func(Seen) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Guard{
		o: o, crossOrigin: http.NewCrossOriginProtection(),
		accounts:  limit.New(o.Limits.Account, keysMax),
		addresses: limit.New(o.Limits.Address, keysMax),
		fails:     limit.New(o.Limits.Failed, keysMax),
	}
}

// Wrap returns next behind the guard.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		began := time.Now()
		w := &writer{ResponseWriter: rw, control: http.NewResponseController(rw)}
		id, peer := idOf(r), peerOf(r, g.o.Proxies)
		r = r.WithContext(WithPeer(problem.WithID(r.Context(), id), peer))
		setHeaders(w.Header(), r.URL.Path, id, peer)
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			// A request with a length and chunks has two ends, and a proxy may have seen the
			// other one: nothing that comes after on the connection is a request.
			w.Header().Set("Connection", "close")
		}
		account := ""
		defer func() { g.finish(w, r, began, account, recover()) }()
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = newBody(r.Body, w.control, began)
		}
		who, p := g.admit(r, peer, began)
		account = who
		if p != nil {
			refuse(w, r, p)
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(rw, r.Body, g.bodyMax(r))
		}
		if who != "" {
			ctx, leave := g.whileKnown(r)
			defer leave()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// whileKnown returns a context that ends when the account is no longer known: a
// stream does not outlive the token, the session or the role that opened it.
func (g *Guard) whileKnown(r *http.Request) (ctx context.Context, leave func()) {
	ctx, cancel := context.WithCancel(r.Context())
	var again func()
	again = func() {
		if ctx.Err() != nil {
			return
		}
		if _, err := g.o.Identify(r); errors.Is(err, accounts.ErrDenied) {
			cancel()
			return
		}
		time.AfterFunc(g.o.KnownEvery, again)
	}
	first := time.AfterFunc(g.o.KnownEvery, again)
	return ctx, func() {
		cancel()
		first.Stop()
	}
}

// refuse answers a request that was not looked at. Its body is not read to its end.
func refuse(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
	problem.Write(w, r, p)
}

// admit decides whether a request is looked at, and finds out whose it is.
func (g *Guard) admit(r *http.Request, peer Peer, now time.Time) (string, *problem.Problem) {
	if p := g.check(r); p != nil {
		return "", p
	}
	if wait, ok := g.addresses.Take(peer.Crowd(), now); !ok {
		return "", problem.TooMany(wait)
	}
	// What carries a token was not made by a browser on behalf of another site: those
	// requests have no say over this header without being asked for leave first.
	if len(r.Header.Values("Authorization")) == 0 && g.crossOrigin.Check(r) != nil {
		return "", problem.CrossSite()
	}
	account, err := g.o.Identify(r)
	switch {
	case err == nil:
		if wait, ok := g.accounts.Take(account, now); !ok {
			return account, problem.TooMany(wait)
		}
	case errors.Is(err, accounts.ErrDenied) && !errors.Is(err, accounts.ErrNone):
		if wait, ok := g.fails.Take(peer.Crowd(), now); !ok {
			return "", problem.TooMany(wait)
		}
	}
	return account, nil
}

// bodyMax is how large the body of a request may be.
func (g *Guard) bodyMax(r *http.Request) int64 {
	if strings.HasSuffix(r.URL.Path, "/commands:batch") {
		return batchBytesMax
	}
	return bodyBytesMax
}

// finish answers a panic, and notes what became of the request.
func (g *Guard) finish(w *writer, r *http.Request, began time.Time, account string, panicked any) {
	if panicked == http.ErrAbortHandler {
		panic(panicked)
	}
	if panicked != nil {
		g.o.Logger.ErrorContext(r.Context(), "panic", "request_id", problem.ID(r.Context()), "method", r.Method, "path", r.URL.Path,
			"panic", panicked, "stack", string(debug.Stack()))
		if w.status != 0 {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		problem.Write(w, r, problem.Internal())
	}
	w.moved = time.Time{}
	w.extend(time.Now()) // for what is still buffered
	seen := Seen{r.Method, r.Pattern, w.status, time.Since(began)}
	if seen.Status == 0 {
		seen.Status = http.StatusOK
	}
	g.o.Observe(seen)
	if g.o.Logger.Enabled(context.Background(), slog.LevelInfo) {
		g.o.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request_id", problem.ID(r.Context())),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", seen.Route), slog.Int("status", seen.Status),
			slog.Int64("bytes", w.bytes), slog.Duration("took", seen.Took), slog.String("account", account), slog.String("address", From(r.Context()).Address.String()))
	}
}
