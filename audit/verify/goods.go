package verify

import (
	"slices"

	"zhitong/domain"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// shipment folds and checks what a shipment's facts say.
func (t *trade) shipment(e *events.Event) {
	switch f := e.Fact.(type) {
	case shipment.Logged:
		s := t.ship(f.ShipmentID)
		t.step(e, &s.status, logged, "")
		s.log(f.Lines)
	case shipment.Corrected:
		s := t.ship(f.ShipmentID)
		t.step(e, &s.status, s.status, logged, loaded)
		if t.statuses.fails(f.Loaded == (s.status == loaded)) {
			t.statuses.wrong(e, "the correction says loaded: %v, the shipment is %q", f.Loaded, s.status)
		}
		s.log(f.Lines)
		if f.Loaded {
			for _, l := range f.Lines {
				s.line(l.LineNo).loaded, s.line(l.LineNo).loadedKg = l.Quantity, l.Kg
			}
		}
	case shipment.Cancelled:
		t.step(e, &t.ship(f.ShipmentID).status, cancelled, logged, loaded)
	case shipment.Loaded:
		s := t.ship(f.ShipmentID)
		t.step(e, &s.status, loaded, logged, loaded)
		s.departure = f.DepartureID
		for _, l := range f.Lines {
			s.line(l.LineNo).loaded, s.line(l.LineNo).loadedKg = l.Quantity, l.Kg
		}
	case shipment.Inspected:
		t.inspect(e, f)
	case shipment.Returned:
		t.takeBack(e, f)
	case shipment.InspectionCorrected:
		t.correct(e, f)
	}
}

// log replaces the lines.
func (s *ship) log(lines []shipment.Line) {
	clear(s.lines)
	for _, l := range lines {
		s.lines[l.LineNo] = &shipLine{order: lineKey{l.OrderID, l.OrderLine}}
	}
}

func (t *trade) inspect(e *events.Event, f shipment.Inspected) {
	s := t.ship(f.ShipmentID)
	t.step(e, &s.status, inspected, arrived)
	if t.conservation.fails(len(f.Lines) == len(s.lines) && f.DepartureID == s.departure) {
		t.conservation.wrong(e, "%d lines inspected, the shipment has %d", len(f.Lines), len(s.lines))
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		k := s.line(l.LineNo)
		o := t.line(l.OrderID, l.OrderLine)
		if t.conservation.fails(k.order == lineKey{l.OrderID, l.OrderLine} && l.Loaded.Cmp(k.loaded) == 0 && l.UnitPrice.Cmp(k.price) == 0 && l.KgPerUnit.Cmp(o.kgPerUnit) == 0) {
			t.conservation.wrong(e, "line %d: it inspects %s of order %q line %d at %s; loaded were %s at %s", l.LineNo, l.Loaded, l.OrderID, l.OrderLine, l.UnitPrice, k.loaded, k.price)
		}
		k.sold = l.Sold
		t.result(e, l.LineNo, k, l.Result)
	}
	s.inspected, s.last = append(s.inspected, e.Actor), e.ID
	s.deal, s.on = f.Deal, e.Time.Day()
	t.ended = append(t.ended, s)
}

// result checks one line's result against what was loaded, and keeps it.
func (t *trade) result(e *events.Event, no int, k *shipLine, r shipment.Result) {
	var rejected domain.Quantity
	for _, part := range r.Rejected {
		rejected = rejected.Add(part.Quantity)
	}
	out, in := r.Accepted.Add(rejected).Add(r.Lost), k.loaded.Add(r.Gain)
	ok := r.Arrived.Cmp(r.Accepted.Add(rejected)) == 0 && rejected.Cmp(r.RejectedQ) == 0 &&
		r.Lost.Cmp(k.loaded.Excess(r.Arrived)) == 0 && r.Gain.Cmp(r.Arrived.Excess(k.loaded)) == 0 && in.Cmp(out) == 0
	if t.conservation.fails(ok) {
		t.conservation.wrong(e, "line %d: loaded %s + gain %s is not accepted %s + rejected %s + lost %s (arrived %s)", no, k.loaded, r.Gain, r.Accepted, rejected, r.Lost, r.Arrived)
	}
	amount := k.sold.UnitPrice.Times(r.Accepted)
	if t.conservation.fails(r.Amount.Cmp(amount) == 0) {
		t.conservation.wrong(e, "line %d: %s × %s is %s, not %s", no, r.Accepted, k.sold.UnitPrice, amount, r.Amount)
	}
	k.result = &r
}

func (t *trade) takeBack(e *events.Event, f shipment.Returned) {
	s := t.ship(f.ShipmentID)
	s.changes = append(s.changes, change{event: e.ID, actor: e.Actor})
	t.step(e, &s.status, inspected, inspected)
	k := s.line(f.LineNo)
	if k.result == nil {
		if t.conservation.fails(false) {
			t.conservation.wrong(e, "line %d is returned and was never accepted", f.LineNo)
		}
		return
	}
	all := k.returned.Add(f.Quantity)
	if t.conservation.fails(all.Cmp(k.result.Accepted) <= 0 && all.Cmp(f.ReturnedInAll) == 0) {
		t.conservation.wrong(e, "line %d: %s returned in all (the fact says %s), %s accepted", f.LineNo, all, f.ReturnedInAll, k.result.Accepted)
	}
	amount, kg := k.sold.UnitPrice.Times(all).Sub(k.returnedAmount), k.result.Kg.Part(all, k.result.Accepted).Sub(k.returnedKg)
	if t.conservation.fails(f.Amount.Cmp(amount) == 0 && f.Kg.Cmp(kg) == 0) {
		t.conservation.wrong(e, "line %d: the return makes %s yuan and %s kg, not %s and %s", f.LineNo, amount, kg, f.Amount, f.Kg)
	}
	k.returned, k.returnedAmount, k.returnedKg = all, k.returnedAmount.Add(f.Amount), k.returnedKg.Add(f.Kg)
}

func (t *trade) correct(e *events.Event, f shipment.InspectionCorrected) {
	s := t.ship(f.ShipmentID)
	t.step(e, &s.status, inspected, inspected)
	if t.persons.fails(!slices.Contains(s.inspected, e.Actor)) {
		t.persons.wrong(e, "%q corrects an inspection and made it or corrected it before", e.Actor)
	}
	if t.statuses.fails(f.Corrects == s.last) {
		t.statuses.wrong(e, "it corrects event %q, the latest is %q", f.Corrects, s.last)
	}
	made := change{event: e.ID, actor: e.Actor}
	for i := range f.Lines {
		t.correctLine(e, s, &f.Lines[i])
		made.corrected = append(made.corrected, f.Lines[i].LineNo)
	}
	s.changes = append(s.changes, made)
	s.inspected, s.last = append(s.inspected, e.Actor), e.ID
	t.ended = append(t.ended, s)
}

func (t *trade) correctLine(e *events.Event, s *ship, l *shipment.CorrectedLine) {
	k := s.line(l.LineNo)
	if k.result == nil {
		if t.conservation.fails(false) {
			t.conservation.wrong(e, "line %d is corrected and was never inspected", l.LineNo)
		}
		return
	}
	old := *k.result
	if t.conservation.fails(l.Old.Accepted.Cmp(old.Accepted) == 0 && l.Old.Kg.Cmp(old.Kg) == 0 && l.Old.Amount.Cmp(old.Amount) == 0 && l.Old.Arrived.Cmp(old.Arrived) == 0) {
		t.conservation.wrong(e, "line %d: the correction says that %s were accepted, it were %s", l.LineNo, l.Old.Accepted, old.Accepted)
	}
	t.result(e, l.LineNo, k, l.New)
	if t.conservation.fails(l.Amount.Cmp(l.New.Amount.Sub(old.Amount)) == 0 && l.AcceptedKg.Cmp(l.New.Kg.Sub(old.Kg)) == 0) {
		t.conservation.wrong(e, "line %d: the differences %s yuan and %s kg are not those of the results", l.LineNo, l.Amount, l.AcceptedKg)
	}
	back := l.New.Kg.Part(k.returned, l.New.Accepted).Sub(k.returnedKg)
	if t.conservation.fails(k.returned.Cmp(l.New.Accepted) <= 0 && l.ReturnedKg.Cmp(back) == 0) {
		t.conservation.wrong(e, "line %d: returned %s of %s accepted; its kg change by %s, not %s", l.LineNo, k.returned, l.New.Accepted, back, l.ReturnedKg)
	}
	k.returnedKg = k.returnedKg.Add(l.ReturnedKg)
}
