package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/keeper"
	"zhitong/audit/tree"
	"zhitong/audit/witness"
	"zhitong/events/log"
	"zhitong/internal/signing"
)

const (
	// signedWaitMax is how long a command waits for the process that signs.
	signedWaitMax = 15 * time.Second
	signedPoll    = 50 * time.Millisecond
	// leaseSigning is the lease of the process that signs.
	leaseSigning = "signing"
	// witnessPolicyFile is the witness policy in the data folder, unless the settings
	// name another or hold it; absent: nobody is asked.
	witnessPolicyFile = "witnesses"
	// cosignWaitMax bounds the asking of all witnesses.
	cosignWaitMax = 10 * time.Second
)

// merkle is the Merkle log up to the head of the log.
type merkle struct {
	reader tree.Reader
	signed checkpoint.Signed
	vkeys  string
	policy *witness.Policy // nil for none
}

// auditDir is the folder of the Merkle log.
func (h *house) auditDir() string { return filepath.Join(h.p.cfg.Data, auditFolder) }

// origin is the name of the log, which holds a hash of the stream's identity, so that
// two installations are never taken for one.
func (h *house) origin(ctx context.Context) (string, error) {
	id, err := h.log.Identity(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(id.Stream + "\n" + id.Created.UTC().Format(time.RFC3339Nano)))
	return "zhitong/" + url.PathEscape(id.Stream) + "/" + hex.EncodeToString(sum[:6]), nil
}

// signingKeys opens the log's signing keys, which are made at the first start: a file
// of the data folder, or in a cluster keys that all its processes share.
func (h *house) signingKeys(ctx context.Context) (*checkpoint.Keys, error) {
	origin, err := h.origin(ctx)
	if err != nil {
		return nil, err
	}
	path := h.p.signingKey()
	if h.p.cfg.NATSURL == "" {
		return checkpoint.OpenKeys(path, origin)
	}
	store, _, err := h.keyStream(ctx)
	if err != nil {
		return nil, err
	}
	own, err := os.ReadFile(path) // of a version that did not share them
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	return signing.Keys(ctx, store, origin, strings.Fields(string(own)))
}

// rotateSigningKey makes a new signing key.
func (h *house) rotateSigningKey(ctx context.Context) (*checkpoint.Keys, error) {
	k, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	if h.p.cfg.NATSURL == "" {
		return k, k.Rotate()
	}
	store, _, err := h.keyStream(ctx)
	if err != nil {
		return nil, err
	}
	return signing.Rotate(ctx, store, k.Name())
}

// member is this process's part in the signing of a cluster; nil when it signs alone.
func (h *house) member(ctx context.Context, w *tree.Writer, o keeper.Options) (*signing.Member, error) {
	if h.p.cfg.NATSURL == "" {
		return nil, nil
	}
	chain, err := signing.OpenChain(ctx, h.instance.NATS(), log.StreamDefault, h.p.cfg.Replicas)
	if err != nil {
		return nil, err
	}
	return signing.NewMember(h.log, w, chain, o, h.p.note), nil
}

// merkle brings the Merkle log up to the head. Where another process writes it, this
// one waits for its checkpoint.
func (h *house) merkle(ctx context.Context) (*merkle, error) {
	m := &merkle{reader: tree.NewReader(os.DirFS(h.auditDir()))}
	var err error
	if m.policy, err = h.witnessPolicy(); err != nil {
		return m, err
	}
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	w, err := tree.OpenWriter(h.auditDir(), keys)
	switch {
	case err == nil:
		m.signed, err = h.catchUp(ctx, w)
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

// catchUp signs the log up to its head, or lets the process sign whose turn it is.
func (h *house) catchUp(ctx context.Context, w *tree.Writer) (checkpoint.Signed, error) {
	member, err := h.member(ctx, w, keeper.Options{})
	if err != nil {
		return checkpoint.Signed{}, err
	}
	if member != nil {
		return member.CatchUp(ctx)
	}
	return keeper.New(h.log, w, keeper.Options{}).CatchUp(ctx)
}

// published is merkle with a checkpoint that the witnesses were asked to cosign: for
// what is given away. A witness that does not answer is noted.
func (h *house) published(ctx context.Context) (*merkle, error) {
	m, err := h.merkle(ctx)
	if err != nil || m.policy == nil || m.signed.Note == nil || m.policy.Standing(m.signed.Note).Met && len(m.policy.Standing(m.signed.Note).Missing) == 0 {
		return m, err
	}
	asking, cancel := context.WithTimeout(ctx, cosignWaitMax)
	defer cancel()
	lines, failures := witness.NewPanel(m.policy, http.DefaultClient, time.Now).Ask(asking, m.reader, m.signed)
	for _, f := range failures {
		h.p.note(f.Error())
	}
	if len(lines) == 0 {
		return m, nil
	}
	m.signed.Note = append(append([]byte(nil), m.signed.Note...), lines...)
	return m, h.keepCosigned(ctx, m.signed, lines)
}

// keepCosigned keeps cosignatures in the Merkle log; where another process writes it,
// that one asks by itself.
func (h *house) keepCosigned(ctx context.Context, s checkpoint.Signed, lines []byte) error {
	keys, err := h.signingKeys(ctx)
	if err != nil {
		return err
	}
	w, err := tree.OpenWriter(h.auditDir(), keys)
	if errors.Is(err, tree.ErrLocked) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("merkle log: %w", err)
	}
	member, err := h.member(ctx, w, keeper.Options{})
	if err == nil && member != nil {
		_, err = member.CatchUp(ctx) // cosigned is what stands at the chain's end
	}
	if err == nil && w.Last().Size == s.Size {
		err = w.Cosign(s, lines)
	}
	if errors.Is(err, tree.ErrNotApproved) {
		err = nil // another process signed meanwhile, and asks for itself
	}
	return errors.Join(err, w.Close())
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

// witnessPolicy reads the policy of the settings; nil when there is none.
func (h *house) witnessPolicy() (*witness.Policy, error) {
	text, where := h.p.cfg.WitnessPolicy, "witness_policy"
	if !strings.Contains(text, "\n") {
		named := text != ""
		if where = text; !named {
			where = filepath.Join(h.p.cfg.Data, witnessPolicyFile)
		}
		b, err := os.ReadFile(where)
		if errors.Is(err, fs.ErrNotExist) && !named {
			return nil, nil
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("witness policy: %w", err)}
		}
		text = string(b)
	}
	p, err := witness.ParsePolicy(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", where, err)}
	}
	return p, nil
}

// noteStanding notes who cosigned a checkpoint.
func (p *program) noteStanding(m *merkle) {
	if m.policy == nil {
		return
	}
	p.note(m.policy.Standing(m.signed.Note).String())
}
