package model

// handler is one command: who may send it and what it does. Whose things they
// are is checked in run.
type handler struct {
	open map[string]bool
	run  func(*Model, call) error
}

func by(run func(*Model, call) error, roles ...string) handler {
	open := map[string]bool{}
	for _, r := range roles {
		open[r] = true
	}
	return handler{open: open, run: run}
}

// handlers is the whole table, by the roles that may; claim.object is open to
// every role that a client can have.
func handlers() map[string]handler {
	return map[string]handler{
		"programme.open":              by((*Model).programmeOpen, "operator"),
		"party.register":              by((*Model).partyRegister, "officer"),
		"party.update":                by((*Model).partyUpdate, "officer"),
		"party.suspend":               by((*Model).partySuspend, "officer"),
		"party.reinstate":             by((*Model).partyReinstate, "officer"),
		"party.change_payee":          by((*Model).partyChangePayee, "officer"),
		"party.confirm_payee":         by((*Model).partyConfirmPayee, "officer"),
		"item.register":               by((*Model).itemRegister, "officer"),
		"item.update":                 by((*Model).itemUpdate, "officer"),
		"route.open":                  by((*Model).routeOpen, "dispatcher"),
		"route.revise":                by((*Model).routeRevise, "dispatcher"),
		"order.submit":                by((*Model).orderSubmit, "buyer"),
		"order.confirm":               by((*Model).orderConfirm, "dispatcher"),
		"order.revise_price":          by((*Model).orderRevisePrice, "buyer"),
		"order.short_close":           by((*Model).orderShortClose, "buyer"),
		"order.cancel":                by((*Model).orderCancel, "buyer"),
		"departure.schedule":          by((*Model).departureSchedule, "dispatcher"),
		"departure.depart":            by((*Model).departureDepart, "dispatcher", "carrier"),
		"departure.transship":         by((*Model).departureTransship, "dispatcher", "carrier"),
		"departure.arrive":            by((*Model).departureArrive, "dispatcher", "carrier"),
		"departure.cancel":            by((*Model).departureCancel, "dispatcher"),
		"departure.record_freight":    by((*Model).departureRecordFreight, "dispatcher"),
		"shipment.log":                by((*Model).shipmentLog, "cooperative"),
		"shipment.correct":            by((*Model).shipmentCorrect, "cooperative"),
		"shipment.cancel":             by((*Model).shipmentCancel, "cooperative"),
		"shipment.load":               by((*Model).shipmentLoad, "cooperative", "dispatcher"),
		"shipment.inspect":            by((*Model).shipmentInspect, "buyer", "dispatcher"),
		"shipment.return":             by((*Model).shipmentReturn, "buyer"),
		"shipment.correct_inspection": by((*Model).shipmentCorrectInspection, "dispatcher"),
		"policy.publish":              by((*Model).policyPublish, "officer"),
		"policy.withdraw":             by((*Model).policyWithdraw, "officer"),
		"fund.open":                   by((*Model).fundOpen, "finance"),
		"fund.adjust":                 by((*Model).fundAdjust, "finance"),
		"fund.add_line":               by((*Model).fundAddLine, "finance"),
		"claim.assess":                by((*Model).claimAssess, "officer"),
		"claim.submit":                by((*Model).claimSubmit, "cooperative"),
		"claim.approve":               by((*Model).claimApprove, "officer"),
		"claim.publicise":             by((*Model).claimPublicise, "officer"),
		"claim.object": by((*Model).claimObject, "cooperative", "buyer", "carrier", "dispatcher", "officer",
			"finance", "auditor", "funder", "operator"),
		"claim.resolve_objection": by((*Model).claimResolveObjection, "officer"),
		"claim.authorise":         by((*Model).claimAuthorise, "officer"),
		"claim.reject":            by((*Model).claimReject, "officer"),
		"disbursement.batch":      by((*Model).disbursementBatch, "finance"),
		"disbursement.confirm":    by((*Model).disbursementConfirm, "finance"),
		"clawback.approve":        by((*Model).clawbackApprove, "officer"),
		"clawback.settle":         by((*Model).clawbackSettle, "finance"),
	}
}
