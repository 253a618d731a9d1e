package trace_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhitong/audit/audittest"
	"zhitong/audit/trace"
	"zhitong/domain"
	"zhitong/domain/claim"
)

// kinds lists the kinds that an answer shows one way.
func kinds(list []*trace.Node, way func(*trace.Node) []*trace.Node) []string {
	var out []string
	for _, n := range list {
		if !slices.Contains(out, n.Kind) {
			out = append(out, n.Kind)
		}
		for _, k := range kinds(way(n), way) {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return out
}

func because(n *trace.Node) []*trace.Node { return n.Because }
func leadsTo(n *trace.Node) []*trace.Node { return n.LeadsTo }

func TestTrace(t *testing.T) {
	t.Parallel()
	w := audittest.Short(t)
	paid := audittest.Pay(t, w, 6)
	commits := audittest.Commits(t, w)
	read := audittest.Reader(audittest.Encode(t, commits))
	id := paid[0]
	var assessed claim.Assessed
	var event string
	for _, c := range commits {
		for _, e := range c.Events {
			if f, ok := e.Fact.(claim.Assessed); ok && f.ClaimID == id {
				assessed, event = f, e.ID
			}
		}
	}
	of := func(t *testing.T, id string) *trace.Node {
		t.Helper()
		nodes, err := trace.Of(t.Context(), read, id)
		if err != nil || len(nodes) != 1 {
			t.Fatalf("%s: %d nodes, %v", id, len(nodes), err)
		}
		return nodes[0]
	}
	t.Run("AClaimLeadsBackToItsCausesAndForwardToItsEffects", func(t *testing.T) {
		t.Parallel()
		n := of(t, string(id))
		if got, want := kinds(n.Because, because), []string{"departure", "fund", "order", "party", "policy", "route", "shipment"}; !slices.Equal(got, want) {
			t.Errorf("because of %v, want %v", got, want)
		}
		if got, want := kinds(n.LeadsTo, leadsTo), []string{"clawback", "disbursement"}; !slices.Equal(got, want) {
			t.Errorf("leads to %v, want %v", got, want)
		}
		if len(n.Lines) != len(assessed.Lines) || len(n.Lines[0].Steps) == 0 || len(n.Lines[0].Shares) == 0 {
			t.Errorf("lines %+v", n.Lines)
		}
	})
	t.Run("ALineAnEventAnOrderAShipmentABatchAndAClawbackAreFound", func(t *testing.T) {
		t.Parallel()
		if n := of(t, string(id)+"/1"); len(n.Lines) != 1 {
			t.Errorf("the line: %+v", n.Lines)
		}
		if n := of(t, event); !slices.ContainsFunc(n.Events, func(e trace.Event) bool { return e.IsTheOne }) {
			t.Error("the event is not marked")
		}
		for _, x := range []domain.ID{assessed.ShipmentID, assessed.Lines[0].OrderID, "BATCH-1", id + ".C1", assessed.FundID, assessed.DepartureID} {
			if n := of(t, string(x)); len(n.Events) == 0 {
				t.Errorf("%s has no events", x)
			}
		}
		order := of(t, string(assessed.Lines[0].OrderID))
		if got := kinds(order.LeadsTo, leadsTo); !slices.Contains(got, "claim") || !slices.Contains(got, "disbursement") {
			t.Errorf("an order leads to %v", got)
		}
	})
	t.Run("ALineOfAnythingIsFoundAndOneThatIsNotThereIsNot", func(t *testing.T) {
		t.Parallel()
		for of1, kind := range map[domain.ID]string{"BATCH-1/1": "claim", assessed.ShipmentID + "/1": "shipment", assessed.Lines[0].OrderID + "/1": "order"} {
			if n := of(t, string(of1)); n.Kind != kind {
				t.Errorf("%s is a %s, want %s", of1, n.Kind, kind)
			}
		}
		if n := of(t, "BATCH-1/1"); n.ID != string(id) {
			t.Errorf("the first line of the batch is claim %s, want %s", n.ID, id)
		}
		for _, x := range []domain.ID{id, assessed.ShipmentID, assessed.Lines[0].OrderID, "BATCH-1"} {
			if _, err := trace.Of(t.Context(), read, string(x)+"/99"); !errors.Is(err, trace.ErrUnknown) || !strings.Contains(err.Error(), "has no line 99; its lines are [1") {
				t.Errorf("%s/99: %v", x, err)
			}
		}
	})
	t.Run("EachEventIsProved", func(t *testing.T) {
		t.Parallel()
		nodes := []*trace.Node{of(t, string(id))}
		proved := map[uint64]int{}
		err := trace.Prove(nodes, func(position uint64) (string, error) {
			proved[position]++
			return fmt.Sprint(position), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var all func(list []*trace.Node)
		all = func(list []*trace.Node) {
			for _, x := range list {
				for _, e := range x.Events {
					n++
					if e.Proof != fmt.Sprint(e.Position) || proved[e.Position] != 1 {
						t.Errorf("%s at %d has the proof %q, made %d times", e.Name, e.Position, e.Proof, proved[e.Position])
					}
				}
				all(x.Because)
				all(x.LeadsTo)
			}
		}
		if all(nodes); n < 20 {
			t.Errorf("only %d events", n)
		}
	})
	t.Run("WhatIsNotThereIsUnknown", func(t *testing.T) {
		t.Parallel()
		if _, err := trace.Of(t.Context(), read, "NOTHING"); !errors.Is(err, trace.ErrUnknown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("Forms", func(t *testing.T) {
		t.Parallel()
		nodes := []*trace.Node{of(t, string(id))}
		var text, js, dot, mermaid strings.Builder
		err := errors.Join(trace.Text(&text, nodes), trace.JSON(&js, nodes), trace.Graphviz(&dot, nodes), trace.Mermaid(&mermaid, nodes))
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string][2]string{
			"text":     {text.String(), "← shipment " + string(assessed.ShipmentID)},
			"json":     {js.String(), `"kind": "clawback"`},
			"graphviz": {dot.String(), `-> "clawback ` + string(id) + `.C1"`},
			"mermaid":  {mermaid.String(), `["policy SGYD@`},
		} {
			if !strings.Contains(c[0], c[1]) {
				t.Errorf("%s has no %q:\n%s", name, c[1], c[0])
			}
		}
		if testing.Verbose() {
			t.Log(text.String())
		}
	})
}
