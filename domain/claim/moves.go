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

// Moves returns what a fact changes; see [EachMove].
func Moves(f domain.Fact) []Move {
	var moves []Move
	EachMove(f, func(m *Move) { moves = append(moves, *m) })
	return moves
}

// EachMove calls fn with what a fact changes, by lines and in each by funders, one
// move for every funder of the policy version, also where it changes nothing but
// the kg. Only claims that are neither waiting, refused nor rejected count. The move
// is fn's until it returns.
func EachMove(f domain.Fact, fn func(*Move)) {
	switch f := f.(type) {
	case Assessed:
		for i := range f.Lines {
			l := &f.Lines[i]
			move(fn, &f.Head, l.LineNo, l.ItemID, l.Shares, counted(l.AcceptedKg))
		}
	case TakenUp:
		each(fn, &f.Head, f.Lines, func(m *Move, p *Portion, a domain.Money) { counted(p.AcceptedKg)(m, a) })
	case Reassessed:
		f.moves(fn)
	case Approved:
		each(fn, &f.Head, f.Lines, func(m *Move, _ *Portion, a domain.Money) { m.Reserved, m.Approved = a.Neg(), a })
	case Rejected:
		each(fn, &f.Head, f.Lines, func(m *Move, p *Portion, a domain.Money) {
			m.AcceptedKg, m.Assessed, m.Lines = domain.Kg{}.Sub(p.AcceptedKg), a.Neg(), -1
			m.add(f.Pot, a.Neg())
		})
	case Paid:
		each(fn, &f.Head, f.Lines, func(m *Move, _ *Portion, a domain.Money) { m.Approved, m.Paid = a.Neg(), a })
	case ClawbackSettled:
		if f.Method == Refund {
			returning(fn, &f.Head, f.Lines)
		}
	case ClawbackRecovered:
		returning(fn, &f.Head, f.Lines)
	}
}

// move makes a move of every share of a line.
func move(fn func(*Move), h *Head, no int, item domain.ID, shares []Share, fill func(m *Move, amount domain.Money)) {
	m := new(Move)
	for i := range shares {
		*m = Move{Head: *h, LineNo: no, ItemID: item, FunderID: shares[i].FunderID}
		fill(m, shares[i].Amount)
		fn(m)
	}
}

// each makes a move of every share of every line.
func each(fn func(*Move), h *Head, lines []Portion, fill func(m *Move, p *Portion, amount domain.Money)) {
	for i := range lines {
		p := &lines[i]
		move(fn, h, p.LineNo, p.ItemID, p.Shares, func(m *Move, a domain.Money) { fill(m, p, a) })
	}
}

// counted begins to count a line of so many kg.
func counted(kg domain.Kg) func(*Move, domain.Money) {
	return func(m *Move, a domain.Money) { m.AcceptedKg, m.Assessed, m.Reserved, m.Lines = kg, a, a, 1 }
}

func returning(fn func(*Move), h *Head, lines []ClawbackLine) {
	for i := range lines {
		l := &lines[i]
		move(fn, h, l.LineNo, l.ItemID, l.Shares, func(m *Move, a domain.Money) { m.ClawedBack = a })
	}
}

// moves of a reassessment: differences change what is assessed and the pot that the
// money stands in; what goes back to submitted turns from approved into reserved,
// and its increase is reserved.
func (f *Reassessed) moves(fn func(*Move)) {
	if f.Pot == Waiting {
		return
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		at := -1
		move(fn, &f.Head, l.LineNo, l.ItemID, l.Shares, func(m *Move, _ domain.Money) {
			at++
			m.AcceptedKg = l.AcceptedKg.Sub(l.OldKg)
			if l.Differences == nil {
				return
			}
			d := l.Differences[at].Amount
			m.Assessed = d
			if f.Resubmit != nil && l.Subsidy.Cmp(l.OldSubsidy) > 0 {
				m.Reserved = d
			} else {
				m.add(f.Pot, d)
			}
		})
	}
	each(fn, &f.Head, f.Resubmit, func(m *Move, _ *Portion, a domain.Money) { m.Reserved, m.Approved = a, a.Neg() })
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
