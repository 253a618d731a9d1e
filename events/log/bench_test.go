package log_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
	"zhitong/events/log/logtest"
	"zhitong/internal/embedded/embeddedtest"
)

// commitBytes is a usual size of a commit of one or two events.
const commitBytes = 1300

func benchCommits(n int) [][]byte {
	commits := make([][]byte, n)
	for i := range commits {
		commits[i] = bytes.Repeat([]byte{'x'}, commitBytes)
	}
	return commits
}

// BenchmarkAppend appends durable blocks one after the other.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("commits=%d", n), func(b *testing.B) {
			l := openLog(b, embeddedtest.NATS(b))
			commits, head := benchCommits(n), log.Head{}
			ctx := b.Context()
			for b.Loop() {
				var err error
				if head, err = l.Append(ctx, head, commits); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkClusterAppend is BenchmarkAppend on three servers in this process, each of
// which syncs every block.
func BenchmarkClusterAppend(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("commits=%d", n), func(b *testing.B) {
			servers := embeddedtest.Cluster(b)
			l := openReplicated(b, connectTo(b, servers[0]), log.StreamDefault)
			commits, head := benchCommits(n), log.Head{}
			for b.Loop() {
				var err error
				if head, err = l.Append(b.Context(), head, commits); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkPublish is the floor under BenchmarkAppend: the client's own publish
// of the same bytes, without expectation.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("commits=%d", n), func(b *testing.B) {
			nc := embeddedtest.NATS(b)
			openLog(b, nc)
			js, err := jetstream.New(nc)
			if err != nil {
				b.Fatal(err)
			}
			payload := bytes.Repeat([]byte{'x'}, n*(commitBytes+1))
			for b.Loop() {
				if _, err := js.Publish(b.Context(), log.Subject(log.StreamDefault), payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// filled returns a log of many blocks.
func filled(b *testing.B, blocks, commits int) (log.Log, log.Head) {
	b.Helper()
	l := openLog(b, embeddedtest.NATS(b))
	head := log.Head{}
	for range blocks {
		head = logtest.MustAppend(b, l, head, benchCommits(commits))
	}
	return l, head
}

// BenchmarkHead asks for the head.
func BenchmarkHead(b *testing.B) {
	l, _ := filled(b, 100, 16)
	for b.Loop() {
		if _, err := l.Head(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a whole log.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprintf("commits=%d", n), func(b *testing.B) {
			l, head := filled(b, 20000/n, n)
			for b.Loop() {
				if err := log.Verify(b.Context(), l); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(head.Position)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkLoad loads ten commits spread over the log.
func BenchmarkLoad(b *testing.B) {
	l, head := filled(b, 5000, 4)
	positions := make([]uint64, 10)
	for i := range positions {
		positions[i] = 1 + uint64(i)*(head.Position-1)/9
	}
	for b.Loop() {
		if err := l.Load(b.Context(), positions, func(uint64, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFollow appends a block and waits until a follower has seen it.
func BenchmarkFollow(b *testing.B) {
	nc := embeddedtest.NATS(b)
	l, head := openLog(b, nc), log.Head{}
	seen := make(chan uint64)
	ctx := b.Context()
	go func() {
		_ = l.Follow(ctx, 1, func(block log.Block) error {
			select {
			case seen <- block.Seq:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	commits := benchCommits(1)
	for b.Loop() {
		var err error
		if head, err = l.Append(ctx, head, commits); err != nil {
			b.Fatal(err)
		}
		<-seen
	}
}
