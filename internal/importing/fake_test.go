package importing

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// fakeLog takes commands as the log would: a command id once, the same content
// again is a repeat, other content is refused. refuse is its failure hook.
type fakeLog struct {
	commands []Command
	byID     map[string]string
	refuse   func(c Command) (Result, bool)
	err      func(c Command) error
	waiting  int // on their way now
	most     int // on their way at once
}

func newFakeLog() *fakeLog { return &fakeLog{byID: map[string]string{}} }

type fakePending struct {
	log    *fakeLog
	result Result
	err    error
}

func (p fakePending) Wait(context.Context) (Result, error) {
	p.log.waiting--
	return p.result, p.err
}

func (f *fakeLog) Submit(_ context.Context, c Command) Pending {
	f.waiting++
	f.most = max(f.most, f.waiting)
	if f.err != nil {
		if err := f.err(c); err != nil {
			return fakePending{f, Result{}, err}
		}
	}
	return fakePending{f, f.decide(c, true), nil}
}

func (f *fakeLog) decide(c Command, record bool) Result {
	if f.refuse != nil {
		if r, refused := f.refuse(c); refused {
			return r
		}
	}
	content, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	before, known := f.byID[c.ID]
	switch {
	case known && before == string(content):
		return Result{OK: true}
	case known:
		return Result{Code: "command.id_used", Field: "id", Value: c.ID, Detail: "the id stands for another command"}
	}
	if record {
		f.byID[c.ID] = string(content)
		f.commands = append(f.commands, c)
	}
	return Result{OK: true, New: true}
}

// Rehearse decides on top of the log and forgets.
func (f *fakeLog) Rehearse(_ context.Context, commands []Command) ([]Result, error) {
	over := &fakeLog{byID: map[string]string{}, refuse: f.refuse}
	for id, content := range f.byID {
		over.byID[id] = content
	}
	results := make([]Result, len(commands))
	for i, c := range commands {
		results[i] = over.decide(c, true)
	}
	return results, nil
}

func profile(t testing.TB, name string) *Profile {
	t.Helper()
	p, err := FindProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testdataFile reads a file below testdata at the root of the repository.
func testdataFile(t testing.TB, name string) Source {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return Source{Name: filepath.Base(name), Data: b}
}

// scms is a small sheet for the scms profile: its real header, and rows of the
// sample whose cells are changed by set ("Header=cell").
func scms(t testing.TB, rows ...[]string) Source {
	t.Helper()
	table, err := ReadTable(testdataFile(t, "scms/scms-sample.csv"), "", ',')
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	write := func(cells []string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	write(table.Header)
	for i, sets := range rows {
		cells := append([]string(nil), table.Records[i].Cells...)
		for _, s := range sets {
			header, cell, _ := strings.Cut(s, "=")
			done := false
			for k, h := range table.Header {
				if h == header {
					cells[k], done = cell, true
				}
			}
			if !done {
				t.Fatalf("there is no column %q", header)
			}
		}
		write(cells)
	}
	return Source{Name: "small.csv", Data: []byte(b.String())}
}

func run(t testing.TB, src Source, p *Profile, s Submitter, o Options) *Summary {
	t.Helper()
	sum, err := Run(t.Context(), src, p, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
