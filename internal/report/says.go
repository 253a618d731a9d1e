package report

import (
	"strings"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/order"
	"zhitong/domain/shipment"
)

// kind is a kind of thing in words; a kind without a word is its token.
func (w *writer) kind(kind string) string {
	switch kind {
	case "claim":
		return w.c.Say("report.kind_claim")
	case "order":
		return w.c.Say("report.kind_order")
	case "shipment":
		return w.c.Say("report.kind_shipment")
	case "departure":
		return w.c.Say("report.kind_departure")
	case "route":
		return w.c.Say("report.kind_route")
	case "item":
		return w.c.Say("report.kind_item")
	case "party":
		return w.c.Say("report.kind_party")
	case "policy":
		return w.c.Say("report.kind_policy")
	case "fund":
		return w.c.Say("report.kind_fund")
	case "disbursement":
		return w.c.Say("report.kind_disbursement")
	case "clawback":
		return w.c.Say("report.kind_clawback")
	}
	return kind
}

// says is the figures of an event in a few words; "" for those whose name says
// enough.
func (w *writer) says(fact domain.Fact) string {
	say := w.c.Say
	switch f := fact.(type) {
	case order.LineAllocated:
		return say("report.allocated", "quantity", f.Quantity, "order", f.OrderID, "line", f.LineNo, "shipment_line", f.ShipmentLine)
	case order.LineReleased:
		return say("report.released", "quantity", f.Quantity, "order", f.OrderID, "line", f.LineNo, "shipment_line", f.ShipmentLine)
	case order.PriceRevised:
		return say("report.price", "line", f.LineNo, "from", f.From, "to", f.UnitPrice)
	case departure.FreightRecorded:
		return say("report.freight", "invoice", f.InvoiceNo, "amount", f.Amount)
	case departure.Loaded:
		return say("report.loaded", "kg", f.Kg, "departure", f.DepartureID)
	case shipment.Inspected:
		parts := make([]string, len(f.Lines))
		for i, l := range f.Lines {
			parts[i] = say("report.inspected", "line", l.LineNo, "item", l.ItemID, "accepted", l.Accepted, "unit", l.Unit, "loaded", l.Loaded, "kg", l.Kg, "price", l.UnitPrice, "amount", l.Amount)
		}
		return strings.Join(parts, "\n")
	case shipment.Returned:
		return say("report.returned", "line", f.LineNo, "quantity", f.Quantity, "kg", f.Kg, "amount", f.Amount)
	case shipment.InspectionCorrected:
		parts := make([]string, len(f.Lines))
		for i, l := range f.Lines {
			parts[i] = say("report.corrected", "line", l.LineNo, "old", l.Old.Accepted, "new", l.New.Accepted, "amount", l.Amount)
		}
		return strings.Join(parts, "\n")
	case disbursement.Confirmed:
		return say("report.confirmed", "lines", len(f.Lines))
	}
	return w.money(fact)
}

// money is says for facts that tell of an amount.
func (w *writer) money(fact domain.Fact) string {
	yuan := func(m domain.Money) string { return w.c.Say("report.amount", "amount", m) }
	switch f := fact.(type) {
	case claim.Assessed:
		return yuan(f.Total)
	case claim.Waitlisted:
		return yuan(f.Total)
	case claim.TakenUp:
		return yuan(f.Total)
	case claim.Reassessed:
		return yuan(f.Total)
	case claim.Submitted:
		return yuan(f.Total)
	case claim.Approved:
		return yuan(f.Total)
	case claim.Authorised:
		return yuan(f.Total)
	case claim.Rejected:
		return yuan(f.Total)
	case claim.ClawbackProposed:
		return yuan(f.Amount)
	case claim.ClawbackSettled:
		return yuan(f.Amount)
	case claim.ClawbackRecovered:
		return yuan(f.Amount)
	case claim.Publicised:
		return w.c.Say("report.posted", "amount", f.Posting.Amount, "from", f.Posting.From, "to", f.Posting.To)
	case claim.Batched:
		return w.c.Say("report.batched", "amount", f.Total, "batch", f.BatchID, "line", f.LineNo)
	case claim.Paid:
		return w.c.Say("report.paid", "amount", f.Total, "withheld", f.Withheld, "batch", f.BatchID)
	case fund.Reserved:
		return movement(f.Movement)
	case fund.Released:
		return movement(f.Movement)
	case fund.Obligated:
		return movement(f.Movement)
	case fund.Spent:
		return movement(f.Movement)
	case fund.Refunded:
		return movement(f.Movement)
	}
	return ""
}

func movement(m fund.Movement) string {
	parts := make([]string, len(m.Lines))
	for i, a := range m.Lines {
		parts[i] = string(a.BudgetID) + " " + a.Amount.String()
	}
	return strings.Join(parts, "\n")
}
