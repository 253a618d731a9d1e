package checkpoint

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/merkle"
)

const proofHeader = "c2sp.org/tlog-proof@v1\n"

// proofHashesMax is the largest number of hashes of a proof in a tree of 2^63
// leaves.
const proofHashesMax = 63

// Proof is a C2SP tlog-proof: that one commit stands in the log, without asking
// the log. Its extra data is the commit's bytes, so that one file is enough; they
// are trusted for no other reason than that they hash to the leaf.
type Proof struct {
	Index  uint64 // position − 1
	Commit []byte // extra data
	Hashes []merkle.Hash
	Note   []byte // the signed checkpoint
}

// Format writes the proof.
func (p Proof) Format() []byte {
	b := []byte(proofHeader)
	if len(p.Commit) > 0 {
		b = append(b, "extra "...)
		b = base64.StdEncoding.AppendEncode(b, p.Commit)
		b = append(b, '\n')
	}
	b = append(b, "index "...)
	b = strconv.AppendUint(b, p.Index, 10)
	b = append(b, '\n')
	for _, h := range p.Hashes {
		b = base64.StdEncoding.AppendEncode(b, h[:])
		b = append(b, '\n')
	}
	b = append(b, '\n')
	return append(b, p.Note...)
}

// ParseProof reads a proof strictly: what it accepts, Format writes again byte
// for byte.
func ParseProof(b []byte) (Proof, error) {
	rest, ok := bytes.CutPrefix(b, []byte(proofHeader))
	if !ok {
		return Proof{}, fmt.Errorf("tlog-proof: the first line is not %q", strings.TrimSpace(proofHeader))
	}
	var p Proof
	head, signed, ok := bytes.Cut(rest, []byte("\n\n"))
	if !ok {
		return Proof{}, fmt.Errorf("tlog-proof: no empty line before the checkpoint")
	}
	p.Note = signed
	lines := strings.Split(string(head), "\n")
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		var err error
		if p.Commit, err = base64.StdEncoding.Strict().DecodeString(extra); err != nil || len(p.Commit) == 0 {
			return Proof{}, fmt.Errorf("tlog-proof: the extra data is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines)-1 > proofHashesMax {
		return Proof{}, fmt.Errorf("tlog-proof: an index and at most %d hashes are needed", proofHashesMax)
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	var err error
	if p.Index, err = parseSize(index); !ok || err != nil {
		return Proof{}, fmt.Errorf("tlog-proof: no index")
	}
	for i, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("tlog-proof: hash %d: %w", i+1, err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Check checks the proof for a commit's bytes: that one of the verifiers signed
// its checkpoint, and that the commit stands at its index in that tree.
func (p Proof) Check(commit []byte, verifiers note.Verifiers) (Signed, error) {
	signed, err := Open(p.Note, verifiers)
	if err != nil {
		return Signed{}, err
	}
	if err := merkle.CheckInclusion(p.Index, signed.Size, merkle.Leaf(commit), signed.Root, p.Hashes); err != nil {
		return Signed{}, fmt.Errorf("position %d in the checkpoint of size %d: %w", p.Index+1, signed.Size, err)
	}
	return signed, nil
}
