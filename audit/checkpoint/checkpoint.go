package checkpoint

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/merkle"
)

// Checkpoint says how many leaves a log has, and the root over them.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   merkle.Hash
}

// Text is the text that is signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// ParseText reads the text of a checkpoint. Extension lines are read over.
func ParseText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" || lines[0] == "" {
		return Checkpoint{}, fmt.Errorf("checkpoint: an origin, a size and a root are needed, a line each")
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: size: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: root: %w", err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// parseSize reads a decimal without leading zeroes, below 2^63.
func parseSize(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%q is not a decimal number without leading zeroes", s)
	}
	return n, nil
}

func parseHash(s string) (merkle.Hash, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return merkle.Hash{}, err
	}
	return merkle.ParseHash(b)
}

// Sign signs a checkpoint with all the given keys.
func Sign(c Checkpoint, signers ...note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint of size %d: %w", c.Size, err)
	}
	return signed, nil
}

// Signed is a checkpoint with its signatures.
type Signed struct {
	Checkpoint
	// Note is the signed note as it was read or written.
	Note []byte
	// By names the known keys whose signatures hold, "name+hash" each.
	By []string
}

// Open reads a signed checkpoint. At least one signature of the verifiers must hold
// that is the log's own, by a key of the name of its origin: a witness alone makes no
// checkpoint. A known key whose signature does not hold is an error.
func Open(signed []byte, verifiers note.Verifiers) (Signed, error) {
	n, err := note.Open(signed, verifiers)
	if err != nil {
		return Signed{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := ParseText(n.Text)
	if err != nil {
		return Signed{}, err
	}
	s := Signed{Checkpoint: c, Note: signed}
	own := false
	for _, sig := range n.Sigs {
		s.By = append(s.By, KeyName(sig.Name, sig.Hash))
		own = own || sig.Name == c.Origin
	}
	if !own {
		return Signed{}, fmt.Errorf("checkpoint: signed by %s, and not by a key of the log %q itself", strings.Join(s.By, ", "), c.Origin)
	}
	return s, nil
}

// Peek reads a signed checkpoint without checking any signature.
func Peek(signed []byte) (Checkpoint, error) {
	text, _, found := strings.Cut(string(signed), "\n\n")
	if !found {
		return Checkpoint{}, fmt.Errorf("checkpoint: no signatures")
	}
	return ParseText(text + "\n")
}

// KeyName is how a key is shown: its name, a plus sign, its hash.
func KeyName(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }
