package findings_test

import (
	"fmt"
	"testing"
	"time"

	"zhitong/audit/findings"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/finding"
	"zhitong/domain/party"
	"zhitong/events"
)

// seeds is how many random histories each test looks at.
const seeds = 10

func TestACleanHistoryIsSilent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(seeds) {
		for id, f := range clean(t, seed).fold() {
			t.Errorf("seed %d: %s: %s", seed, id, f.Detail)
		}
	}
}

// end is a Wednesday behind the clean history.
var end = time.Date(2021, 6, 2, 2, 0, 0, 0, time.UTC)

// planted are irregularities, each by the rule that must find it, and it alone.
var planted = map[string]func(h *history){
	"overload":   func(h *history) { h.trip(end, trip{plate: "X", loadKg: 30_001}) },
	"transit":    func(h *history) { h.trip(end, trip{plate: "X", hours: 44}) },
	"two_places": func(h *history) { h.trip(end, trip{plate: "X", hours: 60}); h.trip(end.Add(20*hour), trip{plate: "X"}) },
	"tare": func(h *history) {
		h.trip(end, trip{plate: "X", tareKg: 15_000})
		h.trip(end.Add(200*hour), trip{plate: "X", tareKg: 15_451})
	},
	"number_twice": func(h *history) {
		h.trip(end, trip{plate: "X", seal: "twice"})
		h.trip(end.Add(200*hour), trip{plate: "X", seal: "twice"})
	},
	"loss_near_allowance": func(h *history) {
		for i := range 3 {
			h.trip(end.Add(time.Duration(i)*200*hour), trip{loadKg: 20_000, lostKg: 400, by: 1})
		}
	},
	"near_limit": func(h *history) {
		h.trip(end, trip{plate: "X"})
		assessed(h, func(f *claim.Assessed) {
			f.Lines[0].Inputs.Limits[0].Left = domain.MoneyFromFen(f.Lines[0].Subsidy.Fen() * 1005 / 1000)
		})
	},
	"price_off_median": func(h *history) {
		for i := range 7 {
			h.trip(end.Add(time.Duration(i)*hour), trip{plate: domain.ID(fmt.Sprintf("P%d", i)), hours: 50, wait: hour})
		}
		h.trip(end, trip{plate: "X", price: "28.70", hours: 50, wait: hour})
	},
	"no_rejection": func(h *history) {
		for i := range 21 {
			h.trip(end.Add(time.Duration(i)*30*hour), trip{flawless: true})
		}
	},
	"inspection_time": func(h *history) { h.trip(end, trip{plate: "X", wait: 73 * hour}) },
	"late": func(h *history) {
		h.trip(end, trip{plate: "X", opts: []option{recordedLater(8 * 24 * hour)}})
	},
	"device_gap": func(h *history) { h.seq += 3; h.trip(end, trip{plate: "X"}) },
	"one_person": func(h *history) {
		h.claim(end, claim.Head{ClaimID: "Z.P", CooperativeID: "C1"}, "OF-1", "OF-1", events.ViaAPI)
	},
	"equal_amounts": func(h *history) {
		for i := range 3 {
			h.trip(end, trip{plate: domain.ID(fmt.Sprintf("P%d", i)), hours: 50, wait: hour, accepted: 20_000, loadKg: 20_100 + int64(i), price: "20.00", by: 1})
		}
	},
	"bulk_approvals": func(h *history) {
		night := time.Date(2021, 6, 2, 14, 30, 0, 0, time.UTC) // 22:30 in Shanghai
		for i := range 10 {
			h.add(night.Add(time.Duration(i)*time.Minute), "OF-1", claim.Approved{Head: claim.Head{ClaimID: domain.ID(fmt.Sprintf("N%d", i))}, By: "OF-1"})
		}
	},
	"shared_account": func(h *history) {
		h.add(end, "OF-1", party.Registered{PartyID: "C9", PartyKind: party.KindCooperative, Payee: &party.Payee{AccountTag: "tag-1"}})
	},
	"payee_changed": func(h *history) {
		h.add(end, "OF-1", party.PayeeChanged{PartyID: "C1", Payee: party.Payee{AccountTag: "new"}, ChangedBy: "OF-1"})
		h.claim(end, claim.Head{ClaimID: "Z.P", CooperativeID: "C1"}, "OF-1", "OF-2", events.ViaAPI)
	},
	"cli_approval": func(h *history) {
		h.claim(end, claim.Head{ClaimID: "Z.P", CooperativeID: "C1"}, "OF-1", "OF-2", events.ViaCLI)
	},
}

// assessed changes the latest assessment.
func assessed(h *history, fn func(*claim.Assessed)) {
	for i := len(h.commits) - 1; i >= 0; i-- {
		if f, ok := h.commits[i].Events[0].Fact.(claim.Assessed); ok {
			fn(&f)
			h.commits[i].Events[0].Fact = f
			return
		}
	}
}

func TestEachPlantedIrregularityIsFoundByItsRuleAlone(t *testing.T) {
	t.Parallel()
	rules := findings.Rules()
	if len(rules) != len(planted) {
		t.Errorf("%d rules, %d planted irregularities", len(rules), len(planted))
	}
	for rule, plant := range planted {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			if rules[rule] == "" {
				t.Fatal("no such rule")
			}
			for seed := range uint64(seeds) {
				h := clean(t, seed)
				plant(h)
				found := 0
				for id, f := range h.fold() {
					if f.Rule == rule {
						found++
						continue
					}
					t.Errorf("seed %d: also %s: %s", seed, id, f.Detail)
				}
				if found == 0 {
					t.Errorf("seed %d: it is not found", seed)
				}
			}
		})
	}
}

func TestANoteStaysWithItsFinding(t *testing.T) {
	t.Parallel()
	h := clean(t, 1)
	planted["overload"](h)
	id := fmt.Sprintf("overload:D%d", h.trips)
	h.add(end.Add(300*hour), "AU-1", finding.Noted{FindingID: domain.ID(id), Status: finding.Explained, Note: "地磅误差"})
	if got := h.fold()[id]; got.Status != "explained" || got.Note != "地磅误差" {
		t.Errorf("got %+v", got)
	}
}

func TestAnImportAsksOneQuestion(t *testing.T) {
	t.Parallel()
	h := clean(t, 2)
	for i := range h.commits {
		e := &h.commits[i].Events[0]
		if e.Via == events.ViaAPI {
			e.Via = events.ViaImport
		}
		e.Recorded = events.RecordedTime(end.AddDate(1, 0, 0))
	}
	got := h.fold()
	if len(got) != 1 {
		t.Errorf("%d findings, want one: %v", len(got), got)
	}
	for id := range got {
		if id != "late:import of 2022-06-02" {
			t.Errorf("got %q", id)
		}
	}
}

func TestANumberThatComesLateTakesTheGapBack(t *testing.T) {
	t.Parallel()
	h := clean(t, 3)
	planted["device_gap"](h)
	for seq := h.seq - 3; seq < h.seq; seq++ {
		h.add(end.Add(200*hour), "B1", finding.Noted{FindingID: "x", Status: finding.Open, Note: "x"}, device(seq))
	}
	if got := h.fold(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
