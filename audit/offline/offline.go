// Package offline verifies what an auditor carries away: an exported log with or
// without a copy of the audit folder, a proof, an evidence bundle.
//
// It owns which file is what. It refuses the network, the broker and the database.
// Start reading at [File].
package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
	"zhitong/audit/findings"
	"zhitong/audit/quorum"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
	"zhitong/audit/views"
	"zhitong/events"
	"zhitong/projections/catalogue"
)

// Options say what the auditor brings.
type Options struct {
	Key        string   // file with the log's and witnesses' public keys; "" for those beside the evidence
	Since      []string // files with signed checkpoints, or receipts that hold one
	Witnesses  string   // file with a witness policy whose quorum the checkpoint must meet; "" for none
	Audit      string   // copy of the audit folder; "" for none
	HashesOnly bool
	Progress   func(position uint64)
}

// ErrNoKey says that nothing tells which key the log signs with.
var ErrNoKey = errors.New("the log's public key is needed")

// Verifiers reads a key file; "" gives the keys that are found otherwise.
func (o Options) Verifiers(otherwise string) (note.Verifiers, error) {
	text := otherwise
	if o.Key != "" {
		b, err := os.ReadFile(o.Key)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	if text == "" {
		return nil, ErrNoKey
	}
	v, err := checkpoint.Verifiers(text)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return v, nil
}

// Brought reads the checkpoints that the auditor brings. Of a receipt it is the one
// that the receipt rests on.
func (o Options) Brought() ([][]byte, error) {
	var list [][]byte
	for _, name := range o.Since {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if p, err := checkpoint.ParseProof(b); err == nil {
			b = p.Note
		}
		list = append(list, b)
	}
	return list, nil
}

// Witnessed checks that the checkpoint met the quorum of the auditor's own policy.
func (o Options) Witnessed(r *verify.Report, note []byte) error {
	if o.Witnesses == "" {
		return nil
	}
	b, err := os.ReadFile(o.Witnesses)
	if err != nil {
		return err
	}
	p, err := quorum.ParsePolicy(string(b))
	if err != nil {
		return fmt.Errorf("%s: %w", o.Witnesses, err)
	}
	s := p.Standing(note)
	c := verify.Check{Name: "witnesses", Of: "checkpoint " + s.String(), Count: 1}
	if !s.Met {
		c.Failed, c.First = 1, []verify.Failure{{Detail: s.String()}}
	}
	r.Checks = append(r.Checks, c)
	return nil
}

// File verifies a file: a bundle (.zip), a proof (.tlog-proof), or an exported log.
func File(ctx context.Context, name string, o Options) (*verify.Report, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".zip":
		return o.bundle(name)
	case ".tlog-proof":
		return o.proof(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return o.log(ctx, f)
}

// log verifies an exported log, against a copy of the audit folder if there is one.
func (o Options) log(ctx context.Context, r io.Reader) (*verify.Report, error) {
	v := verify.Options{Read: verify.Lines(r), HashesOnly: o.HashesOnly, Progress: o.Progress}
	var err error
	if v.Since, err = o.Brought(); err != nil {
		return nil, err
	}
	if o.Audit != "" {
		t := tree.NewReader(os.DirFS(o.Audit))
		v.Tree = &t
		keys, err := t.VKeys()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if v.Verifiers, err = o.Verifiers(keys); err != nil {
			return nil, err
		}
		if v.Views, err = views.Kept(os.DirFS(o.Audit)); err != nil {
			return nil, err
		}
		if len(v.Views) > 0 && !o.HashesOnly {
			v.Fold = append(catalogue.All(), findings.Projection(findings.Default()))
		}
	} else if len(v.Since) > 0 {
		if v.Verifiers, err = o.Verifiers(""); err != nil {
			return nil, err
		}
	}
	got, err := verify.Run(ctx, v)
	if err != nil {
		return nil, err
	}
	latest := []byte(nil)
	if v.Tree != nil {
		if latest, err = v.Tree.Latest(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return got.Report, o.Witnessed(got.Report, latest)
}

// proof verifies a proof.
func (o Options) proof(name string) (*verify.Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	verifiers, err := o.Verifiers("")
	if err != nil {
		return nil, err
	}
	check := verify.Check{Name: "proof", Of: "commits", Count: 1}
	report := &verify.Report{Commits: 1}
	p, err := checkpoint.ParseProof(b)
	var signed checkpoint.Signed
	if err == nil && len(p.Commit) == 0 {
		err = errors.New("it holds no commit")
	}
	if err == nil {
		signed, err = p.Check(p.Commit, verifiers)
	}
	var c events.Commit
	if err == nil {
		c, err = events.Decode(p.Commit)
	}
	if err == nil && c.Position != p.Index+1 {
		err = fmt.Errorf("the commit says that it is at position %d, it is proved at %d", c.Position, p.Index+1)
	}
	if err != nil {
		check.Failed, check.First = 1, []verify.Failure{{Detail: err.Error()}}
	} else {
		report.Signed, report.Events, report.Recorded = signed.Size, uint64(len(c.Events)), c.Events[0].Recorded
		check.Of = fmt.Sprintf("commit: position %d, %s, signed by %s", c.Position, c.Events[0].Name(), strings.Join(signed.By, ", "))
	}
	report.Checks = []verify.Check{check}
	return report, o.Witnessed(report, p.Note)
}

func (o Options) bundle(name string) (*verify.Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	verifiers := func(inside string) (note.Verifiers, error) { return o.Verifiers(inside) }
	brought, err := o.Brought()
	if err != nil {
		return nil, err
	}
	report, note, err := bundle.Verify(b, bundle.VerifyOptions{Verifiers: verifiers, OwnKey: o.Key != "", Since: brought})
	if err != nil {
		return nil, err
	}
	return report, o.Witnessed(report, note)
}
