package demo

import (
	"fmt"
	"time"

	"zhitong/domain"
)

const policyID = "SGYD"

// claimedGramsMin is the weight above which a claim is surely worth a fen.
const claimedGramsMin = 1000

// rates are yuan per kg by category, in the first version and in the second.
var rates = []struct{ rule, category, first, second string }{
	{"dried", "dried", "0.40", "0.45"},
	{"nuts", "nuts", "0.50", "0.50"},
	{"fresh", "fresh", "0.30", "0.36"},
	{"flowers", "flowers", "1.20", "1.00"},
	{"meat", "meat", "0.60", "0.60"},
}

// policies publishes both versions and opens a fund for each year.
func (s *script) policies() {
	s.policy(at(domain.NewDay(2020, time.April, 25), 10, 0, beijing), 1, "2020-05-01", "2020-12-31")
	s.fund(at(domain.NewDay(2020, time.April, 26), 10, 0, beijing), 2020, 1_000_000_000)
	s.policy(at(domain.NewDay(2020, time.December, 20), 10, 0, beijing), 2, "2021-01-01", "2021-12-31")
	s.fund(at(domain.NewDay(2020, time.December, 21), 10, 0, beijing), 2021, 2_200_000_000)
}

func (s *script) policy(when time.Time, version int, from, to string) {
	s.say(when, "policy.publish", fmt.Sprintf("%s/%d", policyID, version), officer, domain.Officer, func() object {
		var rules, split []object
		for _, r := range rates {
			rate := r.first
			if version > 1 {
				rate = r.second
			}
			rules = append(rules, object{
				"id": r.rule, "group": "price", "match": object{"categories": []string{r.category}}, "kind": "per_kg", "rate": rate,
			})
		}
		for _, f := range funders {
			split = append(split, object{"funder_id": f.id, "share": f.share, "budget_id": f.budget})
		}
		return object{
			"policy_id": policyID, "version": version,
			"name":      domain.Name{Zh: "四个一点价格补贴（演示）", En: `"Four bits" price subsidy (demo)`},
			"effective": object{"from": from, "to": to},
			"rules":     rules, "split": split, "on_exhausted": "waitlist",
			"approval": object{"publicity_days": 7, "distinct_actors": true},
		}
	})
}

// fund opens the fund of a year with about total fen at scale 1, shared like the
// claims.
func (s *script) fund(when time.Time, year int, total int64) {
	id := fmt.Sprintf("%s-%d", policyID, year)
	s.say(when, "fund.open", id, treasurer, domain.Finance, func() object {
		var lines []object
		for i, f := range funders {
			tenths := [...]int64{4, 3, 2, 1}[i]
			lines = append(lines, object{
				"budget_id": f.budget, "funder_id": f.id, "amount": yuan(max(10_000, mulDiv(total, s.scale, million)/10*tenths)),
			})
		}
		return object{"fund_id": id, "policy_id": policyID, "year": year, "lines": lines}
	})
}
