package openapi

import (
	"bufio"
	"bytes"
	_ "embed"
	"slices"

	"zhitong/internal/app"
)

//go:embed examples.ndjson
var examples []byte

// Examples are commands as lines of `zhitong apply`, in an order in which they can be
// sent to an empty log. Every command that a client can send is among them or in
// [Waiting].
func Examples() []app.Envelope {
	return slices.DeleteFunc(read(), waits)
}

// Waiting are examples that are refused as long as nothing is wrong: the clock is
// confirmed when it is behind the log.
func Waiting() []app.Envelope {
	return slices.DeleteFunc(read(), func(env app.Envelope) bool { return !waits(env) })
}

func waits(env app.Envelope) bool { return env.Command == "programme.confirm_clock" }

func read() []app.Envelope {
	var list []app.Envelope
	lines := bufio.NewScanner(bytes.NewReader(examples))
	lines.Buffer(nil, app.LineBytesMax)
	for lines.Scan() {
		env, problem := app.ParseLine(bytes.Clone(lines.Bytes()))
		if problem != nil {
			panic("openapi: examples.ndjson: " + problem.Error()) // a part of the program
		}
		list = append(list, env)
	}
	return list
}

// exampleOf is the first example of a command.
func exampleOf(command string) (app.Envelope, bool) {
	for _, env := range read() {
		if env.Command == command {
			return env, true
		}
	}
	return app.Envelope{}, false
}
