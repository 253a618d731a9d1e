package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/embedded/embeddedtest"
)

// stock is an aggregate that a test takes from: never more than its limit.
type stock struct{ taken domain.Quantity }

func (s *stock) Apply(f domain.Fact) { s.taken = s.taken.Add(f.(order.LineAllocated).Quantity) }

type take struct {
	Stock    domain.ID       `json:"stock"`
	Quantity domain.Quantity `json:"quantity"`
	Pad      domain.Text     `json:"pad,omitzero"`
	Facts    int             `json:"facts,omitzero"`
}

const stockLimit = 100

func quantity(t testing.TB, s string) domain.Quantity {
	t.Helper()
	q, err := domain.ParseQuantity(s)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// testCommands is one command, test.take, whose data is take; two of them follow
// by themselves when the quantity is 7 (a chain of reactions).
func testOptions(t testing.TB, l log.Log, ring *keys.Ring) Options {
	limit := quantity(t, fmt.Sprint(stockLimit))
	one := quantity(t, "1")
	handle := func(u *Unit, c *take) error {
		s, err := load(u, order.Ref(c.Stock), func() *stock { return new(stock) })
		if err != nil {
			return err
		}
		if s.taken.Add(c.Quantity).Cmp(limit) > 0 {
			return domain.Refuse(domain.Limit, "stock.exhausted", "quantity", c.Quantity.String(), "taken %s of %d", s.taken, stockLimit)
		}
		for range max(1, c.Facts) {
			u.Emit(order.LineAllocated{Share: order.Share{OrderID: c.Stock, LineNo: 1, ShipmentID: "S", Quantity: c.Quantity}, Why: string(c.Pad)})
		}
		return nil
	}
	follow := Reaction{On: []string{"order.line_allocated"}, React: func(_ *Registries, get States, e *events.Event) ([]SystemCommand, error) {
		f := e.Fact.(order.LineAllocated)
		if f.Quantity.Cmp(quantity(t, "7")) != 0 {
			return nil, nil
		}
		return []SystemCommand{{Suffix: "a", Name: "test.take", Data: &take{Stock: f.OrderID, Quantity: one}},
			{Suffix: "b", Name: "test.take", Data: &take{Stock: f.OrderID, Quantity: one}}}, nil
	}}
	return Options{Log: l, Ring: ring,
		Commands:  []Command{Define("test.take", handle)},
		Reactions: []Reaction{follow},
		Kinds:     map[string]func() domain.Aggregate{order.Kind: func() domain.Aggregate { return new(stock) }},
		Allowed:   func(string, domain.Role) *domain.Problem { return nil },
	}
}

// start opens an App on l and runs it until the test ends.
func start(t testing.TB, l log.Log) *App {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), testOptions(t, l, ring))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return a
}

func taking(id, stock, quantity string) Envelope {
	at, _ := domain.ParseTime("2021-03-03T10:00:00+08:00")
	return Envelope{ID: id, Command: "test.take", Actor: "A", Role: domain.Cooperative, Time: at, Via: events.ViaCLI,
		Data: jsontext.Value(fmt.Sprintf(`{"stock":%q,"quantity":%q}`, stock, quantity))}
}

func send(t testing.TB, a *App, env Envelope) Result {
	t.Helper()
	r, err := a.Submit(t.Context(), env).Wait(t.Context())
	if err != nil {
		t.Fatalf("command %q: %v", env.ID, err)
	}
	return r
}

// takenOf folds the log and returns what was taken of each stock, having checked
// that positions are contiguous and command ids unique.
func takenOf(t testing.TB, l log.Log) map[domain.ID]domain.Quantity {
	t.Helper()
	taken, seen, next := map[domain.ID]domain.Quantity{}, map[string]bool{}, uint64(1)
	err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			if c.Position != next || seen[c.Events[0].CommandID] {
				return fmt.Errorf("commit %d of command %q stands at %d", c.Position, c.Events[0].CommandID, next)
			}
			seen[c.Events[0].CommandID] = true
			next++
			for _, e := range c.Events {
				f := e.Fact.(order.LineAllocated)
				taken[f.OrderID] = taken[f.OrderID].Add(f.Quantity)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func TestSameCommandAgainGetsTheOriginalReply(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l)
	first := send(t, a, taking("T-1", "x", "5"))
	again := send(t, start(t, l), taking("T-1", "x", "5"))
	if !first.OK || !again.OK || !again.Repeated || again.Events[0] != first.Events[0] {
		t.Errorf("first %+v, again %+v", first, again)
	}
	other := send(t, a, taking("T-1", "x", "6"))
	if other.OK || other.Problem.Code != "command.id_used" {
		t.Errorf("other content under the same id: %+v", other)
	}
	if got := takenOf(t, l)["x"]; got.String() != "5" {
		t.Errorf("taken %s, want 5", got)
	}
}

func TestReactionsRunBeforeTheNextCommand(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l)
	p := a.Submit(t.Context(), taking("T-1", "x", "7"))
	q := a.Submit(t.Context(), taking("T-2", "x", "91.001"))
	r := a.Submit(t.Context(), taking("T-3", "x", "91"))
	for _, c := range []struct {
		p  *Pending
		ok bool
	}{{p, true}, {q, false}, {r, true}} {
		if got, err := c.p.Wait(t.Context()); err != nil || got.OK != c.ok {
			t.Errorf("got %+v, %v, want ok %v", got, err, c.ok)
		}
	}
}

func TestOwedReactionsAreCarriedOutAtTheStart(t *testing.T) {
	t.Parallel()
	l := log.NewMemory(log.OnAppend(func(_ context.Context, h log.Head, _ [][]byte) log.Fault { return log.FaultNone }))
	// a process that dies right after the cause: only its commit is in the log
	a := start(t, l)
	e := commitOnly(t, a, taking("T-1", "x", "7"))
	if _, err := l.Append(t.Context(), log.Head{}, [][]byte{e}); err != nil {
		t.Fatal(err)
	}
	b := start(t, l)
	if got := send(t, b, taking("T-2", "x", "92")); got.OK {
		t.Errorf("7 + 2 × 1 + 92 were taken of 100: %+v", got)
	}
	if got := takenOf(t, l)["x"]; got.String() != "9" {
		t.Errorf("taken %s, want 9", got)
	}
}

// commitOnly encodes the commit of a command as an App on an empty log would.
func commitOnly(t testing.TB, a *App, env Envelope) []byte {
	t.Helper()
	p, err := a.prepare(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	ring, _ := keys.OpenRing(t.Context(), keys.NewMemory())
	o := testOptions(t, log.NewMemory(), ring)
	o.Reactions = nil
	fresh, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := fresh.c.decision(&submission{prepared: p})
	if err != nil || d.commit == nil {
		t.Fatalf("decision %+v, %v", d, err)
	}
	line, err := events.Encode(nil, fresh.source, *d.commit)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestManyWritersOnTwoProcessesTakeExactlyWhatIsThere(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	apps := []*App{start(t, l), start(t, l)}
	accepted := hammer(t, apps, 64, 4)
	if got := takenOf(t, l)["x"]; got.String() != "100" || accepted != 100 {
		t.Errorf("taken %s, accepted %d, want 100", got, accepted)
	}
}

// hammer lets writers take 1 of "x" n times each, in turn over the apps, and
// returns how many were accepted; every command must get an answer.
func hammer(t *testing.T, apps []*App, writers, n int) int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	accepted := 0
	for w := range writers {
		wg.Go(func() {
			for i := range n {
				r, err := apps[w%len(apps)].Submit(t.Context(), taking(fmt.Sprintf("W%d-%d", w, i), "x", "1")).Wait(t.Context())
				mu.Lock()
				switch {
				case err != nil:
					t.Errorf("writer %d: %v", w, err)
				case r.OK:
					accepted++
				case r.Problem.Code != "stock.exhausted":
					t.Errorf("writer %d: %v", w, r.Problem)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return accepted
}

func TestARefusalRestsOnTheNewestHead(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a, b := start(t, l), start(t, l)
	send(t, a, taking("T-1", "x", "60"))
	if got := send(t, b, taking("T-2", "x", "60")); got.OK {
		t.Errorf("a process that had not seen the other's commit accepted: %+v", got)
	}
	if got := send(t, b, taking("T-1", "x", "60")); !got.OK || !got.Repeated {
		t.Errorf("a command that the other process did: %+v", got)
	}
}

func TestFaultsOfTheLogLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]log.Fault{"request lost": log.FaultRequestLost, "answer lost": log.FaultAnswerLost,
		"unknown, absent": log.FaultUnknownAbsent, "unknown, stored": log.FaultUnknownStored, "unavailable": log.FaultUnavailable, "full": log.FaultFull} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			n := 0
			l := log.NewMemory(log.OnAppend(func(context.Context, log.Head, [][]byte) log.Fault {
				mu.Lock()
				defer mu.Unlock()
				if n++; n%3 == 2 {
					return fault
				}
				return log.FaultNone
			}))
			a := start(t, l)
			var list []*Pending
			for i := range 30 {
				list = append(list, a.Submit(t.Context(), taking(fmt.Sprint("T-", i), "x", "1")))
			}
			for i, p := range list {
				for {
					r, err := p.Wait(t.Context())
					if err == nil {
						if !r.OK {
							t.Errorf("command %d: %+v", i, r)
						}
						break
					}
					if !errors.Is(err, log.ErrUnknown) && !errors.Is(err, log.ErrUnavailable) && !errors.Is(err, log.ErrFull) {
						t.Fatalf("command %d: %v", i, err)
					}
					p = a.Submit(t.Context(), taking(fmt.Sprint("T-", i), "x", "1"))
				}
			}
			if got := takenOf(t, l)["x"]; got.String() != "30" {
				t.Errorf("taken %s, want 30", got)
			}
		})
	}
}

func TestACommitTooLargeIsRefusedAloneAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l)
	big := taking("BIG", "x", "0.001")
	big.Data = jsontext.Value(fmt.Sprintf(`{"stock":"x","quantity":"0.001","pad":%q,"facts":3000}`, string(make([]byte, 0))+padding(1000)))
	p, q, r := a.Submit(t.Context(), taking("T-1", "x", "1")), a.Submit(t.Context(), big), a.Submit(t.Context(), taking("T-2", "x", "1"))
	for i, want := range []string{"", "commit.too_large", ""} {
		got, err := []*Pending{p, q, r}[i].Wait(t.Context())
		if err != nil || (want == "") != got.OK || (!got.OK && got.Problem.Code != want) {
			t.Errorf("command %d: %+v, %v, want %q", i, got, err, want)
		}
	}
	if got := takenOf(t, l)["x"]; got.String() != "2" {
		t.Errorf("taken %s, want 2", got)
	}
}

func padding(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestDryRunRecordsNothing(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l)
	r, err := a.DryRun(t.Context(), taking("T-1", "x", "5"))
	if err != nil || !r.OK || len(r.Events) != 1 {
		t.Errorf("dry run %+v, %v", r, err)
	}
	if h, _ := l.Head(t.Context()); h != (log.Head{}) {
		t.Errorf("head %+v after a dry run", h)
	}
}

func TestDevicesUseANumberOnceAndRefusedEntriesAreKept(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l)
	entry := func(id, quantity string, seq int) Envelope {
		env := taking(id, "x", quantity)
		env.Data = jsontext.Value(fmt.Sprintf(`{"stock":"x","quantity":%q,"device":{"id":"phone","seq":%d,"zone":"Asia/Urumqi"}}`, quantity, seq))
		return env
	}
	if r := send(t, a, entry("T-1", "5", 1)); !r.OK {
		t.Fatalf("%+v", r)
	}
	if r := send(t, a, entry("T-2", "5", 1)); r.OK || r.Problem.Code != "device.seq_used" {
		t.Errorf("the number again: %+v", r)
	}
	for range 2 {
		if r := send(t, a, entry("T-3", "500", 2)); r.OK || r.Problem.Code != "stock.exhausted" {
			t.Errorf("too much: %+v", r)
		}
	}
	var kept []string
	_ = l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			kept = append(kept, c.Events[0].Name())
		}
		return nil
	})
	if fmt.Sprint(kept) != "[order.line_allocated entry.refused entry.refused]" {
		t.Errorf("log holds %v", kept)
	}
}

func TestTimesAheadOfTheClockAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, log.NewMemory())
	env := taking("T-1", "x", "1")
	env.Time = domain.TimeOf(time.Now().Add(6 * time.Minute))
	if r := send(t, a, env); r.OK || r.Problem.Code != "time.in_future" {
		t.Errorf("six minutes ahead: %+v", r)
	}
}

func TestJetStreamWritersOnTwoConnections(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	var apps []*App
	var l log.Log
	for range 2 {
		var err error
		if l, err = log.OpenJetStream(t.Context(), nc, log.Options{}); err != nil {
			t.Fatal(err)
		}
		apps = append(apps, start(t, l))
	}
	accepted := hammer(t, apps, 64, 4)
	if got := takenOf(t, l)["x"]; got.String() != "100" || accepted != 100 {
		t.Errorf("taken %s, accepted %d, want 100", got, accepted)
	}
}

func BenchmarkCommands(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, " writers of 3 facts"), func(b *testing.B) {
			l, err := log.OpenJetStream(b.Context(), embeddedtest.NATS(b), log.Options{})
			if err != nil {
				b.Fatal(err)
			}
			a := start(b, l)
			next := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range next {
						env := taking(fmt.Sprint("B-", i), fmt.Sprint("s", i), "0.001")
						env.Data = append(env.Data[:len(env.Data)-1], `,"facts":3}`...)
						if r, err := a.Submit(b.Context(), env).Wait(b.Context()); err != nil || !r.OK {
							b.Errorf("%+v %v", r, err)
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
		})
	}
}

// TestAFullQueueSaysTryAgain: while the log stands still the queue fills; who offers
// one more command is told to come back, nothing of it is recorded, and everything
// that was taken is answered once the log goes on.
func TestAFullQueueSaysTryAgain(t *testing.T) {
	t.Parallel()
	stalled, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l := log.NewMemory(log.OnAppend(func(context.Context, log.Head, [][]byte) log.Fault {
		once.Do(func() { close(stalled) })
		<-goOn
		return log.FaultNone
	}))
	a := start(t, l)
	taken := []*Pending{a.Offer(t.Context(), taking("first", "first", "1"))}
	<-stalled
	var busy error
	for i := 0; busy == nil; i++ {
		if i > queueMax+2*log.BlockCommitsMax {
			t.Fatal("the queue takes everything")
		}
		p := a.Offer(t.Context(), taking(fmt.Sprint("T-", i), fmt.Sprint("x", i), "1"))
		select {
		case <-p.done:
			_, busy = p.Wait(t.Context())
		default:
			taken = append(taken, p)
		}
	}
	if !errors.Is(busy, ErrBusy) {
		t.Fatalf("got %v, want %v", busy, ErrBusy)
	}
	close(goOn)
	for i, p := range taken {
		if r, err := p.Wait(t.Context()); err != nil || !r.OK {
			t.Fatalf("command %d: %+v, %v", i, r, err)
		}
	}
	head, err := l.Head(t.Context())
	if err != nil || head.Position != uint64(len(taken)) {
		t.Errorf("head %+v, %v: want position %d, one for each that was taken", head, err, len(taken))
	}
}
