package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/audit/checkpoint"
	"zhitong/audit/trace"
	"zhitong/audit/tree"
	"zhitong/domain/policy"
	"zhitong/events"
	"zhitong/projections"
)

// Source is what a bundle is made from.
type Source struct {
	Read        projections.Reader
	Tree        tree.Reader
	Signed      checkpoint.Signed
	VKeys       string
	Projections []projections.Projection // whose rows are put in; nil for none
	Reports     Reports                  // writes the files for people; nil for none
}

// Subject is what a bundle is about.
type Subject struct {
	Kind string    `json:"kind"` // claim, shipment or party
	ID   string    `json:"id"`
	From time.Time `json:"from,omitzero"` // claimed times, for a party
	To   time.Time `json:"to,omitzero"`
}

// manifest is manifest.json.
type manifest struct {
	Format  string            `json:"format"`
	Subject Subject           `json:"subject"`
	Origin  string            `json:"origin"`
	Size    uint64            `json:"size"` // of the checkpoint
	Commits []uint64          `json:"commits"`
	Files   map[string]string `json:"files"` // SHA-256 by name

	Evidence string `json:"evidence"` // SHA-256 over the files besides the reports: see digest
}

const (
	format       = "zhitong-evidence-bundle v1"
	manifestName = "manifest.json"
)

// Make makes a bundle about the subject from everything that the checkpoint covers.
func Make(ctx context.Context, src Source, s Subject) ([]byte, error) {
	nodes, err := trace.Of(ctx, src.Read, s.ID)
	if err != nil {
		return nil, err
	}
	nodes = slices.DeleteFunc(nodes, func(n *trace.Node) bool { return n.Kind != s.Kind })
	if len(nodes) == 0 {
		return nil, fmt.Errorf("%w: no %s %q", trace.ErrUnknown, s.Kind, s.ID)
	}
	positions := map[uint64]bool{}
	for _, n := range nodes {
		if err := positionsOf(n, s, src.Signed.Size, positions); err != nil {
			return nil, err
		}
	}
	if len(positions) == 0 {
		return nil, fmt.Errorf("%w: %s %q has no event in this period below the checkpoint", trace.ErrUnknown, s.Kind, s.ID)
	}
	if err := restingOn(ctx, src, positions); err != nil {
		return nil, err
	}
	if s.period() {
		nodes = within(nodes, positions)
	}
	files := map[string][]byte{"checkpoint": src.Signed.Note, "vkeys": []byte(src.VKeys)}
	m := manifest{Format: format, Subject: s, Origin: src.Signed.Origin, Size: src.Signed.Size, Commits: slices.Sorted(maps.Keys(positions))}
	if err := putCommits(files, src, m.Commits); err != nil {
		return nil, err
	}
	if err := putTrace(files, nodes); err != nil {
		return nil, err
	}
	if err := putRows(ctx, files, src, s); err != nil {
		return nil, err
	}
	if err := putReports(ctx, files, src, &m, nodes); err != nil {
		return nil, err
	}
	m.Files = map[string]string{}
	for name, b := range files {
		m.Files[name] = sum(b)
	}
	if files[manifestName], err = json.Marshal(m, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
		return nil, err
	}
	return pack(files)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// positionsOf collects the positions of a node and of all below it. Of a party only
// the period counts.
func positionsOf(n *trace.Node, s Subject, size uint64, into map[uint64]bool) error {
	for _, e := range n.Events {
		at, err := time.Parse(time.RFC3339Nano, e.Time)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		if e.Position > size || !s.From.IsZero() && at.Before(s.From) || !s.To.IsZero() && at.After(s.To) {
			continue
		}
		into[e.Position] = true
	}
	for _, list := range [][]*trace.Node{n.Because, n.LeadsTo} {
		for _, k := range list {
			if err := positionsOf(k, s, size, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// putCommits puts commits, proofs and policies.
func putCommits(files map[string][]byte, src Source, positions []uint64) error {
	var lines []byte
	for _, p := range positions {
		proof, err := src.Tree.Prove(p, src.Signed)
		if err != nil {
			return fmt.Errorf("prove position %d: %w", p, err)
		}
		files[proofName(p)] = proof.Format()
		lines = append(append(lines, proof.Commit...), '\n')
		c, err := events.Decode(proof.Commit)
		if err != nil {
			return fmt.Errorf("position %d: %w", p, err)
		}
		for _, e := range c.Events {
			f, ok := e.Fact.(policy.Published)
			if !ok {
				continue
			}
			b, err := json.Marshal(f, json.Deterministic(true), jsontext.WithIndent("  "))
			if err != nil {
				return err
			}
			files[fmt.Sprintf("policies/%s@%d.json", url.PathEscape(string(f.PolicyID)), f.Version)] = b
		}
	}
	files["commits.ndjson"] = lines
	return nil
}

func proofName(position uint64) string { return fmt.Sprintf("proofs/%012d.tlog-proof", position) }

func putTrace(files map[string][]byte, nodes []*trace.Node) error {
	var text, js bytes.Buffer
	if err := trace.Text(&text, nodes); err != nil {
		return err
	}
	if err := trace.JSON(&js, nodes); err != nil {
		return err
	}
	files["trace.txt"], files["trace.json"] = text.Bytes(), js.Bytes()
	return nil
}

// putRows puts the rows of every view that name the subject in one of their
// columns, folded up to the checkpoint.
func putRows(ctx context.Context, files map[string][]byte, src Source, s Subject) error {
	if len(src.Projections) == 0 {
		return nil
	}
	folded, err := projections.Fold(ctx, src.Read, src.Projections, projections.Until{Position: src.Signed.Size})
	if err != nil {
		return err
	}
	for i := range src.Projections {
		if folded.DBs[i] == nil {
			continue // a fold that failed has no rows to show
		}
		for _, view := range src.Projections[i].Views() {
			var rows []byte
			err := folded.DBs[i].Rows(view, func(vs []projections.Value) error {
				if slices.ContainsFunc(vs, func(v projections.Value) bool { return !v.Null && v.Text == s.ID }) {
					rows = append(view.AppendLine(rows, vs), '\n')
				}
				return nil
			})
			if err != nil {
				return err
			}
			if rows != nil {
				files["rows/"+view.Name+".json"] = rows
			}
		}
	}
	return nil
}
