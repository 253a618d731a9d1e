package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/accounts"
	"zhitong/internal/table"
)

func (p *program) userListCommand() *cobra.Command {
	var format string
	var tokens, sessions bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List accounts, or their tokens or sessions, without anything secret",
		Example: `  zhitong user list
  zhitong user list --tokens --format json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			if tokens && sessions {
				return usagef("either --tokens or --sessions, not both")
			}
			return p.onAccounts(c.Context(), func(_ context.Context, _ *house, s *accounts.Store) error {
				list := accountRows
				switch {
				case tokens:
					list = tokenRows
				case sessions:
					list = sessionRows
				}
				columns, rows := list(s)
				return table.Write(p.stdout, f, columns, table.Slice(rows))
			})
		},
	}
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	c.Flags().BoolVar(&tokens, "tokens", false, "list tokens")
	c.Flags().BoolVar(&sessions, "sessions", false, "list sessions")
	return c
}

func columnsNamed(names ...string) []table.Column {
	columns := make([]table.Column, len(names))
	for i, n := range names {
		columns[i] = table.Column{Name: n}
	}
	return columns
}

func accountRows(s *accounts.Store) ([]table.Column, [][]any) {
	columns := columnsNamed("account_id", "role", "party_id", "status", "password", "tokens", "sessions", "granted_at", "revoked_at", "last_used_at", "position")
	columns[5].Numeric, columns[6].Numeric, columns[10].Numeric = true, true, true
	var rows [][]any
	for _, a := range s.List() {
		rows = append(rows, []any{a.ID, string(a.Role), orNil(string(a.Party)), a.Status, a.Password, strconv.Itoa(a.Tokens), strconv.Itoa(a.Sessions),
			timeCell(a.Granted), timeCell(a.Revoked), timeCell(a.LastUsed), strconv.FormatUint(a.Position, 10)})
	}
	return columns, rows
}

func tokenRows(s *accounts.Store) ([]table.Column, [][]any) {
	var rows [][]any
	for _, t := range s.Tokens("") {
		rows = append(rows, []any{t.ID, t.Account, t.Status(time.Now()), timeCell(t.Created), timeCell(t.Expires), timeCell(t.LastUsed)})
	}
	return columnsNamed("token", "account_id", "status", "created_at", "expires_at", "last_used_at"), rows
}

func sessionRows(s *accounts.Store) ([]table.Column, [][]any) {
	var rows [][]any
	for _, x := range s.Sessions("") {
		rows = append(rows, []any{x.ID, x.Account, orNil(x.Agent), timeCell(x.Created), timeCell(x.Expires), timeCell(x.LastUsed)})
	}
	return columnsNamed("session", "account_id", "agent", "created_at", "expires_at", "last_used_at"), rows
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func timeCell(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return domain.TimeOf(t).String()
}
