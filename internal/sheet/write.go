package sheet

import (
	"bytes"
	"fmt"
	"io"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/item"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/internal/table"
	"zhitong/internal/text"
)

// Write writes the sheet for people, in the catalogue's language.
func (s *Sheet) Write(out io.Writer, c text.Catalogue) error {
	w := &writer{sheet: s, c: c}
	w.head()
	for i := range s.Lines {
		w.line(&s.Lines[i])
	}
	for i := range s.Reassessments {
		w.reassessment(&s.Reassessments[i])
	}
	for i := range s.Clawbacks {
		w.clawback(&s.Clawbacks[i])
	}
	w.life()
	w.check()
	_, err := out.Write(w.b.Bytes())
	return err
}

type writer struct {
	sheet *Sheet
	c     text.Catalogue
	b     bytes.Buffer
}

// put writes a line at a depth. What people wrote into the log can't reach the
// terminal as control characters.
func (w *writer) put(depth int, key string, args ...any) {
	w.text(depth, w.c.Say(key, args...))
}

func (w *writer) text(depth int, line string) {
	fmt.Fprintf(&w.b, "%*s%s\n", 2*depth, "", table.Visible(line))
}

// called is an id with its name, where that is known.
func (w *writer) called(kind string, id domain.ID) string {
	if name := w.c.Name(w.sheet.Names[domain.Ref{Kind: kind, ID: id}.String()]); name != "" {
		return name + " (" + string(id) + ")"
	}
	return string(id)
}

func (w *writer) head() {
	s := w.sheet
	w.put(0, "sheet.title", "claim", s.ClaimID)
	w.put(1, "sheet.shipment", "shipment", s.ShipmentID, "departure", s.DepartureID, "day", s.InspectedOn)
	w.put(1, "sheet.cooperative", "cooperative", w.called(party.Kind, s.CooperativeID))
	w.put(1, "sheet.buyer", "buyer", w.called(party.Kind, s.BuyerID), "channel", s.Channel)
	w.put(1, "sheet.policy", "policy", w.called(policy.Kind, s.PolicyID), "version", s.PolicyVersion, "fund", s.FundID, "year", s.Year)
	if s.Policy != nil {
		w.put(1, "sheet.policy_source", "from", s.Policy.Effective.From, "to", s.Policy.Effective.To, "event", s.Policy.EventID)
	}
	if s.Supplements != "" {
		w.put(1, "sheet.supplements", "claim", s.Supplements)
	}
	w.put(1, "sheet.status", "status", w.status(s.Status), "assessed", s.Assessed, "paid", s.Paid, "withheld", s.Withheld, "clawed_back", s.ClawedBack)
}

// statuses are the words of a claim's statuses.
var statuses = map[claim.Status]string{
	claim.IsAssessed: "sheet_status.assessed", claim.IsWaitlisted: "sheet_status.waitlisted", claim.IsRefused: "sheet_status.refused",
	claim.IsSubmitted: "sheet_status.submitted", claim.IsApproved: "sheet_status.approved", claim.IsPublicised: "sheet_status.publicised",
	claim.IsObjected: "sheet_status.objected", claim.IsAuthorised: "sheet_status.authorised", claim.IsBatched: "sheet_status.batched",
	claim.IsPaid: "sheet_status.paid", claim.IsPaymentFailed: "sheet_status.payment_failed", claim.IsRejected: "sheet_status.rejected",
}

func (w *writer) status(s claim.Status) string { return w.c.Say(statuses[s]) }

func (w *writer) line(l *Line) {
	w.b.WriteByte('\n')
	w.put(0, "sheet.line", "line", l.LineNo, "item", w.called(item.Kind, l.ItemID), "order", l.OrderID, "order_line", l.OrderLine,
		"kg", l.AcceptedKg, "event", l.EventID)
	w.steps(l.Steps)
	w.put(1, "sheet.line_amount", "calculated", l.Calculated, "subsidy", l.Subsidy)
	if l.Before.Sign() > 0 {
		w.put(1, "sheet.line_before", "before", l.Before)
	}
	if l.Shortage != nil {
		w.put(1, "sheet.shortage", "budget", l.Shortage.BudgetID, "needs", l.Shortage.Needs, "available", l.Shortage.Available)
	}
	shares := l.Shares
	if l.TakenUp != nil {
		shares = l.TakenUp
	}
	w.shares("sheet.shares", shares, l.SharesEvent)
}

func (w *writer) steps(steps []policy.Step) {
	for i, s := range steps {
		w.text(1, fmt.Sprintf("%2d. %s", i+1, Sentence(w.c, s)))
	}
}

func (w *writer) shares(key string, shares []claim.Share, event string) {
	if len(shares) == 0 {
		return
	}
	w.put(1, key, "event", event)
	for _, s := range shares {
		w.put(2, "sheet.share", "funder", w.called(party.Kind, s.FunderID), "budget", s.BudgetID, "amount", s.Amount)
	}
}

func (w *writer) reassessment(r *Reassessment) {
	w.b.WriteByte('\n')
	w.put(0, "sheet.reassessed", "time", r.Time, "total", r.Total, "event", r.EventID)
	for _, cause := range r.Causes {
		w.put(1, "sheet.cause", "event", cause)
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		w.put(1, "sheet.reassessed_line", "line", l.LineNo, "item", w.called(item.Kind, l.ItemID), "old_kg", l.OldKg, "kg", l.AcceptedKg,
			"old", l.OldSubsidy, "calculated", l.Calculated, "subsidy", l.Subsidy)
		w.steps(l.Steps)
		if l.Why != "" {
			w.put(1, "sheet.why", "why", word(w.c, l.Why))
		}
		if l.Shortage != nil {
			w.put(1, "sheet.shortage", "budget", l.Shortage.BudgetID, "needs", l.Shortage.Needs, "available", l.Shortage.Available)
		}
		w.shares("sheet.differences", l.Differences, r.EventID)
	}
	if r.Supplement != "" {
		w.put(1, "sheet.supplement", "claim", r.Supplement)
	}
}

func (w *writer) clawback(b *Clawback) {
	w.b.WriteByte('\n')
	w.put(0, "sheet.clawback", "clawback", b.ClawbackID, "amount", b.Amount, "came_back", b.CameBack, "event", b.EventID)
	for _, cause := range b.Causes {
		w.put(1, "sheet.cause", "event", cause)
	}
	for _, l := range b.Lines {
		w.put(1, "sheet.clawback_line", "line", l.LineNo, "item", w.called(item.Kind, l.ItemID), "amount", l.Amount)
		for _, s := range l.Shares {
			w.put(2, "sheet.share", "funder", w.called(party.Kind, s.FunderID), "budget", s.BudgetID, "amount", s.Amount)
		}
	}
}

func (w *writer) life() {
	w.b.WriteByte('\n')
	w.put(0, "sheet.life")
	for i := range w.sheet.Life {
		h := &w.sheet.Life[i]
		w.put(1, "sheet.happened", "time", h.Time, "said", happened(w.c, h), "actor", h.Actor, "event", h.EventID)
	}
}

func (w *writer) check() {
	w.b.WriteByte('\n')
	k := &w.sheet.Check
	if k.Unknown {
		w.put(0, "sheet.check_unknown")
	}
	if len(k.Differs) == 0 {
		w.put(0, "sheet.check", "steps", k.Steps, "amounts", k.Amounts)
		return
	}
	w.put(0, "sheet.check_differs")
	for _, d := range k.Differs {
		w.text(1, d)
	}
}
