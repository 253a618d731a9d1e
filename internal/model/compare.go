package model

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/go-json-experiment/json"
)

// plain writes a value of a row so that an int and a JSON number compare.
func plain(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprintf("not JSON: %v", err)
	}
	return string(b)
}

// nothing says whether every number of a row is zero; such rows of additive
// views may as well be absent.
func nothing(view string, row Row) bool {
	if !slices.Contains([]string{"sales_volume", "sales_by_item", "item_subsidy", "funds_flow", "freight_cost"}, view) {
		return false
	}
	keys := Keys()[view]
	for column, v := range row {
		if slices.Contains(keys, column) || v == nil || column == "lines" && view != "sales_volume" {
			continue
		}
		if strings.Trim(plain(v), `"-0.`) != "" {
			return false
		}
	}
	return true
}

func byKey(view string, rows []Row) map[string]Row {
	out := map[string]Row{}
	for _, row := range rows {
		if nothing(view, row) {
			continue
		}
		var parts []string
		for _, k := range Keys()[view] {
			parts = append(parts, plain(row[k]))
		}
		out[strings.Join(parts, " ")] = row
	}
	return out
}

// difference says where two lists of rows first differ in the columns that
// want names, or is empty. A nil in loose columns of want is not compared.
func difference(view string, want, got []Row, loose ...string) string {
	w, g := byKey(view, want), byKey(view, got)
	keys := slices.Concat(slices.Collect(maps.Keys(w)), slices.Collect(maps.Keys(g)))
	sort.Strings(keys)
	for _, k := range slices.Compact(keys) {
		switch {
		case w[k] == nil:
			return fmt.Sprintf("%s %s: not wanted: %s", view, k, plain(g[k]))
		case g[k] == nil:
			return fmt.Sprintf("%s %s: missing: %s", view, k, plain(w[k]))
		}
		for _, column := range slices.Sorted(maps.Keys(w[k])) {
			a, b := w[k][column], g[k][column]
			if a == nil && slices.Contains(loose, column) {
				continue
			}
			if plain(a) != plain(b) {
				return fmt.Sprintf("%s %s: %s: want %s, got %s", view, k, column, plain(a), plain(b))
			}
		}
	}
	return ""
}

// Differs says where rows of the application first differ from the model's, or is
// empty; rows returns those of a view. The first difference is the deepest: the
// trade comes before what is reckoned from it.
func (m *Model) Differs(rows func(view string) ([]Row, error)) string {
	views := m.Views()
	for _, view := range viewOrder() {
		got, err := rows(view)
		if err != nil {
			return fmt.Sprintf("view %s: %v", view, err)
		}
		if d := difference(view, comparable(view, views[view]), comparable(view, got)); d != "" {
			return d
		}
	}
	return ""
}

// viewOrder begins with the trade.
func viewOrder() []string {
	return []string{"order_fulfilment", "shipments", "departures", "freight_cost", "sales_volume", "claims", "claim_lines",
		"budget_lines", "funds_flow", "item_subsidy", "sales_by_item", "clawbacks", "disbursements", "publicity",
		"pending_assessments", "programme_totals"}
}

// comparable takes out what the model does not know: the code of a refused
// assessment.
func comparable(view string, rows []Row) []Row {
	if view != "pending_assessments" {
		return rows
	}
	for _, row := range rows {
		if reason, ok := row["reason"].(string); ok && strings.HasPrefix(reason, "refused:") {
			row["reason"] = "refused:"
		}
	}
	return rows
}
