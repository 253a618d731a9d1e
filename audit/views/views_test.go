package views_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/checkpoint"
	"zhitong/audit/views"
	"zhitong/projections"
)

func statement(position uint64) views.Statement {
	return views.Statement{Origin: "zhitong/X/1", Position: position, Views: []views.View{
		{Name: "claims", Version: 2, Rows: 3, Digest: projections.DigestLine([]byte("a"))},
		{Name: "sales_volume", Version: 1, Rows: 0},
	}}
}

func keys(t *testing.T) *checkpoint.Keys {
	t.Helper()
	k, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong/X/1")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAStatementIsReadAsItWasSigned(t *testing.T) {
	t.Parallel()
	k := keys(t)
	v, err := checkpoint.Verifiers(k.VKeys()[0])
	if err != nil {
		t.Fatal(err)
	}
	signed, err := views.Sign(statement(7), k.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := views.Open(signed, v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(statement(7).Text(), got.Text()); diff != "" {
		t.Error(diff)
	}
	for i := range signed {
		bad := append([]byte(nil), signed...)
		bad[i] ^= 1
		if s, err := views.Open(bad, v); err == nil && s.Text() != statement(7).Text() {
			t.Errorf("byte %d flipped: read as %s", i, s.Text())
		}
	}
	if _, err := checkpoint.Peek(signed); err == nil {
		t.Error("a statement about views can be taken for a checkpoint")
	}
	point, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: "zhitong/X/1", Size: 7}, k.Signers()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := views.Open(point, v); err == nil {
		t.Error("a checkpoint can be taken for a statement about views")
	}
}

func TestOtherFormsAreRefused(t *testing.T) {
	t.Parallel()
	text := statement(7).Text()
	for name, bad := range map[string]string{
		"ALeadingZero":  strings.Replace(text, "views at 7", "views at 07", 1),
		"AnotherOrder":  strings.Replace(text, "claims", "zclaims", 1),
		"AMissingDigit": text[:len(text)-2] + "\n",
		"ABlank":        strings.Replace(text, "claims ", "claims  ", 1),
		"NoViews":       "x/views\nviews at 1\n",
		"NoSuffix":      strings.Replace(text, "/views\n", "\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := views.ParseText(bad); err == nil {
				t.Errorf("read as %s", s.Text())
			}
		})
	}
}

func TestStatementsAreKeptAndATornOneIsNot(t *testing.T) {
	t.Parallel()
	dir, k := t.TempDir(), keys(t)
	if _, err := views.Latest(os.DirFS(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without statements: %v", err)
	}
	var all []string
	for n := range uint64(3) {
		signed, err := views.Sign(statement(n), k.Signers()...)
		if err != nil {
			t.Fatal(err)
		}
		if err := views.Keep(dir, signed); err != nil {
			t.Fatal(err)
		}
		all = append(all, string(signed))
		path := filepath.Join(dir, views.Name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, signed[:len(signed)-3]...), 0o644); err != nil { // torn
			t.Fatal(err)
		}
		var got []string
		kept, err := views.Kept(os.DirFS(dir))
		for _, s := range kept {
			got = append(got, string(s))
		}
		if diff := cmp.Diff(all, got); err != nil || diff != "" {
			t.Errorf("after %d statements: %v %s", n+1, err, diff)
		}
	}
}
