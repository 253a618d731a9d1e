package policy

import (
	"fmt"
	"slices"

	"zhitong/domain"
)

// The operations of a step. Each is plain arithmetic over its operands, so that
// anyone can do it again by hand: [Step.Again].
const (
	opMatch  = "match"  // which rule of the group counts; the result is its id, "" for none
	opTimes  = "times"  // the product of two operands
	opOver   = "over"   // the first ÷ the second, twelve places, half up; 0 where the second is 0
	opExcess = "excess" // max(0, the first − the second)
	opLeast  = "least"  // the smaller of two operands
	opSum    = "sum"    // the sum of all operands; 0 where there are none
	opRound  = "round"  // the operand, half up to the fen
	opBand   = "band"   // the kg of [start, start + kg] that lie in [from, to]
)

// Step is one step of a calculation: an operation, its operands with their names,
// and its result. What says which part of the rule it is.
type Step struct {
	Op     string    `json:"op"`
	What   string    `json:"what"`
	Rule   domain.ID `json:"rule,omitzero"`
	With   []Operand `json:"with,omitzero"`
	Result string    `json:"result"`
}

// Operand is a named number of a step.
type Operand struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type operand = Operand

// worksheet collects the steps of one calculation. When it is done once more, like
// are the steps of the first time, whose texts are used again where they are right:
// checking a calculation then needs hardly any memory.
type worksheet struct {
	steps []Step
	like  []Step
}

func (w *worksheet) note(op, what string, rule domain.ID, result string, with ...operand) {
	if l := w.before(); l != nil && slices.Equal(l.With, with) {
		w.steps = append(w.steps, Step{op, what, rule, l.With, result})
		return
	}
	w.steps = append(w.steps, Step{op, what, rule, slices.Clone(with), result})
}

// before is the next step as it was the first time; nil where there was none.
func (w *worksheet) before() *Step {
	if n := len(w.steps); n < len(w.like) {
		return &w.like[n]
	}
	return nil
}

// named is the i-th operand of the next step.
func (w *worksheet) named(i int, name string, e domain.Exact) operand {
	if l := w.before(); l != nil && i < len(l.With) && e.Is(l.With[i].Value) {
		return operand{name, l.With[i].Value}
	}
	return operand{name, e.String()}
}

// result is the result of the next step.
func (w *worksheet) result(e domain.Exact) string {
	if l := w.before(); l != nil && e.Is(l.Result) {
		return l.Result
	}
	return e.String()
}

// money is the result of the next step, which is an amount.
func (w *worksheet) money(m domain.Money) string {
	if l := w.before(); l != nil && m.Is(l.Result) {
		return l.Result
	}
	return m.String()
}

// amount is the text of the i-th operand of the next step, which is an amount.
func (w *worksheet) amount(i int, m domain.Money) string {
	if l := w.before(); l != nil && i < len(l.With) && m.Is(l.With[i].Value) {
		return l.With[i].Value
	}
	return m.String()
}

// what is what the next step is about: a kind, a colon and a word.
func (w *worksheet) what(kind, word string) string {
	if l := w.before(); l != nil && len(l.What) == len(kind)+1+len(word) &&
		l.What[:len(kind)] == kind && l.What[len(kind)] == ':' && l.What[len(kind)+1:] == word {
		return l.What
	}
	return kind + ":" + word
}

// last is the result of the latest step.
func (w *worksheet) last() string { return w.steps[len(w.steps)-1].Result }

func (w *worksheet) match(group domain.ID, r *Rule) {
	id := domain.ID("")
	if r != nil {
		id = r.ID
	}
	w.note(opMatch, w.what("group", string(group)), id, string(id))
}

func (w *worksheet) times(what string, rule domain.ID, nameA string, a domain.Exact, nameB string, b domain.Exact) domain.Exact {
	return w.binary(opTimes, what, rule, a.Times(b), nameA, a, nameB, b)
}

func (w *worksheet) over(what string, rule domain.ID, nameA string, a domain.Exact, nameB string, b domain.Exact) domain.Exact {
	return w.binary(opOver, what, rule, a.Over(b), nameA, a, nameB, b)
}

func (w *worksheet) excess(what string, rule domain.ID, nameA string, a domain.Exact, nameB string, b domain.Exact) domain.Exact {
	return w.binary(opExcess, what, rule, a.Excess(b), nameA, a, nameB, b)
}

func (w *worksheet) binary(op, what string, rule domain.ID, result domain.Exact, nameA string, a domain.Exact, nameB string, b domain.Exact) domain.Exact {
	w.note(op, what, rule, w.result(result), w.named(0, nameA, a), w.named(1, nameB, b))
	return result
}

func (w *worksheet) least(what string, rule domain.ID, a domain.Exact, bound operand, b domain.Exact) domain.Exact {
	least := a.Min(b)
	w.note(opLeast, what, rule, w.result(least), w.named(0, "amount", a), bound)
	return least
}

func (w *worksheet) sum(what string, rule domain.ID, parts []domain.Exact) domain.Exact {
	var few [operandsFew]operand
	total, with := domain.Money{}.Exact(), few[:0]
	for i, p := range parts {
		total = total.Plus(p)
		with = append(with, w.named(i, "part", p))
	}
	w.note(opSum, what, rule, w.result(total), with...)
	return total
}

func (w *worksheet) band(rule domain.ID, start domain.Exact, kg domain.Kg, from domain.Exact, to domain.Kg, in domain.Exact) domain.Exact {
	var few [operandsFew]operand
	with := append(few[:0], w.named(0, "start", start), operand{"kg", kg.String()}, w.named(2, "from", from))
	if !to.IsZero() {
		with = append(with, operand{"to", to.String()})
	}
	w.note(opBand, "band", rule, w.result(in), with...)
	return in
}

// Again does the step's arithmetic once more, from its operands alone, and returns
// the result as text. A match is taken as it is.
func (s Step) Again() (string, error) {
	var few [operandsFew]domain.Exact
	n := few[:0]
	for _, o := range s.With {
		v, err := domain.ParseExact(o.Value)
		if err != nil {
			return "", fmt.Errorf("step %q, operand %q: %w", s.What, o.Name, err)
		}
		n = append(n, v)
	}
	if need := s.operands(); len(n) < need {
		return "", fmt.Errorf("step %q: %s has %d operands, needs %d", s.What, s.Op, len(n), need)
	}
	switch s.Op {
	case opMatch:
		return s.Result, nil
	case opRound:
		if amount := n[0].Round(); !amount.Is(s.Result) {
			return amount.String(), nil
		}
		return s.Result, nil
	}
	again, ok := s.reckon(n)
	switch {
	case !ok:
		return "", fmt.Errorf("step %q: unknown operation %q", s.What, s.Op)
	case again.Is(s.Result):
		return s.Result, nil
	}
	return again.String(), nil
}

// operandsFew is how many operands nearly every step has at most.
const operandsFew = 4

// operands is how many operands the operation needs.
func (s Step) operands() int {
	switch s.Op {
	case opTimes, opOver, opExcess, opLeast:
		return 2
	case opRound:
		return 1
	case opBand:
		return 3
	}
	return 0
}

// reckon does an operation whose result is not rounded; false where there is none.
func (s Step) reckon(n []domain.Exact) (domain.Exact, bool) {
	switch s.Op {
	case opTimes:
		return n[0].Times(n[1]), true
	case opOver:
		return n[0].Over(n[1]), true
	case opExcess:
		return n[0].Excess(n[1]), true
	case opLeast:
		return n[0].Min(n[1]), true
	case opSum:
		total := domain.Money{}.Exact()
		for _, v := range n {
			total = total.Plus(v)
		}
		return total, true
	case opBand:
		end, from := n[0].Plus(n[1]), n[0].Max(n[2])
		if len(n) > 3 {
			end = end.Min(n[3])
		}
		return end.Excess(from), true
	}
	return domain.Exact{}, false
}
