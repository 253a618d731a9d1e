package trace

import (
	"fmt"
	"strings"

	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/order"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// stepText writes a step of a calculation.
func stepText(s policy.Step) string {
	with := make([]string, len(s.With))
	for i, o := range s.With {
		with[i] = o.Name + " " + o.Value
	}
	what := s.What
	if s.Rule != "" {
		what += " [" + string(s.Rule) + "]"
	}
	return fmt.Sprintf("%s: %s(%s) = %s", what, s.Op, strings.Join(with, ", "), s.Result)
}

// says is the figures of an event in a few words; "" for events whose name says
// enough.
func says(e *events.Event) string {
	switch f := e.Fact.(type) {
	case order.LineAllocated:
		return fmt.Sprintf("%s of order %s line %d for line %d (%s)", f.Quantity, f.OrderID, f.LineNo, f.ShipmentLine, f.Why)
	case order.LineReleased:
		return fmt.Sprintf("%s of order %s line %d from line %d (%s)", f.Quantity, f.OrderID, f.LineNo, f.ShipmentLine, f.Why)
	case order.PriceRevised:
		return fmt.Sprintf("line %d: %s → %s", f.LineNo, f.From, f.UnitPrice)
	case departure.FreightRecorded:
		return fmt.Sprintf("invoice %s: %s (final: %v)", f.InvoiceNo, f.Amount, f.Final)
	case departure.Loaded:
		return fmt.Sprintf("%s kg on %s", f.Kg, f.DepartureID)
	case shipment.Inspected:
		parts := make([]string, len(f.Lines))
		for i, l := range f.Lines {
			parts[i] = fmt.Sprintf("line %d %s: %s %s accepted of %s, %s kg × %s = %s", l.LineNo, l.ItemID, l.Accepted, l.Unit, l.Loaded, l.Kg, l.UnitPrice, l.Amount)
		}
		return strings.Join(parts, "; ")
	case shipment.Returned:
		return fmt.Sprintf("line %d: %s back, %s kg, %s", f.LineNo, f.Quantity, f.Kg, f.Amount)
	case shipment.InspectionCorrected:
		parts := make([]string, len(f.Lines))
		for i, l := range f.Lines {
			parts[i] = fmt.Sprintf("line %d: %s → %s accepted, %s", l.LineNo, l.Old.Accepted, l.New.Accepted, l.Amount)
		}
		return strings.Join(parts, "; ")
	case disbursement.Confirmed:
		return fmt.Sprintf("%d lines", len(f.Lines))
	}
	return moneySays(e)
}

func moneySays(e *events.Event) string {
	switch f := e.Fact.(type) {
	case claim.Assessed:
		return f.Total.String()
	case claim.Waitlisted:
		return f.Total.String()
	case claim.TakenUp:
		return f.Total.String()
	case claim.Reassessed:
		return "now " + f.Total.String()
	case claim.Submitted:
		return f.Total.String()
	case claim.Approved:
		return f.Total.String()
	case claim.Publicised:
		return fmt.Sprintf("%s, %s to %s, place %d of %d", f.Posting.Amount, f.Posting.From, f.Posting.To, f.ListPlace, f.ListSize)
	case claim.Authorised:
		return f.Total.String()
	case claim.Batched:
		return fmt.Sprintf("%s in batch %s, line %d", f.Total, f.BatchID, f.LineNo)
	case claim.Paid:
		return fmt.Sprintf("%s, withheld %s, batch %s", f.Total, f.Withheld, f.BatchID)
	case claim.Rejected:
		return f.Total.String()
	case claim.ClawbackProposed:
		return f.Amount.String()
	case claim.ClawbackSettled:
		return f.Amount.String() + " by " + f.Method
	case claim.ClawbackRecovered:
		return f.Amount.String()
	case fund.Reserved:
		return amounts(f.Movement)
	case fund.Released:
		return amounts(f.Movement)
	case fund.Obligated:
		return amounts(f.Movement)
	case fund.Spent:
		return amounts(f.Movement)
	case fund.Refunded:
		return amounts(f.Movement)
	}
	return ""
}

func amounts(m fund.Movement) string {
	parts := make([]string, len(m.Lines))
	for i, a := range m.Lines {
		parts[i] = fmt.Sprintf("%s %s", a.BudgetID, a.Amount)
	}
	return strings.Join(parts, ", ")
}
