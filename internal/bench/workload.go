package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/app"
)

// shipmentsPerOrder is how many shipments one order gets, so that no order is
// larger than in real life.
const shipmentsPerOrder = 20

// eventsPerCommand is what one command of the workload makes: a shipment logged
// and its two order lines allocated.
const eventsPerCommand = 3

// workload makes commands of the trade that the rules accept in any order.
type workload struct {
	orders int // made so far
	logged int
}

// when is the claimed time of everything.
var when = domain.TimeOf(time.Date(2021, time.March, 1, 10, 0, 0, 0, domain.Shanghai))

func command(id, name, actor string, role domain.Role, data string, args ...any) app.Envelope {
	return app.Envelope{
		ID: id, Command: name, Actor: domain.ID(actor), Role: role, Time: when,
		Data: jsontext.Value(fmt.Sprintf(data, args...)), Via: events.ViaCLI,
	}
}

// opening is what must be known before the first order.
func opening() []app.Envelope {
	return []app.Envelope{
		command("open", "programme.open", "U-OP", domain.Operator, `{"programme_id":"BENCH","name":{"en":"bench"},"timezone":"Asia/Shanghai"}`),
		command("coop", "party.register", "U-OFF", domain.Officer, `{"party_id":"C","kind":"cooperative","name":{"en":"cooperative"}}`),
		command("buyer", "party.register", "U-OFF", domain.Officer, `{"party_id":"B","kind":"buyer","name":{"en":"buyer"},"channel":"schools"}`),
		command("item", "item.register", "U-OFF", domain.Officer, `{"item_id":"jujube","name":{"en":"dates"},"category":"dried","units":{"box":"2.5"},"loss_allowance":"0.02"}`),
	}
}

// order is an order that takes the next shipments, and its confirmation.
func (w *workload) order() []app.Envelope {
	w.orders++
	id := fmt.Sprintf("PO-%07d", w.orders)
	return []app.Envelope{
		command("submit-"+id, "order.submit", "B", domain.Buyer, `{"order_id":%q,"buyer_id":"B","lines":[`+
			`{"line_no":1,"item_id":"jujube","quantity":"100000","unit":"box","unit_price":"33.50","cooperative_id":"C"},`+
			`{"line_no":2,"item_id":"jujube","quantity":"100000","unit":"kg","unit_price":"13.20","cooperative_id":"C"}]}`, id),
		command("confirm-"+id, "order.confirm", "U-DIS", domain.Dispatcher, `{"order_id":%q}`, id),
	}
}

// shipments are the next n commands that are measured, and the orders that they
// need first.
func (w *workload) shipments(n int) (before, measured []app.Envelope) {
	for range n {
		if w.logged/shipmentsPerOrder >= w.orders {
			before = append(before, w.order()...)
		}
		w.logged++
		order := fmt.Sprintf("PO-%07d", (w.logged-1)/shipmentsPerOrder+1)
		id := fmt.Sprintf("S-%08d", w.logged)
		measured = append(measured, command("log-"+id, "shipment.log", "C", domain.Cooperative, `{"shipment_id":%q,"cooperative_id":"C","waybill_no":%q,"lines":[`+
			`{"line_no":1,"order_id":%q,"order_line":1,"quantity":"120","lot":"A-17","packages":120},`+
			`{"line_no":2,"order_id":%q,"order_line":2,"quantity":"350.5"}]}`, id, id, order, order))
	}
	return before, measured
}

// prepare sends commands that are not measured.
func prepare(ctx context.Context, a *app.App, commands []app.Envelope) error {
	var pending []*app.Pending
	for _, c := range commands {
		pending = append(pending, a.Submit(ctx, c))
	}
	for i, p := range pending {
		if err := answered(ctx, commands[i].ID, p); err != nil {
			return err
		}
	}
	return nil
}

// answered waits for a command that no rule may refuse.
func answered(ctx context.Context, id string, p *app.Pending) error {
	r, err := p.Wait(ctx)
	if err == nil && !r.OK {
		err = r.Problem
	}
	if err != nil {
		return fmt.Errorf("bench: command %q: %w", id, err)
	}
	return nil
}
