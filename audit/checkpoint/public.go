package checkpoint

import (
	"crypto/ed25519"
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 is the algorithm byte of package note's keys.
const algEd25519 = 1

// privatePrefix begins a signing key of package note.
const privatePrefix = "PRIVATE+KEY+"

// publicOf is the public key of a signing key of package note.
func publicOf(skey string) (string, error) {
	name, _, data, err := splitKey(strings.TrimPrefix(skey, privatePrefix))
	if err != nil || data[0] != algEd25519 || len(data) != 1+ed25519.SeedSize {
		return "", errors.New("not an Ed25519 signing key")
	}
	return note.NewEd25519VerifierKey(name, ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey))
}
