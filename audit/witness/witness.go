package witness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/audit/tree"
)

// Refusals of a witness.
var (
	// ErrUnknownLog says that the witness was not told to witness this log.
	ErrUnknownLog = errors.New("witness: not a log that is witnessed here")
	// ErrSignature says that no key that is known of the log signed the checkpoint.
	ErrSignature = errors.New("witness: not signed by a known key of the log")
	// ErrMalformed says that the request is none.
	ErrMalformed = errors.New("witness: malformed")
	// ErrFork says that the log has signed two histories. Both signed checkpoints
	// are in the state file.
	ErrFork = errors.New("witness: the log has signed two histories")
	// ErrBackward says that the log shows a smaller tree than the one cosigned: it
	// was set back, or an old copy is served. Alone it does not prove two histories;
	// both checkpoints are kept.
	ErrBackward = errors.New("witness: the log shows a smaller tree than before")
	// ErrProof says that the proof does not prove consistency. It may be a broken
	// client; whoever has the tiles can tell a fork from that.
	ErrProof = errors.New("witness: the consistency proof fails")
)

// SizeError says that the proof does not begin where the witness is.
type SizeError struct{ Size uint64 }

func (e *SizeError) Error() string {
	return fmt.Sprintf("witness: the last cosigned checkpoint has size %d", e.Size)
}

// Witness cosigns checkpoints of the logs that it knows. It may be used by several
// goroutines; of one state file there is one Witness.
type Witness struct {
	path     string
	cosigner *checkpoint.Cosigner

	mu   sync.Mutex
	logs state // guarded by mu; as in the file
}

// Open reads or makes the state file.
func Open(path string, cosigner *checkpoint.Cosigner) (*Witness, error) {
	s, err := readState(path)
	if err != nil {
		return nil, err
	}
	return &Witness{path: path, cosigner: cosigner, logs: s}, nil
}

// Cosigner is the key that it cosigns with.
func (w *Witness) Cosigner() *checkpoint.Cosigner { return w.cosigner }

// Trust tells the witness to witness a log with the given public keys, one a
// line. Keys once trusted stay.
func (w *Witness) Trust(origin, vkeys string) error {
	if _, err := checkpoint.Verifiers(vkeys); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.logs[origin]
	if k == nil {
		k = &known{}
	}
	next := *k
	for line := range strings.Lines(vkeys) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.Contains("\n"+next.VKeys, "\n"+line+"\n") {
			next.VKeys += line + "\n"
		}
	}
	if next.VKeys == k.VKeys {
		return nil
	}
	return w.set(origin, next)
}

// set replaces what is known of a log, durably. The caller holds mu.
func (w *Witness) set(origin string, k known) error {
	before, was := w.logs[origin]
	w.logs[origin] = &k
	err := w.logs.write(w.path)
	if err != nil {
		if delete(w.logs, origin); was {
			w.logs[origin] = before
		}
	}
	return err
}

// Last is the latest cosigned checkpoint of a log; its Note is nil while there is
// none.
func (w *Witness) Last(origin string) (checkpoint.Signed, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.logs[origin]
	if k == nil {
		return checkpoint.Signed{}, ErrUnknownLog
	}
	if k.Note == "" {
		return checkpoint.Signed{}, nil
	}
	c, err := checkpoint.Peek([]byte(k.Note))
	return checkpoint.Signed{Checkpoint: c, Note: []byte(k.Note)}, err
}

// Forks are the forks of a log that were seen.
func (w *Witness) Forks(origin string) []Fork {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k := w.logs[origin]; k != nil {
		return append([]Fork(nil), k.Forks...)
	}
	return nil
}

// Add cosigns a signed checkpoint that continues the tree of size old, which must
// be that of the latest one cosigned. It returns the cosignature's line.
func (w *Witness) Add(old uint64, proof []merkle.Hash, signed []byte) ([]byte, error) {
	c, err := checkpoint.Peek(signed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.logs[c.Origin]
	if k == nil {
		return nil, ErrUnknownLog
	}
	if err := k.signedBy(signed); err != nil {
		return nil, err
	}
	if old > c.Size {
		return nil, fmt.Errorf("%w: old size %d, size %d", ErrMalformed, old, c.Size)
	}
	if old != k.Size {
		return nil, &SizeError{Size: k.Size}
	}
	if err := k.continues(c, proof); err != nil {
		if errors.Is(err, ErrFork) {
			err = errors.Join(err, w.keepFork(c.Origin, *k, signed, ErrFork))
		}
		return nil, err
	}
	line, err := w.cosign(signed)
	if err != nil {
		return nil, err
	}
	next := *k
	next.Size, next.Note = c.Size, string(signed)+string(line)
	return line, w.set(c.Origin, next)
}

func (k *known) signedBy(signed []byte) error {
	verifiers, err := checkpoint.Verifiers(k.VKeys)
	if err != nil {
		return err
	}
	if _, err := checkpoint.Open(signed, verifiers); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return nil
}

// continues checks that c continues what is known, by a proof.
func (k *known) continues(c checkpoint.Checkpoint, proof []merkle.Hash) error {
	if k.Size == 0 {
		if len(proof) > 0 {
			return ErrProof
		}
		return nil
	}
	before, err := checkpoint.Peek([]byte(k.Note))
	if err != nil {
		return err
	}
	if c.Size == before.Size && c.Root != before.Root {
		return ErrFork
	}
	if merkle.CheckConsistency(before.Size, c.Size, before.Root, c.Root, proof) != nil {
		return ErrProof
	}
	return nil
}

// keepFork keeps the evidence. The caller holds mu.
func (w *Witness) keepFork(origin string, k known, signed []byte, reason error) error {
	for _, f := range k.Forks {
		if f.Refused == string(signed) {
			return nil
		}
	}
	if len(k.Forks) >= forksMax {
		return nil
	}
	k.Forks = append(append([]Fork(nil), k.Forks...), Fork{Cosigned: k.Note, Refused: string(signed), Reason: reason.Error()})
	return w.set(origin, k)
}

// cosign makes the line of the cosignature.
func (w *Witness) cosign(signed []byte) ([]byte, error) {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	n, err := note.Sign(&note.Note{Text: text + "\n"}, w.cosigner)
	if err != nil {
		return nil, err
	}
	return n[len(text)+2:], nil
}

// Poll looks at a log by itself: it fetches the latest checkpoint and makes the
// proof from the log's tiles. A checkpoint that the tiles cannot join to what was
// cosigned before is a fork, which is kept and told; so is one that is smaller.
func (w *Witness) Poll(ctx context.Context, r tree.Reader) (checkpoint.Signed, error) {
	signed, err := r.Latest()
	if err != nil {
		return checkpoint.Signed{}, err
	}
	c, err := checkpoint.Peek(signed)
	if err != nil {
		return checkpoint.Signed{}, err
	}
	last, err := w.Last(c.Origin)
	if err != nil {
		return checkpoint.Signed{}, err
	}
	var proof []merkle.Hash
	switch {
	case c.Size < last.Size:
		return checkpoint.Signed{}, w.fork(c.Origin, signed, ErrBackward)
	case c.Size > last.Size && last.Size > 0:
		proof, err = r.Consistency(last.Size, c)
		if err != nil && ctx.Err() == nil {
			return checkpoint.Signed{}, fmt.Errorf("%w: no proof from size %d to %d: %w", ErrProof, last.Size, c.Size, err)
		}
		if merkle.CheckConsistency(last.Size, c.Size, last.Root, c.Root, proof) != nil {
			return checkpoint.Signed{}, w.fork(c.Origin, signed, ErrFork)
		}
	}
	if _, err := w.Add(last.Size, proof, signed); err != nil {
		return checkpoint.Signed{}, err
	}
	if err := w.adopt(c.Origin, r, signed); err != nil {
		return checkpoint.Signed{}, err
	}
	return w.Last(c.Origin)
}

// adopt trusts newer keys of a log: those that the log names, and that signed a
// checkpoint beside a key that was trusted already. So a witness outlives rotations.
func (w *Witness) adopt(origin string, r tree.Reader, signed []byte) error {
	named, err := r.VKeys()
	if err != nil {
		return nil // a log that names none keeps those it has
	}
	for line := range strings.Lines(named) {
		v, err := checkpoint.ParseVerifier(line)
		if err != nil || v.Name() != origin {
			continue
		}
		if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
			continue
		}
		if err := w.Trust(origin, line); err != nil {
			return err
		}
	}
	return nil
}

// fork keeps a fork that was found with the tiles, if the log signed it.
func (w *Witness) fork(origin string, signed []byte, reason error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.logs[origin]
	if err := k.signedBy(signed); err != nil {
		return err
	}
	return errors.Join(reason, w.keepFork(origin, *k, signed, reason))
}
