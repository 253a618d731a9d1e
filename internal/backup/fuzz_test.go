package backup

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"zhitong/events/keys"
)

// FuzzOpen: an archive whose headers, seal and manifest are taken is, byte for byte,
// what writing its members again makes.
func FuzzOpen(f *testing.F) {
	for _, parts := range [][]string{{}, {"audit/vkeys"}, {"README", "audit/checkpoint"}} {
		f.Add(archiveOf(f, parts...))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "b")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Open(name)
		if err != nil {
			return
		}
		defer b.Close()
		var again bytes.Buffer
		w := archiveWriter{w: &again}
		all, err := list(b.file, b.size)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			text, err := m.read(b.file, b.size)
			if err == nil {
				err = w.add(m.name, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.end(); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("%q is taken, written again it is %q, %v", data, again.Bytes(), err)
		}
	})
}

// archiveOf is an archive with empty parts, a manifest of them and a seal.
func archiveOf(t testing.TB, parts ...string) []byte {
	var b bytes.Buffer
	w := archiveWriter{w: &b}
	m := Manifest{Format: format}
	for _, name := range parts {
		m.Parts = append(m.Parts, Part{Name: name, SHA256: sum(nil)})
		if err := w.add(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	text, err := m.bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ name, text string }{{manifestName, string(text)}, {sealName, sum(text) + "\n"}} {
		if err := w.add(x.name, []byte(x.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheSeedsOfFuzzOpenAreTaken(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "b")
	if err := os.WriteFile(name, archiveOf(t, "audit/vkeys"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzParseKeys: a keys file that is taken is, byte for byte, what writing it again
// makes.
func FuzzParseKeys(f *testing.F) {
	var b bytes.Buffer
	k := Keys{Stream: Stream{Name: "ZHITONG"}, Persons: []keys.Wrapped{{Name: "party/C1", Box: []byte("g x")}}}
	if err := k.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	text := `{"format":"zhitong-keys/1", "stream":{},"persons":[]}`
	f.Add([]byte(text + "\n" + sum([]byte(text)) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parseKeys(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := k.Write(&again); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("%q is taken, written again it is %q, %v", data, again.Bytes(), err)
		}
	})
}
