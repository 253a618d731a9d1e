package item

import "zhitong/domain"

// common are the units of weight that every item has.
var common = map[string]domain.Kg{
	"kg":  domain.KgFromGrams(1000),
	"jin": domain.KgFromGrams(500), // 斤
	"t":   domain.KgFromGrams(1_000_000),
}

// IsWeight reports whether unit is a unit of weight: its kg are exact, and no
// scale may say otherwise.
func IsWeight(unit string) bool {
	_, ok := common[unit]
	return ok
}

// State is an item as its facts leave it.
type State struct{ Registered }

// Exists reports whether the item was registered.
func (s *State) Exists() bool { return s.ItemID != "" }

// Apply folds a fact.
func (s *State) Apply(f domain.Fact) {
	switch f := f.(type) {
	case Registered:
		s.Registered = f
	case Updated:
		s.update(f)
	default:
		domain.Unknown(f)
	}
}

func (s *State) update(f Updated) {
	if !f.Name.IsZero() {
		s.Name = f.Name
	}
	if f.Category != "" {
		s.Category = f.Category
	}
	if f.Units != nil {
		s.Units = f.Units
	}
	if !f.LossAllowance.IsZero() {
		s.LossAllowance = f.LossAllowance
	}
	if f.HS != "" {
		s.HS = f.HS
	}
	if f.Attributes != nil {
		s.Attributes = f.Attributes
	}
}

// KgPerUnit returns the kg of one unit of the item, and false for a unit that it
// does not have.
func (s *State) KgPerUnit(unit string) (domain.Kg, bool) {
	if kg, ok := common[unit]; ok {
		return kg, true
	}
	kg, ok := s.Units[unit]
	return kg, ok
}

// Register decides item.register.
func (s *State) Register(c *Register) ([]domain.Fact, error) {
	if s.Exists() {
		return nil, domain.Refuse(domain.Conflict, "item.exists", "item_id", string(c.ItemID), "there is an item with this id")
	}
	return []domain.Fact{Registered{
		ItemID: c.ItemID, Name: c.Name, Category: c.Category, Units: c.Units,
		LossAllowance: c.LossAllowance, HS: string(c.HS), Attributes: c.Attributes,
	}}, nil
}

// Update decides item.update.
func (s *State) Update(c *Update) ([]domain.Fact, error) {
	if !s.Exists() {
		return nil, domain.Refuse(domain.NotFound, "item.unknown", "item_id", string(c.ItemID), "no item has this id")
	}
	return []domain.Fact{Updated{
		ItemID: c.ItemID, Name: c.Name, Category: c.Category, Units: c.Units,
		LossAllowance: c.LossAllowance, HS: string(c.HS), Attributes: c.Attributes,
	}}, nil
}
