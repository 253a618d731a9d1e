package assembly

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/domain/departure"
	"zhitong/domain/order"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/embedded/embeddedtest"
)

// start runs the whole application on l until the test ends.
func start(t testing.TB, l log.Log, store keys.Store) *app.App {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), Options(l, ring))
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

// send submits a line of `apply` and returns its answer.
func send(t testing.TB, a *app.App, line string) app.Result {
	t.Helper()
	env, p := app.ParseLine([]byte(line))
	if p != nil {
		return app.Result{ID: env.ID, Problem: p}
	}
	r, err := a.Submit(t.Context(), env).Wait(t.Context())
	if err != nil {
		t.Fatalf("command %q: %v", env.ID, err)
	}
	return r
}

// mustSend is send for a command that must be accepted.
func mustSend(t testing.TB, a *app.App, line string) app.Result {
	t.Helper()
	r := send(t, a, line)
	if !r.OK {
		t.Fatalf("command %s was refused: %v", line, r.Problem)
	}
	return r
}

type scenario struct {
	Name     string           `json:"name"`
	Commands []jsontext.Value `json:"commands"`
	Expected struct {
		Refused []string `json:"refused"`
	} `json:"expected"`
}

func scenarios(t testing.TB) []scenario {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Scenarios []scenario `json:"scenarios"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v.Scenarios
}

func TestTheTradeScenarioIsAcceptedAndRefusedAsExpected(t *testing.T) {
	t.Parallel()
	a := start(t, log.NewMemory(), keys.NewMemory())
	s := scenarios(t)[0]
	var logged app.Result
	for _, c := range s.Commands {
		r := send(t, a, string(c))
		if want := !slices.Contains(s.Expected.Refused, r.ID); r.OK != want {
			t.Errorf("%s: ok %v, want %v: %v", r.ID, r.OK, want, r.Problem)
		}
		switch r.ID {
		case "T-10":
			logged = r
		case "T-11":
			if !r.Repeated || r.Events[0] != logged.Events[0] {
				t.Errorf("the same waybill again: %+v, want the events of %+v", r, logged)
			}
		}
	}
}

const opening = `
{"id":"O-1","command":"programme.open","actor":"U-OP","role":"operator","time":"2020-05-01T09:00:00+08:00","data":{"programme_id":"P369","name":{"zh":"直通三六九"},"currency":"CNY","timezone":"Asia/Shanghai"}}
{"id":"O-2","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":"B","kind":"buyer","name":{"zh":"B"},"channel":"schools"}}
{"id":"O-4","command":"item.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:20:00+08:00","data":{"item_id":"jujube","name":{"zh":"红枣"},"category":"dried","units":{"box":"2.5"},"loss_allowance":"0.02"}}
{"id":"O-5","command":"route.open","actor":"U-DIS","role":"dispatcher","time":"2020-05-01T09:30:00+08:00","data":{"route_id":"R","origin":"皮山","destination":"合肥","distance_km":"4050","calendar":{"days_ending_in":[3,6,9]},"transit_hours":{"min":"60","max":"120"},"vehicle_capacity_kg":"100"}}
{"id":"O-6","command":"departure.schedule","actor":"U-DIS","role":"dispatcher","time":"2021-03-02T09:00:00+08:00","data":{"departure_id":"D","route_id":"R","date":"2021-03-03","vehicle_plate":"新R1"}}`

// lay opens a programme with an order line of 100 kg for each of n cooperatives'
// use, all lines of cooperative C0 when shared, else each of a cooperative of its own.
func lay(t testing.TB, a *app.App, cooperatives int) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(opening)) {
		mustSend(t, a, line)
	}
	for i := range cooperatives {
		mustSend(t, a, fmt.Sprintf(`{"id":"C-%d","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":"C%d","kind":"cooperative","name":{"zh":"C"}}}`, i, i))
		mustSend(t, a, fmt.Sprintf(`{"id":"PO-%d","command":"order.submit","actor":"B","role":"buyer","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"PO-%d","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"100","unit":"kg","unit_price":"20","cooperative_id":"C%d"}]}}`, i, i, i))
		mustSend(t, a, fmt.Sprintf(`{"id":"PC-%d","command":"order.confirm","actor":"U-DIS","role":"dispatcher","time":"2021-03-01T11:00:00+08:00","data":{"order_id":"PO-%d"}}`, i, i))
	}
}

func logging(id string, cooperative int, quantity string) string {
	return fmt.Sprintf(`{"id":"L-%[1]s","command":"shipment.log","actor":"C%[2]d","role":"cooperative","time":"2021-03-02T18:00:00+06:00","data":{"shipment_id":"S-%[1]s","cooperative_id":"C%[2]d","waybill_no":"W-%[1]s","lines":[{"line_no":1,"order_id":"PO-%[2]d","order_line":1,"quantity":%[3]q}]}}`, id, cooperative, quantity)
}

func loading(id string, cooperative int) string {
	return fmt.Sprintf(`{"id":"V-%[1]s","command":"shipment.load","actor":"C%[2]d","role":"cooperative","time":"2021-03-03T06:00:00+06:00","data":{"shipment_id":"S-%[1]s","departure_id":"D"}}`, id, cooperative)
}

// writers are 64 clients that send a command each, in turn over the processes, and
// send it once more when they have the answer.
func writers(t *testing.T, apps []*app.App, line func(w int) string) (accepted int, codes map[string]int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	codes = make(map[string]int)
	for w := range 64 {
		wg.Go(func() {
			env, p := app.ParseLine([]byte(line(w)))
			if p != nil {
				t.Error(p)
				return
			}
			r, err := apps[w%len(apps)].Submit(t.Context(), env).Wait(t.Context())
			if err != nil {
				t.Errorf("writer %d: %v", w, err)
				return
			}
			again, err := apps[(w+1)%len(apps)].Submit(t.Context(), env).Wait(t.Context())
			if err != nil || again.OK != r.OK || (r.OK && again.Events[0] != r.Events[0]) {
				t.Errorf("writer %d: %+v, and again %+v, %v", w, r, again, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if r.OK {
				accepted++
			} else {
				codes[r.Problem.Code]++
			}
		})
	}
	wg.Wait()
	return accepted, codes
}

// processes opens the application once or twice on one stream.
func processes(t *testing.T, n int) (log.Log, []*app.App) {
	t.Helper()
	nc, store := embeddedtest.NATS(t), keys.NewMemory()
	var l log.Log
	var apps []*app.App
	for range n {
		var err error
		if l, err = log.OpenJetStream(t.Context(), nc, log.Options{}); err != nil {
			t.Fatal(err)
		}
		apps = append(apps, start(t, l, store))
	}
	return l, apps
}

func TestNeverAKilogramTooMuchOnOneOrderLine(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
			t.Parallel()
			l, apps := processes(t, n)
			lay(t, apps[0], 1)
			accepted, codes := writers(t, apps, func(w int) string { return logging(fmt.Sprint(w), 0, "3") })
			if accepted != 33 || codes["order.over_allocated"] != 31 {
				t.Errorf("accepted %d, refused %v, want 33 shipments of 3 kg on a line of 100 kg", accepted, codes)
			}
			sum := domain.Quantity{}
			each(t, l, func(f domain.Fact) {
				if f, ok := f.(order.LineAllocated); ok {
					sum = sum.Add(f.Quantity)
				}
			})
			if sum.String() != "99" {
				t.Errorf("allocated %s, want 99", sum)
			}
		})
	}
}

func TestNeverAKilogramTooMuchOnOneDeparture(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
			t.Parallel()
			l, apps := processes(t, n)
			lay(t, apps[0], 64)
			for w := range 64 {
				mustSend(t, apps[0], logging(fmt.Sprint(w), w, "7"))
			}
			accepted, codes := writers(t, apps, func(w int) string { return loading(fmt.Sprint(w), w) })
			if accepted != 14 || codes["departure.over_capacity"] != 50 {
				t.Errorf("accepted %d, refused %v, want 14 shipments of 7 kg on a vehicle of 100 kg", accepted, codes)
			}
			sum := domain.Kg{}
			each(t, l, func(f domain.Fact) {
				if f, ok := f.(departure.Loaded); ok {
					sum = sum.Add(f.Kg)
				}
			})
			if sum.String() != "98.000" {
				t.Errorf("loaded %s kg, want 98", sum)
			}
		})
	}
}

// each calls fn with every fact of the log, in order; command ids must be unique.
func each(t *testing.T, l log.Log, fn func(domain.Fact)) {
	t.Helper()
	seen := make(map[string]bool)
	err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			if id := c.Events[0].CommandID; seen[id] {
				t.Errorf("command %q is in the log twice", id)
			} else {
				seen[id] = true
			}
			for _, e := range c.Events {
				fn(e.Fact)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPersonalValuesNeverStandInClear(t *testing.T) {
	t.Parallel()
	l, store := log.NewMemory(), keys.NewMemory()
	a := start(t, l, store)
	lay(t, a, 0)
	const register = `{"id":"P-1","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":"C9","kind":"cooperative","name":{"zh":"C"},"payee":{"account_name":"阿不都热合曼","bank":"皮山农商行","account_no":"6222000000001234"}}}`
	mustSend(t, a, register)
	if r := send(t, a, register); !r.Repeated {
		t.Errorf("the same registration again: %+v", r)
	}
	if r := send(t, a, strings.Replace(register, "1234", "1235", 1)); r.OK || r.Problem.Code != "command.id_used" {
		t.Errorf("another account under the same id: %+v", r)
	}
	err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			for _, secret := range []string{"阿不都热合曼", "皮山农商行", "6222"} {
				if strings.Contains(string(line), secret) {
					t.Errorf("%q stands in clear in %s", secret, line)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, a, `{"id":"P-2","command":"person.erase","actor":"U-OP","role":"operator","time":"2021-05-01T09:10:00+08:00","data":{"party_id":"C9","reason":"本人要求"}}`)
	deadline, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = l.Follow(deadline, 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			if c.Events[0].Name() == "person.erased" {
				cancel()
			}
		}
		return nil
	})
	if deadline.Err() == nil {
		t.Fatal(err)
	}
	all, err := store.Load(t.Context())
	if err != nil || all["party/C9"] != nil {
		t.Errorf("the erased person's key is still there: %v", err)
	}
}
