package policy

import (
	"fmt"

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

// worksheet collects the steps of one calculation.
type worksheet struct{ steps []Step }

func (w *worksheet) note(op, what string, rule domain.ID, result string, with ...operand) {
	w.steps = append(w.steps, Step{op, what, rule, with, result})
}

// last is the result of the latest step.
func (w *worksheet) last() string { return w.steps[len(w.steps)-1].Result }

func (w *worksheet) match(group domain.ID, r *Rule) {
	id := domain.ID("")
	if r != nil {
		id = r.ID
	}
	w.note(opMatch, "group:"+string(group), id, string(id))
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
	w.note(op, what, rule, result.String(), operand{nameA, a.String()}, operand{nameB, b.String()})
	return result
}

func (w *worksheet) least(what string, rule domain.ID, a domain.Exact, bound operand, b domain.Exact) domain.Exact {
	least := a.Min(b)
	w.note(opLeast, what, rule, least.String(), operand{"amount", a.String()}, bound)
	return least
}

func (w *worksheet) sum(what string, rule domain.ID, parts []domain.Exact) domain.Exact {
	total := domain.Money{}.Exact()
	with := make([]operand, len(parts))
	for i, p := range parts {
		total = total.Plus(p)
		with[i] = operand{"part", p.String()}
	}
	w.note(opSum, what, rule, total.String(), with...)
	return total
}

func (w *worksheet) band(rule domain.ID, start domain.Exact, kg domain.Kg, from domain.Exact, to domain.Kg, in domain.Exact) domain.Exact {
	with := []operand{{"start", start.String()}, {"kg", kg.String()}, {"from", from.String()}}
	if !to.IsZero() {
		with = append(with, operand{"to", to.String()})
	}
	w.note(opBand, "band", rule, in.String(), with...)
	return in
}

// Again does the step's arithmetic once more, from its operands alone, and returns
// the result as text. A match is taken as it is.
func (s Step) Again() (string, error) {
	n := make([]domain.Exact, len(s.With))
	for i, o := range s.With {
		v, err := domain.ParseExact(o.Value)
		if err != nil {
			return "", fmt.Errorf("step %q, operand %q: %w", s.What, o.Name, err)
		}
		n[i] = v
	}
	need := map[string]int{opTimes: 2, opOver: 2, opExcess: 2, opLeast: 2, opRound: 1, opBand: 3}[s.Op]
	if len(n) < need {
		return "", fmt.Errorf("step %q: %s has %d operands, needs %d", s.What, s.Op, len(n), need)
	}
	switch s.Op {
	case opMatch:
		return s.Result, nil
	case opTimes:
		return n[0].Times(n[1]).String(), nil
	case opOver:
		return n[0].Over(n[1]).String(), nil
	case opExcess:
		return n[0].Excess(n[1]).String(), nil
	case opLeast:
		return n[0].Min(n[1]).String(), nil
	case opRound:
		return n[0].Round().String(), nil
	case opSum:
		total := domain.Money{}.Exact()
		for _, v := range n {
			total = total.Plus(v)
		}
		return total.String(), nil
	case opBand:
		end, from := n[0].Plus(n[1]), n[0].Max(n[2])
		if len(n) > 3 {
			end = end.Min(n[3])
		}
		return end.Excess(from).String(), nil
	}
	return "", fmt.Errorf("step %q: unknown operation %q", s.What, s.Op)
}
