package model

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// generator writes a history. It runs a model of its own beside it, so that it
// can aim: at an order line's ceiling, at the last fen of a budget line, at
// what may be done next with a claim.
type generator struct {
	r      *rand.Rand
	m      *Model
	at     time.Time
	serial int
	out    []Command
	sent   []Outcome // beside out
	logs   []Command // accepted loggings, to say them again
}

// generatorClock is the recording clock of the generator's own model.
var generatorClock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Generate makes a history of about n commands. The same seed gives the same
// history.
func Generate(seed uint64, n int) []Command {
	g := &generator{r: rand.New(rand.NewPCG(seed, 369)), m: New(generatorClock)}
	g.at = pick(g, []time.Time{
		time.Date(2020, 12, 20, 9, 0, 0, 0, shanghai),
		time.Date(2021, 3, 1, 9, 0, 0, 0, shanghai),
		time.Date(2021, 6, 10, 9, 0, 0, 0, shanghai),
	})
	g.setUp()
	for idle := 0; len(g.out) < n && idle < 1000; idle++ {
		g.step()
	}
	return g.out
}

type action struct {
	weight int
	do     func(*generator)
}

// trade are the steps that bring goods to their buyers; subsidy are those that
// bring claims to their end. A step that finds nothing to do does nothing.
func trade() []action {
	return []action{
		{6, (*generator).submitOrder}, {10, (*generator).confirmOrder}, {2, (*generator).revisePrice},
		{1, (*generator).shortClose}, {1, (*generator).cancelOrder},
		{10, (*generator).logShipment}, {3, (*generator).correctShipment}, {1, (*generator).cancelShipment},
		{4, (*generator).scheduleDeparture}, {14, (*generator).loadShipment}, {12, (*generator).depart},
		{1, (*generator).transship}, {12, (*generator).arrive}, {1, (*generator).cancelDeparture}, {8, (*generator).freight},
		{18, (*generator).inspect}, {8, (*generator).deliver}, {2, (*generator).masterData}, {2, (*generator).sayAgain}, {1, (*generator).openFund},
	}
}

func subsidy() []action {
	return []action{
		{9, (*generator).submitClaim}, {9, (*generator).approveClaim}, {8, (*generator).publicise}, {2, (*generator).object},
		{5, (*generator).resolve}, {10, (*generator).authorise}, {1, (*generator).reject}, {1, (*generator).assessByHand},
		{9, (*generator).batch}, {8, (*generator).confirmBatch}, {8, (*generator).approveClawback}, {9, (*generator).settleClawback},
		{3, (*generator).adjustFund}, {1, (*generator).addBudget}, {1, (*generator).openFund}, {1, (*generator).publishPolicy},
		{1, (*generator).withdrawPolicy}, {1, (*generator).sayAgain}, {5, (*generator).returnGoods}, {9, (*generator).correctInspection},
		{5, (*generator).freight}, {3, (*generator).inspect}, {14, (*generator).advance}, {6, (*generator).takeBack},
	}
}

// claimsInPlay is from how many claims on a step is rather about them.
const claimsInPlay = 3

func (g *generator) step() {
	all, total := trade(), 0
	if len(g.m.claims) >= claimsInPlay && g.chance(75) || len(g.m.claims) > 0 && g.chance(40) || g.chance(10) {
		all = subsidy()
	}
	for _, a := range all {
		total += a.weight
	}
	n := g.r.IntN(total)
	for _, a := range all {
		if n -= a.weight; n < 0 {
			a.do(g)
			return
		}
	}
}

// pick chooses one; list is not empty.
func pick[T any](g *generator, list []T) T { return list[g.r.IntN(len(list))] }

// chance is true p times in a hundred.
func (g *generator) chance(p int) bool { return g.r.IntN(100) < p }

// wrong says that this command should try something that is not allowed.
func (g *generator) wrong() bool { return g.chance(7) }

// where filters a map's values in the order of their keys.
func where[V any](m map[string]V, keep func(V) bool) []V {
	var out []V
	for _, v := range inOrder(m) {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}

func (g *generator) id(prefix string) string {
	g.serial++
	return fmt.Sprintf("%s%d", prefix, g.serial)
}

func (g *generator) someone(prefix string, n int) string {
	return fmt.Sprintf("%s%d", prefix, 1+g.r.IntN(n))
}

func (g *generator) officer() string    { return g.someone("U-O", 5) }
func (g *generator) dispatcher() string { return g.someone("U-D", 4) }
func (g *generator) finance() string    { return g.someone("U-F", 3) }

type data map[string]any

// send appends a command and lets the generator's model decide it.
func (g *generator) send(command, actor, role string, d data) bool {
	if g.m.opened {
		g.garble(d)
	}
	text, err := json.Marshal(map[string]any(d), json.Deterministic(true))
	if err != nil {
		panic("model: " + err.Error())
	}
	if g.chance(1) && g.m.opened {
		role = pick(g, []string{"officer", "buyer", "cooperative", "finance", "dispatcher", "auditor", "carrier", "funder", "operator"})
	}
	c := Command{ID: g.id("c"), Command: command, Actor: actor, Role: role, Time: g.clock(command), Data: jsontext.Value(text)}
	return g.append(c)
}

func (g *generator) append(c Command) bool {
	outcome, _ := g.m.Apply(c)
	g.out, g.sent = append(g.out, c), append(g.sent, outcome)
	if c.Command == "shipment.log" && outcome == Accepted {
		g.logs = append(g.logs, c)
	}
	return outcome == Accepted
}

// clock moves the time on and writes it in one of the zones in use. A few
// entries come late, though never a vehicle's departure or arrival.
func (g *generator) clock(command string) string {
	g.at = g.at.Add(time.Duration(1+g.r.IntN(180)) * time.Minute)
	if g.chance(12) {
		g.at = g.at.Add(time.Duration(g.r.IntN(72)) * time.Hour)
	}
	at := g.at
	if g.chance(4) && command != "departure.depart" && command != "departure.arrive" {
		at = at.Add(-time.Duration(g.r.IntN(24*12)) * time.Hour)
	}
	zone := pick(g, []int{8, 8, 6, 0})
	return at.In(time.FixedZone("", zone*3600)).Format(time.RFC3339)
}

// garble now and then names somebody who isn't there, or says something twice.
func (g *generator) garble(d data) {
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if strings.HasSuffix(k, "_id") && g.r.IntN(250) == 0 {
			d[k] = pick(g, []any{"nobody", 7, strings.Repeat("长", 65)})
		}
	}
	if list, ok := d["lines"].([]data); ok && len(list) > 0 && g.chance(1) {
		d["lines"] = append(list, list[0])
	}
	if list, ok := d["claim_ids"].([]string); ok && g.chance(3) {
		d["claim_ids"] = append(list, list[0])
	}
}

// upTo is a decimal text between 0 and top, often exactly top.
func (g *generator) upTo(top num, places int) string {
	if g.chance(25) {
		return trimmed(floorAt(top, places), places)
	}
	part := mul(top, quo(whole(int64(1+g.r.IntN(99))), whole(100)))
	if g.chance(60) {
		places = min(places, 1)
	}
	return trimmed(floorAt(part, places), places)
}

// trimmed writes a number with as many places as it needs, now and then more.
func trimmed(n num, places int) string {
	s := text(n, places)
	for places > 0 && (s[len(s)-1] == '0' || s[len(s)-1] == '.') {
		point := s[len(s)-1] == '.'
		s = s[:len(s)-1]
		if point {
			break
		}
	}
	return s
}

// spoil makes a number text wrong now and then.
func (g *generator) spoil(s string) any {
	if !g.chance(1) {
		return s
	}
	return pick(g, []any{"-1", "+1", "1e3", "", "1.2345678", ".5", "5.", 5, "１", " 1", "1234567890123456"})
}

// around is a weight within some percent of n.
func (g *generator) around(n num, percent int) num {
	by := whole(int64(100*100 + g.r.IntN(2*percent*100+1) - percent*100))
	return gram(quo(mul(n, by), whole(100*100)))
}

// sayAgain sends an earlier command as it was, or its id with other content, or
// a waybill under other ids.
func (g *generator) sayAgain() {
	i := g.r.IntN(len(g.out))
	c := g.out[i]
	switch {
	case g.chance(40) && len(g.logs) > 0:
		c = pick(g, g.logs)
		var d data
		if json.Unmarshal(c.Data, &d) != nil {
			return
		}
		if g.chance(70) {
			d["shipment_id"] = g.id("S")
		}
		text, err := json.Marshal(map[string]any(d), json.Deterministic(true))
		if err != nil {
			return
		}
		c.ID, c.Data = g.id("c"), text
	case g.chance(25):
		c.Time = g.clock("")
	}
	g.append(c)
}
