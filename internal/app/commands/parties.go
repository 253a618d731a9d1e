package commands

import (
	"zhitong/domain"
	"zhitong/domain/party"
	"zhitong/internal/app"
)

func parties() []app.Command {
	register := define("party.register", registerParty)
	register.Personal = payeePaths
	register.Persons = func(data any) []domain.Ref {
		if c := data.(*party.Register); c.Payee != nil {
			return []domain.Ref{party.Ref(c.PartyID)}
		}
		return nil
	}
	change := define("party.change_payee", changePayee)
	change.Personal = payeePaths
	change.Persons = func(data any) []domain.Ref {
		return []domain.Ref{party.Ref(data.(*party.ChangePayee).PartyID)}
	}
	return []app.Command{
		register,
		change,
		define("party.confirm_payee", onParty(func(s *party.State, u *app.Unit, c *party.ConfirmPayee) ([]domain.Fact, error) {
			return s.ConfirmPayee(c, u.By)
		}, func(c *party.ConfirmPayee) domain.ID { return c.PartyID })),
		define("party.update", onParty(func(s *party.State, u *app.Unit, c *party.Update) ([]domain.Fact, error) {
			return s.Update(c)
		}, func(c *party.Update) domain.ID { return c.PartyID })),
		define("party.suspend", onParty(func(s *party.State, u *app.Unit, c *party.Suspend) ([]domain.Fact, error) {
			return s.Suspend(c)
		}, func(c *party.Suspend) domain.ID { return c.PartyID })),
		define("party.reinstate", onParty(func(s *party.State, u *app.Unit, c *party.Reinstate) ([]domain.Fact, error) {
			return s.Reinstate(c)
		}, func(c *party.Reinstate) domain.ID { return c.PartyID })),
		define("party.close", onParty(func(s *party.State, u *app.Unit, c *party.Close) ([]domain.Fact, error) {
			return s.Close(c, u.Registries.Open(c.PartyID))
		}, func(c *party.Close) domain.ID { return c.PartyID })),
		define("person.erase", onParty(func(s *party.State, u *app.Unit, c *party.Erase) ([]domain.Fact, error) {
			return s.Erase(c)
		}, func(c *party.Erase) domain.ID { return c.PartyID })),
		define("person.complete_erasure", onParty(func(s *party.State, u *app.Unit, c *party.CompleteErasure) ([]domain.Fact, error) {
			return s.CompleteErasure(c)
		}, func(c *party.CompleteErasure) domain.ID { return c.PartyID })),
	}
}

// payeePaths are the personal values of a payee.
var payeePaths = []string{"payee.account_name", "payee.bank", "payee.account_no"}

// onParty makes the handler of a command that concerns one party.
func onParty[T any](decide func(s *party.State, u *app.Unit, c *T) ([]domain.Fact, error), id func(c *T) domain.ID) func(*app.Unit, *T) error {
	return func(u *app.Unit, c *T) error {
		s, err := u.Party(id(c))
		if err != nil {
			return err
		}
		facts, err := decide(s, u, c)
		return emit(u, facts, err)
	}
}

func registerParty(u *app.Unit, c *party.Register) error {
	s, err := u.Party(c.PartyID)
	if err != nil {
		return err
	}
	var payee *party.Payee
	if c.Payee != nil && !s.Exists() {
		if payee, err = sealPayee(u, c.PartyID, c.Payee); err != nil {
			return err
		}
	}
	facts, err := s.Register(c, payee)
	return emit(u, facts, err)
}

func changePayee(u *app.Unit, c *party.ChangePayee) error {
	s, err := u.Party(c.PartyID)
	if err != nil {
		return err
	}
	var payee party.Payee
	if facts, err := s.ChangePayee(c, u.By, payee); err != nil || len(facts) == 0 {
		return err // refused before anything is sealed
	}
	sealed, err := sealPayee(u, c.PartyID, c.Payee)
	if err != nil {
		return err
	}
	facts, err := s.ChangePayee(c, u.By, *sealed)
	return emit(u, facts, err)
}

// sealPayee encrypts a payee for the next fact, under the party's key.
func sealPayee(u *app.Unit, id domain.ID, p *party.PayeeInClear) (*party.Payee, error) {
	var sealed party.Payee
	for _, field := range []struct {
		path  string
		value domain.Personal
		into  *domain.Sealed
	}{
		{"payee.account_name", p.AccountName, &sealed.AccountName},
		{"payee.bank", p.Bank, &sealed.Bank},
		{"payee.account_no", p.AccountNo, &sealed.AccountNo},
	} {
		s, err := u.Seal(party.Ref(id), field.path, field.value)
		if err != nil {
			return nil, err
		}
		*field.into = s
	}
	tag, err := u.Tag(p.AccountNo)
	sealed.AccountTag = tag
	return &sealed, err
}
