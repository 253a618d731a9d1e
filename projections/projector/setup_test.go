package projector_test

import (
	"testing"

	"zhitong/projections/projector"
)

// open makes a projector that is closed with the test.
func open(t testing.TB, cfg projector.Config) *projector.Projector {
	t.Helper()
	p, err := projector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}
