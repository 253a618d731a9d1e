package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/internal/history"
	"zhitong/internal/payment"
)

func (p *program) paymentCommand() *cobra.Command {
	return group("payment", "The files that go to the bank and come back", p.paymentFileCommand(), p.paymentAnswerCommand())
}

// paymentFileMode keeps account numbers to whoever made the file.
const paymentFileMode = 0o600

func (p *program) paymentFileCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "file BATCH_ID --out FILE.csv|.xlsx",
		Short: "Write the payment file of a batch for the bank",
		Long: `Write the payment file of a batch for the bank: one row a line with an amount to
transfer, with the payee that was confirmed when the batch was made; then the
number of rows, the total, and a SHA-256 over the rows. The file holds account
numbers in clear: it is made with mode 0600 and never replaces another. Where a
payee is missing the row says so, and the status is 1.`,
		Example: `  zhitong payment file B-2021-03 --out b-2021-03.csv
  zhitong payment file B-2021-03 --out b-2021-03.xlsx`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			write, err := paymentForm(out)
			if err != nil {
				return err
			}
			if err := domain.CheckID(args[0]); err != nil {
				return usageError{err}
			}
			return p.with(c.Context(), func(ctx context.Context, h *house) error {
				return p.paymentFile(ctx, h, domain.ID(args[0]), out, write)
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", "file to write, .csv or .xlsx (required)")
	return c
}

// paymentForm is how a file of that name is written.
func paymentForm(name string) (func(*payment.Transfers, io.Writer) error, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return (*payment.Transfers).WriteCSV, nil
	case ".xlsx":
		return (*payment.Transfers).WriteXLSX, nil
	}
	return nil, usagef("--out %q: a name that ends in .csv or .xlsx is needed", name)
}

// readBatch finds a batch in the log.
func readBatch(ctx context.Context, h *house, id domain.ID) (*payment.Batch, error) {
	f := payment.NewFinder(id)
	if err := history.Read(ctx, h.log, f.Keep(), func(c *events.Commit) error { f.Fold(c); return nil }); err != nil {
		return nil, err
	}
	b, err := f.Batch()
	if errors.Is(err, payment.ErrNoBatch) {
		return nil, usageError{err}
	}
	return b, err
}

// openBatch opens the payees of a batch.
func openBatch(ctx context.Context, h *house, b *payment.Batch) (*payment.Transfers, error) {
	o, err := h.appOptions(ctx)
	if err != nil {
		return nil, err
	}
	return b.Open(o.Ring)
}

func (p *program) paymentFile(ctx context.Context, h *house, id domain.ID, out string, write func(*payment.Transfers, io.Writer) error) error {
	batch, err := readBatch(ctx, h, id)
	if err != nil {
		return err
	}
	transfers, err := openBatch(ctx, h, batch)
	if err != nil {
		return err
	}
	sum, err := transfers.Checksum()
	if err != nil {
		return err
	}
	if err := writeNew(out, func(w io.Writer) error { return write(transfers, w) }); err != nil {
		return err
	}
	p.note(p.text.Say("payment.written", "batch", id, "file", out, "lines", len(transfers.Rows), "total", transfers.Total, "sha", sum))
	if batch.Confirmed {
		p.note(p.text.Say("payment.closed", "batch", id))
	}
	missing := transfers.Incomplete()
	for _, r := range missing {
		p.note(p.text.Say(missingPayee(r.Missing), "line", r.LineNo, "payee", r.PayeeID, "claim", r.ClaimID))
	}
	if len(missing) > 0 {
		return found(len(missing), "payees are missing in "+out)
	}
	return nil
}

func missingPayee(code string) string {
	if code == payment.PayeeErased {
		return "payment.payee_erased"
	}
	return "payment.no_payee"
}

// writeNew writes a new file that only its owner can read. What could not be
// written whole is taken away again.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, paymentFileMode)
	if err != nil {
		return usageError{err}
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(name)))
	}
	return nil
}
