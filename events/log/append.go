package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
)

// outcome is what one attempt at publishing a block came to.
type outcome int

const (
	outcomeStored   outcome = iota // acknowledged: on disk
	outcomeStale                   // refused: the head is not the expected one
	outcomeFull                    // refused: no room
	outcomeRejected                // refused for another reason, for good
	outcomeNotHeard                // nobody heard it, or not now
	outcomeLost                    // heard or not, stored or not
)

// writing is a block on its way into the stream.
type writing struct {
	anchor
	commits [][]byte
	msg     nats.Msg
}

// Append implements Log.
//
// An attempt may be repeated as often as needed, for every one carries the same
// bytes and the same expectation: at most one of them can ever be stored.
func (l *jetStream) Append(ctx context.Context, expected Head, commits [][]byte) (Head, error) {
	payload, err := encodeBlock(commits)
	if err != nil {
		return Head{}, err
	}
	w := writing{
		anchor:  anchor{seq: expected.Seq + 1, first: expected.Position + 1, last: expected.Position + uint64(len(commits))},
		commits: commits,
		msg:     nats.Msg{Subject: l.subject, Data: payload, Header: blockHeader(expected.Position+1, len(commits))},
	}
	w.msg.Header[nats.ExpectedLastSeqHdr] = []string{strconv.FormatUint(expected.Seq, 10)}
	w.msg.Header[nats.ExpectedStreamHdr] = []string{l.stream}

	sent, err := false, l.checkExpected(ctx, expected)
	if err == nil {
		sent, err = l.write(ctx, w)
	}
	if err != nil {
		return Head{}, fmt.Errorf("append block %d: %w", w.seq, notWritten(ctx, sent, err))
	}
	l.anchors.putRange(w.anchor)
	return Head{Seq: w.seq, Position: w.last}, nil
}

// checkExpected refuses a head that never was: its position would be written
// into the block and could not be taken back.
func (l *jetStream) checkExpected(ctx context.Context, expected Head) error {
	if expected.Seq == 0 {
		if expected.Position != 0 {
			return fmt.Errorf("%w: no block, yet position %d", ErrConflict, expected.Position)
		}
		return nil
	}
	a, known := l.anchors.at(expected.Seq)
	if !known {
		b, err := l.block(ctx, expected.Seq)
		if err != nil {
			return err
		}
		a.last = b.Last()
	}
	if a.last != expected.Position {
		return fmt.Errorf("%w: block %d ends at position %d, not %d", ErrConflict, expected.Seq, a.last, expected.Position)
	}
	return nil
}

// write publishes the block until its fate is known. With an error, sent says
// that an attempt may have been heard whose answer was lost.
func (l *jetStream) write(ctx context.Context, w writing) (sent bool, err error) {
	for {
		if err := awaitConnected(ctx, l.nc); err != nil {
			return sent, err
		}
		got, why := l.publish(ctx, &w.msg)
		switch {
		case got == outcomeStored:
			return false, nil
		case got == outcomeFull && !sent:
			return false, fmt.Errorf("%w: %w", ErrFull, why)
		case got == outcomeRejected && !sent:
			return false, why
		case got == outcomeLost:
			sent = true
		}
		if got != outcomeNotHeard {
			if stored, err := l.look(ctx, w); stored || err != nil {
				return sent, err
			}
			if got == outcomeFull {
				// An earlier attempt may still arrive, so that this is not ErrFull.
				return sent, fmt.Errorf("%w: no room for it: %w", ErrUnknown, why)
			}
		}
		if err := pause(ctx); err != nil {
			return sent, errors.Join(err, why)
		}
	}
}

// look says whether the block stands where it was to be written. It returns
// ErrConflict when another one stands there, and ErrIdentity when the stream
// does not even reach the place before it.
func (l *jetStream) look(ctx context.Context, w writing) (stored bool, err error) {
	b, err := l.block(ctx, w.seq)
	if errors.Is(err, errNoBlock) {
		info, err := l.info(ctx)
		if err == nil && info.State.LastSeq < w.seq-1 {
			err = fmt.Errorf("%w: stream %s ends at block %d, before the expected head %d", ErrIdentity, l.stream, info.State.LastSeq, w.seq-1)
		}
		return false, err
	}
	if err != nil {
		return false, err
	}
	if b.First != w.first || !slices.EqualFunc(b.Commits, w.commits, bytes.Equal) {
		return false, fmt.Errorf("%w: another block stands there", ErrConflict)
	}
	return true, nil
}

// notWritten turns the reason why a block was not written into what a caller
// may rely on.
func notWritten(ctx context.Context, sent bool, err error) error {
	open := ctx.Err() != nil || errors.Is(err, ErrUnavailable) || errors.Is(err, nats.ErrConnectionClosed)
	switch {
	case !open || errors.Is(err, ErrConflict) || errors.Is(err, ErrIdentity) || errors.Is(err, ErrFull):
		return err
	case !sent && errors.Is(err, ErrUnavailable):
		return err
	case !sent:
		return unavailable(err)
	case ctx.Err() != nil:
		// The cause may say ErrUnavailable, which promises that nothing was sent.
		return fmt.Errorf("%w: %w (%v)", ErrUnknown, ctx.Err(), err)
	default:
		return fmt.Errorf("%w: %v", ErrUnknown, err)
	}
}

// publication is the broker's answer to a published message.
type publication struct {
	Error *apiError `json:"error"`
	Seq   uint64    `json:"seq"`
}

// publish makes one attempt. The error says why it is not stored.
func (l *jetStream) publish(ctx context.Context, msg *nats.Msg) (outcome, error) {
	reply, err := l.attempt(ctx, msg)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return outcomeNotHeard, err
	case errors.Is(err, nats.ErrMaxPayload):
		return outcomeRejected, err
	case err != nil:
		return outcomeLost, err
	}
	var answer publication
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return outcomeLost, fmt.Errorf("broker's answer %q: %w", reply.Data, err)
	}
	if answer.Error == nil {
		return outcomeStored, nil
	}
	return classify(answer.Error), answer.Error
}

// classify says what a refusal means for the block.
func classify(refusal *apiError) outcome {
	switch refusal.ErrCode {
	case codeWrongLastSequence, codeWrongLastConstant:
		return outcomeStale
	case codeInsufficient, codeStorageExceeded:
		return outcomeFull
	case codeStoreFailed:
		if strings.Contains(refusal.Description, "no space left") || strings.Contains(refusal.Description, "maximum ") {
			return outcomeFull
		}
		return outcomeLost
	}
	if refusal.passing() {
		return outcomeLost
	}
	return outcomeRejected
}
