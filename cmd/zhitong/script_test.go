package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/testscript"

	"zhitong/internal/embedded/embeddedtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"zhitong": main})
}

// TestScripts runs testdata/script: each file is a story of command lines, run as
// real processes on a fresh data folder, with a database of its own; one that
// clears ZHITONG_POSTGRES_URL gets a whole cluster, in $OWN_PG.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("ZHITONG_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("ZHITONG_POSTGRES_URL", embeddedtest.Postgres(e.T().(testing.TB)))
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("G", "$G")
			e.Setenv("TESTDATA", folder(e.T().(testing.TB), "testdata"))
			e.Setenv("DOCS", folder(e.T().(testing.TB), "docs"))
			return ownPostgres(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "hostile-ids": hostileIDs, "long-line": longLine, "unquote-bytes": unquoteBytes,
			"damage": damage, "spoil": spoil,
		},
		RequireExplicitExec: true,
	})
}

// ownPostgres names a folder for a private cluster where its unprivileged user can
// reach it.
func ownPostgres(e *testscript.Env) error {
	dir, err := os.MkdirTemp("/tmp", "zt-script-")
	if err != nil {
		return err
	}
	e.Defer(func() { os.RemoveAll(dir) })
	e.Setenv("OWN_PG", filepath.Join(dir, "pg"))
	return os.Chmod(dir, 0o755)
}

// folder is a folder at the top of the repository.
func folder(t testing.TB, name string) string {
	dir, err := filepath.Abs(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// status N COMMAND…: runs a command that must end with exactly this status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		ended, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// spoil SQL: changes the database behind the program's back.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: spoil SQL")
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, ts.Getenv("ZHITONG_POSTGRES_URL"))
	ts.Check(err)
	_, err = conn.Exec(ctx, strings.Join(args, " ")).ReadAll()
	ts.Check(errors.Join(err, conn.Close(ctx)))
}

// hostile-ids FILE: writes an item.register line for each of the naughty strings,
// the string as id and as name.
func hostileIDs(ts *testscript.TestScript, _ bool, args []string) {
	raw, err := os.ReadFile(filepath.Join(ts.Getenv("TESTDATA"), "blns", "blns.json"))
	ts.Check(err)
	var list []string
	ts.Check(json.Unmarshal(raw, &list))
	var out strings.Builder
	for i, s := range list {
		line, err := json.Marshal(map[string]any{
			"id": "N-" + strconv.Itoa(i), "command": "item.register", "actor": "U-OFF", "role": "officer", "time": "2021-03-01T10:00:00+08:00",
			"data": map[string]any{"item_id": s, "name": map[string]string{"en": s + "."}, "category": "c", "units": map[string]string{}, "loss_allowance": "0"},
		})
		ts.Check(err)
		out.Write(append(line, '\n'))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(out.String()), 0o600))
}

// long-line FILE BYTES: appends a line of so many bytes.
func longLine(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = f.WriteString(`{"id":"` + strings.Repeat("x", n-9) + `"}` + "\n")
	ts.Check(err)
	ts.Check(f.Close())
}

// unquote-bytes FILE: replaces \xNN by the byte, which an archive can't hold.
func unquoteBytes(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, `\x`)
		out.WriteString(before)
		if !ok {
			break
		}
		b, err := strconv.ParseUint(after[:2], 16, 8)
		ts.Check(err)
		out.WriteByte(byte(b))
		text = after[2:]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(out.String()), 0o600))
}

// damage FROM TO TEXT: copies a file with one bit changed in the first place that has
// the text.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	at := strings.Index(string(b), args[2])
	if at < 0 {
		ts.Fatalf("%s does not hold %q", args[0], args[2])
	}
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}
