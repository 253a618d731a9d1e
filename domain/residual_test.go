package domain_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"zhitong/domain"
)

type residualVectors struct {
	ResidualSplit []struct {
		Name   string
		Inputs struct {
			Split []struct{ Share domain.Share }
			Start []domain.Residual
			Lines []domain.Money
		}
		Expected []struct {
			Shares    []domain.Money
			Residuals []domain.Residual
		}
	} `json:"residual_split"`
	ResidualBounds []struct {
		Name   string
		Inputs struct {
			Shares []domain.Share
			Line   domain.Money
			Count  int
		}
		Expected domain.Residual
	} `json:"residual_bounds"`
	PartialGrants []struct {
		Name   string
		Inputs struct {
			Split            []struct{ Share domain.Share }
			Available, Lines []domain.Money
		}
		Expected struct {
			Granted []domain.Money
			Shares  [][]domain.Money
		}
	} `json:"partial_grants"`
}

func loadResidualVectors(t *testing.T) residualVectors {
	t.Helper()
	text, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v residualVectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestResidualSplitVectors(t *testing.T) {
	t.Parallel()
	for _, v := range loadResidualVectors(t).ResidualSplit {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			shares := make([]domain.Share, len(v.Inputs.Split))
			for i, s := range v.Inputs.Split {
				shares[i] = s.Share
			}
			residuals := v.Inputs.Start
			if residuals == nil {
				residuals = make([]domain.Residual, len(shares))
			}
			for k, line := range v.Inputs.Lines {
				var parts []domain.Money
				parts, residuals = domain.ResidualSplit(line, shares, residuals)
				if d := cmp.Diff(texts(v.Expected[k].Shares), texts(parts)); d != "" {
					t.Errorf("line %d of %s: shares (-want +got):\n%s", k, line, d)
				}
				if d := cmp.Diff(v.Expected[k].Residuals, residuals); d != "" {
					t.Errorf("line %d of %s: residuals (-want +got):\n%s", k, line, d)
				}
			}
		})
	}
}

func TestResidualBoundsVectors(t *testing.T) {
	t.Parallel()
	for _, v := range loadResidualVectors(t).ResidualBounds {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			residuals := make([]domain.Residual, len(v.Inputs.Shares))
			var worst domain.Residual
			for range v.Inputs.Count {
				_, residuals = domain.ResidualSplit(v.Inputs.Line, v.Inputs.Shares, residuals)
				for _, r := range residuals {
					worst = max(worst, r, -r)
				}
			}
			if worst != v.Expected {
				t.Errorf("largest residual: got %s, want %s", worst, v.Expected)
			}
		})
	}
}

func TestPartialSplitVectors(t *testing.T) {
	t.Parallel()
	for _, v := range loadResidualVectors(t).PartialGrants {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			shares := make([]domain.Share, len(v.Inputs.Split))
			for i, s := range v.Inputs.Split {
				shares[i] = s.Share
			}
			residuals, available := make([]domain.Residual, len(shares)), v.Inputs.Available
			for k, line := range v.Inputs.Lines {
				var granted domain.Money
				var parts []domain.Money
				granted, parts, residuals = domain.PartialSplit(line, shares, residuals, available)
				if granted.String() != v.Expected.Granted[k].String() {
					t.Errorf("line %d: granted %s, want %s", k, granted, v.Expected.Granted[k])
				}
				if d := cmp.Diff(texts(v.Expected.Shares[k]), texts(parts)); d != "" {
					t.Errorf("line %d: shares (-want +got):\n%s", k, d)
				}
				for i := range available {
					available[i] = available[i].Sub(parts[i])
				}
			}
		})
	}
}

// drawShares draws 1–8 shares of six places that sum to 1.
func drawShares(t *rapid.T) []domain.Share {
	n := rapid.IntRange(1, 8).Draw(t, "funders")
	shares, left := make([]domain.Share, n), 1_000_000
	for i := range shares {
		part := left
		if i < n-1 {
			part = rapid.IntRange(0, left).Draw(t, "part")
		}
		left -= part
		s, err := domain.ParseShare(decimal.New(int64(part), -6).StringFixed(6))
		if err != nil {
			t.Fatal(err)
		}
		shares[i] = s
	}
	return shares
}

func TestResidualSplitKeepsSumsAndBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shares := drawShares(t)
		bound := domain.Residual(2_000_000)
		if len(shares) <= 3 {
			bound = 1_000_000
		}
		residuals := make([]domain.Residual, len(shares))
		total, borne := int64(0), make([]int64, len(shares))
		for _, fen := range rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 60).Draw(t, "lines") {
			var parts []domain.Money
			parts, residuals = domain.ResidualSplit(domain.MoneyFromFen(fen), shares, residuals)
			total += fen
			sum, rest := int64(0), domain.Residual(0)
			for i, p := range parts {
				if p.Sign() < 0 {
					t.Fatalf("a negative part %s of %d fen", p, fen)
				}
				sum += p.Fen()
				borne[i] += p.Fen()
				rest += residuals[i]
				if residuals[i] >= bound || residuals[i] <= -bound {
					t.Fatalf("residual %s of funder %d of %d", residuals[i], i, len(parts))
				}
				exact := total * shares[i].Decimal().Shift(6).IntPart()
				if got := exact - borne[i]*1_000_000; got != int64(residuals[i]) {
					t.Fatalf("funder %d: exact share less borne is %d, residual %d", i, got, residuals[i])
				}
			}
			if sum != fen || rest != 0 {
				t.Fatalf("parts sum to %d of %d fen, residuals to %s", sum, fen, rest)
			}
		}
	})
}

func TestPartialSplitFindsTheLargestAmount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shares := drawShares(t)
		residuals := make([]domain.Residual, len(shares))
		for range rapid.IntRange(0, 5).Draw(t, "lines before") {
			_, residuals = domain.ResidualSplit(domain.MoneyFromFen(rapid.Int64Range(0, 99).Draw(t, "before")), shares, residuals)
		}
		available := make([]domain.Money, len(shares))
		for i := range available {
			available[i] = domain.MoneyFromFen(rapid.Int64Range(0, 200).Draw(t, "available"))
		}
		amount := domain.MoneyFromFen(rapid.Int64Range(0, 600).Draw(t, "amount"))
		got, _, _ := domain.PartialSplit(amount, shares, residuals, available)
		want := int64(0)
		for fen := amount.Fen(); fen > 0 && want == 0; fen-- {
			parts, _ := domain.ResidualSplit(domain.MoneyFromFen(fen), shares, residuals)
			fits := true
			for i, p := range parts {
				fits = fits && p.Cmp(available[i]) <= 0
			}
			if fits {
				want = fen
			}
		}
		if got.Fen() != want {
			t.Fatalf("granted %s, want %d fen", got, want)
		}
	})
}
