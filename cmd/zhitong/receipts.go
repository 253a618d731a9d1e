package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"zhitong/audit/receipt"
)

// receiptIndex says, in a folder of receipts, which command each is of.
const receiptIndex = "index.ndjson"

// recorded is a command with the position of what it recorded.
type recorded struct {
	ID   string `json:"id"`
	Seq  uint64 `json:"seq"`
	File string `json:"file"` // its receipt
}

// writeReceipts waits until a signed checkpoint covers what was recorded, and writes
// a receipt for each command into a folder.
func (h *house) writeReceipts(ctx context.Context, dir string, list []recorded) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	if len(list) == 0 {
		return nil
	}
	m, err := h.published(ctx)
	if err != nil {
		return err
	}
	desk := receipt.NewDesk(m.reader)
	var index bytes.Buffer
	for _, r := range list {
		proof, ready, err := desk.At(ctx, r.Seq)
		if err == nil && !ready {
			err = errors.New("no signed checkpoint covers it yet; audit prove gives it later")
		}
		if err != nil {
			return fmt.Errorf("receipt of command %q at position %d: %w", r.ID, r.Seq, err)
		}
		r.File = fmt.Sprintf("%d%s", r.Seq, receipt.FileExtension)
		if err := os.WriteFile(filepath.Join(dir, r.File), proof, 0o644); err != nil {
			return fmt.Errorf("receipts: %w", err)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		index.Write(append(line, '\n'))
	}
	if err := os.WriteFile(filepath.Join(dir, receiptIndex), index.Bytes(), 0o644); err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	return nil
}
