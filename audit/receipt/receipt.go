// Package receipt gives whoever sent a command the proof that it stands in the log:
// the commit's bytes, a signed checkpoint, and the way from one to the other, as a
// C2SP tlog-proof that its holder checks offline.
//
// It owns when a receipt is ready. It refuses to sign: a receipt rests on the latest
// checkpoint that was signed, with the cosignatures that it has. Start reading at
// [Desk.At].
package receipt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
	"zhitong/events"
	"zhitong/projections"
)

// ContentType is the media type of a receipt, and FileExtension how its files end.
const (
	ContentType   = "text/plain; charset=utf-8"
	FileExtension = ".tlog-proof"
)

// lookEvery is how often [Desk.Await] looks for a newer checkpoint.
const lookEvery = 50 * time.Millisecond

// ErrUnknown says that no commit is meant by an id.
var ErrUnknown = errors.New("receipt: not in the log")

// Desk hands out receipts from the folder of a Merkle log, whichever process writes
// it. It may be used by several goroutines.
type Desk struct{ log tree.Reader }

// NewDesk returns a desk over a folder.
func NewDesk(log tree.Reader) *Desk { return &Desk{log} }

// At returns the receipt of the commit at a position. ready is false when no signed
// checkpoint covers it yet: a checkpoint follows about a second after what it
// covers, so come again, or use [Desk.Await]. A position that the log does not reach
// is not ready either.
func (d *Desk) At(ctx context.Context, position uint64) (proof []byte, ready bool, err error) {
	if position == 0 {
		return nil, false, fmt.Errorf("position 0: %w", ErrUnknown)
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	note, err := d.log.Latest()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	c, err := checkpoint.Peek(note) // it stands in our own folder; the holder checks its signatures
	if err != nil || c.Size < position {
		return nil, false, err
	}
	p, err := d.log.Prove(position, checkpoint.Signed{Checkpoint: c, Note: note})
	if err != nil {
		return nil, false, err
	}
	return p.Format(), true, nil
}

// Await returns the receipt of the commit at a position as soon as a checkpoint
// covers it, or ctx's error when ctx ends before.
func (d *Desk) Await(ctx context.Context, position uint64) ([]byte, error) {
	for {
		proof, ready, err := d.At(ctx, position)
		if err != nil || ready {
			return proof, err
		}
		again := time.NewTimer(lookEvery)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return nil, ctx.Err()
		}
	}
}

// idPrefix is how every commit begins, up to the id of its first event.
const idPrefix = `[{"specversion":"1.0","id":"`

// eventID is the form of [events.IDOf].
var eventID = regexp.MustCompile(`^[0-9a-f]{32}-[1-9][0-9]*$`)

// errFound ends a reading.
var errFound = errors.New("found")

// Find returns the position that is meant by a position, the id of an event, or the
// id of a command; ErrUnknown when there is none. For an id it reads the log, without
// decoding it.
func Find(ctx context.Context, read projections.Reader, id string) (uint64, error) {
	if n, err := strconv.ParseUint(id, 10, 63); err == nil && n > 0 {
		return n, nil
	}
	if !eventID.MatchString(id) {
		id = events.IDOf(id, 1) // of the command's first event
	}
	stem, _, _ := strings.Cut(id, "-")
	begins, holds := []byte(idPrefix+stem), []byte(`"id":"`+id+`"`)
	at := uint64(0)
	err := read(ctx, 1, func(first uint64, commits [][]byte) error {
		for i, line := range commits {
			if bytes.HasPrefix(line, begins) && bytes.Contains(line, holds) {
				at = first + uint64(i)
				return errFound
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return 0, err
	}
	if at == 0 {
		return 0, ErrUnknown
	}
	return at, nil
}
