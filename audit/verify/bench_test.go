package verify_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zhitong/audit/audittest"
	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
	"zhitong/audit/verify"
)

// BenchmarkVerify measures all checks over a generated history with the demo's
// policies, without tiles and with them.
func BenchmarkVerify(b *testing.B) {
	w := audittest.World(b, "0.05")
	lines := audittest.Encode(b, audittest.Commits(b, w))
	keys, err := checkpoint.OpenKeys(filepath.Join(b.TempDir(), "key"), "bench")
	if err != nil {
		b.Fatal(err)
	}
	tw, err := tree.OpenWriter(b.TempDir(), keys)
	if err != nil {
		b.Fatal(err)
	}
	if err := tw.Add(1, lines); err != nil {
		b.Fatal(err)
	}
	if _, err := tw.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	verifiers, err := checkpoint.Verifiers(keys.VKeys()[0])
	if err != nil {
		b.Fatal(err)
	}
	r := tw.Reader()
	for name, o := range map[string]verify.Options{
		"AllChecks":      {Tree: &r, Verifiers: verifiers},
		"HashesAndTiles": {Tree: &r, Verifiers: verifiers, HashesOnly: true},
	} {
		b.Run(name, func(b *testing.B) {
			o.Read = audittest.Reader(lines)
			n, before := uint64(0), processor(b)
			b.ReportAllocs()
			for b.Loop() {
				got, err := verify.Run(context.Background(), o)
				if err != nil || !got.OK() {
					b.Fatalf("%v %v", err, got)
				}
				if n += got.Events; o.HashesOnly {
					n += got.Commits
				}
			}
			unit := "events/s"
			if o.HashesOnly {
				unit = "commits/s"
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit)
			b.ReportMetric(float64(processor(b)-before)/1e3/float64(n), "cpu-us/"+strings.TrimSuffix(unit, "s/s"))
		})
	}
}

// processor is the processor time that this process has had, in nanoseconds: of all
// processors, and without what others had meanwhile.
func processor(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
