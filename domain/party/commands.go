package party

import (
	"strconv"

	"zhitong/domain"
	"zhitong/domain/division"
)

// PayeeInClear is a payee as commands name it, before it is sealed.
type PayeeInClear struct {
	AccountName domain.Personal `json:"account_name"`
	Bank        domain.Personal `json:"bank"`
	AccountNo   domain.Personal `json:"account_no"`
}

func (p *PayeeInClear) validate(field string) error {
	return domain.First(
		domain.Required(field+".account_name", p.AccountName != ""),
		domain.Required(field+".bank", p.Bank != ""),
		domain.Required(field+".account_no", p.AccountNo != ""),
	)
}

// Register is the command party.register.
type Register struct {
	PartyID   domain.ID `json:"party_id"`
	PartyKind string    `json:"kind"`
	Profile   `json:",embed"`
	Payee     *PayeeInClear `json:"payee,omitzero"`
}

// Validate checks the command's values.
func (c *Register) Validate() error {
	if err := domain.First(
		domain.RequiredID("party_id", c.PartyID),
		domain.CheckWord("kind", c.PartyKind, KindCooperative, KindBuyer, KindCarrier, KindFunder),
		c.Name.Validate("name"),
		c.Profile.validate(),
	); err != nil {
		return err
	}
	if c.PartyKind == KindBuyer {
		if err := domain.RequiredID("channel", c.Channel); err != nil {
			return err
		}
	}
	if err := channelOnlyForBuyers(c.PartyKind, c.Channel); err != nil {
		return err
	}
	if c.Payee != nil {
		return c.Payee.validate("payee")
	}
	return nil
}

func channelOnlyForBuyers(kind string, channel domain.ID) error {
	if channel != "" && kind != KindBuyer {
		return domain.Refuse(domain.Invalid, "party.channel_not_buyer", "channel", string(channel), "a %s has no channel, a buyer has", kind)
	}
	return nil
}

// validate checks the fields that are given.
func (p *Profile) validate() error {
	if p.USCC != "" {
		if err := domain.CheckUSCC(p.USCC); err != nil {
			return domain.AsProblem(err).At("uscc")
		}
	}
	if p.Division != "" {
		if err := division.Check("division", p.Division); err != nil {
			return err
		}
	}
	if p.Farmers != nil && (*p.Farmers < 0 || *p.Farmers > farmersMax) {
		return domain.Refuse(domain.Invalid, "value.out_of_range", "farmers", strconv.Itoa(*p.Farmers), "a count from 0 to %d", farmersMax)
	}
	return nil
}

// farmersMax is the largest number of farmers of a cooperative.
const farmersMax = 10_000_000

// Update is the command party.update: the fields given change. Kind and payee are
// not among them.
type Update struct {
	PartyID domain.ID `json:"party_id"`
	Profile `json:",embed"`
	Reason  domain.Text `json:"reason"`
}

// Validate checks the command's values: at least one field changes.
func (c *Update) Validate() error {
	if err := domain.First(
		domain.RequiredID("party_id", c.PartyID),
		domain.RequiredText("reason", c.Reason),
		c.Profile.validate(),
	); err != nil {
		return err
	}
	if c.Profile == (Profile{}) {
		return domain.Refuse(domain.Invalid, "party.nothing_changes", "", "", "at least one of name, uscc, division, channel, farmers")
	}
	return nil
}

// ChangePayee is the command party.change_payee.
type ChangePayee struct {
	PartyID domain.ID     `json:"party_id"`
	Payee   *PayeeInClear `json:"payee"`
}

// Validate checks the command's values.
func (c *ChangePayee) Validate() error {
	if err := domain.First(domain.RequiredID("party_id", c.PartyID), domain.Required("payee", c.Payee != nil)); err != nil {
		return err
	}
	return c.Payee.validate("payee")
}

// ConfirmPayee is the command party.confirm_payee.
type ConfirmPayee struct {
	PartyID domain.ID `json:"party_id"`
}

// Validate checks the command's values.
func (c *ConfirmPayee) Validate() error { return domain.RequiredID("party_id", c.PartyID) }

// Because is the data of the commands that name a party and a reason.
type Because struct {
	PartyID domain.ID   `json:"party_id"`
	Reason  domain.Text `json:"reason"`
}

// Validate checks the command's values.
func (c *Because) Validate() error {
	return domain.First(domain.RequiredID("party_id", c.PartyID), domain.RequiredText("reason", c.Reason))
}

// The commands that name a party and a reason.
type (
	// Suspend is party.suspend.
	Suspend struct{ Because }
	// Reinstate is party.reinstate.
	Reinstate struct{ Because }
	// Close is party.close.
	Close struct{ Because }
	// Erase is person.erase.
	Erase struct{ Because }
)

// CompleteErasure is the command person.complete_erasure: the reaction to an
// erasure that was requested, sent once the party's key is gone.
type CompleteErasure struct {
	PartyID domain.ID `json:"party_id"`
}

// Validate checks the command's values.
func (c *CompleteErasure) Validate() error { return domain.RequiredID("party_id", c.PartyID) }
