package bundle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"zhitong/audit/checkpoint"
	"zhitong/audit/trace"
)

// Evidence is what a bundle is about, for those who write its reports.
type Evidence struct {
	Subject   Subject
	Signed    checkpoint.Signed
	Positions []uint64      // of the commits in the bundle
	Nodes     []*trace.Node // the subject with causes and effects
	// Digest is the SHA-256 over the bundle's files besides the reports, as the
	// manifest has it: a printed report is of this bundle and no other.
	Digest string
}

// Reports writes the files for people from a bundle's evidence, by name: each begins
// with "report.". The same evidence gives the same bytes.
type Reports func(ctx context.Context, e Evidence) (map[string][]byte, error)

// reportPrefix begins the names of the files for people.
const reportPrefix = "report."

// putReports puts the README and, if somebody writes them, the reports.
func putReports(ctx context.Context, files map[string][]byte, src Source, m *manifest, nodes []*trace.Node) error {
	files["README.md"] = fmt.Appendf(nil, readme, m.Subject.Kind, m.Subject.ID, m.Origin, m.Size, len(m.Commits))
	m.Evidence = digest(files)
	if src.Reports == nil {
		return nil
	}
	reports, err := src.Reports(ctx, Evidence{Subject: m.Subject, Signed: src.Signed, Positions: m.Commits, Nodes: nodes, Digest: m.Evidence})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for name, b := range reports {
		if !strings.HasPrefix(name, reportPrefix) {
			return fmt.Errorf("report: the name %q does not begin with %q", name, reportPrefix)
		}
		files[name] = b
	}
	return nil
}

// digest is the SHA-256 over a line "<SHA-256>  <name>" for each file that is neither
// a report nor the manifest, in the order of their names: what sha256sum prints.
func digest(files map[string][]byte) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != manifestName && !strings.HasPrefix(name, reportPrefix) {
			fmt.Fprintf(&b, "%s  %s\n", sum(files[name]), name)
		}
	}
	return sum([]byte(b.String()))
}

const readme = `# Evidence bundle 证据包

About 关于: %s %s
Log 日志: %s, %d commits under the signed checkpoint 签名检查点所含提交; %d of them here 本包所含.

Verify without a network 离线核验:

    zhitong-verify THIS.zip --key KEYFILE
    zhitong audit verify THIS.zip --key KEYFILE

KEYFILE holds the log's public key as you know it from elsewhere. Without it the key
inside is used, which only shows that nothing was changed after the bundle was made,
not who made it. 没有 --key 时用包内公钥，只能说明此后未被改动，不能说明由谁签发。

Each file of proofs/ is a C2SP tlog-proof with its commit; any client of that format
can check it. The rows, the trace and the reports (HTML, PDF) follow from the whole log
and are here for reading. A report names the SHA-256 over the other files of the bundle
that it was printed from: it is "evidence" of manifest.json, and what this prints:

    sha256sum $(find * -type f ! -name manifest.json ! -name 'report.*' | LC_ALL=C sort) | sha256sum
`
