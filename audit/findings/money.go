package findings

import (
	"fmt"
	"slices"
	"time"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
	"zhitong/projections"
)

// limitNear: an amount just below a limit of the policy, as if it were made to fit.
var limitNear = rule{"near_limit", Medium, nil, func(f *fold, e *events.Event) {
	x, ok := e.Fact.(claim.Assessed)
	if !ok {
		return
	}
	claimed := domain.Money{}
	for _, l := range x.Lines {
		claimed = claimed.Add(l.Subsidy)
		for _, limit := range l.Inputs.Limits {
			if limit.Per == policy.PerLine && f.near(l.Subsidy, limit.Left) {
				f.raise(string(x.ClaimID), e, nil, "line %d comes to %s, the limit per %s is %s", l.LineNo, l.Subsidy, limit.Per, limit.Left)
			}
		}
	}
	if len(x.Lines) > 0 {
		for _, limit := range x.Lines[0].Inputs.Limits { // of the first line: nothing of the claim is used up yet
			if limit.Per != policy.PerLine && f.near(claimed, limit.Left) {
				f.raise(string(x.ClaimID), e, nil, "the claim comes to %s, of the limit per %s %s was left", claimed, limit.Per, limit.Left)
			}
		}
	}
}}

// near reports whether an amount is below a limit by less than the threshold, and
// not at it: an amount that was cut is at it.
func (f *fold) near(m, limit domain.Money) bool {
	if limit.Sign() <= 0 || m.Cmp(limit) >= 0 {
		return false
	}
	return (limit.Fen()-m.Fen())*1000 <= limit.Fen()*f.LimitNearPerMille
}

// StepKey names what a step of two persons is about.
type StepKey struct {
	Step  string    `col:"step" doc:"which step"`
	About domain.ID `col:"about" doc:"of what"`
}

type stepBy struct {
	StepKey
	Actors []domain.ID `col:"actors" doc:"who took it"`
	Events []string    `col:"events" doc:"parallel to actors"`
}

var steps = projections.State[StepKey, stepBy]("finding_steps", "Who took the steps that need two persons.")

// onePerson: one actor on both sides of a step that needs two, also where a policy
// lifts the rule.
var onePerson = rule{"one_person", High, []projections.AnyTable{steps}, func(f *fold, e *events.Event) {
	took := func(step string, about domain.ID) {
		row := steps.At(f.db, StepKey{step, about})
		row.Actors, row.Events = append(slices.Clone(row.Actors), e.Actor), append(slices.Clone(row.Events), e.ID)
	}
	apart := func(about domain.ID, before ...string) {
		for _, step := range before {
			row, _ := steps.Find(f.db, StepKey{step, about})
			if i := slices.Index(row.Actors, e.Actor); i >= 0 {
				f.raise(string(about)+" "+e.Name(), e, []string{row.Events[i]}, "%s by %q, who also took the step %s", e.Name(), e.Actor, step)
			}
		}
	}
	switch x := e.Fact.(type) {
	case claim.Submitted:
		took("submit", x.ClaimID)
	case claim.Approved:
		apart(x.ClaimID, "submit")
		took("approve", x.ClaimID)
	case claim.Publicised:
		took("publicise", x.ClaimID)
	case claim.Objected:
		took("object", x.ClaimID)
	case claim.ObjectionResolved:
		apart(x.ClaimID, "object", "approve")
	case claim.Authorised:
		apart(x.ClaimID, "approve", "publicise")
	case claim.ClawbackApproved:
		apart(x.ShipmentID, "return or correct")
		took("approve", x.ClawbackID)
	case claim.ClawbackSettled:
		apart(x.ClawbackID, "approve")
	case disbursement.Batched:
		took("batch", x.BatchID)
	case disbursement.Confirmed:
		apart(x.BatchID, "batch")
	case party.PayeeChanged:
		took("change payee", x.PartyID)
	case party.PayeeConfirmed:
		f.lastApart(e, x.PartyID, "change payee")
	case shipment.Inspected:
		took("inspect", x.ShipmentID)
	case shipment.Returned:
		took("return or correct", x.ShipmentID)
	case shipment.InspectionCorrected:
		apart(x.ShipmentID, "inspect")
		took("inspect", x.ShipmentID)
		took("return or correct", x.ShipmentID)
	}
}}

// lastApart is apart for a pair of which only the latest step counts.
func (f *fold) lastApart(e *events.Event, about domain.ID, step string) {
	row, _ := steps.Find(f.db, StepKey{step, about})
	if n := len(row.Actors); n > 0 && row.Actors[n-1] == e.Actor {
		f.raise(string(about)+" "+e.Name(), e, []string{row.Events[n-1]}, "%s by %q, who also took the step %s", e.Name(), e.Actor, step)
	}
}

// SumKey names an amount of a cooperative on a day.
type SumKey struct {
	CooperativeID domain.ID  `col:"cooperative_id" doc:"a cooperative"`
	Day           domain.Day `col:"day" doc:"Shanghai day of the inspection"`
	Amount        string     `col:"amount" doc:"a shipment's sale amount"`
}

type sumOf struct {
	SumKey
	Events []string `col:"events" doc:"inspections of that amount"`
}

var sums = projections.State[SumKey, sumOf]("finding_sums", "Amounts of shipments.")

// equalAmounts: shipments of one cooperative and day that come to exactly one
// amount.
var equalAmounts = rule{"equal_amounts", Medium, []projections.AnyTable{sums}, func(f *fold, e *events.Event) {
	x, ok := e.Fact.(shipment.Inspected)
	if !ok {
		return
	}
	var total domain.Money
	for _, l := range x.Lines {
		total = total.Add(l.Amount)
	}
	if total.Sign() == 0 {
		return
	}
	row := sums.At(f.db, SumKey{x.CooperativeID, e.Time.Day(), total.String()})
	row.Events = append(slices.Clone(row.Events), e.ID)
	if len(row.Events) >= f.EqualShipments {
		f.raise(fmt.Sprintf("%s %s %s", x.CooperativeID, e.Time.Day(), total), e, row.Events, "%d shipments of %s on %s come to exactly %s each", len(row.Events), x.CooperativeID, e.Time.Day(), total)
	}
}}

type ActorKey struct {
	Actor domain.ID `col:"actor" doc:"who approves"`
}

type oddApprovals struct {
	ActorKey
	Times  []domain.Time `col:"times" doc:"of the latest approvals at odd hours"`
	Events []string      `col:"events" doc:"parallel to times"`
}

var odd = projections.State[ActorKey, oddApprovals]("finding_odd_approvals", "Approvals at night and on weekends.")

// approval reports whether an event is someone's consent to money.
func approval(e *events.Event) bool {
	switch e.Fact.(type) {
	case claim.Approved, claim.Authorised, claim.ClawbackApproved:
		return true
	}
	return false
}

// bulkApprovals: many approvals by one actor in a short time, at night or on a
// weekend.
var bulkApprovals = rule{"bulk_approvals", High, []projections.AnyTable{odd}, func(f *fold, e *events.Event) {
	if !approval(e) || !f.oddHour(e.Time) {
		return
	}
	row := odd.At(f.db, ActorKey{e.Actor})
	from := 0
	for from < len(row.Times) && e.Time.Instant().Sub(row.Times[from].Instant()) > time.Duration(f.BulkMinutes)*time.Minute {
		from++
	}
	row.Times, row.Events = append(slices.Clone(row.Times[from:]), e.Time), append(slices.Clone(row.Events[from:]), e.ID)
	if len(row.Times) >= f.Bulk {
		about := fmt.Sprintf("%s %s", e.Actor, e.Time.Day())
		f.raise(about, e, row.Events, "%d approvals by %q within %d minutes, the latest at %s", len(row.Times), e.Actor, f.BulkMinutes, e.Time)
	}
}}

// oddHour reports whether a time is at night or on a weekend in Shanghai.
func (f *fold) oddHour(t domain.Time) bool {
	hour := t.Instant().In(domain.Shanghai).Hour()
	return t.Day().ISOWeekday() >= 6 || hour >= f.NightFrom || hour < f.NightTo
}

// cliApproval: approvals that came by the command line, whose account is the
// machine's; one finding an actor and day.
var cliApproval = rule{"cli_approval", Low, nil, func(f *fold, e *events.Event) {
	if approval(e) && e.Via == events.ViaCLI {
		f.raise(fmt.Sprintf("%s %s", e.Actor, e.Time.Day()), e, nil, "approvals by %q came by the command line", e.Actor)
	}
}}

type AccountKey struct {
	Tag string `col:"tag" doc:"keyed tag of an account"`
}

type accountOf struct {
	AccountKey
	Parties []domain.ID `col:"parties" doc:"whose payee has it"`
	Events  []string    `col:"events" doc:"that say so"`
}

var accounts = projections.State[AccountKey, accountOf]("finding_accounts", "Parties by the tag of their account.")

// sharedAccount: several payees with one account.
var sharedAccount = rule{"shared_account", High, []projections.AnyTable{accounts}, func(f *fold, e *events.Event) {
	var id domain.ID
	var payee *party.Payee
	switch x := e.Fact.(type) {
	case party.Registered:
		id, payee = x.PartyID, x.Payee
	case party.PayeeChanged:
		id, payee = x.PartyID, &x.Payee
	}
	if payee == nil || payee.AccountTag == "" {
		return
	}
	row := accounts.At(f.db, AccountKey{string(payee.AccountTag)})
	if slices.Contains(row.Parties, id) {
		return
	}
	row.Parties, row.Events = append(slices.Clone(row.Parties), id), append(slices.Clone(row.Events), e.ID)
	if len(row.Parties) > 1 {
		f.raise(string(row.Parties[0]), e, row.Events, "%d parties are paid on one account: %v", len(row.Parties), row.Parties)
	}
}}

type PayeeKey struct {
	PartyID domain.ID `col:"party_id" doc:"a party"`
}

type payeeRow struct {
	PayeeKey
	ChangedAt domain.Time `col:"changed_at" doc:"claimed time of the latest change"`
	EventID   string      `col:"event_id" doc:"that says so"`
}

var payees = projections.State[PayeeKey, payeeRow]("finding_payees", "When payees were changed.")

// payeeChanged: a payment shortly after the payee was changed.
var payeeChanged = rule{"payee_changed", High, []projections.AnyTable{payees}, func(f *fold, e *events.Event) {
	switch x := e.Fact.(type) {
	case party.PayeeChanged:
		row := payees.At(f.db, PayeeKey{x.PartyID})
		row.ChangedAt, row.EventID = e.Time, e.ID
	case disbursement.Batched:
		for _, l := range x.Lines {
			row, ok := payees.Find(f.db, PayeeKey{l.PayeeID})
			if ok && e.Time.Instant().Sub(row.ChangedAt.Instant()) <= time.Duration(f.PayeeDays)*24*time.Hour {
				f.raise(fmt.Sprintf("%s %s", l.PayeeID, x.BatchID), e, []string{row.EventID}, "the payee of %q was changed at %s and is paid in batch %q at %s", l.PayeeID, row.ChangedAt, x.BatchID, e.Time)
			}
		}
	}
}}
