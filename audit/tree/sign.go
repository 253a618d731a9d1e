package tree

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

// ErrNotApproved says that a signature was not given away, because whoever decides
// it in a cluster did not agree. Nothing of it was kept: see [Writer.Reset].
var ErrNotApproved = errors.New("audit: the checkpoint was not approved")

// Through has every signed note approved before it is kept or shown to anybody:
// where several processes could sign, approve lets one of them. It is called before
// the Writer is used; a refusal is ErrNotApproved.
func (w *Writer) Through(approve func(note []byte) error) { w.approve = approve }

// sign signs what is stored. The caller holds mu.
func (w *Writer) sign() error {
	c := checkpoint.Checkpoint{Origin: w.keys.Name(), Size: w.edge.Size(), Root: w.edge.Root()}
	signers := w.keys.Signers()
	note, err := checkpoint.Sign(c, signers...)
	if err != nil {
		return err
	}
	if err := w.approved(note); err != nil {
		return err
	}
	s := checkpoint.Signed{Checkpoint: c, Note: note}
	for _, k := range signers {
		s.By = append(s.By, checkpoint.KeyName(k.Name(), k.KeyHash()))
	}
	return w.keep(s)
}

func (w *Writer) approved(note []byte) error {
	if w.approve == nil {
		return nil
	}
	if err := w.approve(note); err != nil {
		return errors.Join(ErrNotApproved, err)
	}
	return nil
}

// keep keeps a checkpoint as the latest. The caller holds mu.
func (w *Writer) keep(s checkpoint.Signed) error {
	if err := w.files.append("checkpoints", append(slices.Clone(s.Note), '\n')); err != nil {
		return err
	}
	if err := w.files.replace("checkpoint", s.Note); err != nil {
		return err
	}
	w.last = s
	close(w.grown)
	w.grown = make(chan struct{})
	return w.files.removeObsolete()
}

// Cosign keeps signature lines of witnesses with a checkpoint: it is kept once
// more with them, and published with them while it is the latest. The caller has
// checked the lines.
func (w *Writer) Cosign(s checkpoint.Signed, lines []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil || len(lines) == 0 {
		return w.failed
	}
	latest := s.Size == w.last.Size
	if latest {
		s.Note = w.last.Note // with what others cosigned meanwhile
	}
	note := append(slices.Clone(s.Note), lines...)
	if err := w.approved(note); err != nil {
		return err
	}
	if err := w.files.append("checkpoints", append(slices.Clone(note), '\n')); err != nil {
		return err
	}
	if !latest {
		return nil
	}
	w.last.Note = note
	return w.files.replace("checkpoint", note)
}

// Accept keeps a checkpoint that another process of the cluster signed. One that is
// larger must be of exactly the commits that were added; one that is smaller must be
// of the same tree. Another tree is ErrRewritten.
func (w *Writer) Accept(note []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return w.failed
	}
	verifiers, err := checkpoint.Verifiers(strings.Join(w.keys.VKeys(), "\n"))
	if err != nil {
		return err
	}
	s, err := checkpoint.Open(note, verifiers)
	if err != nil {
		return fmt.Errorf("audit: a checkpoint of the cluster was not signed by the keys of this log: %w", err)
	}
	switch {
	case s.Size < w.last.Size:
		return w.passes(s.Checkpoint)
	case s.Size == w.last.Size && s.Root != w.last.Root, s.Size > w.last.Size && s.Size == w.edge.Size() && s.Root != w.edge.Root():
		return fmt.Errorf("%w: up to position %d its root is not the one that another process signed, %v", ErrRewritten, s.Size, s.Root)
	case s.Size == w.last.Size && bytes.Count(s.Note, []byte("\n")) <= bytes.Count(w.last.Note, []byte("\n")):
		return nil // known, with as many signatures
	case s.Size > w.last.Size && (s.Size != w.edge.Size() || len(w.ahead) > 0):
		return fmt.Errorf("audit: a checkpoint of size %d, and %d commits were added", s.Size, w.edge.Size())
	}
	if s.Size > w.last.Size {
		err = w.store()
	}
	if err == nil {
		err = w.keep(s)
	}
	if err != nil {
		w.failed = fmt.Errorf("audit: checkpoint of size %d: %w", s.Size, err)
	}
	return w.failed
}

// passes checks that the tree of the latest checkpoint passes through an earlier
// one. The caller holds mu.
func (w *Writer) passes(c checkpoint.Checkpoint) error {
	proof, err := w.reader.Consistency(c.Size, w.last.Checkpoint)
	if err == nil {
		err = merkle.CheckConsistency(c.Size, w.last.Size, c.Root, w.last.Root, proof)
	}
	if err != nil {
		return fmt.Errorf("%w: it does not pass through the checkpoint of size %d that another process signed: %w", ErrRewritten, c.Size, err)
	}
	return nil
}

// Reset forgets what was added behind the latest checkpoint, so that it can be added
// again: for a process that loses the right to sign to another.
func (w *Writer) Reset() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return w.failed
	}
	w.edge, w.bundle, w.ahead, w.mend, w.failed, w.last = merkle.Edge{}, nil, nil, false, nil, checkpoint.Signed{}
	w.files = newPending(w.dir)
	if err := w.load(); err != nil {
		w.failed = fmt.Errorf("audit folder %q: %w", w.dir, err)
	}
	return w.failed
}
