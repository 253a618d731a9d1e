package merkle_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhitong/audit/merkle"
)

// vector is one line of any of the four files; proofs are base64.
type vector struct {
	File                     string
	Desc                     string
	LeafIdx, TreeSize        uint64
	Size1, Size2             uint64
	Start, End, Size         uint64
	Root, LeafHash           string
	Root1, Root2             string
	Proof                    []string
	WantErr                  bool
	decoded                  []merkle.Hash
	root, leaf, root1, root2 merkle.Hash
}

// decode reads the hashes that the vector has; an error is an accepted refusal.
func (v *vector) decode() error {
	read := func(s string, to *merkle.Hash) error {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return err
		}
		// Some vectors say "don't care 1" where a root should stand: any hash.
		if strings.HasPrefix(string(b), "don't care ") {
			*to = sha256.Sum256(b)
			return nil
		}
		*to, err = merkle.ParseHash(b)
		return err
	}
	var list [][]byte
	for _, s := range v.Proof {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return err
		}
		list = append(list, b)
	}
	var err error
	v.decoded, err = merkle.ParseHashes(list)
	if v.LeafHash != "" || v.Root != "" {
		return errors.Join(err, read(v.Root, &v.root), read(v.LeafHash, &v.leaf))
	}
	return errors.Join(err, read(v.Root1, &v.root1), read(v.Root2, &v.root2))
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file        string
		all, refuse int
		check       func(v *vector) error
	}{
		{"inclusion.jsonl", 49, 46, func(v *vector) error {
			return merkle.CheckInclusion(v.LeafIdx, v.TreeSize, v.leaf, v.root, v.decoded)
		}},
		{"consistency.jsonl", 49, 45, func(v *vector) error {
			return merkle.CheckConsistency(v.Size1, v.Size2, v.root1, v.root2, v.decoded)
		}},
		{"subtreeinclusion.jsonl", 102, 96, func(v *vector) error {
			return merkle.CheckSubtreeInclusion(v.LeafIdx, v.Start, v.End, v.leaf, v.root, v.decoded)
		}},
		{"subtreeconsistency.jsonl", 59, 51, func(v *vector) error {
			return merkle.CheckSubtreeConsistency(v.Start, v.End, v.Size, v.root1, v.root2, v.decoded)
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			all, refuse := 0, 0
			for _, v := range readVectors(t, c.file) {
				all++
				err := v.decode()
				if err == nil {
					err = c.check(&v)
				}
				if v.WantErr {
					refuse++
				}
				if (err != nil) != v.WantErr {
					t.Errorf("%s (%s): got %v, want an error: %v", v.File, v.Desc, err, v.WantErr)
				}
			}
			if all != c.all || refuse != c.refuse {
				t.Errorf("%d vectors, %d to refuse; want %d and %d", all, refuse, c.all, c.refuse)
			}
		})
	}
}

func readVectors(t *testing.T, name string) []vector {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "merkle", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []vector
	for s := bufio.NewScanner(f); s.Scan(); {
		var v vector
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatalf("%s line %d: %v", name, len(list)+1, err)
		}
		list = append(list, v)
	}
	return list
}
