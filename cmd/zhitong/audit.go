package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/receipt"
	"zhitong/audit/tree"
	"zhitong/events/log"
	"zhitong/projections"
)

const (
	// auditFolder is the Merkle log in the data folder: what an auditor copies.
	auditFolder = "audit"
	// signingKeyFile is the key that signs it, kept apart from it.
	signingKeyFile = "keys/log.key"
	// signedWaitMax is how long a command waits for the process that signs.
	signedWaitMax = 15 * time.Second
	signedPoll    = 50 * time.Millisecond
)

func (p *program) auditCommand() *cobra.Command {
	return group("audit", "Check the log, prove what is in it, and trace figures to their causes",
		p.auditCheckpointCommand(), p.auditVerifyCommand(), p.auditProveCommand(), p.auditTraceCommand(),
		p.auditDiffCommand(), p.auditFindingsCommand(), p.auditBundleCommand(), p.auditRotateCommand())
}

// merkle is the Merkle log up to the head of the log.
type merkle struct {
	reader tree.Reader
	signed checkpoint.Signed
	vkeys  string
}

// signingKeys opens the log's signing keys, which are made at the first start. Their
// name, the log's origin, holds a hash of the stream's identity, so that two
// installations are never taken for one.
func (h *house) signingKeys(ctx context.Context) (*checkpoint.Keys, error) {
	id, err := h.log.Identity(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(id.Stream + "\n" + id.Created.UTC().Format(time.RFC3339Nano)))
	origin := "zhitong/" + url.PathEscape(id.Stream) + "/" + hex.EncodeToString(sum[:6])
	return checkpoint.OpenKeys(filepath.Join(h.p.cfg.Data, filepath.FromSlash(signingKeyFile)), origin)
}

// merkle brings the Merkle log up to the head. Where another process writes it, this
// one waits for its checkpoint.
func (h *house) merkle(ctx context.Context) (*merkle, error) {
	dir := filepath.Join(h.p.cfg.Data, auditFolder)
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	m := &merkle{reader: tree.NewReader(os.DirFS(dir))}
	w, err := tree.OpenWriter(dir, keys)
	switch {
	case err == nil:
		m.signed, err = keeper.New(h.log, w, keeper.Options{}).CatchUp(ctx)
		err = errors.Join(err, w.Close())
	case errors.Is(err, tree.ErrLocked):
		m.signed, err = h.awaitSigned(ctx, m.reader, keys)
	}
	if errors.Is(err, tree.ErrRewritten) {
		return m, foundError{err}
	}
	if err != nil {
		return m, fmt.Errorf("merkle log: %w", err)
	}
	m.vkeys, err = m.reader.VKeys()
	return m, err
}

// awaitSigned waits until the process that signs has covered the head as it is.
func (h *house) awaitSigned(ctx context.Context, r tree.Reader, keys *checkpoint.Keys) (checkpoint.Signed, error) {
	ctx, cancel := context.WithTimeout(ctx, signedWaitMax)
	defer cancel()
	head, err := h.log.Head(ctx)
	if err != nil || head.Position == 0 {
		return checkpoint.Signed{}, err
	}
	verifiers, err := checkpoint.Verifiers(lines(keys.VKeys()))
	if err != nil {
		return checkpoint.Signed{}, err
	}
	tick := time.NewTicker(signedPoll)
	defer tick.Stop()
	for {
		if note, err := r.Latest(); err == nil {
			if s, err := checkpoint.Open(note, verifiers); err == nil && s.Size >= head.Position {
				return s, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return checkpoint.Signed{}, fmt.Errorf("the process that signs the log has not reached position %d", head.Position)
		}
	}
}

// lines joins texts, a line each.
func lines(list []string) string {
	out := ""
	for _, s := range list {
		out += s + "\n"
	}
	return out
}

// read reads the log as folds and checks want it.
func (h *house) read(ctx context.Context, from uint64, fn func(uint64, [][]byte) error) error {
	return h.log.Read(ctx, from, func(b log.Block) error { return fn(b.First, b.Commits) })
}

var _ projections.Reader = (*house)(nil).read

func (p *program) auditCheckpointCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoint",
		Short: "Print the latest signed checkpoint",
		Long: `Print the latest signed checkpoint of the log (C2SP tlog-checkpoint). Keep it
somewhere else: with audit verify --since it shows that nothing before it was changed.`,
		Example: "  zhitong audit checkpoint > checkpoint-2021-06-30",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				m, err := h.merkle(ctx)
				if err != nil {
					return err
				}
				if m.signed.Note == nil {
					return foundError{errors.New("the log is empty: there is nothing to sign")}
				}
				_, err = p.stdout.Write(m.signed.Note)
				return err
			})
		},
	}
}

func (p *program) auditRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate-key",
		Short: "Make a new signing key, which the one before vouches for",
		Long: `Make a new signing key. From the next checkpoint on the new and the old one sign
together; signatures of all older keys go on verifying. Not while serve runs.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				if _, err := h.merkle(ctx); err != nil {
					return err
				}
				keys, err := h.signingKeys(ctx)
				if err == nil {
					err = keys.Rotate()
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(p.stdout, lines(keys.VKeys()))
				return err
			})
		},
	}
}

func (p *program) auditProveCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "prove EVENT_ID|COMMAND_ID|SEQ",
		Short: "Write a proof that something is in the log, which can be checked offline",
		Long: `Write a proof (C2SP tlog-proof) that an event, what a command recorded, or the commit
at a position is in the log. It holds the commit and the signed checkpoint, with the
cosignatures of witnesses. Check it anywhere with audit verify.`,
		Example: `  zhitong audit prove 212 --out 212.tlog-proof
  zhitong audit verify 212.tlog-proof --key vkeys`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return usagef("--out FILE is needed")
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				m, err := h.merkle(ctx)
				if err != nil {
					return err
				}
				position, err := receipt.Find(ctx, h.read, args[0])
				if errors.Is(err, receipt.ErrUnknown) {
					return usagef("%q is no position, no event and no command of this log", args[0])
				}
				if err != nil {
					return err
				}
				if position > m.signed.Size {
					return usagef("position %d: the log has positions 1 to %d", position, m.signed.Size)
				}
				proof, _, err := receipt.NewDesk(m.reader).At(ctx, position)
				if err != nil {
					return err
				}
				return os.WriteFile(out, proof, 0o644)
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "file to write, e.g. NAME.tlog-proof")
	return c
}
