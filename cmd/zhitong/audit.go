package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"zhitong/audit/receipt"
	"zhitong/events/log"
	"zhitong/projections"
)

const (
	// auditFolder is the Merkle log in the data folder: what an auditor copies.
	auditFolder = "audit"
	// signingKeyFile is the key that signs it, kept apart from it.
	signingKeyFile = "keys/log.key"
)

func (p *program) auditCommand() *cobra.Command {
	return group("audit", "Check the log, prove what is in it, and trace figures to their causes",
		p.auditCheckpointCommand(), p.auditVerifyCommand(), p.auditProveCommand(), p.auditTraceCommand(),
		p.auditDiffCommand(), p.auditFindingsCommand(), p.auditBundleCommand(), p.auditRotateCommand())
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
		Long: `Print the latest signed checkpoint of the log (C2SP tlog-checkpoint), with the
cosignatures of the witnesses that the policy names. Keep it somewhere else: with audit
verify --since it shows that nothing before it was changed. Standard error says which
witnesses cosigned it, and whether the quorum of the policy is met.`,
		Example: "  zhitong audit checkpoint > checkpoint-2021-06-30",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				m, err := h.published(ctx)
				if err != nil {
					return err
				}
				if m.signed.Note == nil {
					return foundError{errors.New("the log is empty: there is nothing to sign")}
				}
				if _, err := p.stdout.Write(m.signed.Note); err != nil {
					return err
				}
				p.noteStanding(m)
				return nil
			})
		},
	}
}

func (p *program) auditRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate-key",
		Short: "Make a new signing key, which the one before vouches for",
		Long: `Make a new signing key. From the next checkpoint on the new and the old one sign
together; signatures of all older keys go on verifying. Not while serve runs; in a cluster
each process uses the new key from its next start on.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				if _, err := h.merkle(ctx); err != nil {
					return err
				}
				keys, err := h.rotateSigningKey(ctx)
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
				m, err := h.published(ctx)
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
