package verify_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zhitong/audit/audittest"
	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/domain/departure"
	"zhitong/domain/disbursement"
	"zhitong/domain/fund"
	"zhitong/domain/order"
	"zhitong/domain/policy"
	"zhitong/domain/shipment"
	"zhitong/events"
)

// history is a clean history as stored lines.
func history(t *testing.T) [][]byte {
	t.Helper()
	w := audittest.Short(t)
	audittest.Pay(t, w, 12)
	return audittest.Encode(t, audittest.Commits(t, w))
}

// change decodes the lines, changes the first event that fn changes, and encodes
// them again: what an operator with the real program could write.
func change(t *testing.T, lines [][]byte, fn func(e *events.Event) bool) [][]byte {
	t.Helper()
	out := slices.Clone(lines)
	for i, line := range lines {
		c, err := events.Decode(line)
		if err != nil {
			t.Fatal(err)
		}
		for k := range c.Events {
			if fn(&c.Events[k]) {
				out[i] = audittest.Encode(t, []events.Commit{c})[0]
				return out
			}
		}
	}
	t.Fatal("nothing was changed")
	return nil
}

// fact makes a change of the first fact of a type.
func fact[F domain.Fact](fn func(f *F) bool) func(*events.Event) bool {
	return func(e *events.Event) bool {
		f, ok := e.Fact.(F)
		if ok && fn(&f) {
			e.Fact = f
			return true
		}
		return false
	}
}

var fen = domain.MoneyFromFen(1)

func price(s string) domain.Price {
	p, err := domain.ParsePrice(s)
	if err != nil {
		panic(err)
	}
	return p
}

// cheats are changes of one event, each with the check that must find it.
var cheats = map[string]struct {
	check  string
	change func(*events.Event) bool
}{
	"AcceptedMoreThanArrived": {"conservation", fact(func(f *shipment.Inspected) bool {
		f.Lines[0].Accepted = f.Lines[0].Accepted.Add(f.Lines[0].Accepted)
		return f.Lines[0].Accepted.Sign() > 0
	})},
	"SaleOneFenHigher":  {"conservation", fact(func(f *shipment.Inspected) bool { f.Lines[0].Amount = f.Lines[0].Amount.Add(fen); return true })},
	"ReturnOneFenLower": {"conservation", fact(func(f *shipment.Returned) bool { f.Amount = f.Amount.Sub(fen); return true })},
	"CorrectionClaimsAnotherPast": {"conservation", fact(func(f *shipment.InspectionCorrected) bool {
		f.Lines[0].Old.Amount = f.Lines[0].Old.Amount.Add(fen)
		return true
	})},
	"AllocationDoubled": {"allocation", fact(func(f *order.LineAllocated) bool { f.Quantity = f.Quantity.Add(f.Quantity); return true })},
	"ReleaseDoubled":    {"allocation", fact(func(f *order.LineReleased) bool { f.Quantity = f.Quantity.Add(f.Quantity); return true })},
	"DepartureOverloaded": {"capacity", fact(func(f *departure.Loaded) bool {
		f.Kg = f.Kg.Add(domain.KgFromGrams(1_000_000_000))
		return true
	})},
	"SubsidyOneFenHigher": {"assessments", fact(func(f *claim.Assessed) bool {
		l := &f.Lines[0]
		l.Subsidy, l.Calculated, f.Total = l.Subsidy.Add(fen), l.Calculated.Add(fen), f.Total.Add(fen)
		return true
	})},
	"AStepMadeUp": {"assessments", fact(func(f *claim.Assessed) bool {
		for i, s := range f.Lines[0].Steps {
			if s.Op == "times" {
				f.Lines[0].Steps[i].Result = "9999"
				return true
			}
		}
		return false
	})},
	"KgOfTheClaimRaised": {"inputs", fact(func(f *claim.Assessed) bool {
		f.Lines[0].Inputs.Kg = f.Lines[0].Inputs.Kg.Add(domain.KgFromGrams(1))
		return true
	})},
	"ALimitForgotten": {"inputs", fact(func(f *claim.Assessed) bool {
		for i := range f.Lines[0].Inputs.Limits {
			if l := &f.Lines[0].Inputs.Limits[i]; l.Left.Sign() > 0 {
				l.Left = l.Left.Add(fen)
				return true
			}
		}
		return false
	})},
	"ATierForgotten": {"inputs", fact(func(f *claim.Assessed) bool {
		had := f.Lines[0].Inputs.Tiers != nil
		f.Lines[0].Inputs.Tiers = nil
		return had
	})},
	"AFreightForgotten": {"inputs", fact(func(f *claim.Assessed) bool {
		had := f.Lines[0].Inputs.Freight != nil
		f.Lines[0].Inputs.Freight = nil
		return had
	})},
	"AnotherChannel":       {"inputs", fact(func(f *claim.Assessed) bool { f.Channel = "none"; return true })},
	"AnotherInspectionDay": {"inputs", fact(func(f *claim.Assessed) bool { f.InspectedOn = f.InspectedOn.Add(1); return true })},
	"ALineLeftOut": {"inputs", fact(func(f *claim.Assessed) bool {
		had := len(f.Lines) > 1
		f.Lines = f.Lines[:1]
		return had
	})},
	"AWeightBelowNothing": {"shapes", fact(func(f *claim.Assessed) bool {
		f.Lines[0].Inputs.Kg = domain.KgFromGrams(-1)
		return len(f.Lines[0].Inputs.Tiers) > 0
	})},
	"AnotherPolicyText": {"assessments", fact(func(f *policy.Published) bool {
		if len(f.Rules) == 0 || f.Rules[0].Kind != policy.PerKg {
			return false
		}
		f.Rules[0].Rate = price("9.99")
		return true
	})},
	"RefusedThoughThereIsMoney": {"grants", func(e *events.Event) bool {
		f, ok := e.Fact.(claim.Assessed)
		if !ok || f.Total.Sign() == 0 {
			return false
		}
		short := fund.Shortage{BudgetID: f.Lines[0].Shares[0].BudgetID, Needs: f.Total, Available: domain.MoneyFromFen(0)}
		for i := range f.Lines {
			f.Lines[i].Subsidy, f.Lines[i].Shares = domain.MoneyFromFen(0), nil
		}
		f.Total = domain.MoneyFromFen(0)
		e.Fact = claim.Refused{Assessment: f.Assessment, Shortage: short}
		return true
	}},
	"APartGrantedOneFenLess": {"grants", fact(func(f *claim.Assessed) bool {
		for i := range f.Lines {
			if l := &f.Lines[i]; len(l.Inputs.Caps) > 0 && l.Subsidy.Sign() > 0 {
				l.Subsidy, f.Total = l.Subsidy.Sub(fen), f.Total.Sub(fen)
				return true
			}
		}
		return false
	})},
	"OvertakesTheWaitlist": {"grants", fact(func(f *fund.Queued) bool { f.ClaimID += "x"; return true })},
	"WaitsForLess":         {"grants", fact(func(f *fund.Queued) bool { f.Amount = f.Amount.Sub(fen); return true })},
	"RunningTotalTooLow": {"totals", fact(func(f *fund.Reserved) bool {
		if len(f.Limits) == 0 {
			return false
		}
		f.Limits[0].Amount = f.Limits[0].Amount.Sub(fen)
		return true
	})},
	"RunningKgForgotten": {"totals", fact(func(f *fund.Reserved) bool {
		had := f.Tiers != nil
		f.Tiers = nil
		return had
	})},
	"RecountedToZero": {"totals", fact(func(f *fund.Recounted) bool { f.Counts = fund.Counts{}; return true })},
	"ResidualInvented": {"totals", fact(func(f *fund.Reserved) bool {
		if len(f.Residuals) < 2 {
			return false
		}
		f.Residuals[0].Residual, f.Residuals[1].Residual = f.Residuals[0].Residual+1, f.Residuals[1].Residual-1
		return true
	})},
	"ReducedByTooLittle": {"assessments", fact(func(f *claim.Reassessed) bool {
		l := &f.Lines[0]
		if l.Shares == nil || l.Subsidy.Sign() == 0 {
			return false
		}
		l.Subsidy, l.Shares[0].Amount, f.Total = l.Subsidy.Add(fen), l.Shares[0].Amount.Add(fen), f.Total.Add(fen)
		return true
	})},
	"ReducedForAnotherFunder": {"assessments", fact(func(f *claim.Reassessed) bool {
		s := f.Lines[0].Shares
		if len(s) < 2 || s[0].Amount.Sign() == 0 {
			return false
		}
		s[0].Amount, s[1].Amount = s[0].Amount.Sub(fen), s[1].Amount.Add(fen)
		return true
	})},
	"ReassessedWithOldKg":     {"assessments", fact(func(f *claim.Reassessed) bool { f.Lines[0].Inputs.Kg = f.Lines[0].OldKg; return true })},
	"ReassessedWithoutACause": {"assessments", fact(func(f *claim.Reassessed) bool { f.Causes = nil; return true })},
	"ClawedBackFromAnotherFunder": {"splits", fact(func(f *claim.ClawbackProposed) bool {
		s := f.Lines[0].Shares
		if len(s) < 2 || s[0].Amount.Sign() == 0 {
			return false
		}
		s[0].Amount, s[1].Amount = s[0].Amount.Sub(fen), s[1].Amount.Add(fen)
		return true
	})},
	"RefundedToAnotherFunder": {"splits", fact(func(f *claim.ClawbackSettled) bool {
		s := f.Lines[0].Shares
		if len(s) < 2 || s[0].Amount.Sign() == 0 {
			return false
		}
		s[0].Amount, s[1].Amount = s[0].Amount.Sub(fen), s[1].Amount.Add(fen)
		return true
	})},
	"WithheldWithoutADebt": {"debts", fact(func(f *disbursement.Batched) bool {
		f.Lines[0].Amount, f.Lines[0].OffsetAmount = f.Lines[0].Amount.Sub(fen), f.Lines[0].OffsetAmount.Add(fen)
		return true
	})},
	"ADebtInvented": {"debts", fact(func(f *disbursement.Batched) bool {
		f.Lines[0].Offsets = []disbursement.Taken{{ClawbackID: "C", FundID: "F", Amount: fen}}
		return true
	})},
	"ADebtThatNobodyIsAskedFor": {"debts", func(e *events.Event) bool { // settled by offset after all, and the money is there
		f, ok := e.Fact.(claim.ClawbackSettled)
		if ok {
			e.Fact = claim.ClawbackRecovered{Head: f.Head, ClawbackID: f.ClawbackID, BatchID: "BATCH-1", FromClaimID: f.ClaimID, Amount: f.Amount, Lines: f.Lines}
		}
		return ok
	}},
	"AFenMovedToAnotherFunder": {"splits", fact(func(f *claim.Assessed) bool {
		s := f.Lines[0].Shares
		if len(s) < 2 || s[0].Amount.Sign() == 0 {
			return false
		}
		s[0].Amount, s[1].Amount = s[0].Amount.Sub(fen), s[1].Amount.Add(fen)
		return true
	})},
	"ReservedTooLittle": {"agreement", fact(func(f *fund.Reserved) bool {
		if len(f.Movement.Lines) == 0 || f.Movement.Lines[0].Amount.Cmp(fen) <= 0 {
			return false
		}
		f.Movement.Lines[0].Amount = f.Movement.Lines[0].Amount.Sub(fen)
		return true
	})},
	"BudgetCutBelowWhatIsCommitted": {"budgets", fact(func(f *fund.Opened) bool { f.Lines[0].Amount = fen; return true })},
	"PaidTwice":                     {"statuses", claimPaidEarly},
	"ApprovedByTheSubmitter": {"persons", func(e *events.Event) bool {
		f, ok := e.Fact.(claim.Approved)
		if ok {
			e.Actor = f.CooperativeID
		}
		return ok
	}},
	"AuthorisedByTheApprover": {"persons", func(e *events.Event) bool {
		_, ok := e.Fact.(claim.Authorised)
		if ok {
			e.Actor = "OF-1"
		}
		return ok
	}},
	"BatchConfirmedByItsMaker": {"persons", func(e *events.Event) bool {
		_, ok := e.Fact.(disbursement.Confirmed)
		if ok {
			e.Actor = "FI-1"
		}
		return ok
	}},
	"RecordedBackdated": {"commits", func(e *events.Event) bool {
		if e.Position < 50 || e.Of > 1 {
			return false
		}
		e.Recorded = e.Recorded.Add(-time.Hour)
		return true
	}},
	"AnEffectOfNothing": {"causation", func(e *events.Event) bool {
		if e.Causation == "" {
			return false
		}
		e.Causation = events.IDOf("nobody", 1)
		return true
	}},
	"ASystemActWithoutCause": {"causation", func(e *events.Event) bool {
		if e.Causation != "" || e.Of > 1 {
			return false
		}
		e.Role = domain.System
		return true
	}},
}

// claimPaidEarly turns the first approval into a payment.
func claimPaidEarly(e *events.Event) bool {
	f, ok := e.Fact.(claim.Approved)
	if ok {
		e.Fact = claim.Paid{Head: f.Head, Standing: f.Standing, BatchID: "BATCH-0"}
	}
	return ok
}

func TestEachCheatIsFound(t *testing.T) {
	t.Parallel()
	lines := history(t)
	for name, cheat := range cheats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFailed(t, verify.Options{Read: audittest.Reader(change(t, lines, cheat.change))}, cheat.check)
		})
	}
}

func wantFailed(t *testing.T, o verify.Options, check string) {
	t.Helper()
	r, err := verify.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Checks, func(c verify.Check) bool { return c.Name == check })
	if i < 0 || r.Checks[i].Failed == 0 || r.OK() {
		_ = r.Text(os.Stderr)
		t.Errorf("%s did not fail", check)
	}
}

func TestBytesThatAreNotTheProgramsAreFound(t *testing.T) {
	t.Parallel()
	lines := history(t)
	for name, c := range map[string]struct {
		check  string
		change func([]byte) []byte
	}{
		"ABlank":          {"shapes", func(b []byte) []byte { return bytes.Replace(b, []byte(`,"index":`), []byte(`, "index":`), 1) }},
		"AnUnknownMember": {"shapes", func(b []byte) []byte { return bytes.Replace(b, []byte(`"data":{`), []byte(`"data":{"x":1,`), 1) }},
		"AnotherSource": {"shapes", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`urn:zhitong:AUDIT`), []byte(`urn:zhitong:OTHER`), 1)
		}},
		"AnotherPosition": {"positions", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"position":9,`), []byte(`"position":8,`)) }},
		"AnotherIDofEvent": {"commits", func(b []byte) []byte {
			return append([]byte(`[{"specversion":"1.0","id":"0`), b[len(`[{"specversion":"1.0","id":"0`):]...)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := slices.Clone(lines)
			for i := 8; ; i++ {
				if changed := c.change(bad[i]); !bytes.Equal(changed, bad[i]) {
					bad[i] = changed
					break
				}
			}
			wantFailed(t, verify.Options{Read: audittest.Reader(bad)}, c.check)
		})
	}
}

// signed is a Merkle log over lines.
type signed struct {
	reader    tree.Reader
	keys      *checkpoint.Keys
	middle    []byte // a checkpoint at half of the log
	last      []byte
	dir       string
	verifiers string
}

func sign(t *testing.T, keys *checkpoint.Keys, lines [][]byte) signed {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit")
	w, err := tree.OpenWriter(dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	s := signed{reader: w.Reader(), keys: keys, dir: dir, verifiers: strings.Join(keys.VKeys(), "\n")}
	half := len(lines) / 2
	for _, part := range []struct {
		first uint64
		lines [][]byte
		note  *[]byte
	}{{1, lines[:half], &s.middle}, {uint64(half) + 1, lines[half:], &s.last}} {
		if err := w.Add(part.first, part.lines); err != nil {
			t.Fatal(err)
		}
		c, err := w.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		*part.note = c.Note
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s signed) options(t *testing.T, lines [][]byte, since ...[]byte) verify.Options {
	t.Helper()
	v, err := checkpoint.Verifiers(s.verifiers)
	if err != nil {
		t.Fatal(err)
	}
	return verify.Options{Read: audittest.Reader(lines), Tree: &s.reader, Verifiers: v, Since: since}
}

// TestAnOperatorWhoCheats has an operator who holds the signing key rewrite the
// history and hash and sign everything anew. What finds it is what somebody else
// holds.
func TestAnOperatorWhoCheats(t *testing.T) {
	t.Parallel()
	lines := history(t)
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	honest := sign(t, keys, lines)
	t.Run("NoneIsFoundInAnHonestLog", func(t *testing.T) {
		t.Parallel()
		r, err := verify.Run(t.Context(), honest.options(t, lines, honest.middle, honest.last))
		if err != nil || !r.OK() {
			_ = r.Text(os.Stderr)
			t.Errorf("an honest log fails: %v", err)
		}
	})
	plausible := func(e *events.Event) bool { // no rule is broken by it
		f, ok := e.Fact.(claim.Objected)
		if ok {
			f.Reason = "没有意见"
			e.Fact = f
		}
		return ok
	}
	rewritten := change(t, lines, plausible)
	t.Run("RewrittenUnderTheOldTree", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, honest.options(t, rewritten), "hashes")
		wantFailed(t, honest.options(t, rewritten), "checkpoints")
	})
	forged := sign(t, keys, rewritten)
	t.Run("RewrittenAndSignedAnewIsNotFoundWithoutHelp", func(t *testing.T) {
		t.Parallel()
		r, err := verify.Run(t.Context(), forged.options(t, rewritten))
		if err != nil || !r.OK() {
			t.Errorf("something was found that cannot be: %v", err)
		}
	})
	t.Run("RewrittenAndSignedAnewIsFoundWithAnEarlierCheckpoint", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, forged.options(t, rewritten, honest.last), "checkpoints")
	})
	t.Run("RewrittenAndSignedAnewIsFoundWithAReceipt", func(t *testing.T) {
		t.Parallel()
		v, _ := checkpoint.Verifiers(honest.verifiers)
		last, err := checkpoint.Open(honest.last, v)
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := honest.reader.Prove(last.Size, last)
		if err != nil {
			t.Fatal(err)
		}
		wantFailed(t, forged.options(t, rewritten, receipt.Note), "checkpoints")
	})
	t.Run("TailDropped", func(t *testing.T) {
		t.Parallel()
		wantFailed(t, honest.options(t, lines[:len(lines)-1]), "checkpoints")
		short := sign(t, keys, lines[:len(lines)-5])
		wantFailed(t, short.options(t, lines[:len(lines)-5], honest.last), "checkpoints")
	})
	t.Run("OldBackupReplayed", func(t *testing.T) {
		t.Parallel()
		half := len(lines) / 2
		wantFailed(t, sign(t, keys, lines[:half+1]).options(t, lines[:half+1], honest.last), "checkpoints")
	})
	t.Run("AnotherKey", func(t *testing.T) {
		t.Parallel()
		other, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
		if err != nil {
			t.Fatal(err)
		}
		s := sign(t, other, rewritten)
		s.verifiers = honest.verifiers
		wantFailed(t, s.options(t, rewritten), "checkpoints")
	})
	t.Run("EntryBundleDamaged", func(t *testing.T) {
		t.Parallel()
		s := sign(t, keys, lines)
		path := filepath.Join(s.dir, "tile", "entries", "000")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[1000] ^= 1
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		wantFailed(t, s.options(t, lines), "hashes")
	})
}
