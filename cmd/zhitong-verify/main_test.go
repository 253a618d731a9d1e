package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhitong/audit/audittest"
	"zhitong/audit/bundle"
	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
)

// TestItHasNoWayToWriteAndNoServer holds what the program is made of: an auditor
// must be able to read it, and it must not be able to reach anything.
func TestItHasNoWayToWriteAndNoServer(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range strings.Fields(string(out)) {
		for _, no := range []string{"github.com/nats-io", "github.com/jackc", "net/http", "database/sql", "zhitong/internal", "zhitong/events/log", "zhitong/events/keys", "zhitong/projections/projector", "zhitong/web"} {
			// database/sql/driver is an interface that decimal implements.
			if dep == no || no != "database/sql" && strings.HasPrefix(dep, no+"/") {
				t.Errorf("it depends on %s: the verifier has no broker, no database, no network and no write path", dep)
			}
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w := audittest.Short(t)
	paid := audittest.Pay(t, w, 5)
	lines := audittest.Encode(t, audittest.Commits(t, w))
	dir := t.TempDir()
	keys, err := checkpoint.OpenKeys(filepath.Join(dir, "log.key"), "zhitong.example/log")
	if err != nil {
		t.Fatal(err)
	}
	tw, err := tree.OpenWriter(filepath.Join(dir, "audit"), keys)
	if err != nil {
		t.Fatal(err)
	}
	defer tw.Close()
	if err := tw.Add(1, lines); err != nil {
		t.Fatal(err)
	}
	signed, err := tw.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	proof, err := tw.Reader().Prove(20, signed)
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := bundle.Make(t.Context(), bundle.Source{Read: audittest.Reader(lines), Tree: tw.Reader(), Signed: signed, VKeys: keys.VKeys()[0]}, bundle.Subject{Kind: "claim", ID: string(paid[0])})
	if err != nil {
		t.Fatal(err)
	}
	log := append(bytes.Join(lines, []byte("\n")), '\n')
	forged := bytes.Replace(log, []byte(`"reason":"数量有疑问"`), []byte(`"reason":"没有什么疑问"`), 1)
	if bytes.Equal(log, forged) {
		t.Fatal("nothing was forged")
	}
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flipped := bytes.Clone(evidence)
	flipped[len(flipped)/2] ^= 1
	key, audit := file("vkeys", []byte(keys.VKeys()[0]+"\n")), filepath.Join(dir, "audit")
	skey, err := checkpoint.NewCosignerKey("province.example/w")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := checkpoint.ParseCosigner(skey, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	policy := file("policy", []byte("witness province "+cosigner.VKey()+"\nquorum province\n"))
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"ALog":                      {0, []string{file("log.ndjson", log)}},
		"ALogWithItsTiles":          {0, []string{"--audit", audit, "--key", key, filepath.Join(dir, "log.ndjson")}},
		"ALogWithACheckpoint":       {0, []string{"--key", key, "--since", file("kept", signed.Note), filepath.Join(dir, "log.ndjson")}},
		"AForgedLogWithItsTiles":    {1, []string{"--audit", audit, file("forged.ndjson", forged)}},
		"AForgedLogWithACheckpoint": {1, []string{filepath.Join(dir, "forged.ndjson"), "--key", key, "--since", filepath.Join(dir, "kept")}},
		"AReceiptThatWasKept":       {0, []string{"--key", key, "--since", file("kept.tlog-proof", proof.Format()), filepath.Join(dir, "log.ndjson")}},
		"AReceiptOfAForgedLog":      {1, []string{"--key", key, "--since", filepath.Join(dir, "kept.tlog-proof"), filepath.Join(dir, "forged.ndjson")}},
		"WithoutItsWitness":         {1, []string{"--key", key, "--witnesses", policy, "--audit", audit, filepath.Join(dir, "log.ndjson")}},
		"AProofWithoutItsWitness":   {1, []string{"--key", key, "--witnesses", policy, file("w.tlog-proof", proof.Format())}},
		"APolicyThatIsNone":         {2, []string{"--key", key, "--witnesses", key, filepath.Join(dir, "w.tlog-proof")}},
		"AProof":                    {0, []string{"--key", key, file("p.tlog-proof", proof.Format())}},
		"AProofOfSomethingElse":     {1, []string{"--key", key, file("q.tlog-proof", bytes.Replace(proof.Format(), []byte("index 19"), []byte("index 18"), 1))}},
		"AProofWithoutAKey":         {2, []string{filepath.Join(dir, "p.tlog-proof")}},
		"ABundle":                   {0, []string{file("b.zip", evidence), "--json"}},
		"ABundleWithAFlippedByte":   {1, []string{file("c.zip", flipped)}},
		"NoFile":                    {2, nil},
		"AFileThatIsNotThere":       {2, []string{filepath.Join(dir, "nothing.zip")}},
		"ALogThatIsCutWithinALine":  {1, []string{file("cut.ndjson", log[:len(log)-100])}},
		"ALogWithoutItsLastCommit":  {1, []string{"--audit", audit, file("short.ndjson", log[:bytes.LastIndexByte(log[:len(log)-1], '\n')+1])}},
		"EventsInsteadOfCommits":    {0, []string{"--audit", audit, file("events.ndjson", eventLines(lines))}},
		"Help":                      {0, []string{"--help"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			if code := run(context.Background(), c.args, &stdout, &stderr); code != c.code {
				t.Errorf("status %d, want %d\n%s%s", code, c.code, stdout.String(), stderr.String())
			}
		})
	}
}

// eventLines cuts commits into events, an event a line.
func eventLines(commits [][]byte) []byte {
	var out []byte
	for _, c := range commits {
		inner := bytes.ReplaceAll(c[1:len(c)-1], []byte(`},{"specversion"`), []byte("}\n{\"specversion\""))
		out = append(append(out, inner...), '\n')
	}
	return out
}
