package embedded

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhitong/internal/embedded/pgcluster"
)

func TestClusterKeepsItsVersion(t *testing.T) {
	t.Parallel()
	installed := []pgcluster.Binaries{{Dir: "/new", Major: 17}, {Dir: "/old", Major: 15}}
	c := &pgcluster.Cluster{Home: t.TempDir()}
	if got, err := chooseBinaries(c, installed); err != nil || got.Major != 17 {
		t.Errorf("new cluster: %+v, %v", got, err)
	}
	if err := os.Mkdir(c.Data(), 0o700); err != nil {
		t.Fatal(err)
	}
	for made, want := range map[string]int{"15\n": 15, "16\n": 0} {
		if err := os.WriteFile(filepath.Join(c.Data(), "PG_VERSION"), []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := chooseBinaries(c, installed)
		if got.Major != want || (err != nil) != (want == 0) {
			t.Errorf("made by %s: %+v, %v", made, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "rebuild the views") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
}

func TestNoteOfACopiedFolderIsNone(t *testing.T) {
	t.Parallel()
	f, copied := folder{t.TempDir()}, folder{t.TempDir()}
	if err := writeNote(f, &pgcluster.Cluster{Home: "/h", SocketDir: "/s"}); err != nil {
		t.Fatal(err)
	}
	if got, err := readNote(f); err != nil || got.Home != "/h" || got.SocketDir != "/s" {
		t.Errorf("note: %+v, %v", got, err)
	}
	text, err := os.ReadFile(f.postgresNote())
	if err == nil {
		err = os.WriteFile(copied.postgresNote(), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readNote(copied); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("note of a copy: %+v, %v", got, err)
	}
}

func TestClusterOfAFolderMadeAnewIsAnother(t *testing.T) {
	t.Parallel()
	f := folder{t.TempDir()}
	first, err := clusterID(f)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := clusterID(f); err != nil || again != first {
		t.Errorf("again: %s, %v, want %s", again, err, first)
	}
	if err := os.Remove(f.postgresSeed()); err != nil {
		t.Fatal(err)
	}
	if anew, err := clusterID(f); err != nil || anew == first {
		t.Errorf("made anew: %s, %v", anew, err)
	}
}

func TestReadOnlyAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"host=/x dbname=d":                  "host=/x dbname=d options='-c default_transaction_read_only=on'",
		"postgres://h/d":                    "postgres://h/d?options=-c%20default_transaction_read_only%3Don",
		"postgres://h/d?options=-c%20x%3D1": "postgres://h/d?options=-c%20x%3D1%20-c%20default_transaction_read_only%3Don",
	} {
		if got := readOnly(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// What the broker cuts in place stays whole in the copy; beyond the budget a
// file is linked, which keeps it when it is deleted.
func TestKeepFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := bytes.Repeat([]byte("x"), 1000)
	for name, budget := range map[string]int64{"copied": 1000, "linked": 999} {
		from, to := filepath.Join(dir, name), filepath.Join(dir, "aside", name)
		if err := os.WriteFile(from, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := keepFile(from, to, int64(len(content)), &budget); err != nil {
			t.Fatal(err)
		}
		if name == "copied" {
			if err := os.Truncate(from, 3); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(from); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
