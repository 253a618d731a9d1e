package events

import (
	"zhitong/domain/departure"
	"zhitong/domain/device"
	"zhitong/domain/item"
	"zhitong/domain/order"
	"zhitong/domain/pairing"
	"zhitong/domain/party"
	"zhitong/domain/programme"
	"zhitong/domain/route"
	"zhitong/domain/shipment"
)

// catalogue is every fact that was ever recorded, with today's version. A new fact
// is one line here and a golden file.
var catalogue = []entry{
	fact[programme.Opened](1),

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

	fact[device.EntryRefused](1),
}
