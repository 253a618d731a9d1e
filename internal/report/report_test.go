package report_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/audit/audittest"
	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
	"zhitong/domain"
	"zhitong/internal/report"
)

type world struct {
	src  bundle.Source
	paid []domain.ID
	got  *bundle.Evidence // of the last bundle
}

// reports makes a bundle and returns its reports.
func (w *world) reports(t *testing.T, s bundle.Subject) map[string][]byte {
	t.Helper()
	src := w.src
	out := map[string][]byte{}
	src.Reports = func(ctx context.Context, e bundle.Evidence) (map[string][]byte, error) {
		files, err := report.Bundle(src.Read)(ctx, e)
		w.got, out = &e, files
		return files, err
	}
	if _, err := bundle.Make(t.Context(), src, s); err != nil {
		t.Fatal(err)
	}
	return out
}

func setup(t *testing.T) *world {
	t.Helper()
	w := audittest.Short(t)
	paid := audittest.Pay(t, w, 5)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	keys, err := checkpoint.OpenKeys(filepath.Join(t.TempDir(), "key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	tw, err := tree.OpenWriter(filepath.Join(t.TempDir(), "audit"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tw.Close() })
	if err := tw.Add(1, lines); err != nil {
		t.Fatal(err)
	}
	signed, err := tw.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return &world{src: bundle.Source{Read: audittest.Reader(lines), Tree: tw.Reader(), Signed: signed, VKeys: keys.VKeys()[0]}, paid: paid}
}

func TestReportsSayWhatTheBundleHolds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := string(w.paid[0])
	files := w.reports(t, bundle.Subject{Kind: "claim", ID: id})
	var names []string
	for name := range files {
		names = append(names, name)
	}
	if diff := cmp.Diff([]string{"report.en.html", "report.en.pdf", "report.zh.html", "report.zh.pdf"}, names, sorted()); diff != "" {
		t.Error(diff)
	}
	for lang, words := range map[string][]string{
		"zh": {`lang="zh"`, "证据包报告", "补贴申领 " + id, "补贴金额", "合计", "claim.paid", "核对无误", "第 1 行", w.got.Digest, w.got.Signed.Root.String()},
		"en": {`lang="en"`, "Report of an evidence bundle", "claim " + id, "Amounts of subsidy", "Total", "claim.paid", "line 1", w.got.Digest, w.got.Signed.Root.String()},
	} {
		page := html.UnescapeString(string(files["report."+lang+".html"]))
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s: the report does not say %q", lang, word)
			}
		}
		for _, no := range []string{"<script", "http://", "https://", "report.", "{"} { // nothing from elsewhere, no text without its words
			body := page[strings.Index(page, "<body"):]
			if strings.Contains(body, no) {
				t.Errorf("%s: the report has %q", lang, no)
			}
		}
		if b := files["report."+lang+".pdf"]; !bytes.HasPrefix(b, []byte("%PDF-")) || len(b) < 10_000 {
			t.Errorf("%s: no PDF: %d bytes", lang, len(b))
		}
	}
	if dir := os.Getenv("ZHITONG_TEST_KEEP_REPORTS"); dir != "" {
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := w.reports(t, bundle.Subject{Kind: "claim", ID: id})
	if diff := cmp.Diff(files, again); diff != "" {
		t.Error("written again they are others")
	}
}

func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	w := setup(t)
	e := bundle.Evidence{Subject: bundle.Subject{Kind: "party", ID: `<script>alert(1)</script>`}, Signed: w.src.Signed, Digest: fmt.Sprintf("%064d", 0)}
	files, err := report.Bundle(w.src.Read)(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if page := string(files["report.zh.html"]); strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script") {
		t.Error("an id is not escaped")
	}
}

func sorted() cmp.Option {
	return cmp.Transformer("sorted", func(list []string) map[string]bool {
		set := map[string]bool{}
		for _, s := range list {
			set[s] = true
		}
		return set
	})
}
