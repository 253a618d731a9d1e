package bundle

import (
	"bytes"
	_ "embed" // report.html
	"fmt"
	"html/template"

	"zhitong/audit/trace"
)

//go:embed report.html
var reportHTML string

// words are the texts of a report.
type words struct {
	Lang, Title, About, Signed, Commits, Lines, Bears, Event, By, When, Says, How, HowText string
}

var texts = []words{
	{Lang: "zh", Title: "证据包", About: "关于", Signed: "签名检查点所含提交数", Commits: "本包所含提交", Lines: "逐行计算",
		Bears: "承担", Event: "事件", By: "经办", When: "发生时间", Says: "内容", How: "如何核验",
		HowText: "在任何一台机器上、不联网，运行：zhitong audit verify 本文件.zip --key 公钥文件，或 zhitong-verify 本文件.zip。每个提交都有对签名检查点的包含证明；本页与各行数据只是便览。"},
	{Lang: "en", Title: "Evidence bundle", About: "About", Signed: "Commits under the signed checkpoint", Commits: "Commits in this bundle", Lines: "Calculation, line by line",
		Bears: "bears", Event: "Event", By: "By", When: "Happened", Says: "Says", How: "How to verify",
		HowText: "On any machine, without a network: zhitong audit verify THIS.zip --key KEYFILE, or zhitong-verify THIS.zip. Each commit has an inclusion proof against the signed checkpoint; this page and the rows are conveniences."},
}

// putReports puts the reports for people and the README.
func putReports(files map[string][]byte, m manifest, nodes []*trace.Node) error {
	t, err := template.New("report").Parse(reportHTML)
	if err != nil {
		return err
	}
	shown := flat(nodes)
	for _, w := range texts {
		var b bytes.Buffer
		if err := t.Execute(&b, map[string]any{"W": w, "M": m, "Nodes": shown}); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		files["report."+w.Lang+".html"] = b.Bytes()
	}
	files["README.md"] = fmt.Appendf(nil, readme, m.Subject.Kind, m.Subject.ID, m.Origin, m.Size, len(m.Commits))
	return nil
}

// flat lists a tree's nodes, causes first, each once.
func flat(nodes []*trace.Node) []*trace.Node {
	var out []*trace.Node
	for _, n := range nodes {
		if n.Again {
			continue
		}
		out = append(out, flat(n.Because)...)
		out = append(out, n)
		out = append(out, flat(n.LeadsTo)...)
	}
	return out
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
can check it. The rows, the trace and the reports follow from the whole log and are
here for reading.
`
