package findings_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"zhitong/audit/findings"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/disbursement"
	"zhitong/domain/finding"
	"zhitong/domain/party"
	"zhitong/domain/shipment"
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

// planted are irregularities, each by the rule that must find it, and it alone. at is
// a Wednesday that nothing else is near to; id is of nothing else.
var planted = map[string]func(h *history, at time.Time, id domain.ID){
	"overload": func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, loadKg: 30_001}) },
	"transit":  func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, hours: 44}) },
	"two_places": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, hours: 60})
		h.trip(at.Add(20*hour), trip{plate: id})
	},
	"tare": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, tareKg: 15_000})
		h.trip(at.Add(200*hour), trip{plate: id, tareKg: 15_451})
	},
	"number_twice": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, seal: id})
		h.trip(at.Add(200*hour), trip{plate: id, seal: id})
	},
	"loss_near_allowance": func(h *history, at time.Time, id domain.ID) {
		for i := range 3 {
			h.trip(at.Add(time.Duration(i)*200*hour), trip{loadKg: 20_000, lostKg: 400, by: 1})
		}
	},
	"near_limit": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id})
		assessed(h, func(f *claim.Assessed) {
			f.Lines[0].Inputs.Limits[0].Left = domain.MoneyFromFen(f.Lines[0].Subsidy.Fen() * 1005 / 1000)
		})
	},
	"price_off_median": func(h *history, at time.Time, id domain.ID) {
		for i := range 7 {
			h.trip(at.Add(time.Duration(i)*hour), trip{plate: domain.ID(fmt.Sprintf("%s-%d", id, i)), hours: 50, wait: hour})
		}
		h.trip(at, trip{plate: id, price: "28.70", hours: 50, wait: hour})
	},
	"no_rejection": func(h *history, at time.Time, id domain.ID) {
		for i := range 21 {
			h.trip(at.Add(time.Duration(i)*30*hour), trip{flawless: true})
		}
	},
	"inspection_time": func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, wait: 73 * hour}) },
	"late": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, opts: []option{recordedLater(8 * 24 * hour)}})
	},
	"device_gap": func(h *history, at time.Time, id domain.ID) { h.seq += 3; h.trip(at, trip{plate: id}) },
	"one_person": func(h *history, at time.Time, id domain.ID) {
		h.claim(at, claim.Head{ClaimID: id, CooperativeID: "C1"}, "OF-1", "OF-1", events.ViaAPI)
	},
	"equal_amounts": func(h *history, at time.Time, id domain.ID) {
		for i := range 3 {
			h.trip(at, trip{plate: domain.ID(fmt.Sprintf("%s-%d", id, i)), hours: 50, wait: hour, accepted: 20_000, loadKg: 20_100 + int64(i), price: "20.00", by: 1})
		}
	},
	"bulk_approvals": func(h *history, at time.Time, id domain.ID) {
		night := at.Add(12*hour + 30*time.Minute) // 22:30 in Shanghai
		for i := range 10 {
			h.add(night.Add(time.Duration(i)*time.Minute), "OF-1", claim.Approved{Head: claim.Head{ClaimID: domain.ID(fmt.Sprintf("%s-%d", id, i))}, By: "OF-1"})
		}
	},
	"shared_account": func(h *history, at time.Time, id domain.ID) {
		h.add(at, "OF-1", party.Registered{PartyID: id, PartyKind: party.KindCooperative, Payee: &party.Payee{AccountTag: "tag-1"}})
	},
	"payee_changed": func(h *history, at time.Time, id domain.ID) {
		h.add(at, "OF-1", party.PayeeChanged{PartyID: "C1", Payee: party.Payee{AccountTag: "new"}, ChangedBy: "OF-1"})
		h.claim(at, claim.Head{ClaimID: id, CooperativeID: "C1"}, "OF-1", "OF-2", events.ViaAPI)
	},
	"cli_approval": func(h *history, at time.Time, id domain.ID) {
		h.claim(at, claim.Head{ClaimID: id, CooperativeID: "C1"}, "OF-1", "OF-2", events.ViaCLI)
	},
}

// variants are other irregularities that a rule must find, each by its name.
var variants = map[string]struct {
	rule  string
	plant func(h *history, at time.Time, id domain.ID)
}{
	"WeighedAboveCapacity": {"overload", func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, loadKg: 29_999, grossKg: 45_200})
	}},
	"SlowerThanPlanned": {"transit", func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, hours: 97}) }},
	"FasterThanPlanned": {"transit", func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, hours: 47}) }},
	"ATicketTwice": {"number_twice", func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, ticket: id})
		h.trip(at.Add(200*hour), trip{plate: id, ticket: id})
	}},
	"InspectedBeforeItArrived": {"inspection_time", func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, wait: -hour}) }},
	"FarBelowTheMedian": {"price_off_median", func(h *history, at time.Time, id domain.ID) {
		for i := range 7 {
			h.trip(at.Add(time.Duration(i)*hour), trip{plate: domain.ID(fmt.Sprintf("%s-%d", id, i)), hours: 50, wait: hour})
		}
		h.trip(at, trip{plate: id, price: "12.00", hours: 50, wait: hour})
	}},
	"FarOffAMedianThatIsMadeLater": {"price_off_median", func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, price: "28.70", hours: 50, wait: hour})
		for i := range 7 {
			h.trip(at.Add(time.Duration(i)*hour), trip{plate: domain.ID(fmt.Sprintf("%s-%d", id, i)), hours: 50, wait: hour})
		}
	}},
	"SubmittedAndApproved": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.claim(at, claim.Head{ClaimID: id, CooperativeID: "OF-1"}, "OF-1", "OF-2", events.ViaAPI)
	}},
	"PublicisedAndAuthorised": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.claim(at, claim.Head{ClaimID: id, CooperativeID: "C1"}, "OF-1", "OF-3", events.ViaAPI)
	}},
	"ObjectedAndResolved": {"one_person", func(h *history, at time.Time, id domain.ID) {
		head := claim.Head{ClaimID: id}
		h.add(at, "X-1", claim.Objected{Head: head, By: "X-1"})
		h.add(at, "X-1", claim.ObjectionResolved{Head: head})
	}},
	"ReturnedAndClawbackApproved": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.add(at, "X-1", shipment.Returned{ShipmentID: id, LineNo: 1})
		h.add(at, "X-1", claim.ClawbackApproved{Head: claim.Head{ShipmentID: id}, ClawbackID: id + ".C1"})
	}},
	"ClawbackApprovedAndSettled": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.add(at, "X-1", claim.ClawbackApproved{ClawbackID: id + ".C1"})
		h.add(at, "X-1", claim.ClawbackSettled{ClawbackID: id + ".C1"})
	}},
	"BatchedAndConfirmed": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.add(at, "X-1", disbursement.Batched{BatchID: id})
		h.add(at, "X-1", disbursement.Confirmed{BatchID: id})
	}},
	"PayeeChangedAndConfirmed": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.add(at, "X-1", party.PayeeChanged{PartyID: id, Payee: party.Payee{AccountTag: domain.Tag(id)}})
		h.add(at, "X-1", party.PayeeConfirmed{PartyID: id})
	}},
	"InspectedAndCorrected": {"one_person", func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id})
		h.add(at.Add(400*hour), "B1", shipment.InspectionCorrected{ShipmentID: domain.ID(fmt.Sprintf("S%d", h.trips))})
	}},
	"ApprovalsOnASaturday": {"bulk_approvals", func(h *history, at time.Time, id domain.ID) {
		saturday := at.Add(3 * 24 * hour)
		for i := range 10 {
			h.add(saturday.Add(time.Duration(i)*time.Minute), "OF-1", claim.Approved{Head: claim.Head{ClaimID: domain.ID(fmt.Sprintf("%s-%d", id, i))}, By: "OF-1"})
		}
	}},
	"AnAccountOfAChangedPayee": {"shared_account", func(h *history, at time.Time, id domain.ID) {
		h.add(at, "OF-1", party.PayeeChanged{PartyID: id, Payee: party.Payee{AccountTag: "tag-2"}, ChangedBy: "OF-1"})
	}},
}

// justNot are things that are nearly irregular: nothing may be found.
var justNot = map[string]func(h *history, at time.Time, id domain.ID){
	"LoadedToTheKg":    func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, loadKg: 30_000}) },
	"AsFastAsPlanned":  func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, hours: 48}) },
	"AsSlowAsPlanned":  func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, hours: 96}) },
	"InspectedAfter72": func(h *history, at time.Time, id domain.ID) { h.trip(at, trip{plate: id, wait: 72 * hour}) },
	"TareThreePerCent": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, tareKg: 15_000})
		h.trip(at.Add(200*hour), trip{plate: id, tareKg: 15_450})
	},
	"TwoLossesNearTheAllowance": func(h *history, at time.Time, id domain.ID) {
		for i := range 2 {
			h.trip(at.Add(time.Duration(i)*200*hour), trip{plate: id, loadKg: 20_000, lostKg: 400, by: 1})
		}
	},
	"TwentyFlawlessLines": func(h *history, at time.Time, id domain.ID) {
		for i := range 20 {
			h.trip(at.Add(time.Duration(i)*30*hour), trip{flawless: true})
		}
	},
	"SevenDaysLate": func(h *history, at time.Time, id domain.ID) {
		h.trip(at, trip{plate: id, opts: []option{recordedLater(7*24*hour - time.Minute)}})
	},
	"NineApprovalsAtNight": func(h *history, at time.Time, id domain.ID) {
		night := at.Add(12*hour + 30*time.Minute)
		for i := range 9 {
			h.add(night.Add(time.Duration(i)*time.Minute), "OF-1", claim.Approved{Head: claim.Head{ClaimID: domain.ID(fmt.Sprintf("%s-%d", id, i))}, By: "OF-1"})
		}
	},
	"PayeeChangedFortyDaysBefore": func(h *history, at time.Time, id domain.ID) {
		h.add(at, "OF-1", party.PayeeChanged{PartyID: "C1", Payee: party.Payee{AccountTag: domain.Tag(id)}, ChangedBy: "OF-1"})
		h.claim(at.Add(40*24*hour), claim.Head{ClaimID: id, CooperativeID: "C1"}, "OF-1", "OF-2", events.ViaAPI)
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
				plant(h, end, "X")
				h.wantFound(rule)
			}
		})
	}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				h := clean(t, seed)
				v.plant(h, end, "X")
				h.wantFound(v.rule)
			}
		})
	}
	for name, plant := range justNot {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				h := clean(t, seed)
				plant(h, end, "X")
				h.wantFound()
			}
		})
	}
}

// wantFound checks that each of the rules has found something, and no other has.
func (h *history) wantFound(rules ...string) {
	h.t.Helper()
	found := map[string]bool{}
	for id, f := range h.fold() {
		if found[f.Rule] = true; !slices.Contains(rules, f.Rule) {
			h.t.Errorf("also %s: %s", id, f.Detail)
		}
	}
	for _, r := range rules {
		if !found[r] {
			h.t.Errorf("%s is not found", r)
		}
	}
}

// TestManyPlantedAtRandom plants irregularities of some rules, chosen by chance, at
// times chosen by chance, into one history: each is found, and nothing else.
func TestManyPlantedAtRandom(t *testing.T) {
	t.Parallel()
	all := slices.Sorted(maps.Keys(planted))
	for seed := range uint64(6 * seeds) {
		h := clean(t, seed)
		h.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		chosen := all[:1+h.r.IntN(len(all))]
		at := end
		for i, rule := range chosen {
			planted[rule](h, at, domain.ID(fmt.Sprintf("X%d", i)))
			at = at.Add(time.Duration(15+h.r.IntN(10)) * 7 * 24 * hour) // another Wednesday, in another month
		}
		h.wantFound(chosen...)
	}
}

func TestANoteStaysWithItsFinding(t *testing.T) {
	t.Parallel()
	h := clean(t, 1)
	planted["overload"](h, end, "X")
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
	planted["device_gap"](h, end, "X")
	for seq := h.seq - 3; seq < h.seq; seq++ {
		h.add(end.Add(200*hour), "B1", finding.Noted{FindingID: "x", Status: finding.Open, Note: "x"}, device(seq))
	}
	if got := h.fold(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
