package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"zhitong/domain"
	"zhitong/internal/accounts"
)

func (p *program) userTokenCommand() *cobra.Command {
	var expires string
	c := &cobra.Command{
		Use:   "token ID",
		Short: "Make a token for a program that acts as the account, and print it once",
		Long: `Make a token for a program that acts as the account. It is printed alone on standard
output, this once: what is kept is its hash. A program sends it as
Authorization: Bearer zt_… It ends after --expires, or with zhitong user revoke.`,
		Example: `  zhitong user token li
  zhitong user token li --expires 8760h
  zhitong user token li --expires 30d > token.txt`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := accountArg(args[0])
			if err != nil {
				return err
			}
			life, err := lifeOf(expires)
			if err != nil {
				return err
			}
			return p.onAccounts(c.Context(), func(ctx context.Context, _ *house, s *accounts.Store) error {
				secret, token, err := s.IssueToken(ctx, id, life)
				if err != nil {
					return problemOf(err, id)
				}
				p.note(p.text.Say("user.token", "account", id, "token", token.ID, "until", domain.TimeOf(token.Expires)))
				_, err = fmt.Fprintln(p.stdout, secret)
				return err
			})
		},
	}
	c.Flags().StringVar(&expires, "expires", "90d", "how long it lets in, e.g. 12h or 90d")
	return c
}

// lifeOf reads a duration of Go's, or days.
func lifeOf(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n <= int(accounts.TokenLifeMax/(24*time.Hour)) {
			d = time.Duration(n) * 24 * time.Hour
		} else if err == nil {
			d = accounts.TokenLifeMax + 1
		}
	}
	if err != nil || d <= 0 || d > accounts.TokenLifeMax {
		return 0, usagef("--expires %q: a time such as 12h or 90d is needed, at most %dd", s, accounts.TokenLifeMax/(24*time.Hour))
	}
	return d, nil
}

func (p *program) userPasswordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password ID",
		Short: "Set an account's password, asked for on the terminal or read from standard input",
		Long: `Set an account's password. On a terminal it is asked for twice and not shown; else the
first line of standard input is the password. Its sessions end, its tokens stay.`,
		Example: `  zhitong user password li
  printf '%s\n' "$PASSWORD" | zhitong user password li`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := accountArg(args[0])
			if err != nil {
				return err
			}
			return p.onAccounts(c.Context(), func(ctx context.Context, _ *house, s *accounts.Store) error {
				if !s.Known(id) {
					return problemOf(accounts.ErrUnknown, id) // before anything is typed
				}
				password, err := p.askPassword()
				if err != nil {
					return err
				}
				err = s.SetPassword(ctx, id, password)
				var why *accounts.PasswordError
				if errors.As(err, &why) {
					return usagef("password: %s", why.Reason)
				}
				if err != nil {
					return problemOf(err, id)
				}
				p.note(p.text.Say("user.password_set", "account", id))
				return nil
			})
		},
	}
}

// askPassword asks twice on a terminal, else reads a line.
func (p *program) askPassword() (string, error) {
	if f, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		first, err := p.hidden(f, "user.ask_password")
		if err != nil {
			return "", err
		}
		second, err := p.hidden(f, "user.ask_again")
		if err == nil && first != second {
			err = usagef("password: the two are not the same")
		}
		return first, err
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, accounts.PasswordBytesMax+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

func (p *program) hidden(f *os.File, key string) (string, error) {
	fmt.Fprint(p.stderr, p.text.Say(key))
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(b), nil
}
