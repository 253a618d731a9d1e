package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/domain/account"
	"zhitong/events"
	"zhitong/internal/accounts"
	"zhitong/internal/app"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Accounts, passwords and tokens of those who come over HTTP",
		p.userAddCommand(), p.userTokenCommand(), p.userPasswordCommand(), p.userRevokeCommand(), p.userListCommand())
}

// onAccounts runs fn with the accounts of an open house.
func (p *program) onAccounts(ctx context.Context, fn func(context.Context, *house, *accounts.Store) error) error {
	return p.with(ctx, func(ctx context.Context, h *house) error {
		return h.withAccounts(ctx, func(ctx context.Context, s *accounts.Store) error { return fn(ctx, h, s) })
	})
}

// accountArg is the id of an account as it was typed.
func accountArg(s string) (string, error) {
	if err := domain.CheckID(s); err != nil {
		return "", usageError{fmt.Errorf("account: %w", err)}
	}
	return s, nil
}

func (p *program) userAddCommand() *cobra.Command {
	var role, party string
	c := &cobra.Command{
		Use:   "add ID --role ROLE",
		Short: "Give an account a role, for a party or for itself: account.grant",
		Long: `Give an account its role. In the roles cooperative, buyer, carrier and funder it acts
for a party, which must be registered and of that kind; in the others for itself, or
under another name with --party. That the role was given is an event; the account can
then be given a password or tokens. An account has one role: to change it, revoke the
account and add it anew. Adding it again as it is changes nothing.`,
		Example: `  zhitong user add zhang --role officer
  zhitong user add li --role cooperative --party C-0001`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := accountArg(args[0])
			if err != nil {
				return err
			}
			if role == "" {
				return usagef("--role is needed: one of %v", account.ClientRoles())
			}
			a := accounts.Account{ID: id, Role: domain.Role(role), Party: domain.ID(party)}
			if party != "" {
				if err := domain.CheckID(party); err != nil {
					return usageError{fmt.Errorf("--party: %w", err)}
				}
			}
			if err := account.CheckRole(a.Role, a.Party); err != nil {
				return usageError{err}
			}
			return p.onAccounts(c.Context(), func(ctx context.Context, h *house, s *accounts.Store) error { return p.addUser(ctx, h, s, a) })
		},
	}
	// Here --role is that of the account, not of who gives it, who is an operator.
	c.Flags().StringVar(&role, "role", "", "the account's role (required)")
	c.Flags().StringVar(&party, "party", "", "the party that it acts for")
	return c
}

func (p *program) addUser(ctx context.Context, h *house, s *accounts.Store, a accounts.Account) error {
	r, err := p.record(ctx, h, "account.grant", account.Grant{AccountID: domain.ID(a.ID), Role: a.Role, PartyID: a.Party})
	if err != nil {
		return err
	}
	key := "user.added"
	switch {
	case r.OK:
		err = s.Granted(ctx, a, r.Position, "")
	case r.Problem.Code == account.CodeGranted && p.hasRole(s, a):
		key = "user.added_before"
	case r.Problem.Code == "programme.not_open" && account.PartyKind(a.Role) == "":
		// The log can't know it yet: its first event opens the programme.
		key = "user.added_early"
		if err = s.Granted(ctx, a, 0, p.operator()); errors.Is(err, accounts.ErrTaken) {
			err = hintError{refusedError{domain.Refuse(domain.Conflict, account.CodeGranted, "account_id", a.ID, "it has another role")}, "zhitong user revoke " + a.ID}
		}
	case r.Problem.Code == account.CodeGranted:
		return hintError{refusedError{r.Problem}, "zhitong user revoke " + a.ID}
	default:
		return refusedError{r.Problem}
	}
	if err == nil {
		p.note(p.text.Say(key, "account", a.ID, "role", a.Role, "actor", a.Actor()))
	}
	return err
}

// hasRole reports whether the account has just this role.
func (p *program) hasRole(s *accounts.Store, a accounts.Account) bool {
	for _, i := range s.List() {
		if i.Account == a {
			return i.Status != "revoked"
		}
	}
	return false
}

// operator is who gives and takes roles on the command line.
func (p *program) operator() domain.ID {
	if p.cfg.Actor != "" {
		return p.cfg.Actor
	}
	return "operator"
}

// record sends a command about an account.
func (p *program) record(ctx context.Context, h *house, command string, data any) (result app.Result, err error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return result, err
	}
	err = h.withApp(ctx, func(ctx context.Context, a *app.App) (err error) {
		result, err = a.Submit(ctx, app.Envelope{
			ID: command + ":" + rand.Text(), Command: command, Actor: p.operator(), Role: domain.Operator,
			Time: domain.TimeOf(time.Now()), Data: raw, Via: events.ViaCLI,
		}).Wait(ctx)
		return err
	})
	return result, err
}

func (p *program) userRevokeCommand() *cobra.Command {
	var token, reason string
	c := &cobra.Command{
		Use:   "revoke ID",
		Short: "Take an account's role away, with every token and session: account.revoke",
		Long: `Take an account's role away. Its password, its tokens and its sessions end at once, in
every process; that it was revoked is an event. With --token only that token ends (its
name is in zhitong user list --tokens), which is no event.`,
		Example: `  zhitong user revoke zhang --reason "left the county"
  zhitong user revoke zhang --token 3f6c0a9be2d41785`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := accountArg(args[0])
			if err != nil {
				return err
			}
			return p.onAccounts(c.Context(), func(ctx context.Context, h *house, s *accounts.Store) error {
				if token != "" {
					return p.revokeToken(ctx, s, id, token)
				}
				return p.revokeUser(ctx, h, s, id, reason)
			})
		},
	}
	c.Flags().StringVar(&token, "token", "", "end only this token")
	c.Flags().StringVar(&reason, "reason", "revoked by the operator", "why, as the event will say")
	return c
}

func (p *program) revokeToken(ctx context.Context, s *accounts.Store, id, token string) error {
	err := s.RevokeToken(ctx, id, token)
	if errors.Is(err, accounts.ErrUnknown) {
		return hintError{refusedError{domain.Refuse(domain.NotFound, "account.token_unknown", "token", token, "account %q has no such token", id)}, "zhitong user list --tokens"}
	}
	if err == nil {
		p.note(p.text.Say("user.token_revoked", "account", id, "token", token))
	}
	return err
}

// revokeUser ends every way in first, and then has the log say so: who interrupts it
// has locked the account out, and says it again for the event.
func (p *program) revokeUser(ctx context.Context, h *house, s *accounts.Store, id, reason string) error {
	if err := s.Revoked(ctx, id, 0); err != nil {
		return problemOf(err, id)
	}
	r, err := p.record(ctx, h, "account.revoke", account.Revoke{AccountID: domain.ID(id), Reason: domain.Text(reason)})
	switch {
	case err != nil:
		return err
	case r.OK:
		err = s.Revoked(ctx, id, r.Position)
	case r.Problem.Code == account.CodeRevoked, r.Problem.Code == "programme.not_open":
	case r.Problem.Code == account.CodeUnknown: // given before the programme was open, and not recorded yet
	default:
		return refusedError{r.Problem}
	}
	if err == nil {
		p.note(p.text.Say("user.revoked", "account", id))
	}
	return err
}
