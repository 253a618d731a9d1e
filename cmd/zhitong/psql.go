package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"zhitong/projections/projector"
)

func (p *program) psqlCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "psql [ARGS]",
		Short: "psql on the views, read-only",
		Long: `Bring the views up to the end of the log and start psql on them, read-only. All
arguments go to psql; give zhitong's own flags before the word psql.`,
		Example: `  zhitong psql
  zhitong psql -c 'select * from zhitong.sales_by_item'
  zhitong --data ./data psql --csv -c 'table zhitong.programme_totals'`,
		DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && (args[0] == "--help" || args[0] == "-h") {
				return c.Help()
			}
			client, err := exec.LookPath("psql")
			if err != nil {
				return hintError{errors.New("psql is not installed"), p.text.Say("hint.no_psql")}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				if err := h.withViews(ctx, func(ctx context.Context, views *projector.Projector) error { return views.CatchUp(ctx) }); err != nil {
					return err
				}
				dsn, err := h.instance.ReadOnlyDSN(ctx)
				if err != nil {
					return err
				}
				return p.psql(client, dsn, args)
			})
		},
	}
}

// psql runs the client on a connection string and passes on how it ended. An
// interrupt typed at the terminal is psql's own.
func (p *program) psql(client, dsn string, args []string) error {
	dsn, password := withoutPassword(dsn)
	cmd := exec.Command(client, append([]string{"--dbname", dsn}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, p.stdout, p.stderr
	cmd.Env = os.Environ()
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		return statusError{err, ended.ExitCode()}
	}
	return err
}

// withoutPassword takes the password out of an address, since arguments can be
// seen by every user of the machine.
func withoutPassword(dsn string) (string, string) {
	if !strings.Contains(dsn, "://") {
		return dsn, ""
	}
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return dsn, ""
	}
	password, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	return u.String(), password
}
