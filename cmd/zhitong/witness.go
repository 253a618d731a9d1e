package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhitong/audit/checkpoint"
	"zhitong/audit/publish"
	"zhitong/audit/tree"
	"zhitong/audit/witness"
)

const (
	// requestMax bounds the reading of a request and the writing of its answer.
	requestMax = 30 * time.Second
	// drainMax is how long open requests may take when the server ends.
	drainMax = 5 * time.Second
	// pollDefault is how often a witness looks at its log.
	pollDefault = time.Minute
	// witnessName is the name of a witness's key that is made at its first start.
	witnessName = "zhitong-witness"
)

// witnessRun is one run of witness.
type witnessRun struct {
	p                                   *program
	of, state, key, vkeys, listen, name string
	every                               time.Duration
	once, showKey                       bool
}

func (p *program) witnessCommand() *cobra.Command {
	w := witnessRun{p: p}
	c := &cobra.Command{
		Use:   "witness --of URL --state FILE",
		Short: "Watch another's log: cosign what is consistent, refuse and tell a fork",
		Long: `Run an independent witness (C2SP tlog-witness) on a machine of your own. It looks at
the log at URL, checks that it continues what was there before, and cosigns it. A log
that shows two histories is refused: the witness says so, keeps both signed checkpoints
in its state file as evidence, and ends with status 1. With --listen the log can also ask
it (POST /add-checkpoint), at the address that is printed first. --show-key prints what
the log's operator writes into the witness policy. The log's public keys are taken from --log-key, or else from
the log at the first look and trusted from then on.`,
		Example: `  zhitong witness --of https://pishan.example/api/v1/log --state witness.json --key witness.key
  zhitong witness --of http://10.0.0.5:8369/api/v1/log --state witness.json --listen :8370
  zhitong witness --state witness.json --show-key`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if w.state == "" || w.of == "" && !w.showKey {
				return usagef("--of URL and --state FILE are needed")
			}
			return w.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&w.of, "of", "", "address of the log, e.g. http://host:8369/api/v1/log")
	f.StringVar(&w.state, "state", "", "file in which the witness remembers what it has seen")
	f.StringVar(&w.key, "key", "", "file with the witness's own key; made when absent (default: the state file with .key)")
	f.StringVar(&w.name, "name", witnessName, "name of a key that is made")
	f.StringVar(&w.vkeys, "log-key", "", "file with the log's public keys as you know them")
	f.StringVar(&w.listen, "listen", "", "address to answer add-checkpoint on")
	f.DurationVar(&w.every, "every", pollDefault, "how often to look")
	f.BoolVar(&w.once, "once", false, "look once and end")
	f.BoolVar(&w.showKey, "show-key", false, "print the witness's public key, for the log's witness policy, and end")
	return c
}

func (w *witnessRun) run(ctx context.Context) error {
	cosigner, err := w.cosigner()
	if err != nil {
		return err
	}
	if w.showKey {
		_, err := fmt.Fprintln(w.p.stdout, cosigner.VKey())
		return err
	}
	wit, err := witness.Open(w.state, cosigner)
	if err != nil {
		return err
	}
	remote, err := publish.NewRemote(ctx, w.of)
	if err != nil {
		return usageError{err}
	}
	reader := tree.NewReader(remote)
	if err := w.trust(wit, reader); err != nil {
		return err
	}
	w.p.note("witness key: " + cosigner.VKey())
	if w.once {
		return w.look(ctx, wit, reader)
	}
	g, ctx := errgroup.WithContext(ctx)
	if w.listen != "" {
		if err := w.serve(ctx, g, wit); err != nil {
			return err
		}
	}
	g.Go(func() error { return w.watch(ctx, wit, reader) })
	return g.Wait()
}

// cosigner reads the witness's key, or makes it.
func (w *witnessRun) cosigner() (*checkpoint.Cosigner, error) {
	path := w.key
	if path == "" {
		path = w.state + ".key"
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		var skey string
		if skey, err = checkpoint.NewCosignerKey(w.name); err == nil {
			b = []byte(skey + "\n")
			err = os.WriteFile(path, b, 0o600)
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := checkpoint.ParseCosigner(string(b), time.Now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// trust tells the witness which keys the log has. Keys that are taken from the log
// itself are taken at the first look only.
func (w *witnessRun) trust(wit *witness.Witness, r tree.Reader) error {
	latest, err := r.Latest()
	if err != nil {
		return fmt.Errorf("the log at %s: %w", w.of, err)
	}
	c, err := checkpoint.Peek(latest)
	if err != nil {
		return err
	}
	if w.vkeys != "" {
		b, err := os.ReadFile(w.vkeys)
		if err != nil {
			return usageError{err}
		}
		return wit.Trust(c.Origin, string(b))
	}
	if _, err := wit.Last(c.Origin); !errors.Is(err, witness.ErrUnknownLog) {
		return err
	}
	keys, err := r.VKeys()
	if err != nil {
		return fmt.Errorf("the log's public keys: %w; name them with --log-key", err)
	}
	return wit.Trust(c.Origin, keys)
}

// look looks at the log once and says what it saw.
func (w *witnessRun) look(ctx context.Context, wit *witness.Witness, r tree.Reader) error {
	s, err := wit.Poll(ctx, r)
	switch {
	case errors.Is(err, witness.ErrFork), errors.Is(err, witness.ErrBackward):
		return hintError{foundError{err}, "both signed checkpoints are in " + w.state}
	case err != nil:
		return err
	}
	fmt.Fprintf(w.p.stdout, "cosigned %s size %d\n", s.Origin, s.Size)
	return nil
}

// watch looks until ctx ends or the log is caught. A log out of reach is looked at
// again.
func (w *witnessRun) watch(ctx context.Context, wit *witness.Witness, r tree.Reader) error {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		err := w.look(ctx, wit, r)
		var caught foundError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &caught):
			return err
		case err != nil:
			w.p.note(err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// serve answers add-checkpoint as a part of the group.
func (w *witnessRun) serve(ctx context.Context, g *errgroup.Group, wit *witness.Witness) error {
	l, err := net.Listen("tcp", w.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: wit.Handler(), ReadTimeout: requestMax, WriteTimeout: requestMax}
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
		defer cancel()
		return server.Shutdown(drain)
	})
	_, err = fmt.Fprintf(w.p.stdout, "http://%s\n", l.Addr())
	return err
}
