package embedded_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"zhitong/internal/embedded"
)

// TestAStreamWhoseMakingWasCutShortIsMadeAgain: a process that is killed while it makes
// the log leaves settings without their checksum.
func TestAStreamWhoseMakingWasCutShortIsMadeAgain(t *testing.T) {
	t.Parallel()
	sum := func(dir string) string {
		return filepath.Join(dir, "nats", "jetstream", "$G", "streams", "ZHITONG", "meta.sum")
	}
	t.Run("Empty", func(t *testing.T) {
		t.Parallel()
		dir, _ := written(t, 0)
		if err := os.Remove(sum(dir)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // and it is whole at the start after that
			i := open(t, dir)
			openLog(t, i)
			closeInstance(t, i)
			if _, err := os.Stat(sum(dir)); err != nil {
				t.Errorf("the stream was not made again: %v", err)
			}
		}
	})
	t.Run("ButNotWhereItHoldsSomething", func(t *testing.T) {
		t.Parallel()
		for _, noted := range []bool{true, false} {
			dir, _ := written(t, 3)
			err := os.Remove(sum(dir))
			if !noted {
				err = errors.Join(err, os.Remove(filepath.Join(dir, "nats", "heads.json")))
			}
			if err != nil {
				t.Fatal(err)
			}
			var damaged *embedded.DamagedError
			if _, err := embedded.Open(testContext(t), embedded.Options{Dir: dir}); !errors.As(err, &damaged) {
				t.Errorf("noted %v: %v, want damage", noted, err)
			}
			if info, err := os.Stat(blockFile(dir)); err != nil || info.Size() == 0 {
				t.Errorf("noted %v: the blocks are gone: %v", noted, err)
			}
		}
	})
}
