package subsidy_test

import "testing"

// paidClaim is S.P of 50 kg at 1.00, paid: 32.50 of A and 17.50 of B.
func paidClaim(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.policy()
	b.fund("100.00", "100.00")
	b.ship("S", "C1", "50")
	b.life("S.P", "submit", "approve", "authorise", "batch", "paid")
	return b
}

func TestExhaustion(t *testing.T) {
	t.Parallel()
	t.Run("WaitlistIsServedInOrder", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy()
		b.fund("65.00", "35.00")
		b.ship("S1", "C1", "90")
		b.ship("S2", "C1", "20")
		b.ship("S3", "C1", "5") // would fit, but waits behind S2
		b.is("claims", "claim_id status assessed", "S1.P assessed 90.00", "S2.P waitlisted 0.00", "S3.P waitlisted 0.00")
		b.is("waitlist", "claim_id place amount", "S2.P 1 20.00", "S3.P 2 5.00")
		b.refused("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"-6.51","document_no":"1","reason":"r"}`, "fund.below_committed", "committed are 58.50")
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"10.00","document_no":"1","reason":"r"}`)
		b.is("waitlist", "claim_id", "S2.P", "S3.P") // B is still too small
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"B","delta":"3.50","document_no":"2","reason":"r"}`)
		b.is("claims", "claim_id status assessed", "S1.P assessed 90.00", "S2.P assessed 20.00", "S3.P waitlisted 0.00")
		b.life("S1.P", "reject")
		b.is("claims", "claim_id status assessed", "S1.P rejected 0.00", "S2.P assessed 20.00", "S3.P assessed 5.00")
		b.is("budget_lines", "budget_id reserved available", "A 16.25 58.75", "B 8.75 29.75")
	})
	t.Run("TheHeadThatShrinksToNothingIsTakenUp", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy()
		b.fund("10.00", "10.00")
		b.ship("S1", "C1", "90")
		b.ship("S2", "C1", "5")
		b.giveBack("S1", 1, "90")
		b.is("claims", "claim_id status assessed", "S1.P assessed 0.00", "S2.P assessed 5.00")
		b.refused("claim.submit C1 cooperative", `{"claim_id":"S1.P"}`, "claim.nothing_to_submit")
	})
	t.Run("AZeroClaimDoesNotWait", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy(`"kind":"per_kg"`, `"kind":"per_kg","match":{"items":["jujube"]}`)
		b.fund("1.00", "1.00")
		b.ship("S1", "C1", "90")
		b.travel("S2", "C1", "0.001", "7")
		b.ok("shipment.inspect U-DIS dispatcher", `{"shipment_id":"S2","ticket_no":"2","lines":[{"line_no":1,"arrived":"0","accepted":"0"},{"line_no":2,"arrived":"7","accepted":"7"}]}`)
		b.is("claims", "claim_id status", "S1.P waitlisted", "S2.P assessed")
		b.is("item_subsidy", "item_id funder_id accepted_kg assessed", "jujube F-A 0.000 0.00", "jujube F-B 0.000 0.00", "walnut F-A 7.000 0.00", "walnut F-B 7.000 0.00")
	})
	t.Run("PartialGivesEachLineWhatFits", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy(`"waitlist"`, `"partial"`)
		b.fund("6.50", "100.00")
		b.ship("S1", "C1", "8", "8")
		b.is("claim_lines", "line_no subsidy shares", `1 8.00 {"F-A":"5.20","F-B":"2.80"}`, `2 2.00 {"F-A":"1.30","F-B":"0.70"}`)
		b.ship("S2", "C1", "8")
		b.is("claims", "claim_id status assessed", "S1.P assessed 10.00", "S2.P assessed 0.00")
		b.giveBack("S1", 2, "5") // 3 kg are left: the grant of 2.00 stays the limit
		b.is("claim_lines", "claim_id line_no accepted_kg subsidy", "S1.P 1 8.000 8.00", "S1.P 2 3.000 2.00", "S2.P 1 8.000 0.00")
	})
	t.Run("RefuseGivesNothingAndCountsNowhere", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy(`"waitlist"`, `"refuse"`, `"limits":[]`, `"limits":[{"per":"cooperative_year","max":"12.00"}]`)
		b.fund("6.50", "3.50")
		b.ship("S1", "C1", "11")
		b.ship("S2", "C1", "10")
		b.is("claims", "claim_id status assessed", "S1.P refused 0.00", "S2.P assessed 10.00")
		b.is("claim_lines", "claim_id subsidy shares", `S1.P 0.00 {}`, `S2.P 10.00 {"F-A":"6.50","F-B":"3.50"}`)
	})
}

func TestClawbacks(t *testing.T) {
	t.Parallel()
	t.Run("OffsetIsWithheldFromLaterPayments", func(t *testing.T) {
		t.Parallel()
		b := paidClaim(t)
		b.giveBack("S", 1, "20")
		b.ok("clawback.approve U-X officer", `{"clawback_id":"S.P.C1"}`)
		b.ok("clawback.settle U-Y finance", `{"clawback_id":"S.P.C1","method":"offset","reference":"r"}`)
		b.refused("clawback.settle U-Y finance", `{"clawback_id":"S.P.C1","method":"refund","reference":"r"}`, "clawback.wrong_status", "settled")
		b.is("clawbacks", "clawback_id amount status method open_debt recovered", "S.P.C1 20.00 settled offset 20.00 0.00")
		b.ship("T", "C1", "12")
		b.life("T.P", "submit", "approve", "authorise", "batch")
		b.is("disbursements", "claim_id amount offset_amount status", "S.P 50.00 0.00 paid", "T.P 0.00 12.00 pending")
		b.is("clawbacks", "open_debt", "8.00")
		b.life("T.P", "failed")
		b.is("clawbacks", "open_debt recovered", "20.00 0.00")
		b.ok("disbursement.batch U-FIN1 finance", `{"batch_id":"AGAIN","claim_ids":["T.P"]}`)
		b.ok("disbursement.confirm U-FIN2 finance", `{"batch_id":"AGAIN","lines":[{"claim_id":"T.P","status":"paid"}]}`)
		b.is("clawbacks", "open_debt recovered", "8.00 12.00")
		b.is("claims", "claim_id paid withheld clawed_back", "S.P 50.00 0.00 12.00", "T.P 12.00 12.00 0.00")
		b.is("budget_lines", "budget_id spent refunded available", "A 40.30 7.80 67.50", "B 21.70 4.20 82.50")
	})
	t.Run("AWriteOffBringsNothingBack", func(t *testing.T) {
		t.Parallel()
		b := paidClaim(t)
		b.giveBack("S", 1, "20")
		b.ok("clawback.approve U-X officer", `{"clawback_id":"S.P.C1"}`)
		b.ok("clawback.settle U-Y finance", `{"clawback_id":"S.P.C1","method":"write_off","reference":"r"}`)
		b.is("clawbacks", "status method open_debt", "settled write_off 0.00")
		b.is("budget_lines", "budget_id refunded", "A 0.00", "B 0.00")
		b.giveBack("S", 1, "30")
		b.is("clawbacks", "clawback_id amount status", "S.P.C1 20.00 settled", "S.P.C2 30.00 proposed")
	})
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	correct := func(b *bench, id, corrects, who, kg string) {
		b.Helper()
		b.ok("shipment.correct_inspection "+who+" dispatcher", `{"shipment_id":"`+id+`","corrects":"`+corrects+`","lines":[{"line_no":1,"arrived":"50","accepted":"`+kg+`","rejected":[{"quantity":"`+map[string]string{"49": "1", "40": "10"}[kg]+`","reason":"quality","disposition":"scrap"}]}],"reason":"r"}`)
	}
	lay := func(t *testing.T, policy ...string) (*bench, string) {
		b := newBench(t)
		b.policy(policy...)
		b.fund("30.00", "30.00")
		b.travel("S", "C1", "50")
		b.ok("shipment.inspect U-DIS dispatcher", `{"shipment_id":"S","ticket_no":"1","lines":[{"line_no":1,"arrived":"50","accepted":"40","rejected":[{"quantity":"10","reason":"quality","disposition":"scrap"}]}]}`)
		return b, b.last()
	}
	t.Run("BeforeApprovalReservesMore", func(t *testing.T) {
		t.Parallel()
		b, inspection := lay(t)
		correct(b, "S", inspection, "U-D2", "49")
		b.is("claims", "claim_id status assessed", "S.P assessed 40.00") // A has 30.00: 31.85 does not fit
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"10.00","document_no":"1","reason":"r"}`)
		b.is("claims", "claim_id assessed", "S.P 40.00") // refused once is a limit of the line for ever
	})
	t.Run("AfterApprovalGoesBackToSubmitted", func(t *testing.T) {
		t.Parallel()
		b, inspection := lay(t)
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"10.00","document_no":"1","reason":"r"}`)
		b.life("S.P", "submit", "approve", "authorise")
		correct(b, "S", inspection, "U-D2", "49")
		b.is("claims", "status assessed submitted_at", "submitted 49.00 "+day+"T12:00:00+08:00")
		b.is("budget_lines", "budget_id reserved obligated", "A 31.85 0.00", "B 17.15 0.00")
	})
	t.Run("OfAPaidClaimMakesASupplement", func(t *testing.T) {
		t.Parallel()
		b, inspection := lay(t)
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"10.00","document_no":"1","reason":"r"}`)
		b.life("S.P", "submit", "approve", "authorise", "batch", "paid")
		correct(b, "S", inspection, "U-D2", "49")
		b.is("claims", "claim_id status assessed paid", "S.P paid 40.00 40.00", "S.P.S1 assessed 9.00 0.00")
		b.is("claim_lines", "claim_id accepted_kg subsidy", "S.P 49.000 40.00", "S.P.S1 0.000 9.00")
		b.giveBack("S", 1, "19") // takes from the newest supplement first
		b.is("claims", "claim_id assessed", "S.P 40.00", "S.P.S1 0.00")
		b.is("clawbacks", "clawback_id amount", "S.P.C1 10.00")
	})
	t.Run("InAnOpenBatchWaitForTheConfirmation", func(t *testing.T) {
		t.Parallel()
		b, inspection := lay(t)
		b.ok("fund.adjust U-FIN finance", `{"fund_id":"FU","budget_id":"A","delta":"10.00","document_no":"1","reason":"r"}`)
		b.life("S.P", "submit", "approve", "authorise", "batch")
		correct(b, "S", inspection, "U-D2", "49")
		b.giveBack("S", 1, "29")
		b.is("claim_lines", "accepted_kg subsidy", "40.000 40.00")
		b.life("S.P", "paid")
		b.is("claim_lines", "accepted_kg subsidy", "20.000 40.00")
		b.is("clawbacks", "clawback_id amount status", "S.P.C1 20.00 proposed")
		b.refused("clawback.approve U-D2 officer", `{"clawback_id":"S.P.C1"}`, "two_persons.clawback.approve")
	})
}

func TestYearsAndVersions(t *testing.T) {
	t.Parallel()
	t.Run("TheShanghaiDayOfTheInspectionDecides", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy()
		b.ok("policy.withdraw U-OFF officer", `{"policy_id":"P","version":1,"from":"2021-01-01","reason":"r"}`)
		b.policy(`"version":1`, `"version":2`, `"from":"2020-05-01"`, `"from":"2021-01-01"`, `"rate":"1"`, `"rate":"2"`)
		b.fund("100.00", "100.00")
		b.ok("fund.open U-FIN finance", `{"fund_id":"FU20","policy_id":"P","year":2020,"lines":[{"budget_id":"A","funder_id":"F-A","amount":"100.00"},{"budget_id":"B","funder_id":"F-B","amount":"100.00"}]}`)
		b.travel("S1", "C1", "10")
		b.travel("S2", "C1", "10")
		b.inspect("S1", "2020-12-31T21:59:00+06:00", "10")
		b.inspect("S2", "2020-12-31T16:00:00Z", "10")
		b.is("claims", "claim_id policy_version year assessed", "S1.P 1 2020 10.00", "S2.P 2 2021 20.00")
		b.is("budget_lines", "fund_id budget_id reserved", "FU A 13.00", "FU B 7.00", "FU20 A 6.50", "FU20 B 3.50")
		b.refused("policy.withdraw U-OFF officer", `{"policy_id":"P","version":2,"from":"2021-01-01","reason":"r"}`, "policy.withdraw_assessed", "2021-01-01")
		b.refused("policy.publish U-OFF officer", policyText(`"version":1`, `"version":3`), "policy.effective_overlaps")
		b.ok("policy.withdraw U-OFF officer", `{"policy_id":"P","version":2,"from":"2021-02-01","reason":"r"}`)
		b.refused("policy.publish U-OFF officer", policyText(`"version":1`, `"version":3`, `"from":"2020-05-01","to":"2021-12-31"`, `"from":"2019-01-01","to":"2019-12-31"`), "policy.effective_assessed", "2021-01-01")
	})
	t.Run("TheSameContentAgainIsARepeat", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		first := b.ok("policy.publish U-OFF officer", policyText())
		again := b.ok("policy.publish U-OFF officer", policyText(`"rate":"1"`, `"rate":"1.00"`))
		if again.Events[0] != first.Events[0] {
			t.Errorf("got %v, want the events of %v", again.Events, first.Events)
		}
		b.refused("policy.publish U-OFF officer", policyText(`"rate":"1"`, `"rate":"1.01"`), "policy.version_exists")
	})
	t.Run("AFundOpenedLateAssessesNothingByItself", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy()
		b.ship("S", "C1", "10")
		b.is("pending_assessments", "shipment_id policy_id reason", "S P no_fund")
		b.refused("claim.assess U-OFF officer", `{"shipment_id":"S","policy_id":"P"}`, "claim.no_fund", "fund.open")
		b.fund("100.00", "100.00")
		b.is("claims", "claim_id")
		b.ok("claim.assess U-OFF officer", `{"shipment_id":"S","policy_id":"P"}`)
		b.is("pending_assessments", "shipment_id")
		b.refused("claim.assess U-OFF officer", `{"shipment_id":"S","policy_id":"P"}`, "claim.exists", "assessed")
		b.refused("claim.assess U-FIN finance", `{"shipment_id":"S","policy_id":"P"}`, "role.denied", "officer")
	})
	t.Run("ABudgetLineThatIsMissingIsNamed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.policy()
		b.ok("fund.open U-FIN finance", `{"fund_id":"FU","policy_id":"P","year":2021,"lines":[{"budget_id":"A","funder_id":"F-A","amount":"100.00"}]}`)
		b.ship("S", "C1", "10")
		b.is("pending_assessments", "reason", "refused:fund.budget_line_missing")
		b.refused("fund.add_line U-FIN finance", `{"fund_id":"FU","budget_id":"A","funder_id":"F-A","amount":"1.00","document_no":"1"}`, "fund.budget_line_exists")
		b.ok("fund.add_line U-FIN finance", `{"fund_id":"FU","budget_id":"B","funder_id":"F-B","amount":"1.00","document_no":"1"}`)
		b.ok("claim.assess U-OFF officer", `{"shipment_id":"S","policy_id":"P"}`)
		b.is("claims", "status", "waitlisted")
	})
	t.Run("NamesMustBeRegisteredFunders", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.refused("policy.publish U-OFF officer", policyText(`"F-A"`, `"F-X"`), "party.unknown", "split[0].funder_id")
		b.refused("policy.publish U-OFF officer", policyText(`"F-A"`, `"C1"`), "party.wrong_kind", "split[0].funder_id")
		b.policy()
		b.refused("fund.open U-FIN finance", `{"fund_id":"FU","policy_id":"Q","year":2021,"lines":[{"budget_id":"A","funder_id":"F-A","amount":"1.00"}]}`, "policy.unknown")
		b.refused("fund.open U-FIN finance", `{"fund_id":"FU","policy_id":"P","year":2021,"lines":[{"budget_id":"A","funder_id":"B1","amount":"1.00"}]}`, "party.wrong_kind", "lines[0].funder_id")
		b.fund("1.00", "1.00")
		b.refused("fund.open U-FIN finance", `{"fund_id":"FV","policy_id":"P","year":2021,"lines":[{"budget_id":"A","funder_id":"F-A","amount":"1.00"}]}`, "fund.year_exists", "FU")
	})
}

func TestRejectingGivesEverythingBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.policy(`"limits":[]`, `"limits":[{"per":"cooperative_year","max":"60.00"}]`, `"kind":"per_kg","rate":"1"`, `"kind":"tiered","per":"cooperative_year","tiers":[{"up_to_kg":"30","rate":"1"},{"rate":"0.5"}]`)
	b.fund("100.00", "100.00")
	b.ship("S1", "C1", "40")
	b.is("claims", "claim_id assessed", "S1.P 35.00")
	b.life("S1.P", "reject")
	b.ship("S2", "C1", "40")
	b.is("claims", "claim_id assessed", "S1.P 0.00", "S2.P 35.00")
	b.is("budget_lines", "budget_id reserved", "A 22.75", "B 12.25")
}

func TestPartyWithClaimsStaysOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.policy()
	b.fund("100.00", "100.00")
	b.ship("S", "C2", "10")
	for _, line := range []string{"1", "2"} {
		b.ok("order.short_close B1 buyer", `{"order_id":"PO-C2","line_no":`+line+`,"reason":"r"}`)
	}
	b.refused("party.close U-OFF officer", `{"party_id":"C2","reason":"r"}`, "party.has_open", "1 claims")
	b.life("S.P", "reject")
	b.ok("party.close U-OFF officer", `{"party_id":"C2","reason":"r"}`)
}
