// Package pgcluster makes and runs a private Postgres cluster from the server
// binaries that are installed.
//
// It owns the cluster's folder, the account it runs as, and the postmaster of
// that folder: there is never a second one. It listens on a Unix socket only. It
// refuses to know who needs the cluster and for how long; that is package
// embedded's. Start at [Cluster].
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoBinaries says that no Postgres server is installed.
var ErrNoBinaries = errors.New("no PostgreSQL server binaries found; install them (Debian and Ubuntu: apt-get install postgresql) or name their folder in ZHITONG_PG_BIN")

// Binaries is one installed version of the server.
type Binaries struct {
	Dir   string // holds postgres and initdb
	Major int    // 15, 16, …
}

func (b Binaries) path(name string) string { return filepath.Join(b.Dir, name) }

// usualPlaces are patterns of folders where packagers put the server.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/local/pgsql/bin",
	"/usr/local/opt/postgresql*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// FindBinaries returns what is installed, newest first. named is the folder that
// the user has named; when it is not empty nothing else is looked at.
func FindBinaries(ctx context.Context, named string) ([]Binaries, error) {
	if named != "" {
		b, err := inspect(ctx, named)
		if err != nil {
			return nil, fmt.Errorf("ZHITONG_PG_BIN=%s: %w", named, err)
		}
		return []Binaries{b}, nil
	}
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, pattern := range usualPlaces {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("look for postgres in %s: %w", pattern, err)
		}
		dirs = append(dirs, found...)
	}
	var all []Binaries
	for _, dir := range distinct(dirs) {
		// A folder without the whole server, such as a client's, is passed over.
		if b, err := inspect(ctx, dir); err == nil {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return nil, ErrNoBinaries
	}
	slices.SortStableFunc(all, func(a, b Binaries) int { return b.Major - a.Major })
	return all, nil
}

// distinct drops folders whose server is one that stood before under another
// name, such as a link to it.
func distinct(dirs []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		server, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		again := err != nil || seen[server]
		seen[server] = true
		return again
	})
}

// inspect asks a folder's server for its version.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	ctx, cancel := context.WithTimeout(ctx, versionWait)
	defer cancel()
	b := Binaries{Dir: dir}
	if _, err := os.Stat(b.path("initdb")); err != nil {
		return b, err
	}
	out, err := exec.CommandContext(ctx, b.path("postgres"), "--version").Output()
	if err != nil {
		return b, fmt.Errorf("%s --version: %w", b.path("postgres"), err)
	}
	b.Major, err = parseMajor(string(out))
	return b, err
}

// versionWait bounds the question for a version.
const versionWait = 10 * time.Second

// parseMajor reads 15 from "postgres (PostgreSQL) 15.4 (Debian 15.4-1)".
func parseMajor(version string) (int, error) {
	_, rest, _ := strings.Cut(version, "(PostgreSQL) ")
	digits := strings.TrimLeft(rest, "0123456789")
	major, err := strconv.Atoi(strings.TrimSuffix(rest, digits))
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", strings.TrimSpace(version), err)
	}
	return major, nil
}
