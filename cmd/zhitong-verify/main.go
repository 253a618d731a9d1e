// Command zhitong-verify checks evidence of a zhitong log offline: an evidence
// bundle, a proof, or an exported log with a copy of its audit folder.
//
// It is small on purpose: it has no broker, no database and no way to write. It
// owns flags and printing; the checks are in audit/offline and audit/verify. It ends
// with 0 when all is well, 1 when something was found, 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/audit/offline"
)

const usage = `zhitong-verify checks evidence of a zhitong log, offline.

  zhitong-verify [flags] BUNDLE.zip
  zhitong-verify [flags] FILE.tlog-proof
  zhitong-verify [flags] LOG.ndjson          written by zhitong export log, or export events

Flags:
  --key FILE     public keys of the log, as you know them
  --since FILE   a signed checkpoint or a receipt that you have kept (repeatable)
  --witnesses FILE  a witness policy: the checkpoint must meet its quorum
  --audit DIR    copy of the audit folder, for an exported log
  --hashes       only hashes, tiles and checkpoints
  --json         print JSON

Example: zhitong-verify --key vkeys --audit audit log.ndjson
`

// gcPercent trades memory for time: what is decoded lives for a moment.
const gcPercent = 400

func main() {
	debug.SetGCPercent(gcPercent)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o offline.Options
	asJSON := false
	f := flag.NewFlagSet("zhitong-verify", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.Key, "key", "", "")
	f.StringVar(&o.Audit, "audit", "", "")
	f.StringVar(&o.Witnesses, "witnesses", "", "")
	f.BoolVar(&o.HashesOnly, "hashes", false, "")
	f.BoolVar(&asJSON, "json", false, "")
	f.Func("since", "", func(s string) error { o.Since = append(o.Since, s); return nil })
	name, err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "zhitong-verify: %v\n%s", err, usage)
		return 2
	}
	report, err := offline.File(ctx, name, o)
	if err != nil {
		fmt.Fprintf(stderr, "zhitong-verify: %s: %v\n", name, err)
		return 2
	}
	if asJSON {
		err = json.MarshalWrite(stdout, report, jsontext.WithIndent("  "))
	} else {
		err = report.Text(stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "zhitong-verify: %v\n", err)
		return 2
	case !report.OK():
		return 1
	}
	return 0
}

// parse reads flags before and behind the one file.
func parse(f *flag.FlagSet, args []string) (string, error) {
	if err := f.Parse(args); err != nil {
		return "", err
	}
	if f.NArg() == 0 {
		return "", errors.New("one file is needed")
	}
	name := f.Arg(0)
	if err := f.Parse(f.Args()[1:]); err != nil {
		return "", err
	}
	if f.NArg() != 0 {
		return "", errors.New("one file is needed")
	}
	return name, nil
}
