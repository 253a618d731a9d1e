package bundle

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/verify"
	"zhitong/events"
)

// VerifyOptions say what the verifier brings.
type VerifyOptions struct {
	// Verifiers returns the keys to check with, given those inside the bundle.
	Verifiers func(inside string) (note.Verifiers, error)
	// OwnKey says that they are the verifier's own.
	OwnKey bool
	// Since are checkpoints that the verifier brings: of the same size they must
	// have the same root. (A consistency proof needs the log's tiles.)
	Since [][]byte
}

// Verify verifies a bundle, and returns the report and the signed checkpoint inside.
// The error says that it is no bundle at all; what is wrong with one is in the report.
func Verify(b []byte, o VerifyOptions) (r *verify.Report, signed []byte, err error) {
	files, damage, err := unpack(b)
	if err != nil {
		return nil, nil, err
	}
	v := &verifier{files: files, report: &verify.Report{}}
	v.intact(damage)
	verifiers, err := o.Verifiers(string(files["vkeys"]))
	if err != nil {
		v.check("checkpoint", "signed checkpoints", []string{err.Error()}, 1)
		return v.report, files["checkpoint"], nil
	}
	commits := v.proofs(verifiers, o)
	v.report.Checks = append(v.report.Checks, verify.Recompute(commits))
	return v.report, files["checkpoint"], nil
}

// verifier is one run of Verify.
type verifier struct {
	files    map[string][]byte
	manifest manifest
	report   *verify.Report
}

func (v *verifier) check(name, of string, failures []string, count int) {
	c := verify.Check{Name: name, Of: of, Count: uint64(count), Failed: uint64(len(failures))}
	for _, f := range failures {
		c.First = append(c.First, verify.Failure{Detail: f})
	}
	v.report.Checks = append(v.report.Checks, c)
}

// intact checks that no file was changed, added or taken away.
func (v *verifier) intact(damage string) {
	var bad []string
	if damage != "" {
		bad = append(bad, damage)
	}
	if err := json.Unmarshal(v.files[manifestName], &v.manifest, json.RejectUnknownMembers(true)); err != nil {
		bad = append(bad, "manifest.json: "+err.Error())
	} else if v.manifest.Format != format {
		bad = append(bad, fmt.Sprintf("manifest.json: format %q, this program knows %q", v.manifest.Format, format))
	}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if name != manifestName && v.manifest.Files[name] != sum(v.files[name]) {
			bad = append(bad, name+": its bytes are not those of the manifest")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.manifest.Files)) {
		if _, ok := v.files[name]; !ok {
			bad = append(bad, name+": missing")
		}
	}
	if got := digest(v.files); got != v.manifest.Evidence {
		bad = append(bad, fmt.Sprintf("manifest.json: evidence %q, the files have %q", v.manifest.Evidence, got))
	}
	v.check("files", "files", bad, len(v.files))
}

// proofs checks the checkpoint and each commit's proof, and returns the commits
// that are proved.
func (v *verifier) proofs(verifiers note.Verifiers, o VerifyOptions) []events.Commit {
	signed, err := checkpoint.Open(v.files["checkpoint"], verifiers)
	var bad []string
	if err != nil {
		bad = append(bad, err.Error())
	} else if signed.Size != v.manifest.Size || signed.Origin != v.manifest.Origin {
		bad = append(bad, fmt.Sprintf("it is of %q with size %d, the manifest says %q with %d", signed.Origin, signed.Size, v.manifest.Origin, v.manifest.Size))
	}
	for _, note := range o.Since {
		s, err := checkpoint.Open(note, verifiers)
		switch {
		case err != nil:
			bad = append(bad, "brought: "+err.Error())
		case s.Size == signed.Size && s.Root != signed.Root:
			bad = append(bad, fmt.Sprintf("brought: it has another root at size %d: the log has signed two histories", s.Size))
		}
	}
	whose := "signed checkpoint, by the key inside the bundle: it shows that nothing was changed, not who signed"
	if o.OwnKey {
		whose = "signed checkpoint, by a key of the verifier's own"
	}
	v.check("checkpoint", whose, bad, 1+len(o.Since))
	v.report.Signed = signed.Size

	var commits []events.Commit
	bad = nil
	var lines []byte
	for _, p := range v.manifest.Commits {
		c, line, err := v.proof(p, signed, verifiers)
		if err != nil {
			bad = append(bad, fmt.Sprintf("%s: %v", proofName(p), err))
			continue
		}
		commits = append(commits, c)
		lines = append(append(lines, line...), '\n')
		v.report.Events += uint64(len(c.Events))
		v.report.Recorded = c.Events[0].Recorded
	}
	if !bytes.Equal(lines, v.files["commits.ndjson"]) {
		bad = append(bad, "commits.ndjson: it does not hold the commits that are proved")
	}
	v.report.Commits = uint64(len(commits))
	v.check("proofs", "commits proved", bad, len(v.manifest.Commits))
	return commits
}

// proof checks one proof, which must be under the bundle's own checkpoint.
func (v *verifier) proof(position uint64, signed checkpoint.Signed, verifiers note.Verifiers) (events.Commit, []byte, error) {
	p, err := checkpoint.ParseProof(v.files[proofName(position)])
	if err != nil {
		return events.Commit{}, nil, err
	}
	under, err := p.Check(p.Commit, verifiers)
	if err != nil {
		return events.Commit{}, nil, err
	}
	if under.Checkpoint != signed.Checkpoint {
		return events.Commit{}, nil, fmt.Errorf("it is proved under another checkpoint")
	}
	c, err := events.Decode(p.Commit)
	if err == nil && (c.Position != position || p.Index+1 != position) {
		err = fmt.Errorf("it is of position %d", c.Position)
	}
	return c, p.Commit, err
}
