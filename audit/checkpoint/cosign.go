package checkpoint

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// algCosignature is the algorithm byte of cosignature/v1.
const algCosignature = 4

// cosignatureSize is a time of 8 bytes and an Ed25519 signature.
const cosignatureSize = 8 + ed25519.SignatureSize

// Cosigner signs checkpoints as a witness does.
type Cosigner struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
	now  func() time.Time
}

var _ note.Signer = (*Cosigner)(nil)

// NewCosignerKey makes a witness's key in the form "PRIVATE+KEY+name+hash+data".
func NewCosignerKey(name string) (string, error) {
	if !validName(name) {
		return "", fmt.Errorf("witness name %q: blanks and + are not allowed", name)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	data := append([]byte{algCosignature}, key.Seed()...)
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, cosignerHash(name, pub), base64.StdEncoding.EncodeToString(data)), nil
}

// ParseCosigner reads what [NewCosignerKey] wrote. now is read at each signature.
func ParseCosigner(skey string, now func() time.Time) (*Cosigner, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(skey), "PRIVATE+KEY+")
	name, hash, data, err := splitKey(rest)
	if !ok || err != nil || len(data) != 1+ed25519.SeedSize {
		return nil, errors.New("not a witness's key of the form PRIVATE+KEY+name+hash+data with algorithm 4")
	}
	key := ed25519.NewKeyFromSeed(data[1:])
	c := &Cosigner{name: name, key: key, now: now, hash: cosignerHash(name, key.Public().(ed25519.PublicKey))}
	if c.hash != hash {
		return nil, fmt.Errorf("witness key %q: its hash does not fit", name)
	}
	return c, nil
}

// Name implements note.Signer.
func (c *Cosigner) Name() string { return c.name }

// KeyHash implements note.Signer.
func (c *Cosigner) KeyHash() uint32 { return c.hash }

// Sign implements note.Signer: it cosigns the text at the present time.
func (c *Cosigner) Sign(text []byte) ([]byte, error) {
	at := uint64(c.now().Unix())
	sig := ed25519.Sign(c.key, cosigned(at, text))
	return append(binary.BigEndian.AppendUint64(nil, at), sig...), nil
}

// VKey is the public key, as it stands in a witness policy.
func (c *Cosigner) VKey() string {
	data := append([]byte{algCosignature}, c.key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(data))
}

// ParseVerifier reads a public key of a log (algorithm 1) or of a witness (4).
func ParseVerifier(vkey string) (note.Verifier, error) {
	vkey = strings.TrimSpace(vkey)
	name, hash, data, err := splitKey(vkey)
	if err == nil && data[0] == algCosignature && len(data) == 1+ed25519.PublicKeySize {
		v := &cosignatureVerifier{name: name, hash: hash, key: data[1:]}
		if cosignerHash(name, v.key) != hash {
			return nil, fmt.Errorf("public key of %q: its hash does not fit", name)
		}
		return v, nil
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("public key %q: %w", vkey, err)
	}
	return v, nil
}

// IsCosigner reports whether a public key is that of a witness.
func IsCosigner(v note.Verifier) bool {
	_, ok := v.(*cosignatureVerifier)
	return ok
}

type cosignatureVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (v *cosignatureVerifier) Name() string    { return v.name }
func (v *cosignatureVerifier) KeyHash() uint32 { return v.hash }
func (v *cosignatureVerifier) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(v.key, cosigned(at, text), sig[8:])
}

// CosignedAt is the time within a cosignature, given the base64 of a signature
// line; false when it is none.
func CosignedAt(base64sig string) (time.Time, bool) {
	b, err := base64.StdEncoding.DecodeString(base64sig)
	if err != nil || len(b) != 4+cosignatureSize {
		return time.Time{}, false
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC(), true
}

func cosigned(at uint64, text []byte) []byte {
	b := []byte("cosignature/v1\ntime ")
	b = strconv.AppendUint(b, at, 10)
	b = append(b, '\n')
	return append(b, text...)
}

func cosignerHash(name string, pub ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n\x04"), pub...))
	return binary.BigEndian.Uint32(sum[:])
}

// splitKey reads "name+hash+base64", of which the data is not empty.
func splitKey(s string) (name string, hash uint32, data []byte, err error) {
	name, rest, _ := strings.Cut(s, "+")
	h, encoded, ok := strings.Cut(rest, "+")
	n, err := strconv.ParseUint(h, 16, 32)
	if !ok || err != nil || len(h) != 8 || !validName(name) {
		return "", 0, nil, errors.New("a key has the form name+hash+data")
	}
	data, err = base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data) == 0 {
		return "", 0, nil, errors.New("a key has the form name+hash+data")
	}
	return name, uint32(n), data, nil
}

func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == '+' || r == 0x7f }) < 0
}
