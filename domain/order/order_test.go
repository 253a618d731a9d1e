package order_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/order"
)

func q(t testing.TB, s string) domain.Quantity {
	t.Helper()
	v, err := domain.ParseQuantity(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func share(t testing.TB, s string) domain.Share {
	t.Helper()
	v, err := domain.ParseShare(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func price(t testing.TB, s string) domain.Price {
	t.Helper()
	v, err := domain.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// submitted is an order of buyer B: line 1 of 100 boxes with a tolerance of 5 % for
// cooperative C, line 2 of 10 kg.
func submitted(t testing.TB) []domain.Fact {
	return []domain.Fact{order.Submitted{OrderID: "O", BuyerID: "B", Lines: []order.Line{
		{LineNo: 1, ItemID: "jujube", Quantity: q(t, "100"), Unit: "box", KgPerUnit: domain.KgFromGrams(2500), UnitPrice: price(t, "3"), CooperativeID: "C", Tolerance: share(t, "0.05")},
		{LineNo: 2, ItemID: "walnut", Quantity: q(t, "10"), Unit: "kg", KgPerUnit: domain.KgFromGrams(1000), UnitPrice: price(t, "9.99")},
	}}}
}

func confirmed(t testing.TB) []domain.Fact {
	return append(submitted(t), order.Confirmed{OrderID: "O", Lines: []order.Assignment{{1, "C"}, {2, "D"}}})
}

func allocated(t testing.TB, line int, shipment domain.ID, quantity string) order.LineAllocated {
	return order.LineAllocated{Share: order.Share{OrderID: "O", LineNo: line, ShipmentID: shipment, ShipmentLine: 1, Quantity: q(t, quantity)}, Why: order.WhyLogged}
}

func part(t testing.TB, line int, shipment domain.ID, quantity string) order.Part {
	return order.Part{LineNo: line, Holder: order.Holder{ShipmentID: shipment, Line: 1}, Quantity: q(t, quantity), Field: "lines[0].quantity"}
}

func fold(facts []domain.Fact) *order.State {
	s := new(order.State)
	for _, f := range facts {
		s.Apply(f)
	}
	return s
}

var (
	buyer      = domain.By{Actor: "B", Role: domain.Buyer}
	other      = domain.By{Actor: "B2", Role: domain.Buyer}
	dispatcher = domain.By{Actor: "U", Role: domain.Dispatcher}
)

func TestDecisions(t *testing.T) {
	t.Parallel()
	submit := &order.Submit{OrderID: "O", BuyerID: "B", Lines: []order.SubmitLine{{LineNo: 1, ItemID: "jujube", Quantity: q(t, "2"), Unit: "box", UnitPrice: price(t, "3")}}}
	good := []order.Offer{{Item: true, Unit: true, KgPerUnit: domain.KgFromGrams(2500)}}
	huge := *submit
	huge.Lines = []order.SubmitLine{{LineNo: 1, ItemID: "jujube", Quantity: q(t, "999999999999999"), Unit: "box", UnitPrice: price(t, "3")}}
	short := order.LineShortClosed{OrderID: "O", LineNo: 1, Reason: "r"}

	for _, c := range []struct {
		rule  string
		given []domain.Fact
		when  func(s *order.State) ([]domain.Fact, error)
		then  []domain.Fact
		code  string
		field string
	}{
		{rule: "SubmitsAnOrderWithTheKgOfItsUnits", when: func(s *order.State) ([]domain.Fact, error) { return s.Submit(submit, buyer, good) },
			then: []domain.Fact{order.Submitted{OrderID: "O", BuyerID: "B", Lines: []order.Line{{LineNo: 1, ItemID: "jujube", Quantity: q(t, "2"), Unit: "box", KgPerUnit: domain.KgFromGrams(2500), UnitPrice: price(t, "3")}}}}},
		{rule: "RefusesAnOrderOfAnotherBuyer", when: func(s *order.State) ([]domain.Fact, error) { return s.Submit(submit, other, good) }, code: "order.not_yours", field: "buyer_id"},
		{rule: "RefusesASecondOrderOfOneID", given: submitted(t), when: func(s *order.State) ([]domain.Fact, error) { return s.Submit(submit, buyer, good) }, code: "order.exists", field: "order_id"},
		{rule: "RefusesAnUnknownItem", when: func(s *order.State) ([]domain.Fact, error) { return s.Submit(submit, buyer, []order.Offer{{}}) }, code: "order.line_unknown_item", field: "lines[0].item_id"},
		{rule: "RefusesAnUnknownUnit", when: func(s *order.State) ([]domain.Fact, error) {
			return s.Submit(submit, buyer, []order.Offer{{Item: true}})
		}, code: "order.line_unknown_unit", field: "lines[0].unit"},
		{rule: "RefusesALineThatNoNumberCanSay", when: func(s *order.State) ([]domain.Fact, error) { return s.Submit(&huge, buyer, good) }, code: "order.line_too_large", field: "lines[0].quantity"},

		{rule: "ConfirmsWithTheCooperativeOfEveryLine", given: submitted(t),
			when: func(s *order.State) ([]domain.Fact, error) {
				return s.Confirm(&order.Confirm{OrderID: "O", Lines: []order.Assignment{{2, "D"}}})
			},
			then: []domain.Fact{order.Confirmed{OrderID: "O", Lines: []order.Assignment{{1, "C"}, {2, "D"}}}}},
		{rule: "ConfirmReplacesACooperative", given: submitted(t),
			when: func(s *order.State) ([]domain.Fact, error) {
				return s.Confirm(&order.Confirm{OrderID: "O", Lines: []order.Assignment{{2, "D"}, {1, "E"}}})
			},
			then: []domain.Fact{order.Confirmed{OrderID: "O", Lines: []order.Assignment{{1, "E"}, {2, "D"}}}}},
		{rule: "RefusesToConfirmALineWithoutCooperative", given: submitted(t), when: func(s *order.State) ([]domain.Fact, error) { return s.Confirm(&order.Confirm{OrderID: "O"}) }, code: "order.line_without_cooperative", field: "lines"},
		{rule: "RefusesToConfirmAnUnknownLine", given: submitted(t), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Confirm(&order.Confirm{OrderID: "O", Lines: []order.Assignment{{3, "D"}}})
		}, code: "order.line_unknown", field: "lines[0].line_no"},
		{rule: "ConfirmsOnce", given: confirmed(t), when: func(s *order.State) ([]domain.Fact, error) { return s.Confirm(&order.Confirm{OrderID: "O"}) }, code: "order.confirmed", field: "order_id"},

		{rule: "RevisesAPrice", given: confirmed(t), when: func(s *order.State) ([]domain.Fact, error) {
			return s.RevisePrice(&order.RevisePrice{OrderID: "O", LineNo: 1, UnitPrice: price(t, "4"), Reason: "r"}, buyer, nil)
		}, then: []domain.Fact{order.PriceRevised{OrderID: "O", LineNo: 1, From: price(t, "3"), UnitPrice: price(t, "4"), Reason: "r"}}},
		{rule: "FreezesThePriceAtDeparture", given: confirmed(t), when: func(s *order.State) ([]domain.Fact, error) {
			return s.RevisePrice(&order.RevisePrice{OrderID: "O", LineNo: 1, UnitPrice: price(t, "4"), Reason: "r"}, buyer, []domain.ID{"S"})
		}, code: "order.line_departed", field: "line_no"},
		{rule: "RefusesAPriceOfAnothersOrder", given: confirmed(t), when: func(s *order.State) ([]domain.Fact, error) {
			return s.RevisePrice(&order.RevisePrice{OrderID: "O", LineNo: 1, UnitPrice: price(t, "4"), Reason: "r"}, other, nil)
		}, code: "order.not_yours", field: "order_id"},

		{rule: "ShortClosesALineOnce", given: append(confirmed(t), short), when: func(s *order.State) ([]domain.Fact, error) {
			return s.ShortClose(&order.ShortClose{OrderID: "O", LineNo: 1, Reason: "r"}, buyer)
		}, code: "order.line_short_closed", field: "line_no"},

		{rule: "CancellingReleasesWhatIsLogged", given: append(confirmed(t), allocated(t, 2, "S1", "3"), allocated(t, 1, "S2", "7"), allocated(t, 1, "S1", "5")),
			when: func(s *order.State) ([]domain.Fact, error) {
				return s.Cancel(&order.Cancel{OrderID: "O", Reason: "r"}, buyer, nil)
			},
			then: []domain.Fact{order.Cancelled{OrderID: "O", Reason: "r"},
				order.LineReleased{Share: allocated(t, 1, "S1", "5").Share, Why: order.WhyOrderCancelled},
				order.LineReleased{Share: allocated(t, 1, "S2", "7").Share, Why: order.WhyOrderCancelled},
				order.LineReleased{Share: allocated(t, 2, "S1", "3").Share, Why: order.WhyOrderCancelled}}},
		{rule: "RefusesToCancelOnceLoaded", given: confirmed(t), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Cancel(&order.Cancel{OrderID: "O", Reason: "r"}, buyer, []domain.ID{"S"})
		}, code: "order.loaded", field: "order_id"},
		{rule: "ACancelledOrderIsOver", given: append(confirmed(t), order.Cancelled{OrderID: "O"}), when: func(s *order.State) ([]domain.Fact, error) {
			return s.ShortClose(&order.ShortClose{OrderID: "O", LineNo: 1, Reason: "r"}, buyer)
		}, code: "order.cancelled", field: "order_id"},
		{rule: "RefusesAnUnknownOrder", when: func(s *order.State) ([]domain.Fact, error) {
			return s.ShortClose(&order.ShortClose{OrderID: "O", LineNo: 1, Reason: "r"}, dispatcher)
		}, code: "order.unknown", field: "order_id"},

		{rule: "AllocatesUpToTheCeiling", given: append(confirmed(t), allocated(t, 1, "S1", "100")), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Log([]order.Part{part(t, 1, "S2", "5")})
		}, then: []domain.Fact{allocated(t, 1, "S2", "5")}},
		{rule: "RefusesMoreThanTheCeilingInOneCommand", given: append(confirmed(t), allocated(t, 1, "S1", "100")), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Log([]order.Part{part(t, 1, "S2", "3"), part(t, 1, "S2", "2.001")})
		}, code: "order.over_allocated", field: "lines[0].quantity"},
		{rule: "AShortClosedLineTakesNoNewShipment", given: append(confirmed(t), short), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Log([]order.Part{part(t, 1, "S1", "1")})
		}, code: "order.line_short_closed", field: "lines[0].quantity"},
		{rule: "ACorrectionDoesNotRaiseAShortClosedLine", given: append(confirmed(t), allocated(t, 1, "S1", "50"), short), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Correct(nil, []order.Part{part(t, 1, "S1", "1")})
		}, code: "order.line_short_closed", field: "lines[0].quantity"},
		{rule: "ACorrectionLowersAShortClosedLine", given: append(confirmed(t), allocated(t, 1, "S1", "50"), short), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Correct([]order.Part{part(t, 1, "S1", "1")}, nil)
		}, then: []domain.Fact{order.LineReleased{Share: part1(t, "S1", "1"), Why: order.WhyCorrected}}},
		{rule: "ACorrectionReleasesFirst", given: append(confirmed(t), allocated(t, 1, "S1", "105")), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Correct([]order.Part{part(t, 1, "S1", "5")}, []order.Part{part(t, 1, "S2", "5")})
		}, then: []domain.Fact{order.LineReleased{Share: part1(t, "S1", "5"), Why: order.WhyCorrected}, order.LineAllocated{Share: part1(t, "S2", "5"), Why: order.WhyCorrected}}},
		{rule: "AGainIsAllocatedBeforeTheRelease", given: append(confirmed(t), allocated(t, 1, "S1", "105")), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Inspect([]order.Part{part(t, 1, "S1", "1")}, []order.Part{part(t, 1, "S1", "9")})
		}, code: "order.over_allocated", field: "lines[0].quantity"},
		{rule: "AGainOnAShortClosedLineStaysWithinTheCeiling", given: append(confirmed(t), allocated(t, 1, "S1", "50"), short), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Inspect([]order.Part{part(t, 1, "S1", "1")}, []order.Part{part(t, 1, "S1", "2")})
		}, then: []domain.Fact{order.LineAllocated{Share: part1(t, "S1", "1"), Why: order.WhyGain}, order.LineReleased{Share: part1(t, "S1", "2"), Why: order.WhyLostOrRejected}}},
		{rule: "ACancelledOrderHasNoGain", given: append(confirmed(t), order.Cancelled{OrderID: "O"}), when: func(s *order.State) ([]domain.Fact, error) {
			return s.Inspect([]order.Part{part(t, 1, "S1", "1")}, nil)
		}, code: "order.cancelled", field: "lines[0].quantity"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			facts, err := c.when(fold(c.given))
			p := domain.AsProblem(err)
			if c.code != "" {
				if p == nil || p.Code != c.code || p.Field != c.field {
					t.Fatalf("err = %v, want %s in %s", err, c.code, c.field)
				}
				if facts != nil {
					t.Errorf("a refusal came with facts: %v", facts)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.then, facts); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
		})
	}
}

func part1(t testing.TB, shipment domain.ID, quantity string) order.Share {
	return allocated(t, 1, shipment, quantity).Share
}

func TestShipmentsAreNamedThatEverHeldAPart(t *testing.T) {
	t.Parallel()
	s := fold(append(confirmed(t), allocated(t, 1, "S2", "5"), allocated(t, 2, "S1", "5"),
		order.LineReleased{Share: part1(t, "S2", "5"), Why: order.WhyCorrected}))
	if d := cmp.Diff([]domain.ID{"S1", "S2"}, s.Shipments(0)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]domain.ID{"S2"}, s.Shipments(1)); d != "" {
		t.Error(d)
	}
	if got := s.Held(1, order.Holder{ShipmentID: "S2", Line: 1}); got.Sign() != 0 {
		t.Errorf("S2 holds %s", got)
	}
	if got := s.Line(1).Allocated; got.Sign() != 0 {
		t.Errorf("allocated %s", got)
	}
}
