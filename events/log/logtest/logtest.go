// Package logtest is the suite that every [log.Log] passes.
//
// It owns what the contract means in cases. It never enters the binary. Start at
// [Run] for the contract, and [RunLost] for answers that are lost.
package logtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/events/log"
)

// waitMax bounds what a test waits for.
const waitMax = 30 * time.Second

// Run holds a log to the contract. open returns an empty log of its own for
// each case.
func Run(t *testing.T, open func(t *testing.T) log.Log) {
	cases := []struct {
		name string
		run  func(*testing.T, log.Log)
	}{
		{"EmptyLogHasNothing", emptyLog},
		{"AppendMovesTheHead", appendMovesHead},
		{"ReadsWhatWasAppended", readsBack},
		{"ReadBeginsAtAnyPosition", readsFromAnywhere},
		{"ReadEndsAtTheHeadOfTheCall", readEndsAtHead},
		{"ReadReturnsTheErrorOfFn", readStops},
		{"LoadFindsAnyPosition", loads},
		{"LoadRefusesWhatIsNotThere", loadRefuses},
		{"StaleHeadStoresNothing", staleHead},
		{"HeadThatNeverWasStoresNothing", inventedHead},
		{"SameBlockAgainIsOneBlock", sameBlockAgain},
		{"BlockLimits", blockLimits},
		{"LargestCommit", largestCommit},
		{"ConcurrentAppendersShareOneOrder", concurrentAppenders},
		{"FollowSeesEverythingOnce", followSeesAll},
		{"SlowFollowerMissesNothing", slowFollower},
		{"FollowBeginsBehindTheHead", followBehindHead},
		{"FollowEndsWithItsContext", followEnds},
		{"IdentityIsFixedByTheFirstCommit", identity},
		{"EndedContext", endedContext},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// Context returns a context that ends when a test takes too long.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), waitMax)
	t.Cleanup(cancel)
	return ctx
}

// Commits returns n commits that tell themselves apart.
func Commits(label string, n int) [][]byte {
	commits := make([][]byte, n)
	for i := range commits {
		commits[i] = fmt.Appendf(nil, `[{"id":"%s-%d"}]`, label, i+1)
	}
	return commits
}

// MustAppend appends a block.
func MustAppend(t testing.TB, l log.Log, expected log.Head, commits [][]byte) log.Head {
	t.Helper()
	head, err := l.Append(Context(t), expected, commits)
	if err != nil {
		t.Fatalf("append behind %+v: %v", expected, err)
	}
	want := log.Head{Seq: expected.Seq + 1, Position: expected.Position + uint64(len(commits))}
	if head != want {
		t.Fatalf("append behind %+v: head %+v, want %+v", expected, head, want)
	}
	return head
}

// All returns the commits from a position to the head as strings, after having
// checked that they are contiguous.
func All(t testing.TB, l log.Log, from uint64) []string {
	t.Helper()
	var all []string
	next := max(from, 1)
	err := l.Read(Context(t), from, func(b log.Block) error {
		if b.First != next {
			return fmt.Errorf("block %d begins at %d, want %d", b.Seq, b.First, next)
		}
		next = b.Last() + 1
		for _, commit := range b.Commits {
			all = append(all, string(commit))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("read from %d: %v", from, err)
	}
	return all
}

// fill appends blocks of the given sizes and returns all commits.
func fill(t *testing.T, l log.Log, sizes ...int) (all []string, head log.Head) {
	t.Helper()
	for i, size := range sizes {
		commits := Commits(fmt.Sprintf("b%d", i+1), size)
		head = MustAppend(t, l, head, commits)
		all = append(all, texts(commits)...)
	}
	return all, head
}

func texts(commits [][]byte) []string {
	all := make([]string, len(commits))
	for i, commit := range commits {
		all[i] = string(commit)
	}
	return all
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}
