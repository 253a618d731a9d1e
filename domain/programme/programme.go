package programme

import (
	"cmp"

	"zhitong/domain"
)

// Open is the command programme.open: the first of every log.
type Open struct {
	ProgrammeID domain.ID   `json:"programme_id"`
	Name        domain.Name `json:"name"`
	Currency    string      `json:"currency,omitzero"` // ISO 4217; defaults to CNY
	Timezone    string      `json:"timezone,omitzero"` // defaults to, and can only be, Asia/Shanghai
}

// The defaults of a programme.
const (
	defaultCurrency = "CNY"
	onlyTimezone    = "Asia/Shanghai"
)

// Validate checks the command's values.
func (c *Open) Validate() error {
	return domain.First(
		domain.RequiredID("programme_id", c.ProgrammeID),
		c.Name.Validate("name"),
		checkCurrency(cmp.Or(c.Currency, defaultCurrency)),
		domain.CheckWord("timezone", cmp.Or(c.Timezone, onlyTimezone), onlyTimezone),
	)
}

func checkCurrency(s string) error {
	ok := len(s) == 3
	for i := 0; i < len(s); i++ {
		ok = ok && 'A' <= s[i] && s[i] <= 'Z'
	}
	if !ok {
		return domain.Refuse(domain.Invalid, "value.invalid_currency", "currency", s, "three capital letters, as CNY")
	}
	return nil
}

// Begin decides programme.open. opened is the programme that the log already
// holds, or "": there is one per log.
func Begin(opened domain.ID, c *Open) ([]domain.Fact, error) {
	if opened != "" {
		return nil, domain.Refuse(domain.Conflict, "programme.already_open", "programme_id", string(c.ProgrammeID),
			"the log is of programme %q", opened)
	}
	return []domain.Fact{Opened{
		ProgrammeID: c.ProgrammeID, Name: c.Name,
		Currency: cmp.Or(c.Currency, defaultCurrency), Timezone: onlyTimezone,
	}}, nil
}

// State is the programme as its facts leave it.
type State struct{ Opened }

// Exists reports whether the programme was opened.
func (s *State) Exists() bool { return s.ProgrammeID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Opened:
		s.Opened = f
	case ClockConfirmed: // the registries keep it
	default:
		domain.Unknown(f)
	}
}
