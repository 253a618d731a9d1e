package audittest

import (
	"fmt"

	"zhitong/domain"
	"zhitong/internal/app/apptest"
)

// richRules use every kind of rule and of limit.
const richRules = `
	"effective":{"from":"2020-05-01","to":"2021-12-31"},
	"rules":[
		{"id":"gap","group":"price","match":{"categories":["nuts"]},"kind":"price_gap","reference_price":"60.00","share":"0.5","cap_per_kg":"1.20"},
		{"id":"steps","group":"price","kind":"tiered","per":"cooperative_item_year","tiers":[{"up_to_kg":"300","rate":"1.00"},{"up_to_kg":"900","rate":"0.60"},{"rate":"0.20"}]},
		{"id":"freight","group":"freight","kind":"freight","share":"0.6","cap_per_kg":"0.35"}],
	"limits":[{"per":"line","max":"200.00"},{"per":"claim","max":"250.00"},{"per":"cooperative_year","max":"1500.00"},{"per":"line","sales_share":"0.15"}],
	"split":[{"funder_id":"F-PROV","share":"0.333333","budget_id":"B1"},{"funder_id":"F-CITY","share":"0.333333","budget_id":"B2"},{"funder_id":"F-CNTY","share":"0.333334","budget_id":"B3"}],
	"approval":{"publicity_days":0,"distinct_actors":true}`

// richPolicies publishes three policies, one for each way to be exhausted, and opens
// funds that are too small for all claims.
func richPolicies(t apptest.TB, w *apptest.World) {
	t.Helper()
	day := func(d int) domain.By {
		return domain.By{Actor: "OF-9", Role: domain.Officer, Time: mustTime(fmt.Sprintf("2020-04-27T%02d:00:00+08:00", 8+d))}
	}
	for i, exhausted := range []string{"partial", "waitlist", "refuse"} {
		id := "RICH-" + exhausted
		w.Do(fmt.Sprintf(`{"id":"rich:%s","command":"policy.publish","actor":"OF-9","role":"officer","time":"2020-04-27T08:00:00+08:00","data":{"policy_id":%q,"version":1,"on_exhausted":%q,%s}}`, id, id, exhausted, richRules))
		for year := 2020; year <= 2021; year++ {
			fin := day(i)
			fin.Actor, fin.Role = "FI-9", domain.Finance
			var lines []map[string]any
			for _, l := range [][2]string{{"B1", "F-PROV"}, {"B2", "F-CITY"}, {"B3", "F-CNTY"}} {
				lines = append(lines, map[string]any{"budget_id": l[0], "funder_id": l[1], "amount": fmt.Sprintf("%d.00", 400+100*(year-2020))})
			}
			r := w.Send(fmt.Sprintf("rich:%s:%d", id, year), "fund.open", fin, map[string]any{"fund_id": fmt.Sprintf("%s-%d", id, year), "policy_id": id, "year": year, "lines": lines})
			if !r.OK {
				t.Fatalf("fund of %s: %v", id, r.Problem)
			}
		}
	}
}
