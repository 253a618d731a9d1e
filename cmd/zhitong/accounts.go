package main

import (
	"context"
	"errors"
	"fmt"

	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/events/log"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
)

// withAccounts runs fn with the accounts, brought up to what the log says of roles.
func (h *house) withAccounts(ctx context.Context, fn func(context.Context, *accounts.Store) error) error {
	s, err := h.openAccounts(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := (accounts.Ledger{Log: h.log, Store: s}).CatchUp(ctx); err != nil {
		return fmt.Errorf("accounts: read the log: %w", err)
	}
	return fn(ctx, s)
}

func (h *house) openAccounts(ctx context.Context) (*accounts.Store, error) {
	return accounts.Open(ctx, h.instance.NATS(), accounts.Options{Stream: log.StreamDefault, Replicas: h.p.cfg.Replicas, Logger: h.p.logger()})
}

// keepAccounts carries roles over from the log, and makes the first account where
// there never was one. Its password is said once.
func (h *house) keepAccounts(ctx context.Context, s *accounts.Store, a *app.App) error {
	l := accounts.Ledger{Log: h.log, Store: s, Submit: a.Submit}
	if err := l.CatchUp(ctx); err != nil {
		return accountsEnd(ctx, err)
	}
	password, err := s.First(ctx)
	if err != nil {
		return accountsEnd(ctx, err)
	}
	if password != "" {
		h.p.note(h.p.text.Say("user.first", "account", accounts.FirstID, "password", password))
	}
	return accountsEnd(ctx, l.Keep(ctx))
}

func accountsEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("accounts: %w", err)
}

// problemOf is what an error of the accounts means for one account.
func problemOf(err error, id string) error {
	switch {
	case errors.Is(err, accounts.ErrUnknown):
		return refusedError{domain.Refuse(domain.NotFound, account.CodeUnknown, "account_id", id, "no account has this id")}
	case errors.Is(err, accounts.ErrRevoked):
		return refusedError{domain.Refuse(domain.Conflict, account.CodeRevoked, "account_id", id, "its role was taken away; give one anew with zhitong user add")}
	case errors.Is(err, accounts.ErrTooMany):
		return refusedError{domain.Refuse(domain.Limit, "account.too_many_tokens", "account_id", id, "it has as many valid tokens as it may have; end one with zhitong user revoke --token")}
	}
	return err
}
