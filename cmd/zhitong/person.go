package main

import (
	"context"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/persons"
	"zhitong/internal/table"
)

func (p *program) personCommand() *cobra.Command {
	return group("person", "Personal values, for those who may see them", p.personShowCommand())
}

func (p *program) personShowCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "show PARTY_ID",
		Short: "Print the payee of a party in clear",
		Long: `Print the payee of a party in clear: the confirmed one, and one that waits to be
confirmed. For the roles officer, finance and auditor, and for the party itself
(--role cooperative --actor PARTY_ID). Of a person who was erased there is nothing.`,
		Example: "  zhitong person show HZS-01 --actor U-FIN1 --role finance",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			if p.cfg.Actor == "" || p.cfg.Role == "" {
				return usagef("--actor and --role are needed: who asks")
			}
			if err := domain.CheckID(args[0]); err != nil {
				return usageError{err}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				return p.showPerson(ctx, h, domain.ID(args[0]), f)
			})
		},
	}
	c.Flags().StringVar(&format, "format", "table", "table, json, jsonl, csv or xlsx")
	return c
}

func (p *program) showPerson(ctx context.Context, h *house, id domain.ID, f table.Format) error {
	o, err := h.appOptions(ctx)
	if err != nil {
		return err
	}
	card, err := persons.New(h.log, o.Ring).Open(ctx, domain.By{Actor: p.cfg.Actor, Role: p.cfg.Role}, id)
	if err != nil {
		return err
	}
	columns := []table.Column{{Name: "party_id"}, {Name: "status"}, {Name: "account_name"}, {Name: "bank"}, {Name: "account_no"}, {Name: "proposed_by"}, {Name: "event_id"}}
	var rows [][]any
	add := func(status string, y *persons.Payee, by any) {
		if y != nil {
			rows = append(rows, []any{string(id), status, string(y.AccountName), string(y.Bank), string(y.AccountNo), by, y.EventID})
		}
	}
	if card.Erased {
		rows = append(rows, []any{string(id), "erased", nil, nil, nil, nil, nil})
	}
	add("confirmed", card.Payee, nil)
	add("proposed", card.Proposed, string(card.ProposedBy))
	return table.Write(p.stdout, f, columns, table.Slice(rows))
}
