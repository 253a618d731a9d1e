package app

import (
	"testing"
)

// Everything is what an App's folds hold; see [everything]. The App must not run.
func Everything(t testing.TB, a *App) map[string][]string {
	t.Helper()
	return everything(t, a.c.folds)
}

// Loaded is the position of the snapshot that an App began with; 0 for none.
func Loaded(a *App) uint64 { return a.c.folds.loaded }

// TakeSnapshot takes a snapshot of an App that does not run, and closes it.
func TakeSnapshot(t testing.TB, a *App) {
	t.Helper()
	if err := a.c.snaps.begin(); err != nil {
		t.Fatal(err)
	}
	if err := a.c.snaps.settle(); err != nil {
		t.Fatal(err)
	}
	Close(t, a)
}

// Close gives back what an App that does not run holds.
func Close(t testing.TB, a *App) {
	t.Helper()
	if err := a.c.snaps.close(); err != nil {
		t.Error(err)
	}
}
