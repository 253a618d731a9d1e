package app_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
	"zhitong/internal/model"
)

// derivedKeys is a store whose keys follow from their names, so that two runs of one
// history seal alike.
type derivedKeys struct {
	mu   sync.Mutex
	gone map[string]bool
}

func (*derivedKeys) Load(context.Context) (map[string][]byte, error) { return nil, nil }

func (s *derivedKeys) Create(_ context.Context, name string, _ []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone[name] {
		return nil, errors.New("destroyed")
	}
	sum := sha256.Sum256([]byte(name))
	return sum[:], nil
}

func (s *derivedKeys) Destroy(_ context.Context, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone == nil {
		s.gone = make(map[string]bool)
	}
	for _, name := range names {
		s.gone[name] = true
	}
	return nil
}

var restartClock = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, l log.Log, store keys.Store, s app.Snapshots) *app.App {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	o := assembly.Options(l, ring)
	o.Clock = func() time.Time { return restartClock }
	o.Snapshots = s
	a, err := app.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// run sends a part of a history, one command after the other, and returns the
// answers.
func run(t *testing.T, a *app.App, history []model.Command) []string {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	var answers []string
	for _, c := range history {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		env, p := app.ParseLine(text)
		if p != nil {
			answers = append(answers, p.Error())
			continue
		}
		r, err := a.Submit(ctx, env).Wait(ctx)
		if err != nil {
			t.Fatalf("command %q: %v", c.ID, err)
		}
		text, err = json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, string(text))
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatalf("Run = %v", err)
	}
	return answers
}

// prefix is a log as it was when its head was another one.
type prefix struct {
	log.Log
	head log.Head
}

func (l prefix) Head(context.Context) (log.Head, error) { return l.head, nil }

var errPrefix = errors.New("behind the prefix")

func (l prefix) Read(ctx context.Context, from uint64, fn func(log.Block) error) error {
	err := l.Log.Read(ctx, from, func(b log.Block) error {
		if b.Seq > l.head.Seq {
			return errPrefix
		}
		return fn(b)
	})
	if errors.Is(err, errPrefix) {
		return nil
	}
	return err
}

const (
	restartSeeds    = 6
	restartCommands = 70
)

// TestASnapshotAtEachHeadGivesTheWhole: over random histories, the folds of a
// snapshot and of the tail behind it are those of the whole log, wherever the
// snapshot was taken.
func TestASnapshotAtEachHeadGivesTheWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(restartSeeds) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			l, store := log.NewMemory(), &derivedKeys{}
			run(t, open(t, l, store, app.Snapshots{}), model.Generate(seed, restartCommands))
			want := app.Everything(t, open(t, l, store, app.Snapshots{}))
			var heads []log.Head
			if err := l.Read(t.Context(), 1, func(b log.Block) error {
				heads = append(heads, log.Head{Seq: b.Seq, Position: b.Last()})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if len(heads) < restartCommands/4 {
				t.Fatalf("the history has only %d blocks", len(heads))
			}
			for _, head := range heads {
				disk := app.Folder(filepath.Join(t.TempDir(), fmt.Sprint(head.Seq)))
				app.TakeSnapshot(t, open(t, prefix{l, head}, store, app.Snapshots{Disk: disk}))
				a := open(t, l, store, app.Snapshots{Disk: disk})
				if app.Loaded(a) != head.Position {
					t.Fatalf("the snapshot at %d was not used", head.Position)
				}
				if d := cmp.Diff(want, app.Everything(t, a)); d != "" {
					t.Fatalf("snapshot at position %d: %s", head.Position, d)
				}
				app.Close(t, a)
			}
		})
	}
}

// TestDecisionsAreTheSameAfterAStartFromASnapshot sends random histories with
// restarts at random points: an application that starts from snapshots answers and
// records what one does that reads the whole log each time.
func TestDecisionsAreTheSameAfterAStartFromASnapshot(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2 * restartSeeds) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			history := model.Generate(seed, restartCommands)
			random := rand.New(rand.NewPCG(seed, 15))
			var cuts []int
			for i := random.IntN(9); i < len(history); i += 1 + random.IntN(9) {
				cuts = append(cuts, i)
			}
			disk := app.Folder(filepath.Join(t.TempDir(), "snapshots"))
			with, used := restarted(t, history, cuts, app.Snapshots{Disk: disk, Every: 1})
			without, _ := restarted(t, history, cuts, app.Snapshots{})
			if d := cmp.Diff(without, with); d != "" {
				t.Error(d)
			}
			if used < len(cuts)/2 {
				t.Errorf("only %d of %d starts used a snapshot", used, len(cuts))
			}
		})
	}
}

// restarted sends a history with restarts at the cuts and returns the answers and
// the log's lines, and how many starts used a snapshot.
func restarted(t *testing.T, history []model.Command, cuts []int, s app.Snapshots) (lines []string, used int) {
	t.Helper()
	l, store := log.NewMemory(), &derivedKeys{}
	from := 0
	for _, cut := range append(cuts, len(history)) {
		a := open(t, l, store, s)
		if app.Loaded(a) > 0 {
			used++
		}
		lines = append(lines, run(t, a, history[from:cut])...)
		from = cut
	}
	if err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			lines = append(lines, string(line))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return lines, used
}

// TestDecisionsDoNotDependOnWhenTheApplicationWasStarted sends random histories in
// one run, and with restarts that read the whole log: what is folded live decides as
// what the log's bytes give.
func TestDecisionsDoNotDependOnWhenTheApplicationWasStarted(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4 * restartSeeds) {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			history := model.Generate(seed, restartCommands)
			var cuts []int
			for i := int(seed % 3); i < len(history); i += 3 {
				cuts = append(cuts, i)
			}
			once, _ := restarted(t, history, nil, app.Snapshots{})
			often, _ := restarted(t, history, cuts, app.Snapshots{})
			if d := cmp.Diff(once, often); d != "" {
				t.Error(d)
			}
		})
	}
}
