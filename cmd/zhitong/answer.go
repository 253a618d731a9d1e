package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/domain/disbursement"
	"zhitong/events"
	"zhitong/internal/app"
	"zhitong/internal/importing"
	"zhitong/internal/payment"
	"zhitong/internal/table"
)

func (p *program) paymentAnswerCommand() *cobra.Command {
	r := answerRun{p: p}
	c := &cobra.Command{
		Use:   "answer FILE --batch BATCH_ID",
		Short: "Take the bank's answer to a payment file: disbursement.confirm",
		Long: `Take the bank's answer to a payment file, in CSV (UTF-8 or GB18030) or xlsx, with the
columns batch_id, line_no, claim_id, amount, status (paid or failed), and optionally
reference and reason; other columns are passed over. It becomes one command,
disbursement.confirm, whose id comes from the file's checksum: the same file again
changes nothing. Where the file does not fit the batch (a line unknown, missing or
twice, another amount, another batch, another checksum) everything that does not fit
is listed, nothing is sent, and the status is 1. Lines that transfer nothing need no
answer.`,
		Example: `  zhitong payment answer answer.csv --batch B-2021-03 --actor U-FIN2
  zhitong payment answer answer.xlsx --batch B-2021-03 --actor U-FIN2 --dry-run`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := r.read(args[0]); err != nil {
				return err
			}
			return p.with(c.Context(), r.run)
		},
	}
	f := c.Flags()
	f.StringVar(&r.batchText, "batch", "", "the batch that is answered (required)")
	f.BoolVar(&r.dry, "dry-run", false, "decide the command on the log as it is and record nothing")
	f.StringVar(&r.timeText, "time", "", "when the bank answered, e.g. 2021-03-20T09:00:00+08:00 (default: now)")
	f.StringVar(&r.formatText, "format", "table", "of what does not fit: table, json, jsonl, csv or xlsx")
	return c
}

// answerRun is one run of payment answer.
type answerRun struct {
	p                               *program
	batchText, timeText, formatText string
	dry                             bool

	format table.Format
	batch  domain.ID
	time   domain.Time
	answer *payment.Answer
	id     string // of the command
}

// read checks what was typed and reads the file.
func (r *answerRun) read(name string) (err error) {
	if r.format, err = r.p.outputFormat(r.formatText); err != nil {
		return err
	}
	switch {
	case r.batchText == "":
		return usagef("--batch is needed: the batch that is answered")
	case r.p.cfg.Actor == "":
		return usagef("--actor is needed: who takes the answer")
	}
	if err := r.batch.UnmarshalText([]byte(r.batchText)); err != nil {
		return usageError{err}
	}
	r.time = domain.TimeOf(time.Now())
	if r.timeText != "" {
		if r.time, err = domain.ParseTime(r.timeText); err != nil {
			return usagef("--time %q: a time such as 2021-03-20T09:00:00+08:00 is needed", r.timeText)
		}
	}
	in, err := r.p.input(name)
	if err != nil {
		return err
	}
	defer in.Close()
	src, err := importing.ReadSource(name, in)
	if err != nil {
		return usageError{err}
	}
	sum := sha256.Sum256(src.Data)
	r.id = "bank-answer:" + hex.EncodeToString(sum[:16])
	if r.answer, err = payment.ReadAnswer(src); err != nil {
		return usageError{err}
	}
	return nil
}

func (r *answerRun) run(ctx context.Context, h *house) error {
	batch, err := readBatch(ctx, h, r.batch)
	if err != nil {
		return err
	}
	if batch.ConfirmedBy == r.id {
		r.p.note(r.p.text.Say("payment.answered_before", "batch", r.batch))
		return nil
	}
	checksum, err := r.checksum(ctx, h, batch)
	if err != nil {
		return err
	}
	confirm, mismatches := payment.Match(batch, r.answer, checksum)
	if len(mismatches) > 0 {
		if err := r.list(mismatches); err != nil {
			return err
		}
		return found(len(mismatches), "places where the answer does not fit the batch; nothing was sent")
	}
	result, err := r.send(ctx, h, confirm)
	if err != nil {
		return err
	}
	if err := json.MarshalWrite(r.p.stdout, result); err != nil {
		return err
	}
	if _, err := r.p.stdout.Write([]byte("\n")); err != nil {
		return err
	}
	if !result.OK {
		return refusedError{result.Problem}
	}
	r.p.note(r.p.text.Say("payment.answered", "batch", r.batch, "paid", outcomes(confirm, disbursement.Paid), "failed", outcomes(confirm, disbursement.Failed)))
	return nil
}

// checksum is that of the payment file, or "" where it can't be made any more since
// a payee was erased.
func (r *answerRun) checksum(ctx context.Context, h *house, batch *payment.Batch) (string, error) {
	transfers, err := openBatch(ctx, h, batch)
	if err != nil {
		return "", err
	}
	for _, t := range transfers.Incomplete() {
		if t.Missing == payment.PayeeErased {
			return "", nil
		}
	}
	return transfers.Checksum()
}

func (r *answerRun) send(ctx context.Context, h *house, confirm *disbursement.Confirm) (result app.Result, err error) {
	data, err := json.Marshal(confirm)
	if err != nil {
		return result, err
	}
	env := app.Envelope{ID: r.id, Command: "disbursement.confirm", Actor: r.p.cfg.Actor, Role: r.p.cfg.Role, Time: r.time, Data: data, Via: events.ViaImport}
	if env.Role == "" {
		env.Role = domain.Finance
	}
	err = h.withApp(ctx, func(ctx context.Context, a *app.App) (err error) {
		if r.dry {
			result, err = a.DryRun(ctx, env)
		} else {
			result, err = a.Submit(ctx, env).Wait(ctx)
		}
		return err
	})
	return result, err
}

// list prints where the answer does not fit.
func (r *answerRun) list(mismatches []payment.Mismatch) error {
	columns := []table.Column{{Name: "line", Numeric: true}, {Name: "code"}, {Name: "line_no", Numeric: true}, {Name: "claim_id"}, {Name: "expected"}, {Name: "found"}}
	var rows [][]any
	for _, m := range mismatches {
		var line any
		if m.Line > 0 {
			line = strconv.Itoa(m.Line)
		}
		rows = append(rows, []any{line, m.Code, m.LineNo, m.ClaimID, m.Expected, m.Found})
	}
	return table.Write(r.p.stdout, r.format, columns, table.Slice(rows))
}

func outcomes(c *disbursement.Confirm, status string) (n int) {
	for _, l := range c.Lines {
		if l.Status == status {
			n++
		}
	}
	return n
}
