package checkpoint_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
)

const tesseraKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

type tessera struct {
	Entries     []string `json:"entries_b64"`
	Checkpoints []struct {
		Size       uint64
		Checkpoint string
		Root       string `json:"root_b64"`
	}
}

func readTessera(t *testing.T) tessera {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "merkle", "tlog_tiles_tessera.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f tessera
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestReadsAnotherLogsCheckpoints reads what another implementation signed, and
// recomputes its roots from its entries.
func TestReadsAnotherLogsCheckpoints(t *testing.T) {
	t.Parallel()
	f := readTessera(t)
	verifiers, err := checkpoint.Verifiers(tesseraKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Checkpoints) != 8 {
		t.Fatalf("%d checkpoints, want 8", len(f.Checkpoints))
	}
	var edge merkle.Edge
	for i, c := range f.Checkpoints {
		entry, err := base64.StdEncoding.DecodeString(f.Entries[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := edge.Append(merkle.Leaf(entry), nil); err != nil {
			t.Fatal(err)
		}
		got, err := checkpoint.Open([]byte(c.Checkpoint), verifiers)
		if err != nil {
			t.Fatalf("size %d: %v", c.Size, err)
		}
		if got.Size != c.Size || got.Root != edge.Root() || base64.StdEncoding.EncodeToString(got.Root[:]) != c.Root {
			t.Errorf("size %d: got size %d and root %v, the entries give %v", c.Size, got.Size, got.Root, edge.Root())
		}
		flipped := bytes.Replace([]byte(c.Checkpoint), []byte("testdata\n"), []byte("testdatb\n"), 1)
		if _, err := checkpoint.Open(flipped, verifiers); err == nil {
			t.Errorf("size %d: another origin under the same signature is accepted", c.Size)
		}
	}
}

func TestOldSignaturesHoldAfterARotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "log.key")
	keys, err := checkpoint.OpenKeys(path, "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: "zhitong.example/log", Size: 3, Root: merkle.Leaf([]byte("x"))}
	before, err := checkpoint.Sign(c, keys.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	firstKey := keys.VKeys()[0]
	if err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	keys, err = checkpoint.OpenKeys(path, "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	after, err := checkpoint.Sign(c, keys.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := checkpoint.Verifiers(keys.VKeys()[0] + "\n" + keys.VKeys()[1])
	if err != nil {
		t.Fatal(err)
	}
	onlyFirst, err := checkpoint.Verifiers(firstKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, verifiers := range map[string]note.Verifiers{"AllKeys": all, "WhoKnowsOnlyTheFirstKey": onlyFirst} {
		for _, signed := range [][]byte{before, after} {
			if got, err := checkpoint.Open(signed, verifiers); err != nil || got.Checkpoint != c {
				t.Errorf("%s: got %v, %v", name, got.Checkpoint, err)
			}
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v (%v)", info.Mode(), err)
	}
}

// TestALostSigningKeyStillVerifies: of a key that was lost the public half stays in the
// file; once the key is found it signs again, beside the newer one.
func TestALostSigningKeyStillVerifies(t *testing.T) {
	t.Parallel()
	old, err := checkpoint.NewKey("zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	before, err := checkpoint.ParseKeys(old)
	if err != nil {
		t.Fatal(err)
	}
	public := before.VKeys()[0]
	if _, err := checkpoint.ParseKeys(public); err == nil {
		t.Error("a file without a key that can sign is taken")
	}
	fresh, err := checkpoint.NewKey("zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{public, fresh}
	keys, err := checkpoint.ParseKeys(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(keys.Signers()) != 1 || len(keys.VKeys()) != 2 || keys.VKeys()[0] != public {
		t.Errorf("%d sign, public are %v", len(keys.Signers()), keys.VKeys())
	}
	c := checkpoint.Checkpoint{Origin: "zhitong.example/log", Size: 3, Root: merkle.Leaf([]byte("x"))}
	signed, err := checkpoint.Sign(c, before.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	verifiers, err := checkpoint.Verifiers(strings.Join(keys.VKeys(), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Open(signed, verifiers); err != nil {
		t.Errorf("what the lost key has signed: %v", err)
	}
	found, err := checkpoint.WithFound(lines, []string{old})
	if err != nil {
		t.Fatal(err)
	}
	if keys, err = checkpoint.ParseKeys(strings.Join(found, "\n")); err != nil || len(keys.Signers()) != 2 || len(keys.VKeys()) != 2 {
		t.Errorf("found again: %v, %v", found, err)
	}
}

func TestCosignatures(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	skey, err := checkpoint.NewCosignerKey("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: "zhitong.example/log", Size: 7, Root: merkle.Empty()}
	logKey, err := checkpoint.NewKey(c.Origin)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := checkpoint.ParseKeys(logKey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := checkpoint.Sign(c, append(keys.Signers(), cosigner)...)
	if err != nil {
		t.Fatal(err)
	}
	verifiers, err := checkpoint.Verifiers(cosigner.VKey() + "\n" + keys.VKeys()[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := checkpoint.Open(signed, verifiers)
	if err != nil || got.Checkpoint != c || len(got.By) != 2 {
		t.Fatalf("got %v by %v, %v", got.Checkpoint, got.By, err)
	}
	alone, err := checkpoint.Sign(c, cosigner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Open(alone, verifiers); err == nil {
		t.Error("a witness alone makes a checkpoint")
	}
	n, err := note.Open(signed, verifiers)
	if err != nil {
		t.Fatal(err)
	}
	if when, ok := checkpoint.CosignedAt(n.Sigs[1].Base64); !ok || !when.Equal(at) {
		t.Errorf("cosigned at %v, want %v", when, at)
	}
	for i := range signed {
		bad := bytes.Clone(signed)
		bad[i] ^= 1
		if o, err := checkpoint.Open(bad, verifiers); err == nil && o.Checkpoint != c {
			t.Fatalf("byte %d flipped: another checkpoint is accepted", i)
		}
	}
}

func FuzzParseProof(f *testing.F) {
	p := checkpoint.Proof{Index: 5, Commit: []byte("[{}]"), Hashes: []merkle.Hash{{1}, {2}}, Note: []byte("a\n1\nb\n\n— a b\n")}
	f.Add(p.Format())
	p.Commit, p.Hashes = nil, nil
	f.Add(p.Format())
	// What is read is written again byte for byte.
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := checkpoint.ParseProof(b)
		if err == nil && !bytes.Equal(p.Format(), b) {
			t.Errorf("got %q, want %q", p.Format(), b)
		}
	})
}
