package subsidy

import (
	"strconv"

	"zhitong/domain"
	"zhitong/domain/assessment"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/internal/app"
)

// Reactions returns what happens by itself.
func Reactions() []app.Reaction {
	return []app.Reaction{
		{On: []string{shipment.Inspected{}.FactName()}, React: afterInspection},
		{On: []string{departure.FreightRecorded{}.FactName()}, React: afterFreight},
		{On: []string{shipment.Returned{}.FactName(), shipment.InspectionCorrected{}.FactName()}, React: afterChange},
		{On: []string{disbursement.Confirmed{}.FactName()}, React: afterConfirmation},
		{On: []string{
			fund.Adjusted{}.FactName(), fund.LineAdded{}.FactName(), fund.Released{}.FactName(), fund.Refunded{}.FactName(),
			fund.QueueChanged{}.FactName(), fund.Unqueued{}.FactName(), claim.TakenUp{}.FactName(),
		}, React: afterRoom},
	}
}

// afterInspection assesses the shipment under every policy in effect with an open
// fund, unless its claim waits for the freight.
func afterInspection(r *app.Registries, get app.States, e *events.Event) ([]app.SystemCommand, error) {
	book := app.BookOf(get)
	sale, err := saleOf(r, book, e.Fact.(shipment.Inspected).ShipmentID)
	if err != nil {
		return nil, err
	}
	return assessAll(r, book, sale, "", func(bool) bool { return true })
}

// afterFreight assesses the inspected shipments of a departure whose claims waited
// for its final invoice, in the order of their inspections.
func afterFreight(r *app.Registries, get app.States, e *events.Event) ([]app.SystemCommand, error) {
	f := e.Fact.(departure.FreightRecorded)
	if !f.Final {
		return nil, nil
	}
	var commands []app.SystemCommand
	book := app.BookOf(get)
	for i, id := range r.Inspected(f.DepartureID) {
		sale, err := saleOf(r, book, id)
		if err != nil {
			return nil, err
		}
		more, err := assessAll(r, book, sale, strconv.Itoa(i)+".", func(waited bool) bool { return waited })
		if err != nil {
			return nil, err
		}
		commands = append(commands, more...)
	}
	return commands, nil
}

// assessAll makes a claim.assess for every policy in effect on the sale's day with
// an open fund and no claim yet, if want says so of a sale that needs the freight or
// does not.
func assessAll(r *app.Registries, book app.Book, sale *assessment.Sale, prefix string, want func(needsFreight bool) bool) ([]app.SystemCommand, error) {
	var commands []app.SystemCommand
	for _, id := range r.PolicyIDs() {
		v, ok := r.Policy(id).On(sale.InspectedOn)
		if !ok {
			continue
		}
		fundID, open := r.FundOf(id, sale.InspectedOn.Year())
		if !open || !want(sale.NeedsFreight(v.Policy)) {
			continue
		}
		existing, err := book.Claim(assessment.ClaimID(sale.ShipmentID, id))
		if err != nil {
			return nil, err
		}
		if existing.Exists() {
			continue
		}
		_, err = freightOf(book, v.Policy, sale)
		if err == nil {
			err = assessable(book, v.Policy, fundID)
		}
		if domain.AsProblem(err) != nil {
			continue // awaited, or the fund lacks a budget line: pending_assessments says so
		}
		if err != nil {
			return nil, err
		}
		commands = append(commands, app.SystemCommand{Suffix: prefix + string(id), Name: "claim.assess",
			Data: &assessment.AssessShipment{ShipmentID: sale.ShipmentID, PolicyID: id}})
	}
	return commands, nil
}

// assessable refuses what claim.assess would refuse of the fund.
func assessable(book app.Book, p *policy.Policy, fundID domain.ID) error {
	f, err := book.Fund(fundID)
	if err != nil {
		return err
	}
	_, err = fund.NewDraft(f, p.Split)
	return err
}

// afterChange reckons the claims of a shipment anew after a return or a correction,
// except where one is in an open batch: then it waits for the confirmation.
func afterChange(r *app.Registries, get app.States, e *events.Event) ([]app.SystemCommand, error) {
	var commands []app.SystemCommand
	for _, id := range r.Claims(e.Subject.ID) {
		fam, err := familyOf(app.BookOf(get), id)
		if err != nil {
			return nil, err
		}
		if fam.InBatch() || fam.Base.Status.Pot() == claim.Nowhere {
			continue
		}
		commands = append(commands, app.SystemCommand{Suffix: string(fam.Base.PolicyID), Name: "claim.reassess",
			Data: &assessment.ReassessClaim{ClaimID: id}})
	}
	return commands, nil
}

// afterRoom tries the head of the waitlist when there may be more money for it, or
// when it is another one. What happens because a batch was confirmed is left to the
// confirmation, which tries the waitlists in the end.
func afterRoom(r *app.Registries, get app.States, e *events.Event) ([]app.SystemCommand, error) {
	of := roomIn(e.Fact)
	if of == "" {
		return nil, nil
	}
	if f, ok := e.Fact.(fund.QueueChanged); ok {
		s, err := app.BookOf(get).Fund(of)
		if err != nil || len(s.Waitlist) == 0 || s.Waitlist[0].ClaimID != f.ClaimID {
			return nil, err
		}
	}
	if fits, err := headFits(r, app.BookOf(get), of); !fits {
		return nil, err
	}
	return []app.SystemCommand{{Suffix: "take_up", Name: "claim.take_up", Data: &assessment.TakeUpNext{FundID: of}}}, nil
}

// roomIn is the fund in which a fact may have made room for the head of the waitlist,
// or has put another one at its head; "" for none.
func roomIn(f domain.Fact) domain.ID {
	switch f := f.(type) {
	case fund.Adjusted:
		if f.Delta.Sign() > 0 {
			return f.FundID
		}
	case fund.LineAdded:
		return f.FundID
	case fund.Released:
		if f.Batch == "" {
			return f.FundID
		}
	case fund.Refunded:
		if f.Batch == "" {
			return f.FundID
		}
	case fund.QueueChanged:
		if f.Batch == "" && f.Amount.Cmp(f.Was) < 0 {
			return f.FundID
		}
	case fund.Unqueued:
		if f.WasHead {
			return f.FundID
		}
	case claim.TakenUp:
		return f.FundID
	}
	return ""
}

// headFits reports whether a claim waits for the fund and its head fits by now.
func headFits(r *app.Registries, book app.Book, fundID domain.ID) (bool, error) {
	f, err := book.Fund(fundID)
	if err != nil || len(f.Waitlist) == 0 {
		return false, err
	}
	head, err := book.Claim(f.Waitlist[0].ClaimID)
	if err != nil {
		return false, err
	}
	_, problem := assessment.TakeUp(version(r, head.PolicyID, head.PolicyVersion), f, head)
	return problem == nil, nil
}

// afterConfirmation reckons what happened to the batch's claims while it was open,
// in line order, and then tries the waitlists of the funds that may have more room.
func afterConfirmation(r *app.Registries, get app.States, e *events.Event) ([]app.SystemCommand, error) {
	f, book := e.Fact.(disbursement.Confirmed), app.BookOf(get)
	var commands []app.SystemCommand
	done := map[domain.ID]bool{}
	room := map[domain.ID]bool{} // funds; true where a reckoning is still to come
	var order []domain.ID
	touch := func(id domain.ID, later bool) {
		if _, seen := room[id]; !seen {
			order = append(order, id)
		}
		room[id] = room[id] || later
	}
	for _, l := range f.Lines {
		fam, err := familyOfMember(book, l.ClaimID)
		if err != nil {
			return nil, err
		}
		for _, t := range l.Offsets {
			touch(t.FundID, false)
		}
		id := fam.Base.ClaimID
		trail, _ := r.Sale(fam.Base.ShipmentID)
		if done[id] || fam.InBatch() || fam.Base.Changes == len(trail.Changes) {
			continue
		}
		done[id] = true
		touch(l.FundID, true)
		commands = append(commands, app.SystemCommand{Suffix: strconv.Itoa(l.LineNo), Name: "claim.reassess",
			Data: &assessment.ReassessClaim{ClaimID: id, BatchID: f.BatchID}})
	}
	for _, id := range order {
		fits, err := headFits(r, book, id)
		if err != nil {
			return nil, err
		}
		fund, err := book.Fund(id)
		if err != nil {
			return nil, err
		}
		if fits || room[id] && len(fund.Waitlist) > 0 {
			commands = append(commands, app.SystemCommand{Suffix: "take_up/" + string(id), Name: "claim.take_up", Data: &assessment.TakeUpNext{FundID: id}})
		}
	}
	return commands, nil
}

// familyOfMember reads the family that a claim, which may be a supplement, is of.
func familyOfMember(book app.Book, id domain.ID) (assessment.Family, error) {
	s, err := book.Claim(id)
	if err != nil {
		return assessment.Family{}, err
	}
	if s.Supplements != "" {
		id = s.Supplements
	}
	return familyOf(book, id)
}
