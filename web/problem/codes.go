package problem

// Code is one of the stable codes. What it means is in the catalogues of package
// text under problem and the code.
type Code struct {
	Name   string
	Remedy string // the key of what to do about it
}

// Codes lists every code that an answer can carry, in the order of the documentation.
func Codes() []Code {
	all := make([]Code, 0, len(codes))
	for _, g := range codes {
		all = append(all, g.codes...)
	}
	return all
}

func codeOf(name string) (Code, bool) {
	for _, g := range codes {
		for _, c := range g.codes {
			if c.Name == name {
				return c, true
			}
		}
	}
	return Code{}, false
}

// What to do, as keys of the catalogues.
const (
	fixShape      = "remedy.fix_shape"
	fixValue      = "remedy.fix_value"
	giveField     = "remedy.give_field"
	parameter     = "remedy.parameter"
	logIn         = "remedy.log_in"
	documentation = "remedy.documentation"
	retry         = "remedy.retry"
	slower        = "remedy.slower"
	fewer         = "remedy.fewer"
	tellOperator  = "remedy.tell_operator"
	askRole       = "remedy.ask_role"
	ownAccount    = "remedy.own_account"
	otherId       = "remedy.other_id"
	lookUp        = "remedy.look_up"
	clock         = "remedy.clock"
	firstStep     = "remedy.first_step"
	state         = "remedy.state"
	tooLate       = "remedy.too_late"
	less          = "remedy.less"
	secondPerson  = "remedy.second_person"
	fund          = "remedy.fund"
	policyFile    = "remedy.policy_file"
	nothing       = "remedy.nothing"
)

// group is the codes of one matter.
type group struct {
	about string
	codes []Code
}

// codes is the one table of codes. A test compares it with what the program says.
var codes = []group{
	{"requests", []Code{
		{"malformed", fixShape},
		{"request.invalid_parameter", parameter},
		{"request.unauthenticated", logIn},
		{"request.cross_site", logIn},
		{"request.not_found", documentation},
		{"request.method_not_allowed", documentation},
		{"request.not_acceptable", documentation},
		{"request.timeout", retry},
		{"request.interrupted", retry},
		{"request.too_large", fewer},
		{"request.headers_too_large", fewer},
		{"request.unsupported_type", documentation},
		{"request.too_many", slower},
		{"request.bad_path", documentation},
		{"request.wrong_host", documentation},
		{"request.compressed", documentation},
		{"session.refused", logIn},
		{"session.not_secure", tellOperator},
		{"session.unknown", nothing},
		{"internal", tellOperator},
		{"accounts.unavailable", retry},
		{"accounts.busy", slower},
		{"log.unavailable", retry},
		{"log.full", tellOperator},
		{"log.clock_behind", tellOperator},
		{"view.unknown", documentation},
		{"view.unknown_column", documentation},
		{"view.bad_condition", parameter},
		{"view.bad_value", parameter},
		{"view.bad_cursor", parameter},
		{"view.bad_limit", parameter},
		{"view.bad_moment", parameter},
		{"view.future", parameter},
		{"view.no_past", parameter},
		{"view.not_built", retry},
		{"view.behind", retry},
		{"view.unavailable", retry},
		{"view.denied", askRole},
		{"event.denied", askRole},
		{"event.unknown", lookUp},
		{"event.no_receipt_yet", retry},
		{"actor.other", ownAccount},
		{"device.gap", retry},
		{"device.seq_used", otherId},
	}},
	{"commands", []Code{
		{"command.unknown", documentation},
		{"command.reserved_id", otherId},
		{"command.id_used", otherId},
		{"commit.too_large", fewer},
		{"role.unknown", documentation},
		{"role.system", ownAccount},
		{"role.denied", askRole},
		{"personal.denied", askRole},
		{"time.in_future", clock},
		{"account.unknown", lookUp},
		{"account.already_granted", nothing},
		{"account.already_revoked", nothing},
		{"account.party_missing", giveField},
	}},
	{"values", []Code{
		{"value.missing", giveField},
		{"value.invalid_id", fixValue},
		{"value.invalid_text", fixValue},
		{"value.invalid_time", fixValue},
		{"value.invalid_day", fixValue},
		{"value.invalid_money", fixValue},
		{"value.invalid_price", fixValue},
		{"value.invalid_quantity", fixValue},
		{"value.invalid_weight", fixValue},
		{"value.invalid_share", fixValue},
		{"value.invalid_exact", fixValue},
		{"value.invalid_residual", fixValue},
		{"value.invalid_line_no", fixValue},
		{"value.invalid_currency", fixValue},
		{"value.invalid_uscc", fixValue},
		{"value.unknown_division", fixValue},
		{"value.unknown_word", fixValue},
		{"value.not_positive", fixValue},
		{"value.out_of_range", fixValue},
		{"value.repeated", fixValue},
		{"value.too_many", fewer},
		{"value.days_reversed", fixValue},
	}},
	{"master data", []Code{
		{"programme.not_open", firstStep},
		{"programme.already_open", nothing},
		{"programme.other_time", lookUp},
		{"programme.clock_right", nothing},
		{"party.unknown", lookUp},
		{"party.exists", otherId},
		{"party.wrong_kind", lookUp},
		{"party.suspended", state},
		{"party.not_suspended", state},
		{"party.closed", state},
		{"party.has_open", firstStep},
		{"party.erased", nothing},
		{"party.no_erasure", state},
		{"party.no_changed_payee", state},
		{"party.same_officer", secondPerson},
		{"party.nothing_changes", giveField},
		{"party.channel_not_buyer", fixValue},
		{"person.erased", nothing},
		{"pairing.not_anhui", fixValue},
		{"pairing.not_pishan", fixValue},
		{"item.unknown", lookUp},
		{"item.exists", otherId},
		{"item.nothing_changes", giveField},
		{"item.unit_reserved", fixValue},
		{"route.unknown", lookUp},
		{"route.exists", otherId},
		{"route.nothing_changes", giveField},
		{"route.calendar_unclear", fixValue},
		{"route.transit_reversed", fixValue},
		{"route.transit_too_long", fixValue},
	}},
	{"orders", []Code{
		{"order.unknown", lookUp},
		{"order.exists", otherId},
		{"order.not_yours", ownAccount},
		{"order.confirmed", nothing},
		{"order.not_confirmed", firstStep},
		{"order.cancelled", state},
		{"order.loaded", tooLate},
		{"order.line_unknown", lookUp},
		{"order.line_unknown_item", lookUp},
		{"order.line_unknown_unit", lookUp},
		{"order.line_without_cooperative", giveField},
		{"order.line_too_large", less},
		{"order.line_departed", tooLate},
		{"order.line_short_closed", state},
		{"order.over_allocated", less},
	}},
	{"departures", []Code{
		{"departure.unknown", lookUp},
		{"departure.exists", otherId},
		{"departure.not_yours", ownAccount},
		{"departure.not_scheduled", state},
		{"departure.not_departed", state},
		{"departure.empty", firstStep},
		{"departure.off_calendar", giveField},
		{"departure.same_vehicle", fixValue},
		{"departure.vehicle_busy", fixValue},
		{"departure.over_capacity", less},
		{"departure.too_many_shipments", less},
		{"departure.gross_below_tare", fixValue},
		{"departure.freight_final", tooLate},
		{"departure.freight_too_large", fixValue},
		{"departure.invoice_used", otherId},
	}},
	{"shipments", []Code{
		{"shipment.unknown", lookUp},
		{"shipment.exists", otherId},
		{"shipment.not_yours", ownAccount},
		{"shipment.waybill_used", otherId},
		{"shipment.several_buyers", fixValue},
		{"shipment.kg_not_nominal", fixValue},
		{"shipment.kg_implausible", fixValue},
		{"shipment.line_unknown", lookUp},
		{"shipment.line_missing", giveField},
		{"shipment.nothing_loaded", fixValue},
		{"shipment.more_than_allocated", less},
		{"shipment.not_logged", state},
		{"shipment.departed", tooLate},
		{"shipment.cancelled", state},
		{"shipment.not_arrived", state},
		{"shipment.inspected", tooLate},
		{"shipment.not_inspected", state},
		{"shipment.arrived_mismatch", fixValue},
		{"shipment.over_returned", less},
		{"shipment.below_returned", less},
		{"shipment.not_latest", lookUp},
		{"shipment.same_person", secondPerson},
	}},
	{"policies", []Code{
		{"policy.unknown", lookUp},
		{"policy.unknown_version", lookUp},
		{"policy.version_exists", otherId},
		{"policy.effective_overlaps", fixValue},
		{"policy.effective_assessed", tooLate},
		{"policy.effective_backwards", fixValue},
		{"policy.withdraw_after_end", fixValue},
		{"policy.withdraw_assessed", tooLate},
		{"policy.invalid_id", fixValue},
		{"policy.invalid_version", fixValue},
		{"policy.unknown_key", policyFile},
		{"policy.key_twice", policyFile},
		{"policy.wrong_type", policyFile},
		{"policy.file_alias", policyFile},
		{"policy.file_empty", policyFile},
		{"policy.file_malformed", policyFile},
		{"policy.file_too_large", policyFile},
		{"policy.too_many", policyFile},
		{"policy.rule_twice", policyFile},
		{"policy.limit_twice", policyFile},
		{"policy.budget_twice", policyFile},
		{"policy.funder_twice", policyFile},
		{"policy.match_empty", policyFile},
		{"policy.field_not_of_kind", policyFile},
		{"policy.unknown_kind", policyFile},
		{"policy.unknown_mode", policyFile},
		{"policy.unknown_scope", policyFile},
		{"policy.publicity_days", policyFile},
		{"policy.sales_share_per_line", policyFile},
		{"policy.shares_not_one", policyFile},
		{"policy.tiers_end", policyFile},
		{"policy.tiers_order", policyFile},
	}},
	{"funds", []Code{
		{"fund.unknown", lookUp},
		{"fund.unknown_budget_line", lookUp},
		{"fund.exists", otherId},
		{"fund.year_exists", otherId},
		{"fund.budget_line_exists", otherId},
		{"fund.budget_line_missing", fund},
		{"fund.below_committed", less},
		{"fund.delta_zero", fixValue},
		{"fund.invalid_year", fixValue},
		{"fund.nobody_waits", nothing},
		{"fund.too_many_lines", fewer},
	}},
	{"claims and payment", []Code{
		{"claim.unknown", lookUp},
		{"claim.exists", nothing},
		{"claim.not_yours", ownAccount},
		{"claim.wrong_status", state},
		{"claim.not_inspected", firstStep},
		{"claim.policy_not_in_effect", lookUp},
		{"claim.no_fund", fund},
		{"claim.awaiting_freight", firstStep},
		{"claim.does_not_fit", fund},
		{"claim.nothing_to_submit", nothing},
		{"claim.nothing_changed", nothing},
		{"claim.too_many_changes", tellOperator},
		{"claim.named_twice", fixValue},
		{"claim.in_open_batch", firstStep},
		{"claim.publicity_backwards", fixValue},
		{"claim.publicity_in_past", fixValue},
		{"claim.publicity_too_short", fixValue},
		{"claim.publicity_runs", firstStep},
		{"clawback.unknown", lookUp},
		{"clawback.wrong_status", state},
		{"disbursement.unknown", lookUp},
		{"disbursement.exists", otherId},
		{"disbursement.closed", nothing},
		{"disbursement.claim_missing", giveField},
		{"disbursement.claim_not_in_batch", lookUp},
		{"disbursement.claim_twice", fixValue},
		{"two_persons.claim.approve", secondPerson},
		{"two_persons.claim.authorise", secondPerson},
		{"two_persons.claim.resolve_objection", secondPerson},
		{"two_persons.clawback.approve", secondPerson},
		{"two_persons.clawback.settle", secondPerson},
		{"two_persons.disbursement.confirm", secondPerson},
	}},
}
