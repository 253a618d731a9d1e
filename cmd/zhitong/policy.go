package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"zhitong/domain/policy"
	"zhitong/internal/table"
)

func (p *program) policyCommand() *cobra.Command {
	return group("policy", "Check a policy file, and try it on what is recorded", p.policyCheckCommand(), p.policySimulateCommand())
}

func (p *program) policyCheckCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a policy file (YAML or JSON); every fault with its line and column",
		Long: `Check a policy file in YAML or JSON as policy.publish would, without a log. Each
fault is a line FILE:LINE:COLUMN: CODE: FIELD "VALUE": what is wrong. Faults of
shape are found in one go, those of meaning when there are none of shape. FILE - is
standard input. The status is 0 for a policy that could be published, 1 for one
that could not.`,
		Example: `  zhitong policy check sgyd-2022.yaml
  zhitong policy check --format json sgyd-2022.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := p.outputFormat(format)
			if err != nil {
				return err
			}
			read, problems, err := p.readPolicy(args[0])
			if err != nil {
				return err
			}
			if err := p.writePolicyProblems(f, args[0], problems); err != nil {
				return err
			}
			if len(problems) > 0 {
				return found(len(problems), "faults in "+args[0])
			}
			p.note(p.text.Say("policy_check.fine", "policy", read.PolicyID, "version", read.Version, "rules", len(read.Rules), "limits", len(read.Limits),
				"from", read.Effective.From, "to", read.Effective.To))
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "table", "table (a line a fault), json, jsonl, csv or xlsx")
	return c
}

// readPolicy reads a policy file; "-" is standard input.
func (p *program) readPolicy(name string) (*policy.Policy, []policy.FileProblem, error) {
	in, err := p.input(name)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, policy.FileBytesMax+1))
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("read %s: %w", name, err)}
	}
	read, problems := policy.ParseFile(text)
	return read, problems, nil
}

func (p *program) writePolicyProblems(f table.Format, name string, problems []policy.FileProblem) error {
	if f == table.Text {
		for _, q := range problems {
			// A fault whose column is not known is shown at the line's beginning.
			if _, err := fmt.Fprintf(p.stdout, "%s:%d:%d: %s\n", name, q.Line, max(q.Column, 1), table.Visible(q.Problem.Error())); err != nil {
				return err
			}
		}
		return nil
	}
	columns := []table.Column{{Name: "file"}, {Name: "line", Numeric: true}, {Name: "column", Numeric: true}, {Name: "code"}, {Name: "field"}, {Name: "value"}, {Name: "detail"}}
	var rows [][]any
	for _, q := range problems {
		rows = append(rows, []any{name, strconv.Itoa(q.Line), strconv.Itoa(max(q.Column, 1)), q.Code, q.Field, q.Value, q.Detail})
	}
	return table.Write(p.stdout, f, columns, table.Slice(rows))
}
