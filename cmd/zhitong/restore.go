package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"zhitong/domain"
	"zhitong/internal/backup"
)

// restoringFile marks a data folder in which a restore has begun and not ended.
const restoringFile = "restoring"

// restoreRun is one run of restore.
type restoreRun struct {
	p *program

	file     string // a backup
	keysFile string
	tiles    string // or an audit folder
	key      string
	since    []string
	toText   string
	until    backup.Until
	check    bool
	format   string

	resume bool // the folder holds the beginning of a restore
	result restored
}

func (p *program) restoreCommand() *cobra.Command {
	r := restoreRun{p: p}
	c := &cobra.Command{
		Use:   "restore FILE | --from-tiles DIR",
		Short: "Make the log anew in an empty data folder, from a backup or from an audit folder",
		Long: `Make the log anew in an empty data folder, from a backup, or from the entry bundles of
an audit folder. Everything is checked before anything is written: each part of the
backup, and each commit against every signed checkpoint in it and those of --since. A
damaged, shortened or incomplete backup is refused, and the part is named. Nothing is
ever overwritten: a log that holds something is refused. A restore that was cut short
says so at every command; run it again, and it goes on.

The folder may hold master.key, zhitong.toml and witnesses: put master.key there, or
name it with ZHITONG_MASTER_KEY, to restore the keys (--keys). Persons who asked to be
erased do not get their keys back. With the keys the log keeps its signing key; without
them, and when --to leaves commits out, it is signed by a new one, and the checkpoints
from before lie in audit-before. The views are made anew from the log.

--from-tiles needs an empty log only; commits that the bundles do not hold are named, and
nothing is written; with --to the part before them can be restored.`,
		Example: `  zhitong restore /backup/2021-06-30.zt --check
  install -D -m 600 /safe/master.key data2/master.key
  zhitong restore /backup/2021-06-30.zt --keys /elsewhere/2021-06-30.keys --since checkpoint-2021-06-30 --data data2
  zhitong restore /backup/2021-06-30.zt --to 2021-06-15T18:00:00+08:00 --data data3
  zhitong restore --from-tiles data/audit --data data4`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := r.read(args); err != nil {
				return err
			}
			if r.tiles != "" {
				return r.fromTiles(c.Context())
			}
			return r.fromFile(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&r.keysFile, "keys", "", "keys file of a backup")
	f.StringVar(&r.tiles, "from-tiles", "", "audit folder, or a copy of one")
	f.StringVar(&r.key, "key", "", "file with the public keys as you know them (default: those in the backup or folder)")
	f.StringArrayVar(&r.since, "since", nil, "file with a signed checkpoint that you have kept (repeatable)")
	f.StringVar(&r.toText, "to", "", "last position, or time of recording such as 2021-01-31T23:59:59+08:00 (default: everything)")
	f.BoolVar(&r.check, "check", false, "check the backup, say what would be restored, and write nothing")
	f.StringVar(&r.format, "format", "text", "text or json")
	return c
}

// read checks what was typed.
func (r *restoreRun) read(args []string) error {
	if len(args) == 1 {
		r.file = args[0]
	}
	switch {
	case (r.file == "") == (r.tiles == ""):
		return hintError{usagef("either the FILE of a backup or --from-tiles DIR is needed"), "zhitong restore --help"}
	case r.tiles != "" && (r.keysFile != "" || len(r.since) > 0 || r.check):
		return usagef("--keys, --since and --check go with the FILE of a backup")
	case r.format != "text" && r.format != "json":
		return usagef("--format %q: text or json is needed", r.format)
	}
	if r.toText == "" {
		return nil
	}
	if n, err := strconv.ParseUint(r.toText, 10, 63); err == nil && n > 0 {
		r.until.Position = n
		return nil
	}
	t, err := domain.ParseTime(r.toText)
	if err != nil {
		return usagef("--to %q: a position from 1 on, or a time such as 2021-01-31T23:59:59+08:00, is needed", r.toText)
	}
	r.until.Time = t.Instant()
	return nil
}

// unfinished refuses a folder in which a restore has begun and not ended.
func (p *program) unfinished() error {
	what, err := os.ReadFile(filepath.Join(p.cfg.Data, restoringFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return hintError{fmt.Errorf("%s: %s", p.cfg.Data, p.text.Say("restore.unfinished")), string(what)}
}

// begin marks the folder, which must be empty, or hold a restore that was cut short.
func (r *restoreRun) begin(mayHold func(name string) bool) error {
	dir := r.p.cfg.Data
	marker := filepath.Join(dir, restoringFile)
	if _, err := os.Stat(marker); err == nil {
		r.resume = true
		r.p.note(r.p.text.Say("restore.resumed", "folder", dir))
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !mayHold(e.Name()) {
			return usagef("%s holds %s: an empty data folder is needed, nothing is overwritten", dir, e.Name())
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return backup.Put(marker, []byte(r.command()))
}

// end takes the mark away: the folder is whole.
func (r *restoreRun) end() error {
	if err := os.Remove(filepath.Join(r.p.cfg.Data, restoringFile)); err != nil {
		return err
	}
	return backup.SyncFolder(r.p.cfg.Data)
}

// command is what to type to do this again.
func (r *restoreRun) command() string {
	abs := func(name string) string {
		if full, err := filepath.Abs(name); err == nil {
			return full
		}
		return name
	}
	line := "zhitong restore"
	if r.file != "" {
		line += " " + abs(r.file)
	}
	for _, f := range []struct{ flag, value string }{{"--from-tiles", r.tiles}, {"--keys", r.keysFile}, {"--key", r.key}} {
		if f.value != "" {
			line += " " + f.flag + " " + abs(f.value)
		}
	}
	for _, s := range r.since {
		line += " --since " + abs(s)
	}
	if r.toText != "" {
		line += " --to " + r.toText
	}
	return line + " --data " + r.p.cfg.Data
}

// operatorsFiles are what the operator may put into an empty data folder.
var operatorsFiles = []string{masterKeyFile, masterKeyFile + ".lock", "zhitong.toml", witnessPolicyFile, "lost+found"}

func operatorsFile(name string) bool { return slices.Contains(operatorsFiles, name) }

// open opens the folder that is being restored.
func (r *restoreRun) open(ctx context.Context, fn func(context.Context, *house) error) error {
	h, err := r.p.openHouse(ctx)
	if err != nil {
		return err
	}
	err = fn(ctx, h)
	return errors.Join(err, h.close(ctx))
}

// fill writes the commits up to r.result.Position into the log.
func (r *restoreRun) fill(ctx context.Context, h *house, commits backup.Commits) error {
	bar := r.p.newProgress(r.p.text.Say("restore.progress"))
	defer bar.end()
	_, err := backup.Fill(ctx, h.log, commits, r.result.Position, r.resume, func(position uint64) {
		bar.at(int(position), int(r.result.Position))
	})
	if errors.Is(err, backup.ErrNotEmpty) {
		return usagef("the log of %s: %v: an empty data folder is needed, nothing is overwritten", r.p.cfg.Data, err)
	}
	return err
}

// sinceFiles reads the checkpoints that were brought.
func (r *restoreRun) sinceFiles() (map[string][]byte, error) {
	notes := make(map[string][]byte)
	for _, name := range r.since {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, usageError{err}
		}
		notes[name] = b
	}
	return notes, nil
}

// restored is what a restore came to.
type restored struct {
	Folder     string               `json:"folder"`
	Restored   bool                 `json:"restored"` // false: only checked
	Stream     string               `json:"stream,omitzero"`
	Position   uint64               `json:"position"` // of the last commit restored
	Size       uint64               `json:"size"`     // how many there are in the copy
	LastEvent  string               `json:"last_event"`
	Recorded   time.Time            `json:"recorded"`
	Checkpoint comparedCheckpoint   `json:"checkpoint"`
	Since      []comparedCheckpoint `json:"since,omitzero"`
	Keys       *restoredKeys        `json:"keys,omitzero"`
	SignedBy   string               `json:"signed_by,omitzero"` // the log's signing key from now on
	NewSigner  bool                 `json:"new_signer"`
	Views      string               `json:"views,omitzero"`
}

// comparedCheckpoint is a checkpoint held against what was restored.
type comparedCheckpoint struct {
	File    string   `json:"file,omitzero"`
	Size    uint64   `json:"size"`
	By      []string `json:"by"`
	Missing uint64   `json:"missing"` // commits that it covers and that are not restored
	// Compared reports whether the copy reaches it, so that its root was compared.
	Compared bool `json:"compared"`
}

type restoredKeys struct {
	Keys   int `json:"keys"`
	Erased int `json:"erased"` // left out, since their persons were erased
	// AskAgain are parties whose erasure was asked for at a position that is not
	// restored.
	AskAgain []domain.ID `json:"ask_again,omitzero"`
}
