package openapi

// summaries say in one line what each command is for, and what it wants where the
// data does not say so by itself.
var summaries = map[string]string{
	"programme.open":          "Open the programme: once, and first",
	"programme.confirm_clock": "Go on writing although the log is ahead of the clock, which is right",

	"account.grant":  "Give an account its role",
	"account.revoke": "Take an account's role away, with its tokens and sessions",

	"party.register":      "Register a cooperative, buyer, carrier or funder",
	"party.change_payee":  "Propose another account to pay to; another officer confirms it",
	"party.confirm_payee": "Confirm the account that another officer proposed",
	"party.update":        "Change particulars of a party",
	"party.suspend":       "Let a party begin nothing new",
	"party.reinstate":     "Let a suspended party go on",
	"party.close":         "Close a party that has nothing open",
	"person.erase":        "Destroy the key of a party's personal values",
	"pairing.set":         "Pair a division of Anhui with one of Pishan",
	"item.register":       "Register what is sold",
	"item.update":         "Change particulars of an item",
	"route.open":          "Open a route with its calendar",
	"route.revise":        "Change a route from a day on",

	"order.submit":       "Order goods",
	"order.confirm":      "Confirm an order, with a cooperative for every line",
	"order.revise_price": "Change a line's price before any of it departs",
	"order.short_close":  "Say that nothing more will come on a line",
	"order.cancel":       "Cancel an order of which nothing is loaded",

	"departure.schedule":       "Schedule a vehicle's trip",
	"departure.depart":         "Record that a departure left",
	"departure.transship":      "Record that the goods go on in another vehicle",
	"departure.arrive":         "Record that a departure arrived",
	"departure.cancel":         "Cancel a departure before it leaves",
	"departure.record_freight": "Record a freight invoice of a departure",

	"shipment.log":                "Log goods under a waybill",
	"shipment.correct":            "Replace the lines of a shipment before it departs",
	"shipment.cancel":             "Cancel a shipment before it departs",
	"shipment.load":               "Load a shipment on a departure",
	"shipment.inspect":            "Say what arrived and what of it is accepted",
	"shipment.return":             "Return accepted goods",
	"shipment.correct_inspection": "Correct an inspection",

	"policy.publish":  "Publish a version of a policy",
	"policy.withdraw": "End a version of a policy early",
	"fund.open":       "Open the fund of a policy for a year",
	"fund.adjust":     "Change what is appropriated on a budget line",
	"fund.add_line":   "Add a budget line to a fund",

	"claim.assess":            "Assess a shipment that was inspected before the fund was open",
	"claim.submit":            "Ask for what was assessed",
	"claim.approve":           "Approve a claim: its money is obligated",
	"claim.publicise":         "Post claims for the public",
	"claim.object":            "Object to a posted claim",
	"claim.resolve_objection": "Uphold an objection, or not",
	"claim.authorise":         "Let a claim be paid, after its posting",
	"claim.reject":            "Reject a claim before it is authorised",
	"disbursement.batch":      "Make a payment batch of authorised claims",
	"disbursement.confirm":    "Record the bank's answer to a batch",
	"clawback.approve":        "Approve what is asked back of a paid claim",
	"clawback.settle":         "Say how it comes back",

	"finding.note": "Note what was found out about a finding",
}
