package events

import (
	"zhitong/domain/account"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/device"
	"zhitong/domain/disbursement"
	"zhitong/domain/finding"
	"zhitong/domain/fund"
	"zhitong/domain/item"
	"zhitong/domain/order"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/policy"
	"zhitong/domain/programme"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
)

// catalogue is every fact that was ever recorded, with today's version. A new fact
// is one line here and a golden file.
var catalogue = []entry{
	fact[programme.Opened](1),
	fact[programme.ClockConfirmed](1),

	fact[account.Granted](1),
	fact[account.Revoked](1),

	fact[party.Registered](1),
	fact[party.Updated](1),
	fact[party.PayeeChanged](1),
	fact[party.PayeeConfirmed](1),
	fact[party.Suspended](1),
	fact[party.Reinstated](1),
	fact[party.Closed](1),
	fact[party.ErasureRequested](1),
	fact[party.Erased](1),
	fact[pairing.Set](1),
	fact[item.Registered](1),
	fact[item.Updated](1),
	fact[route.Opened](1),
	fact[route.Revised](1),

	fact[order.Submitted](1),
	fact[order.Confirmed](1),
	fact[order.PriceRevised](1),
	fact[order.LineShortClosed](1),
	fact[order.Cancelled](1),
	fact[order.LineAllocated](1),
	fact[order.LineReleased](1),

	fact[departure.Scheduled](1),
	fact[departure.Loaded](1),
	fact[departure.LoadCorrected](1),
	fact[departure.Unloaded](1),
	fact[departure.Departed](1),
	fact[departure.Transshipped](1),
	fact[departure.Arrived](1),
	fact[departure.Cancelled](1),
	fact[departure.FreightRecorded](1),

	fact[shipment.Logged](1),
	fact[shipment.Corrected](1),
	fact[shipment.Cancelled](1),
	fact[shipment.Loaded](1),
	fact[shipment.Inspected](1),
	fact[shipment.Returned](1),
	fact[shipment.InspectionCorrected](1),

	fact[policy.Published](1),
	fact[policy.Withdrawn](1),

	fact[fund.Opened](1),
	fact[fund.Adjusted](1),
	fact[fund.LineAdded](1),
	fact[fund.Reserved](1),
	fact[fund.Released](1),
	fact[fund.Obligated](1),
	fact[fund.Unobligated](1),
	fact[fund.Spent](1),
	fact[fund.Refunded](1),
	fact[fund.Recounted](1),
	fact[fund.Queued](1),
	fact[fund.QueueChanged](1),
	fact[fund.Unqueued](1),

	fact[claim.Assessed](1),
	fact[claim.Waitlisted](1),
	fact[claim.Refused](1),
	fact[claim.TakenUp](1),
	fact[claim.Reassessed](1),
	fact[claim.Submitted](1),
	fact[claim.Approved](1),
	fact[claim.Rejected](1),
	fact[claim.Publicised](1),
	fact[claim.Objected](1),
	fact[claim.ObjectionResolved](1),
	fact[claim.Authorised](1),
	fact[claim.Batched](1),
	fact[claim.Paid](1),
	fact[claim.PaymentFailed](1),
	fact[claim.ClawbackProposed](1),
	fact[claim.ClawbackApproved](1),
	fact[claim.ClawbackSettled](1),
	fact[claim.ClawbackRecovered](1),

	fact[disbursement.Batched](1),
	fact[disbursement.Confirmed](1),

	fact[device.EntryRefused](1),

	fact[finding.Noted](1),
}
