package subsidy_test

import (
	"fmt"
	"strings"
	"testing"

	"zhitong/internal/app"
	"zhitong/internal/app/apptest"
)

// bench is a programme with cooperatives C1 and C2, buyer B1, two funders, items
// jujube and walnut, and whatever policy and fund a test lays on it.
type bench struct {
	*testing.T
	w *apptest.World
	n int
}

// day is the claimed day of commands that name none.
const day = "2021-06-10"

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, w: newWorld(t)}
	b.ok("programme.open U-OP operator", `{"programme_id":"P369","name":{"zh":"直通"},"currency":"CNY","timezone":"Asia/Shanghai"}`)
	for _, p := range []string{`"C1","kind":"cooperative"`, `"C2","kind":"cooperative"`, `"B1","kind":"buyer","channel":"schools"`, `"F-A","kind":"funder"`, `"F-B","kind":"funder"`} {
		b.ok("party.register U-OFF officer", `{"party_id":`+p+`,"name":{"zh":"n"}}`)
	}
	for _, i := range []string{"jujube", "walnut"} {
		b.ok("item.register U-OFF officer", `{"item_id":"`+i+`","name":{"zh":"n"},"category":"dried","units":{"box":"2.5"},"loss_allowance":"0"}`)
	}
	b.ok("route.open U-DIS dispatcher", `{"route_id":"R","origin":"a","destination":"b","distance_km":"1","calendar":{"weekdays":[1,2,3,4,5,6,7]},"transit_hours":{"min":"1","max":"2"},"vehicle_capacity_kg":"9000000"}`)
	for _, c := range []string{"C1", "C2"} {
		b.ok("order.submit B1 buyer", fmt.Sprintf(`{"order_id":"PO-%[1]s","buyer_id":"B1","lines":[{"line_no":1,"item_id":"jujube","quantity":"1000000","unit":"kg","unit_price":"20","cooperative_id":"%[1]s"},{"line_no":2,"item_id":"walnut","quantity":"1000000","unit":"kg","unit_price":"20","cooperative_id":"%[1]s"}]}`, c))
		b.ok("order.confirm U-DIS dispatcher", fmt.Sprintf(`{"order_id":"PO-%s"}`, c))
	}
	return b
}

// do sends "command actor role" or "command actor role time".
func (b *bench) do(who, data string) app.Result {
	b.Helper()
	w := strings.Fields(who)
	at := day + "T12:00:00+08:00"
	if len(w) > 3 {
		at = w[3]
	}
	b.n++
	return b.w.Do(fmt.Sprintf(`{"id":"K-%d","command":%q,"actor":%q,"role":%q,"time":%q,"data":%s}`, b.n, w[0], w[1], w[2], at, data))
}

func (b *bench) ok(who, data string) app.Result {
	b.Helper()
	r := b.do(who, data)
	if !r.OK {
		b.Fatalf("%s %s: %v", who, data, r.Problem)
	}
	return r
}

// refused checks the code and that the detail has each of the texts.
func (b *bench) refused(who, data, code string, texts ...string) {
	b.Helper()
	r := b.do(who, data)
	if r.OK || r.Problem.Code != code {
		b.Fatalf("%s %s: got %v, want refusal %s", who, data, r.Problem, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.Problem.Error(), text) {
			b.Errorf("%s: %v does not say %q", who, r.Problem, text)
		}
	}
}

// policy publishes version 1 of P: 1.00 a kg, two funders of 0.65 and 0.35; changes
// are old and new texts in turn.
func (b *bench) policy(changes ...string) {
	b.Helper()
	b.ok("policy.publish U-OFF officer", policyText(changes...))
}

func policyText(changes ...string) string {
	text := `{"policy_id":"P","version":1,"name":{"zh":"n"},"effective":{"from":"2020-05-01","to":"2021-12-31"},"rules":[{"id":"kg","group":"price","kind":"per_kg","rate":"1"}],"limits":[],"split":[{"funder_id":"F-A","share":"0.65","budget_id":"A"},{"funder_id":"F-B","share":"0.35","budget_id":"B"}],"on_exhausted":"waitlist","approval":{"publicity_days":0,"distinct_actors":true}}`
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(text, changes[i]) {
			panic("the policy has no " + changes[i])
		}
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return text
}

func (b *bench) fund(a, other string) {
	b.Helper()
	b.ok("fund.open U-FIN finance", fmt.Sprintf(`{"fund_id":"FU","policy_id":"P","year":2021,"lines":[{"budget_id":"A","funder_id":"F-A","amount":%q},{"budget_id":"B","funder_id":"F-B","amount":%q}]}`, a, other))
}

// ship brings a shipment of jujube, and of walnut if more is given, to its
// inspection; all is accepted.
func (b *bench) ship(id, cooperative string, kg ...string) {
	b.Helper()
	b.travel(id, cooperative, kg...)
	b.inspect(id, day+"T12:00:00+08:00", kg...)
}

func (b *bench) travel(id, cooperative string, kg ...string) {
	b.Helper()
	var lines []string
	for i, q := range kg {
		lines = append(lines, fmt.Sprintf(`{"line_no":%d,"order_id":"PO-%s","order_line":%d,"quantity":%q}`, i+1, cooperative, i+1, q))
	}
	b.ok("shipment.log "+cooperative+" cooperative", fmt.Sprintf(`{"shipment_id":%q,"cooperative_id":%q,"waybill_no":%q,"lines":[%s]}`, id, cooperative, id, strings.Join(lines, ",")))
	b.ok("departure.schedule U-DIS dispatcher", fmt.Sprintf(`{"departure_id":"D-%s","route_id":"R","date":"2021-06-09","vehicle_plate":%q}`, id, id))
	b.ok("shipment.load U-DIS dispatcher", fmt.Sprintf(`{"shipment_id":%q,"departure_id":"D-%s"}`, id, id))
	b.ok("departure.depart U-DIS dispatcher", fmt.Sprintf(`{"departure_id":"D-%s"}`, id))
	b.ok("departure.arrive U-DIS dispatcher", fmt.Sprintf(`{"departure_id":"D-%s"}`, id))
}

func (b *bench) inspect(id, at string, kg ...string) {
	b.Helper()
	var lines []string
	for i, q := range kg {
		lines = append(lines, fmt.Sprintf(`{"line_no":%d,"arrived":%q,"accepted":%q}`, i+1, q, q))
	}
	b.ok("shipment.inspect U-DIS dispatcher "+at, fmt.Sprintf(`{"shipment_id":%q,"ticket_no":%q,"lines":[%s]}`, id, id, strings.Join(lines, ",")))
}

func (b *bench) giveBack(id string, line int, kg string) {
	b.Helper()
	b.ok("shipment.return B1 buyer", fmt.Sprintf(`{"shipment_id":%q,"line_no":%d,"quantity":%q,"reason":"r"}`, id, line, kg))
}

// life takes a claim on, each step by an actor of its own.
func (b *bench) life(id string, steps ...string) {
	b.Helper()
	for _, s := range steps {
		switch s {
		case "submit":
			b.ok("claim.submit C1 cooperative", `{"claim_id":"`+id+`"}`)
		case "approve":
			b.ok("claim.approve U-APP officer", `{"claim_id":"`+id+`"}`)
		case "publicise":
			b.ok("claim.publicise U-PUB officer", `{"claim_ids":["`+id+`"],"from":"`+day+`","to":"`+day+`"}`)
		case "object":
			b.ok("claim.object B1 buyer", `{"claim_id":"`+id+`","reason":"r"}`)
		case "authorise":
			b.ok("claim.authorise U-AUT officer", `{"claim_id":"`+id+`"}`)
		case "batch":
			b.ok("disbursement.batch U-FIN1 finance", `{"batch_id":"BT-`+id+`","claim_ids":["`+id+`"]}`)
		case "paid", "failed":
			b.ok("disbursement.confirm U-FIN2 finance", `{"batch_id":"BT-`+id+`","lines":[{"claim_id":"`+id+`","status":"`+s+`"}]}`)
		case "reject":
			b.ok("claim.reject U-REJ officer", `{"claim_id":"`+id+`","reason":"r"}`)
		default:
			b.Fatalf("no step %q", s)
		}
	}
}

// is checks rows of a view: the columns given, in the order of the keys.
func (b *bench) is(view, columns string, want ...string) {
	b.Helper()
	got := rows(b.T, foldWorld(b.T, b.w), view, strings.Fields(columns)...)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.Errorf("%s:\n got %q\nwant %q", view, got, want)
	}
}

// last is the id of the latest command.
func (b *bench) last() string { return fmt.Sprintf("K-%d", b.n) }
