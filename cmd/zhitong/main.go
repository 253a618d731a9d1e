// Command zhitong is the whole system in one binary: log, views, commands.
//
// It owns the command line: it parses, calls and prints. It refuses rules of any
// kind; those are in domain. Each command group is a file; start at run.go, and at
// house.go for how the parts are put together.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets the heap grow to three times what lives before it is collected:
// decoding and folding make much that is gone at once. GOGC overrides it.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, setLogger: slog.SetDefault}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
