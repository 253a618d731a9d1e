package demo

import (
	"fmt"

	"github.com/shopspring/decimal"

	"zhitong/domain"
)

// The published totals, and the bounds of the scale, in millionths.
const (
	publishedGrams = 42_000_000_000 // 42,000 t
	publishedFen   = 62_000_000_000 // 620 million yuan
	million        = 1_000_000
	scaleMicroMin  = 100
	scaleMicroMax  = 20 * million
)

// DefaultSeed is the seed when none is given.
const DefaultSeed = 369

// Options choose one of the demo programmes.
type Options struct {
	// Scale multiplies the published totals: a decimal from 0.0001 to 20 with at
	// most six places. Defaults to "1".
	Scale string
	// Seed begins the random choices. 0 is a seed like any other.
	Seed uint64
}

// scaleMicro reads the scale in millionths.
func (o Options) scaleMicro() (int64, error) {
	text := o.Scale
	if text == "" {
		text = "1"
	}
	p, err := domain.ParsePrice(text)
	if err != nil {
		return 0, fmt.Errorf("scale %q: a decimal with at most six places is needed", text)
	}
	d := p.Decimal().Shift(6)
	if d.LessThan(decimal.NewFromInt(scaleMicroMin)) || d.GreaterThan(decimal.NewFromInt(scaleMicroMax)) {
		return 0, fmt.Errorf("scale %q: between 0.0001 and 20 is needed", text)
	}
	return d.IntPart(), nil
}

// Targets are the net totals that a programme ends at.
type Targets struct {
	NetKg     domain.Kg
	NetAmount domain.Money
}

func targetsOf(scaleMicro int64) Targets {
	return Targets{
		NetKg:     domain.KgFromGrams(publishedGrams / million * scaleMicro),
		NetAmount: domain.MoneyFromFen(publishedFen / million * scaleMicro),
	}
}
