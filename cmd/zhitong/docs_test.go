package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "rewrite the reference page of the command line")

// TestReferenceIsTheHelp holds docs/reference/command-line.md to the commands.
func TestReferenceIsTheHelp(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Command line\n\nMade from the program's own help by `go test ./cmd/zhitong -update`.\n\n" +
		"Results go to standard output, everything else to standard error. Exit status: 0 done; 1 a check found something, or `import` rejected something; " +
		"2 usage; 3 refused by a rule; 4 unavailable (the log or the database is out of reach). " +
		"Every global flag has a variable (`--nats-url`: `ZHITONG_NATS_URL`) and a key in `zhitong.toml` of the data folder (`nats_url`); a flag wins over a variable, a variable over the file. " +
		"Also: `ZHITONG_PG_BIN`, `ZHITONG_PG_DATA`, `ZHITONG_REPLICAS`, `ZHITONG_MASTER_KEY`, `ZHITONG_WITNESS_POLICY`, `NO_COLOR`.\n")
	root := (&program{}).root()
	page(&b, root)
	name := filepath.Join("..", "..", "docs", "reference", "command-line.md")
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(have, []byte(b.String())) {
		t.Errorf("%s is not what the program says (%v): run go test ./cmd/zhitong -update", name, err)
	}
}

// page writes a command and those below it.
func page(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## `%s`\n\n", c.UseLine())
	what := c.Long
	if what == "" {
		what = c.Short + "."
	}
	fmt.Fprintf(b, "%s\n", what)
	var flags []string
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			flags = append(flags, fmt.Sprintf("| `--%s` | %s | %s |", f.Name, f.Usage, strings.Trim(f.DefValue, "[]")))
		}
	})
	if len(flags) > 0 {
		fmt.Fprintf(b, "\n| flag | what | default |\n|---|---|---|\n%s\n", strings.Join(flags, "\n"))
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", c.Example)
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" && sub.Name() != "completion" {
			page(b, sub)
		}
	}
}
