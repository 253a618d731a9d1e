// Package device is what a phone in the field tried to say.
//
// It owns the fact of a refused entry, which is kept as evidence. It refuses to
// know what the entry meant.
package device

import "zhitong/domain"

// Kind is the aggregate's kind in subjects.
const Kind = "device"

// Ref names the device id.
func Ref(id domain.ID) domain.Ref { return domain.Ref{Kind: Kind, ID: id} }

// EntryRefused keeps a command that was made offline and refused: which one, why,
// and its whole content, sealed under the device's key; within it the data of a command
// that has personal values are sealed under their person's key.
type EntryRefused struct {
	DeviceID  domain.ID     `json:"device_id"`
	CommandID string        `json:"command_id"` // of the refused command
	Command   string        `json:"command"`
	Code      string        `json:"code"`
	Content   domain.Sealed `json:"content"`
}

// FactName returns "entry.refused".
func (EntryRefused) FactName() string { return "entry.refused" }

// Subject is the device.
func (f EntryRefused) Subject() domain.Ref { return Ref(f.DeviceID) }
