package assembly

import (
	"fmt"
	"testing"

	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/fund"
	"zhitong/internal/app"
)

// fundIt publishes a policy of 1 yuan a kg and opens a fund of 70.00 for it.
func fundIt(t *testing.T, a *app.App, onExhausted string) {
	t.Helper()
	mustSend(t, a, `{"id":"F-1","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":"F-A","kind":"funder","name":{"zh":"F"}}}`)
	mustSend(t, a, fmt.Sprintf(`{"id":"F-2","command":"policy.publish","actor":"U-OFF","role":"officer","time":"2020-05-02T09:00:00+08:00","data":{"policy_id":"SGYD","version":1,"name":{"zh":"四个一点"},"effective":{"from":"2020-05-01","to":"2021-12-31"},"limits":[],"on_exhausted":%q,"approval":{"publicity_days":0,"distinct_actors":true},"rules":[{"id":"kg","group":"price","kind":"per_kg","rate":"1"}],"split":[{"funder_id":"F-A","share":"1","budget_id":"A"}]}}`, onExhausted))
	mustSend(t, a, `{"id":"F-3","command":"fund.open","actor":"U-FIN","role":"finance","time":"2020-05-02T10:00:00+08:00","data":{"fund_id":"FU-21","policy_id":"SGYD","year":2021,"lines":[{"budget_id":"A","funder_id":"F-A","amount":"70.00"}]}}`)
}

func TestTheLastYuanOfABudgetLineIsGivenOnce(t *testing.T) {
	t.Parallel()
	for _, processCount := range []int{1, 2} {
		for mode, want := range map[string]string{"partial": "70.00", "waitlist": "69.00", "refuse": "70.00"} {
			t.Run(fmt.Sprintf("%s, %d processes", mode, processCount), func(t *testing.T) {
				t.Parallel()
				l, apps := processes(t, processCount)
				lay(t, apps[0], 64)
				fundIt(t, apps[0], mode)
				mustSend(t, apps[0], `{"id":"D-2","command":"departure.schedule","actor":"U-DIS","role":"dispatcher","time":"2021-03-02T09:00:00+08:00","data":{"departure_id":"DD","route_id":"R","date":"2021-03-06","vehicle_plate":"新R2","capacity_kg":"10000"}}`)
				for w := range 64 {
					quantity := "3"
					if mode == "refuse" && w == 63 {
						quantity = "1"
					}
					mustSend(t, apps[0], logging(fmt.Sprint(w), w, quantity))
					mustSend(t, apps[0], fmt.Sprintf(`{"id":"V-%[1]d","command":"shipment.load","actor":"C%[1]d","role":"cooperative","time":"2021-03-06T06:00:00+06:00","data":{"shipment_id":"S-%[1]d","departure_id":"DD"}}`, w))
				}
				mustSend(t, apps[0], `{"id":"D-3","command":"departure.depart","actor":"U-DIS","role":"dispatcher","time":"2021-03-06T08:00:00+06:00","data":{"departure_id":"DD"}}`)
				mustSend(t, apps[0], `{"id":"D-4","command":"departure.arrive","actor":"U-DIS","role":"dispatcher","time":"2021-03-09T08:00:00+06:00","data":{"departure_id":"DD"}}`)
				writers(t, apps, func(w int) string {
					quantity := "3"
					if mode == "refuse" && w == 63 {
						quantity = "1"
					}
					return fmt.Sprintf(`{"id":"I-%[1]d","command":"shipment.inspect","actor":"B","role":"buyer","time":"2021-03-10T08:00:00+08:00","data":{"shipment_id":"S-%[1]d","ticket_no":"K-%[1]d","lines":[{"line_no":1,"arrived":%[2]q,"accepted":%[2]q}]}}`, w, quantity)
				})
				reserved, claims := domain.Money{}, 0
				for claims < 64 { // the reactions of the last answers may still be on their way
					reserved, claims = domain.Money{}, 0
					each(t, l, func(f domain.Fact) {
						switch f := f.(type) {
						case fund.Reserved:
							for _, m := range f.Lines {
								reserved = reserved.Add(m.Amount)
							}
						case claim.Assessed, claim.Waitlisted, claim.Refused:
							claims++
						}
					})
				}
				if reserved.String() != want {
					t.Errorf("reserved %s of 70.00, want %s", reserved, want)
				}
			})
		}
	}
}
