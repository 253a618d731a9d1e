package sheet

import (
	"strings"

	"zhitong/domain"
	"zhitong/domain/policy"
	"zhitong/internal/text"
)

// sentences are the words of each operation of a step; see package policy.
var sentences = map[string]string{
	"match":  "sheet_step.match",
	"times":  "sheet_step.times",
	"over":   "sheet_step.over",
	"excess": "sheet_step.excess",
	"least":  "sheet_step.least",
	"sum":    "sheet_step.sum",
	"round":  "sheet_step.round",
	"band":   "sheet_step.band",
}

// words are what steps and operands are called.
var words = map[string]string{
	"rule": "sheet_word.rule", "band": "sheet_word.band", "groups": "sheet_word.groups", "subsidy": "sheet_word.subsidy",
	"price_per_kg": "sheet_word.price_per_kg", "gap": "sheet_word.gap", "per_kg": "sheet_word.per_kg", "capped_per_kg": "sheet_word.capped_per_kg",
	"freight_share": "sheet_word.freight_share", "sales_share": "sheet_word.sales_share", "net_sale": "sheet_word.net_sale",
	"rate": "sheet_word.rate", "kg": "sheet_word.kg", "unit_price": "sheet_word.unit_price", "kg_per_unit": "sheet_word.kg_per_unit",
	"reference_price": "sheet_word.reference_price", "share": "sheet_word.share", "freight": "sheet_word.freight", "loaded_kg": "sheet_word.loaded_kg",
	"cap_per_kg": "sheet_word.cap_per_kg", "amount": "sheet_word.amount", "left": "sheet_word.left", "cap": "sheet_word.cap", "part": "sheet_word.part",
	"sale": "sheet_word.sale", "returned": "sheet_word.returned",
	"line": "sheet_word.line", "claim": "sheet_word.claim", "cooperative_year": "sheet_word.cooperative_year",
	"buyer_year": "sheet_word.buyer_year", "item_year": "sheet_word.item_year",
	"partial": "sheet_word.partial", "budget": "sheet_word.budget", "rejected": "sheet_word.rejected",
	"return": "sheet_word.why_return", "limit": "sheet_word.why_limit",
	"refund": "sheet_word.refund", "offset": "sheet_word.offset", "write_off": "sheet_word.write_off",
}

// word is what a name of the calculation is called; one that has no word is shown
// as it is.
func word(c text.Catalogue, name string) string {
	if key, ok := words[name]; ok {
		return c.Say(key)
	}
	return name
}

// Sentence says one step in words. Every operation has its own sentence.
func Sentence(c text.Catalogue, s policy.Step) string {
	key, ok := sentences[s.Op]
	what := whatOf(c, s)
	switch {
	case !ok:
		return c.Say("sheet_step.other", "op", s.Op, "what", what, "result", s.Result)
	case s.Op == "match" && s.Result == "":
		key = "sheet_step.match_none"
	case s.Op == "sum" && len(s.With) == 0:
		key = "sheet_step.sum_none"
	case s.Op == "band" && len(s.With) < 4:
		key = "sheet_step.band_open"
	}
	_, group, _ := strings.Cut(s.What, ":")
	args := []any{"what", what, "group", group, "result", s.Result, "parts", parts(s)}
	for i, at := range []string{"a", "b", "c", "d"} {
		var o policy.Operand
		if i < len(s.With) {
			o = s.With[i]
		}
		args = append(args, at, word(c, o.Name), at+"_value", o.Value)
	}
	return c.Say(key, args...)
}

// whatOf names the part of the rule that a step is.
func whatOf(c text.Catalogue, s policy.Step) string {
	name, of, _ := strings.Cut(s.What, ":")
	var what string
	switch name {
	case "limit":
		what = c.Say("sheet_word.limit_of", "per", word(c, of))
	case "cap":
		what = c.Say("sheet_word.cap_of", "why", word(c, of))
	default:
		what = word(c, name)
	}
	if s.Rule != "" && s.Op != "match" {
		return c.Say("sheet_word.of_rule", "what", what, "rule", s.Rule)
	}
	return what
}

// parts are the operands of a sum.
func parts(s policy.Step) string {
	values := make([]string, len(s.With))
	for i, o := range s.With {
		values[i] = o.Value
	}
	return strings.Join(values, " + ")
}

// happenings are the words of each step of a claim's life.
var happenings = map[string]string{
	"claim.assessed": "sheet_life.assessed", "claim.waitlisted": "sheet_life.waitlisted", "claim.refused": "sheet_life.refused",
	"claim.taken_up": "sheet_life.taken_up", "claim.reassessed": "sheet_life.reassessed", "claim.submitted": "sheet_life.submitted",
	"claim.approved": "sheet_life.approved", "claim.rejected": "sheet_life.rejected", "claim.publicised": "sheet_life.publicised",
	"claim.objected": "sheet_life.objected", "claim.objection_resolved": "sheet_life.objection_dismissed", "claim.authorised": "sheet_life.authorised",
	"claim.batched": "sheet_life.batched", "claim.paid": "sheet_life.paid", "claim.payment_failed": "sheet_life.payment_failed",
	"clawback.proposed": "sheet_life.clawback_proposed", "clawback.approved": "sheet_life.clawback_approved",
	"clawback.settled": "sheet_life.clawback_settled", "clawback.recovered": "sheet_life.clawback_recovered",
}

// happened says one step of the claim's life in words.
func happened(c text.Catalogue, h *Happening) string {
	key := happenings[h.Fact]
	switch {
	case h.Fact == "claim.objection_resolved" && h.Upheld:
		key = "sheet_life.objection_upheld"
	case h.Fact == "claim.paid" && h.Withheld.Sign() > 0:
		key = "sheet_life.paid_less"
	case h.Fact == "claim.reassessed" && h.Of != "":
		key = "sheet_life.supplemented"
	}
	said := c.Say(key, "amount", h.Amount, "of", h.Of, "from", h.From, "to", h.To, "place", h.LineNo,
		"withheld", h.Withheld, "transferred", transferred(h), "method", word(c, h.Method))
	if h.Note != "" {
		said = c.Say("sheet_life.with_note", "said", said, "note", h.Note)
	}
	return said
}

func transferred(h *Happening) domain.Money { return h.Amount.Sub(h.Withheld) }
