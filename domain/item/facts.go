package item

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "item"

// Ref names the item id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// Registered begins an item.
type Registered struct {
	ItemID        domain.ID            `json:"item_id"`
	Name          domain.Name          `json:"name"`
	Category      domain.ID            `json:"category"`
	Units         map[string]domain.Kg `json:"units"` // kg of one unit; kg, jin and t are known everywhere
	LossAllowance domain.Share         `json:"loss_allowance"`
	HS            string               `json:"hs,omitzero"`
	Attributes    domain.Attributes    `json:"attributes,omitzero"`
}

// Updated changes the fields given; units, if given, replace all units. Orders
// keep the kg per unit that they were submitted with.
type Updated struct {
	ItemID        domain.ID            `json:"item_id"`
	Name          domain.Name          `json:"name,omitzero"`
	Category      domain.ID            `json:"category,omitzero"`
	Units         map[string]domain.Kg `json:"units,omitzero"`
	LossAllowance domain.Share         `json:"loss_allowance,omitzero"`
	HS            string               `json:"hs,omitzero"`
	Attributes    domain.Attributes    `json:"attributes,omitzero"`
}

// The names of the facts.
func (Registered) FactName() string { return "item.registered" }
func (Updated) FactName() string    { return "item.updated" }

// The subject of each is the item.
func (f Registered) Subject() domain.Ref { return Ref(f.ItemID) }
func (f Updated) Subject() domain.Ref    { return Ref(f.ItemID) }
