package claim

import "zhitong/domain"

// Move is what a fact changes for one line and one funder; each amount may be
// negative. Views add moves up: the sums are what the claims amount to.
type Move struct {
	Head
	LineNo     int
	ItemID     domain.ID
	FunderID   domain.ID
	AcceptedKg domain.Kg // of the line: the same for each of its funders
	Assessed   domain.Money
	Reserved   domain.Money
	Approved   domain.Money // obligated, not yet paid
	Paid       domain.Money
	ClawedBack domain.Money
	Lines      int // 1 where the claim line begins to count, −1 where it ends
}

// Moves returns what a fact changes, by lines and in each by funders, one move for
// every funder of the policy version, also where it changes nothing but the kg. Only
// claims that are neither waiting, refused nor rejected count.
func Moves(f domain.Fact) []Move {
	switch f := f.(type) {
	case Assessed:
		return beginning(f.Head, portionsOf(f.Lines))
	case TakenUp:
		return beginning(f.Head, f.Lines)
	case Reassessed:
		return f.moves()
	case Approved:
		return each(f.Head, f.Lines, func(m *Move, p Portion, a domain.Money) { m.Reserved, m.Approved = a.Neg(), a })
	case Rejected:
		return each(f.Head, f.Lines, func(m *Move, p Portion, a domain.Money) {
			m.AcceptedKg, m.Assessed, m.Lines = domain.Kg{}.Sub(p.AcceptedKg), a.Neg(), -1
			m.add(f.Pot, a.Neg())
		})
	case Paid:
		return each(f.Head, f.Lines, func(m *Move, p Portion, a domain.Money) { m.Approved, m.Paid = a.Neg(), a })
	case ClawbackSettled:
		if f.Method == Refund {
			return returning(f.Head, f.Lines)
		}
	case ClawbackRecovered:
		return returning(f.Head, f.Lines)
	}
	return nil
}

func portionsOf(lines []Line) []Portion {
	out := make([]Portion, len(lines))
	for i, l := range lines {
		out[i] = Portion{l.LineNo, l.ItemID, l.AcceptedKg, l.Subsidy, l.Shares}
	}
	return out
}

// each makes a move of every share.
func each(h Head, lines []Portion, fill func(m *Move, p Portion, amount domain.Money)) []Move {
	var moves []Move
	for _, p := range lines {
		for _, s := range p.Shares {
			m := Move{Head: h, LineNo: p.LineNo, ItemID: p.ItemID, FunderID: s.FunderID}
			fill(&m, p, s.Amount)
			moves = append(moves, m)
		}
	}
	return moves
}

func beginning(h Head, lines []Portion) []Move {
	return each(h, lines, func(m *Move, p Portion, a domain.Money) {
		m.AcceptedKg, m.Assessed, m.Reserved, m.Lines = p.AcceptedKg, a, a, 1
	})
}

func returning(h Head, lines []ClawbackLine) []Move {
	portions := make([]Portion, len(lines))
	for i, l := range lines {
		portions[i] = Portion{LineNo: l.LineNo, ItemID: l.ItemID, Shares: l.Shares}
	}
	return each(h, portions, func(m *Move, _ Portion, a domain.Money) { m.ClawedBack = a })
}

// moves of a reassessment: differences change what is assessed and the pot that the
// money stands in; what goes back to submitted turns from approved into reserved,
// and its increase is reserved.
func (f Reassessed) moves() []Move {
	if f.Pot == Waiting {
		return nil
	}
	var moves []Move
	for _, l := range f.Lines {
		for i, s := range l.Shares {
			m := Move{Head: f.Head, LineNo: l.LineNo, ItemID: l.ItemID, FunderID: s.FunderID, AcceptedKg: l.AcceptedKg.Sub(l.OldKg)}
			if l.Differences != nil {
				d := l.Differences[i].Amount
				m.Assessed = d
				if f.Resubmit != nil && l.Subsidy.Cmp(l.OldSubsidy) > 0 {
					m.Reserved = d
				} else {
					m.add(f.Pot, d)
				}
			}
			moves = append(moves, m)
		}
	}
	return append(moves, each(f.Head, f.Resubmit, func(m *Move, _ Portion, a domain.Money) { m.Reserved, m.Approved = a, a.Neg() })...)
}

// add books an amount in a pot of the budget.
func (m *Move) add(p Pot, a domain.Money) {
	switch p {
	case Reserved:
		m.Reserved = a
	case Obligated:
		m.Approved = a
	}
}
