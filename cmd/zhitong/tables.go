package main

import (
	"context"
	"fmt"
	"slices"

	"zhitong/domain"
	"zhitong/internal/demo"
	"zhitong/internal/table"
	"zhitong/projections"
	"zhitong/projections/projector"
)

// demoTables prints sales volume and per-item subsidy.
func (p *program) demoTables(ctx context.Context, views *projector.Projector) error {
	sales, err := views.Query(ctx, "sales_by_item", nil, 0)
	if err != nil {
		return err
	}
	totals, err := views.Query(ctx, "programme_totals", nil, 0)
	if err != nil {
		return err
	}
	subsidy, err := views.Query(ctx, "item_subsidy", nil, 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, p.text.Say("demo.sales_title"))
	if err := p.salesTable(sales, totals); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "\n%s\n", p.text.Say("demo.subsidy_title"))
	return p.subsidyTable(sales, subsidy)
}

// record reads cells by column name.
type record struct {
	rows *projections.Rows
	i    int
}

func (r record) text(column string) string {
	j, ok := r.rows.Schema.Column(column)
	if !ok {
		return ""
	}
	return r.rows.Values[r.i][j].Text
}

func (r record) money(column string) (domain.Money, error) {
	var m domain.Money
	err := m.UnmarshalText([]byte(r.text(column)))
	return m, err
}

func records(rows *projections.Rows) []record {
	out := make([]record, len(rows.Values))
	for i := range out {
		out[i] = record{rows, i}
	}
	return out
}

func (p *program) salesTable(sales, totals *projections.Rows) error {
	columns := []table.Column{
		{Name: "item", Title: p.text.Say("demo.item")},
		{Name: "net_kg", Title: p.text.Say("demo.net_kg"), Numeric: true},
		{Name: "net_amount", Title: p.text.Say("demo.net_amount"), Numeric: true},
		{Name: "avg_price", Title: p.text.Say("demo.avg_price"), Numeric: true},
	}
	var rows [][]any
	for _, r := range records(sales) {
		rows = append(rows, []any{p.itemName(r.text("item_id")), r.text("net_kg"), r.text("net_amount"), r.text("avg_price")})
	}
	for _, r := range records(totals) {
		rows = append(rows, []any{p.text.Say("demo.total"), r.text("net_kg"), r.text("net_amount"), nil})
	}
	return table.Write(p.stdout, table.Text, columns, table.Slice(rows))
}

// subsidyTable shows each item's assessed subsidy by funder.
func (p *program) subsidyTable(sales, subsidy *projections.Rows) error {
	var funders []string
	shares := map[string]map[string]domain.Money{}
	for _, r := range records(subsidy) {
		item, funder := r.text("item_id"), r.text("funder_id")
		if shares[item] == nil {
			shares[item] = map[string]domain.Money{}
		}
		if !slices.Contains(funders, funder) {
			funders = append(funders, funder)
		}
		amount, err := r.money("assessed")
		if err != nil {
			return err
		}
		shares[item][funder] = shares[item][funder].Add(amount)
	}
	slices.Sort(funders)
	columns := []table.Column{{Name: "item", Title: p.text.Say("demo.item")}}
	for _, f := range funders {
		columns = append(columns, table.Column{Name: f, Numeric: true})
	}
	columns = append(columns,
		table.Column{Name: "assessed", Title: p.text.Say("demo.assessed"), Numeric: true},
		table.Column{Name: "per_kg", Title: p.text.Say("demo.per_kg"), Numeric: true})
	var rows [][]any
	sums := make([]domain.Money, len(funders)+1)
	for _, r := range records(sales) {
		row := []any{p.itemName(r.text("item_id"))}
		for i, f := range funders {
			row = append(row, shares[r.text("item_id")][f].String())
			sums[i] = sums[i].Add(shares[r.text("item_id")][f])
		}
		assessed, err := r.money("subsidy_assessed")
		if err != nil {
			return err
		}
		sums[len(funders)] = sums[len(funders)].Add(assessed)
		rows = append(rows, append(row, assessed.String(), r.text("subsidy_per_kg")))
	}
	total := []any{p.text.Say("demo.total")}
	for _, s := range sums {
		total = append(total, s.String())
	}
	rows = append(rows, append(total, nil))
	return table.Write(p.stdout, table.Text, columns, table.Slice(rows))
}

// itemName is an item's name in the reader's language, with its id.
func (p *program) itemName(id string) string {
	if name := p.text.Name(demo.ItemName(id)); name != "" {
		return name + " " + id
	}
	return id
}
