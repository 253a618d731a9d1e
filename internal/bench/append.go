package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
)

// AppendOptions are the settings of [Append].
type AppendOptions struct {
	Events  int  // to append with all writers; each command has 3
	Writers int  // clients that wait for each answer before they go on
	Floor   bool // measure the bare publishing of the same blocks too
}

// Limits of a measurement.
const (
	singleCommands  = 2000 // of one client alone, each followed by a bare publish
	eventsOfCommand = 3
	writersMax      = 4096
)

// AppendFigures are what [Append] measured.
type AppendFigures struct {
	Writers           int     `json:"writers"`
	Commands          int     `json:"commands"`
	Events            int     `json:"events"`
	CommandsPerSecond int64   `json:"commands_per_s"`
	EventsPerSecond   int64   `json:"events_per_s"`
	Latency           Latency `json:"latency"`
	Blocks            int     `json:"blocks"`
	Single            Latency `json:"single_client"`
	Floor             *Floor  `json:"floor,omitempty"`
}

// Append measures commands on a fresh log of nc: shipment.log of two lines, which
// are three events, with the real rules, durable, projectors off. First one client
// alone, then all writers at once.
func Append(ctx context.Context, nc *nats.Conn, o AppendOptions) (AppendFigures, error) {
	if o.Writers < 1 || o.Writers > writersMax || o.Events < eventsOfCommand {
		return AppendFigures{}, fmt.Errorf("bench append: 1 to %d writers and at least %d events are needed", writersMax, eventsOfCommand)
	}
	l, err := log.OpenJetStream(ctx, nc, log.Options{})
	if err != nil {
		return AppendFigures{}, err
	}
	ring, err := keys.OpenRing(ctx, keys.NewMemory())
	if err != nil {
		return AppendFigures{}, err
	}
	a, err := app.Open(ctx, assembly.Options(l, ring))
	if err != nil {
		return AppendFigures{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	f, err := measure(ctx, nc, l, a, o)
	stop()
	if runErr := <-ended; err == nil {
		err = runErr
	}
	return f, err
}

func measure(ctx context.Context, nc *nats.Conn, l log.Log, a *app.App, o AppendOptions) (AppendFigures, error) {
	if err := lay(ctx, a, o.Writers); err != nil {
		return AppendFigures{}, err
	}
	f := AppendFigures{Writers: o.Writers}
	var floor *bare
	if o.Floor {
		var err error
		if floor, err = openBare(ctx, nc); err != nil {
			return f, err
		}
		f.Floor = &Floor{}
	}
	if err := f.alone(ctx, l, a, floor); err != nil {
		return f, err
	}
	before, err := l.Head(ctx)
	if err != nil {
		return f, err
	}
	if err := f.together(ctx, a, o); err != nil {
		return f, err
	}
	after, err := l.Head(ctx)
	if err != nil {
		return f, err
	}
	f.Blocks = int(after.Seq - before.Seq)
	if floor != nil {
		return f, floor.again(ctx, l, before.Position+1, f.Floor)
	}
	return f, nil
}

// alone measures one client; after each command the same bytes are published bare,
// so that both see the same machine.
func (f *AppendFigures) alone(ctx context.Context, l log.Log, a *app.App, floor *bare) error {
	var commands, bares []time.Duration
	for i := range singleCommands {
		env := logging(0, i, "one")
		began := time.Now()
		r, err := a.Submit(ctx, env).Wait(ctx)
		if err := done(r, err); err != nil {
			return err
		}
		commands = append(commands, time.Since(began))
		if floor == nil {
			continue
		}
		err = l.Load(ctx, []uint64{r.Position}, func(_ uint64, line []byte) error {
			took, err := floor.publish(ctx, append(line, '\n'))
			bares = append(bares, took)
			return err
		})
		if err != nil {
			return err
		}
	}
	f.Single = latencyOf(commands)
	if floor != nil {
		f.Floor.Single = latencyOf(bares)
	}
	return nil
}

// together measures all writers at once.
func (f *AppendFigures) together(ctx context.Context, a *app.App, o AppendOptions) error {
	each := max(1, o.Events/eventsOfCommand/o.Writers)
	took := make([][]time.Duration, o.Writers)
	errs := make([]error, o.Writers)
	var wg sync.WaitGroup
	began := time.Now()
	for w := range o.Writers {
		wg.Go(func() {
			for i := range each {
				env := logging(w, i, "all")
				start := time.Now()
				r, err := a.Submit(ctx, env).Wait(ctx)
				if errs[w] = done(r, err); errs[w] != nil {
					return
				}
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	lasted := time.Since(began)
	var all []time.Duration
	for w := range took {
		if errs[w] != nil {
			return errs[w]
		}
		all = append(all, took[w]...)
	}
	f.Commands, f.Events = len(all), len(all)*eventsOfCommand
	f.CommandsPerSecond, f.EventsPerSecond = perSecond(f.Commands, lasted), perSecond(f.Events, lasted)
	f.Latency = latencyOf(all)
	return nil
}

func done(r app.Result, err error) error {
	if err == nil && !r.OK {
		err = r.Problem
	}
	return err
}

// lay opens a programme in which each writer has a cooperative and an order of its
// own that is never exhausted.
func lay(ctx context.Context, a *app.App, writers int) error {
	lines := []string{
		`{"id":"b-1","command":"programme.open","actor":"U-OP","role":"operator","time":"2020-05-01T09:00:00+08:00","data":{"programme_id":"BENCH","name":{"en":"bench"},"currency":"CNY","timezone":"Asia/Shanghai"}}`,
		`{"id":"b-2","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:00:00+08:00","data":{"party_id":"B","kind":"buyer","name":{"en":"B"},"channel":"schools"}}`,
		`{"id":"b-3","command":"item.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:00:00+08:00","data":{"item_id":"jujube","name":{"en":"jujube"},"category":"dried","units":{"box":"2.5"},"loss_allowance":"0.02"}}`,
	}
	for w := range writers {
		lines = append(lines,
			fmt.Sprintf(`{"id":"b-c%[1]d","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:00:00+08:00","data":{"party_id":"C%[1]d","kind":"cooperative","name":{"en":"C"}}}`, w),
			fmt.Sprintf(`{"id":"b-o%[1]d","command":"order.submit","actor":"B","role":"buyer","time":"2020-05-01T09:00:00+08:00","data":{"order_id":"PO-%[1]d","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"1000000000","unit":"kg","unit_price":"20","cooperative_id":"C%[1]d"},{"line_no":2,"item_id":"jujube","quantity":"1000000000","unit":"box","unit_price":"50","cooperative_id":"C%[1]d"}]}}`, w),
			fmt.Sprintf(`{"id":"b-f%[1]d","command":"order.confirm","actor":"U-DIS","role":"dispatcher","time":"2020-05-01T09:00:00+08:00","data":{"order_id":"PO-%[1]d"}}`, w))
	}
	var list []*app.Pending
	for _, line := range lines {
		env, problem := app.ParseLine([]byte(line))
		if problem != nil {
			return problem
		}
		list = append(list, a.Submit(ctx, env))
	}
	for _, p := range list {
		r, err := p.Wait(ctx)
		if err := done(r, err); err != nil {
			return err
		}
	}
	return nil
}

// loggedAt is the claimed time of every command measured.
var loggedAt = mustTime("2021-03-02T18:00:00+06:00")

func mustTime(s string) domain.Time {
	t, err := domain.ParseTime(s)
	if err != nil {
		panic(err)
	}
	return t
}

// logging is the command measured: two lines, so one logged and two allocated.
func logging(writer, n int, run string) app.Envelope {
	id := fmt.Sprintf("%s-%d-%d", run, writer, n)
	data := fmt.Sprintf(`{"shipment_id":"S-%[1]s","cooperative_id":"C%[2]d","waybill_no":"%[1]s","lines":[{"line_no":1,"order_id":"PO-%[2]d","order_line":1,"quantity":"104.5"},{"line_no":2,"order_id":"PO-%[2]d","order_line":2,"quantity":"12"}]}`, id, writer)
	return app.Envelope{ID: "L-" + id, Command: "shipment.log", Actor: domain.ID(fmt.Sprintf("C%d", writer)), Role: domain.Cooperative,
		Time: loggedAt, Data: jsontext.Value(data), Via: events.ViaCLI}
}
