package projector_test

import (
	"testing"

	"zhitong/events"
	"zhitong/internal/embedded/embeddedtest"
	"zhitong/projections"
	"zhitong/projections/catalogue"
	"zhitong/projections/projectionstest"
	"zhitong/projections/projector"
)

func countEvents(b *testing.B, lines [][]byte) int {
	b.Helper()
	n := 0
	for _, l := range lines {
		c, err := events.Decode(l)
		if err != nil {
			b.Fatal(err)
		}
		n += len(c.Events)
	}
	return n
}

// BenchmarkRebuild rebuilds every view of the whole demo programme's trade from
// the log in memory into Postgres, decoding included.
func BenchmarkRebuild(b *testing.B) {
	lines := projectionstest.Demo(b, "1")
	n := countEvents(b, lines)
	p := open(b, projector.Config{
		Postgres: embeddedtest.Postgres(b), Log: projectionstest.NewLog(b, lines, 16), Projections: catalogue.All(),
	})
	if err := p.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := p.Rebuild(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFold is the part of it that needs no database.
func BenchmarkFold(b *testing.B) {
	lines := projectionstest.Demo(b, "1")
	n := countEvents(b, lines)
	l := projectionstest.NewLog(b, lines, 16)
	for b.Loop() {
		if _, err := projections.Fold(b.Context(), projectionstest.Reader(l), catalogue.All(), projections.Until{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkLive follows the same log in batches with one checkpoint, from nothing.
func BenchmarkLive(b *testing.B) {
	lines := projectionstest.Demo(b, "1")
	n := countEvents(b, lines)
	l := projectionstest.NewLog(b, lines, 16)
	for b.Loop() {
		p := open(b, projector.Config{
			Postgres: embeddedtest.Postgres(b), Log: l, Projections: catalogue.All(), RebuildCommitsMin: len(lines) + 1,
		})
		if err := p.CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkLag is the time from a commit that is durable to the moment when a
// reader may see it in a view.
func BenchmarkLag(b *testing.B) {
	lines := projectionstest.Demo(b, "0.05")
	l := projectionstest.NewLog(b, lines[:len(lines)/2], 16)
	p := open(b, projector.Config{Postgres: embeddedtest.Postgres(b), Log: l, Projections: catalogue.All()})
	start(b, p)
	at := len(lines) / 2
	if err := p.WaitFor(b.Context(), uint64(at)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if at == len(lines) {
			b.Skip("the log is used up")
		}
		projectionstest.Append(b, l, lines[at:at+1], 1)
		at++
		if err := p.WaitFor(b.Context(), uint64(at)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode reads and decodes alone: the floor of BenchmarkFold.
func BenchmarkDecode(b *testing.B) {
	lines := projectionstest.Demo(b, "1")
	n := countEvents(b, lines)
	l := projectionstest.NewLog(b, lines, 16)
	for b.Loop() {
		if _, err := projections.Fold(b.Context(), projectionstest.Reader(l), nil, projections.Until{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
}
