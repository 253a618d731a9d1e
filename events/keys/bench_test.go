package keys_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"zhitong/events/keys"
	"zhitong/internal/embedded/embeddedtest"
)

// BenchmarkRotate measures a rotation of the master key, as every erasure makes one,
// with so many persons.
func BenchmarkRotate(b *testing.B) {
	for _, persons := range []int{100, 1000} {
		b.Run(fmt.Sprint(persons), func(b *testing.B) {
			m, err := keys.OpenMaster(filepath.Join(b.TempDir(), "master.key"))
			if err != nil {
				b.Fatal(err)
			}
			s, err := keys.OpenStream(b.Context(), embeddedtest.NATS(b), "ZHITONG", 1, m)
			if err != nil {
				b.Fatal(err)
			}
			for n := range persons {
				if _, err := s.Create(b.Context(), fmt.Sprintf("party/C%d", n), bytes.Repeat([]byte{byte(n)}, 32)); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := s.Rotate(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
