package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// nodesMax bounds the things that one answer shows.
const nodesMax = 2000

// ErrUnknown says that nothing in the log has the id.
var ErrUnknown = errors.New("trace: nothing has this id")

// Node is one thing of an answer.
type Node struct {
	Kind   string  `json:"kind"`
	ID     string  `json:"id"`
	Events []Event `json:"events,omitzero"`
	Lines  []Line  `json:"lines,omitzero"` // of a claim
	// Because and LeadsTo are the causes and the effects. A thing that is shown
	// elsewhere in the answer stands there without them: Again.
	Because []*Node `json:"because,omitzero"`
	LeadsTo []*Node `json:"leads_to,omitzero"`
	Again   bool    `json:"again,omitzero"`
}

// Event is an event of an answer.
type Event struct {
	Position uint64 `json:"position"`
	ID       string `json:"id"`
	Name     string `json:"name"`
	Actor    string `json:"actor"`
	Role     string `json:"role"`
	Via      string `json:"via"`
	Time     string `json:"time"`
	Cause    string `json:"cause,omitzero"` // event id
	Says     string `json:"says,omitzero"`
	IsTheOne bool   `json:"asked,omitzero"` // it was asked for
	Proof    string `json:"proof,omitzero"` // file with the proof of its commit: see [Prove]
}

// Line is a line of a claim with every step of its calculation.
type Line struct {
	LineNo     int      `json:"line_no"`
	OrderID    string   `json:"order_id"`
	OrderLine  int      `json:"order_line"`
	ItemID     string   `json:"item_id"`
	AcceptedKg string   `json:"accepted_kg"`
	Subsidy    string   `json:"subsidy"`
	Shares     []Share  `json:"shares,omitzero"`
	Steps      []string `json:"steps,omitzero"`
	EventID    string   `json:"event_id"` // that says so
}

// Share is what a funder bears.
type Share struct {
	FunderID string `json:"funder_id"`
	BudgetID string `json:"budget_id"`
	Amount   string `json:"amount"`
}

// Of traces an id through the log. An id that names several things (an order and a
// shipment, say) gives one node for each. A line of a claim, an order, a shipment or
// a payment batch is its id, a slash and the line's number; that of a batch is the
// claim that was paid by it.
func Of(ctx context.Context, read projections.Reader, id string) ([]*Node, error) {
	t := &tracer{id: id, kinds: map[domain.Ref]bool{}, because: map[domain.Ref][]domain.Ref{}, leads: map[domain.Ref][]domain.Ref{}}
	if before, no, ok := cutLast(id, "/"); ok {
		if n, err := strconv.Atoi(no); err == nil {
			t.of, t.line = domain.ID(before), n
		}
	}
	if err := each(ctx, read, t.learn); err != nil {
		return nil, err
	}
	switch {
	case len(t.roots) == 0 && t.without != "":
		return nil, fmt.Errorf("%w: %q: the %s %q has no line %d; its lines are %v", ErrUnknown, id, t.without, t.of, t.line, t.has)
	case len(t.roots) == 0:
		return nil, fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	t.nodes = map[domain.Ref]*Node{}
	for _, r := range t.roots {
		t.mark(r, t.because)
		t.mark(r, t.leads)
	}
	if err := each(ctx, read, t.collect); err != nil {
		return nil, err
	}
	var out []*Node
	for _, r := range t.roots {
		out = append(out, t.tree(r))
	}
	return out, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// each calls fn with every event.
func each(ctx context.Context, read projections.Reader, fn func(*events.Event)) error {
	return read(ctx, 1, func(first uint64, commits [][]byte) error {
		for i, line := range commits {
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", first+uint64(i), err)
			}
			for k := range c.Events {
				fn(&c.Events[k])
			}
		}
		return nil
	})
}

// tracer is one run of Of.
type tracer struct {
	id      string
	of      domain.ID // what a line is asked for of; "" if none is
	line    int
	without string // the kind of what has no such line
	has     []int  // the lines that it has
	roots   []domain.Ref
	kinds   map[domain.Ref]bool // of the roots, known
	because map[domain.Ref][]domain.Ref
	leads   map[domain.Ref][]domain.Ref

	nodes map[domain.Ref]*Node
	shown map[domain.Ref]bool
}

// learn takes the edges of an event, and the roots.
func (t *tracer) learn(e *events.Event) {
	for _, x := range edges(e) {
		if !slices.Contains(t.because[x.of], x.because) {
			t.because[x.of] = append(t.because[x.of], x.because)
			t.leads[x.because] = append(t.leads[x.because], x.of)
		}
	}
	for _, r := range owners(e) {
		switch {
		case e.ID == t.id, string(r.ID) == t.id, e.CommandID == t.id && e.Index == 1:
			t.root(r)
		}
	}
	if t.of != "" {
		t.learnLine(e)
	}
}

func (t *tracer) root(r domain.Ref) {
	if !t.kinds[r] {
		t.kinds[r] = true
		t.roots = append(t.roots, r)
	}
}

// learnLine takes a root that is asked for by the number of a line.
func (t *tracer) learnLine(e *events.Event) {
	lines := map[int]domain.Ref{}
	switch f := e.Fact.(type) {
	case claim.Assessed:
		t.claimLines(lines, &f.Assessment)
	case claim.Waitlisted:
		t.claimLines(lines, &f.Assessment)
	case claim.Refused:
		t.claimLines(lines, &f.Assessment)
	case order.Submitted:
		for _, l := range f.Lines {
			lines[l.LineNo] = e.Subject
		}
	case shipment.Logged:
		for _, l := range f.Lines {
			lines[l.LineNo] = e.Subject
		}
	case disbursement.Batched:
		for _, l := range f.Lines {
			lines[l.LineNo] = claim.Ref(l.ClaimID)
		}
	}
	if len(lines) == 0 || e.Subject.ID != t.of {
		return
	}
	if r, ok := lines[t.line]; ok {
		t.root(r)
		return
	}
	t.without, t.has = e.Subject.Kind, slices.Sorted(maps.Keys(lines))
}

func (t *tracer) claimLines(lines map[int]domain.Ref, a *claim.Assessment) {
	for _, l := range a.Lines {
		lines[l.LineNo] = a.Subject()
	}
}

// mark makes the nodes that can be reached from r one way.
func (t *tracer) mark(r domain.Ref, way map[domain.Ref][]domain.Ref) {
	seen := map[domain.Ref]bool{}
	for next := []domain.Ref{r}; len(next) > 0 && len(t.nodes) < nodesMax; next = next[1:] {
		if seen[next[0]] {
			continue
		}
		seen[next[0]] = true
		if t.nodes[next[0]] == nil {
			t.nodes[next[0]] = &Node{Kind: next[0].Kind, ID: string(next[0].ID)}
		}
		next = append(next, way[next[0]]...)
	}
}

// collect takes the events of the nodes.
func (t *tracer) collect(e *events.Event) {
	for _, r := range owners(e) {
		n := t.nodes[r]
		if n == nil {
			continue
		}
		n.Events = append(n.Events, Event{Position: e.Position, ID: e.ID, Name: e.Name(), Actor: string(e.Actor), Role: string(e.Role),
			Via: string(e.Via), Time: e.Time.String(), Cause: e.Causation, Says: says(e), IsTheOne: e.ID == t.id})
		t.lines(n, e)
	}
}

// lines keeps the lines of a claim as they stand, with the steps that led there.
func (t *tracer) lines(n *Node, e *events.Event) {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		n.assess(e, &f.Assessment, t.only(n))
	case claim.Waitlisted:
		n.assess(e, &f.Assessment, t.only(n))
	case claim.Refused:
		n.assess(e, &f.Assessment, t.only(n))
	case claim.TakenUp:
		for _, p := range f.Lines {
			n.update(e, p.LineNo, p.AcceptedKg, p.Subsidy, p.Shares, nil)
		}
	case claim.Reassessed:
		for _, l := range f.Lines {
			steps := make([]string, len(l.Steps))
			for i, s := range l.Steps {
				steps[i] = stepText(s)
			}
			n.update(e, l.LineNo, l.AcceptedKg, l.Subsidy, l.Shares, steps)
		}
	}
}

// only is the one line of a node that was asked for; 0 for all.
func (t *tracer) only(n *Node) int {
	if domain.ID(n.ID) == t.of {
		return t.line
	}
	return 0
}

func (n *Node) assess(e *events.Event, a *claim.Assessment, only int) {
	for _, l := range a.Lines {
		if only != 0 && l.LineNo != only {
			continue
		}
		line := Line{LineNo: l.LineNo, OrderID: string(l.OrderID), OrderLine: l.OrderLine, ItemID: string(l.ItemID),
			AcceptedKg: l.AcceptedKg.String(), Subsidy: l.Subsidy.String(), Shares: sharesOf(l.Shares), EventID: e.ID}
		for _, s := range l.Steps {
			line.Steps = append(line.Steps, stepText(s))
		}
		n.Lines = append(n.Lines, line)
	}
}

func (n *Node) update(e *events.Event, no int, kg domain.Kg, subsidy domain.Money, shares []claim.Share, steps []string) {
	for i := range n.Lines {
		l := &n.Lines[i]
		if l.LineNo != no {
			continue
		}
		l.AcceptedKg, l.Subsidy, l.EventID = kg.String(), subsidy.String(), e.ID
		if shares != nil {
			l.Shares = sharesOf(shares)
		}
		if len(steps) > 0 {
			l.Steps = steps
		}
	}
}

func sharesOf(shares []claim.Share) []Share {
	out := make([]Share, len(shares))
	for i, s := range shares {
		out[i] = Share{string(s.FunderID), string(s.BudgetID), s.Amount.String()}
	}
	return out
}

// tree joins the nodes from a root: causes of causes, effects of effects. Each
// thing is shown whole once.
func (t *tracer) tree(root domain.Ref) *Node {
	n := t.nodes[root]
	t.shown = map[domain.Ref]bool{root: true}
	n.Because = t.join(root, t.because, func(n *Node, list []*Node) { n.Because = list })
	n.LeadsTo = t.join(root, t.leads, func(n *Node, list []*Node) { n.LeadsTo = list })
	return n
}

func (t *tracer) join(r domain.Ref, way map[domain.Ref][]domain.Ref, set func(*Node, []*Node)) []*Node {
	var out []*Node
	for _, next := range way[r] {
		n := t.nodes[next]
		if n == nil {
			continue // behind nodesMax
		}
		if t.shown[next] {
			out = append(out, &Node{Kind: n.Kind, ID: n.ID, Again: true})
			continue
		}
		t.shown[next] = true
		c := *n
		set(&c, t.join(next, way, set))
		out = append(out, &c)
	}
	return out
}
