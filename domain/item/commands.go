package item

import (
	"maps"
	"slices"

	"zhitong/domain"
)

// unitsMax is the number of units that an item may have of its own.
const unitsMax = 32

// Register is the command item.register.
type Register struct {
	ItemID        domain.ID            `json:"item_id"`
	Name          domain.Name          `json:"name"`
	Category      domain.ID            `json:"category"`
	Units         map[string]domain.Kg `json:"units"` // kg of one unit; may be empty
	LossAllowance domain.Share         `json:"loss_allowance"`
	HS            domain.Text          `json:"hs,omitzero"`
	Attributes    domain.Attributes    `json:"attributes,omitzero"`
}

// Validate checks the command's values.
func (c *Register) Validate() error {
	return domain.First(
		domain.RequiredID("item_id", c.ItemID),
		c.Name.Validate("name"),
		domain.RequiredID("category", c.Category),
		domain.Required("units", c.Units != nil),
		checkUnits(c.Units),
		domain.Required("loss_allowance", !c.LossAllowance.IsZero()),
		c.Attributes.Validate("attributes"),
	)
}

// Update is the command item.update: the fields given change; units, if given,
// replace all units.
type Update struct {
	ItemID        domain.ID            `json:"item_id"`
	Name          domain.Name          `json:"name,omitzero"`
	Category      domain.ID            `json:"category,omitzero"`
	Units         map[string]domain.Kg `json:"units,omitzero"`
	LossAllowance domain.Share         `json:"loss_allowance,omitzero"`
	HS            domain.Text          `json:"hs,omitzero"`
	Attributes    domain.Attributes    `json:"attributes,omitzero"`
}

// Validate checks the command's values: at least one field changes.
func (c *Update) Validate() error {
	if err := domain.First(
		domain.RequiredID("item_id", c.ItemID),
		checkUnits(c.Units),
		c.Attributes.Validate("attributes"),
	); err != nil {
		return err
	}
	if c.Name.IsZero() && c.Category == "" && c.Units == nil && c.LossAllowance.IsZero() && c.HS == "" && c.Attributes == nil {
		return domain.Refuse(domain.Invalid, "item.nothing_changes", "", "", "at least one of name, category, units, loss_allowance, hs, attributes")
	}
	return nil
}

func checkUnits(units map[string]domain.Kg) error {
	if len(units) > unitsMax {
		return domain.CheckCount("units", len(units), unitsMax)
	}
	for _, unit := range slices.Sorted(maps.Keys(units)) {
		if err := domain.CheckID(unit); err != nil {
			return domain.AsProblem(err).At("units")
		}
		if _, ok := common[unit]; ok {
			return domain.Refuse(domain.Invalid, "item.unit_reserved", "units."+unit, unit, "kg, jin and t have the same weight everywhere")
		}
		if err := units[unit].Positive("units." + unit); err != nil {
			return err
		}
	}
	return nil
}
