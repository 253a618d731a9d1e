// Package audittest makes histories for tests of the audit: the demo programme
// through the real application, and then claims through to payment, return,
// correction and clawback.
//
// It owns no expectation. It never enters the binary.
package audittest

import (
	"context"
	"fmt"
	"time"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
	"zhitong/internal/app/commands"
	"zhitong/internal/app/subsidy"
	"zhitong/internal/demo"
	"zhitong/projections"
)

// Source is the source attribute of the histories' events.
var Source = events.SourceOf("AUDIT")

// World is a world with the demo programme at a scale in it, and beside the demo's
// policy three more with every kind of rule and limit.
func World(t apptest.TB, scale string) *apptest.World {
	t.Helper()
	return world(t, scale, At.Instant())
}

// Short is a small World that ends in the summer of 2020.
func Short(t apptest.TB) *apptest.World {
	t.Helper()
	return world(t, "0.001", time.Date(2020, 7, 15, 0, 0, 0, 0, time.UTC))
}

func world(t apptest.TB, scale string, until time.Time) *apptest.World {
	t.Helper()
	p, err := demo.New(demo.Options{Scale: scale, Seed: demo.DefaultSeed})
	if err != nil {
		t.Fatalf("demo: %v", err)
	}
	w := apptest.New(t, apptest.Parts{
		Commands: append(commands.Trade(), subsidy.Commands()...), Reactions: subsidy.Reactions(), Kinds: app.SubsidyKinds(),
	})
	ctx := context.Background()
	for env := range p.Commands() {
		if env.Time.Instant().After(until) {
			break
		}
		if _, err := w.App.Submit(ctx, env).Wait(ctx); err != nil {
			t.Fatalf("demo: command %q: %v", env.ID, err)
		}
		if env.ID == "demo:fund.open:SGYD-2020" {
			richPolicies(t, w)
		}
	}
	return w
}

// At is the time of everything behind the demo.
var At = mustTime("2022-03-01T10:00:00+08:00")

func mustTime(s string) domain.Time {
	t, err := domain.ParseTime(s)
	if err != nil {
		panic(err)
	}
	return t
}

// by is an actor at some days behind [At].
func by(actor domain.ID, role domain.Role, days int) domain.By {
	at := time.Date(2022, 3, 1+days, 2, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05Z")
	return domain.By{Actor: actor, Role: role, Time: mustTime(at)}
}

// Pay brings up to n submitted claims to payment, one batch, with a rejected, an
// objected and a failed one among them, and then has goods of one paid claim
// returned, which makes a clawback that is refunded. It returns the claims paid.
func Pay(t apptest.TB, w *apptest.World, n int) []domain.ID {
	t.Helper()
	k := &clerk{t: t, w: w}
	submitted := k.submitted(n)
	k.do("claim.reject", by("OF-1", domain.Officer, 0), map[string]any{"claim_id": submitted[0], "reason": "单据不全"})
	rest := submitted[1:]
	for _, id := range rest {
		k.do("claim.approve", by("OF-1", domain.Officer, 1), map[string]any{"claim_id": id})
	}
	k.do("claim.publicise", by("OF-1", domain.Officer, 2), map[string]any{"claim_ids": rest, "from": "2022-03-03", "to": "2022-03-09"})
	k.do("claim.object", by("ZHANG", domain.Buyer, 3), map[string]any{"claim_id": rest[0], "reason": "数量有疑问"})
	k.do("claim.resolve_objection", by("OF-2", domain.Officer, 4), map[string]any{"claim_id": rest[0], "upheld": false, "note": "核对无误"})
	for _, id := range rest {
		k.do("claim.authorise", by("OF-2", domain.Officer, 12), map[string]any{"claim_id": id})
	}
	k.do("disbursement.batch", by("FI-1", domain.Finance, 13), map[string]any{"batch_id": "BATCH-1", "claim_ids": rest})
	var lines []map[string]any
	for i, id := range rest {
		status := "paid"
		if i == len(rest)-1 {
			status = "failed"
		}
		lines = append(lines, map[string]any{"claim_id": id, "status": status, "reason": "账号有误"})
		if status == "paid" {
			delete(lines[i], "reason")
		}
	}
	k.do("disbursement.confirm", by("FI-2", domain.Finance, 14), map[string]any{"batch_id": "BATCH-1", "lines": lines})
	k.returnSome(rest[0])
	return rest[:len(rest)-1]
}

// clerk sends commands that must be accepted.
type clerk struct {
	t apptest.TB
	w *apptest.World
	n int
}

func (k *clerk) do(command string, who domain.By, data map[string]any) app.Result {
	k.t.Helper()
	k.n++
	r := k.w.Send(fmt.Sprintf("audit:%d:%s", k.n, command), command, who, data)
	if !r.OK {
		k.t.Fatalf("%s %v: %v", command, data, r.Problem)
	}
	return r
}

// submitted lists claims that stand at submitted.
func (k *clerk) submitted(n int) []domain.ID {
	k.t.Helper()
	status := map[domain.ID]bool{}
	var order []domain.ID
	Each(k.t, k.w, func(e *events.Event) {
		switch f := e.Fact.(type) {
		case claim.Submitted:
			if _, ok := status[f.ClaimID]; !ok {
				order = append(order, f.ClaimID)
			}
			status[f.ClaimID] = true
		case claim.Reassessed:
			status[f.ClaimID] = status[f.ClaimID] && f.Total.Sign() > 0
		}
	})
	var out []domain.ID
	for _, id := range order {
		if status[id] && len(out) < n {
			out = append(out, id)
		}
	}
	if len(out) < 4 {
		k.t.Fatalf("the demo left %d submitted claims, at least 4 are needed", len(out))
	}
	return out
}

// returnSome returns a part of what a paid claim was for and refunds the clawback.
func (k *clerk) returnSome(id domain.ID) {
	k.t.Helper()
	var line *shipment.InspectedLine
	var ship *shipment.Inspected
	var of domain.ID
	Each(k.t, k.w, func(e *events.Event) {
		switch f := e.Fact.(type) {
		case claim.Assessed:
			if f.ClaimID == id {
				of = f.ShipmentID
			}
		}
	})
	Each(k.t, k.w, func(e *events.Event) {
		if f, ok := e.Fact.(shipment.Inspected); ok && f.ShipmentID == of {
			for i := range f.Lines {
				if f.Lines[i].Accepted.Sign() > 0 {
					ship, line = &f, &f.Lines[i]
				}
			}
		}
	})
	k.do("shipment.return", by(ship.BuyerID, domain.Buyer, 15), map[string]any{
		"shipment_id": of, "line_no": line.LineNo, "quantity": "1", "reason": "质量问题",
	})
	clawback := id + ".C1"
	k.do("clawback.approve", by("OF-1", domain.Officer, 16), map[string]any{"clawback_id": clawback})
	k.do("clawback.settle", by("FI-1", domain.Finance, 17), map[string]any{"clawback_id": clawback, "method": "refund", "reference": "R-1"})
}

// Each calls fn with every event.
func Each(t apptest.TB, w *apptest.World, fn func(*events.Event)) {
	t.Helper()
	for p := range w.Position() {
		c := w.Commit(p + 1)
		for i := range c.Events {
			fn(&c.Events[i])
		}
	}
}

// Commits returns every commit of the world, decoded.
func Commits(t apptest.TB, w *apptest.World) []events.Commit {
	t.Helper()
	var list []events.Commit
	for p := range w.Position() {
		list = append(list, *w.Commit(p + 1))
	}
	return list
}

// Encode writes commits as they are stored.
func Encode(t apptest.TB, commits []events.Commit) [][]byte {
	t.Helper()
	var lines [][]byte
	for _, c := range commits {
		b, err := events.Encode(nil, Source, c)
		if err != nil {
			t.Fatalf("encode commit %d: %v", c.Position, err)
		}
		lines = append(lines, b)
	}
	return lines
}

// Reader reads lines as a log.
func Reader(lines [][]byte) projections.Reader {
	return func(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
		for at := from - 1; at < uint64(len(lines)); at += 100 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := fn(at+1, lines[at:min(at+100, uint64(len(lines)))]); err != nil {
				return err
			}
		}
		return nil
	}
}
