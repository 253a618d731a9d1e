package bench

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
)

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

// traffic is the commands of one writer: of three, one logs a shipment of two lines,
// one logs one of one line and one submits an order, so that a command has one to
// three events; shipments are decided on the writer's own order. Some are such that a rule
// refuses them, and some repeat the one before.
type traffic struct {
	writer     int
	run        string
	refusals   int // of a hundred
	duplicates int // of a hundred
	n          int
	last       app.Envelope
}

// expected is what is to come of a command.
type expected int

const (
	accepted expected = iota
	refused
	repeated
)

// next returns the next command and what is to come of it. Which is which follows
// from the writer and the number alone.
func (t *traffic) next() (app.Envelope, expected) {
	t.n++
	// Spread evenly: 37 and 100 have no common divisor.
	switch share := (t.n*37 + t.writer*11) % 100; {
	case share < t.refusals:
		env := logging(t.writer, t.n, t.run)
		env.ID = "R" + env.ID
		env.Data = fmt.Appendf(nil, `{"shipment_id":"R-%[1]s-%[2]d-%[3]d","cooperative_id":"C%[2]d","waybill_no":"R%[3]d","lines":[{"line_no":1,"order_id":"PO-%[2]d","order_line":9,"quantity":"1"}]}`, t.run, t.writer, t.n)
		return env, refused
	case share < t.refusals+t.duplicates && t.last.ID != "":
		return t.last, repeated
	}
	env := logging(t.writer, t.n, t.run)
	id := fmt.Sprintf("%s-%d-%d", t.run, t.writer, t.n)
	switch t.n % 3 {
	case 0:
		env.Data = fmt.Appendf(nil, `{"shipment_id":"S-%[1]s","cooperative_id":"C%[2]d","waybill_no":"%[1]s","lines":[{"line_no":1,"order_id":"PO-%[2]d","order_line":1,"quantity":"104.5"}]}`, id, t.writer)
	case 1:
		env.Command, env.Actor, env.Role = "order.submit", "B", domain.Buyer
		env.Data = fmt.Appendf(nil, `{"order_id":"PO-%[1]s","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"1000","unit":"kg","unit_price":"20.50","cooperative_id":"C%[2]d"}]}`, id, t.writer)
	}
	t.last = env
	return env, accepted
}

// as says whether the answer is what was expected: else something else was measured.
func (e expected) as(r app.Result, err error) error {
	switch {
	case err != nil:
		return err
	case e == refused:
		if r.OK || r.Problem.Class == domain.Malformed || r.Problem.Class == domain.Denied {
			return fmt.Errorf("command %q was to be refused by a rule: %+v", r.ID, r)
		}
		return nil
	case !r.OK:
		return fmt.Errorf("command %q: %w", r.ID, r.Problem)
	case r.Repeated != (e == repeated) || len(r.Events) == 0:
		return fmt.Errorf("command %q: repeated %v with %d events", r.ID, r.Repeated, len(r.Events))
	}
	return nil
}
