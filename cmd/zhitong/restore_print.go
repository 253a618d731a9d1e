package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// print says what was restored, or would be.
func (r *restoreRun) print() error {
	m := &r.result
	if r.format == "json" {
		err := json.MarshalWrite(r.p.stdout, m)
		fmt.Fprintln(r.p.stdout)
		return err
	}
	say := func(key string, args ...any) { fmt.Fprintln(r.p.stdout, r.p.text.Say(key, args...)) }
	head := "restore.would"
	if m.Restored {
		head = "restore.done"
	}
	say(head, "position", m.Position, "size", m.Size, "folder", m.Folder, "time", m.Recorded.Format(time.RFC3339), "event", m.LastEvent)
	r.sayCheckpoints(say)
	if r.tiles == "" {
		r.sayKeys(say)
	}
	if !m.Restored {
		return nil
	}
	switch m.Views {
	case viewsAnew:
		say("restore.views_anew")
	case viewsBefore:
		say("restore.views_before")
	default:
		say("restore.views_elsewhere")
	}
	return nil
}

func (r *restoreRun) sayCheckpoints(say func(string, ...any)) {
	own := r.result.Checkpoint
	key := "restore.same"
	if own.Missing > 0 {
		key = "restore.shorter"
	}
	say(key, "size", own.Size, "by", strings.Join(own.By, ", "), "missing", own.Missing)
	for _, s := range r.result.Since {
		key := "restore.since_same"
		switch {
		case !s.Compared:
			key = "restore.since_behind"
		case s.Missing > 0:
			key = "restore.since_shorter"
		}
		say(key, "file", s.File, "size", s.Size, "by", strings.Join(s.By, ", "), "missing", s.Missing)
	}
	if r.tiles != "" && own.Missing > 0 {
		say("restore.tiles_shorter", "audit", filepath.Join(r.p.cfg.Data, auditFolder), "key", r.p.signingKey())
	}
}

func (r *restoreRun) sayKeys(say func(string, ...any)) {
	m := &r.result
	if m.Keys == nil {
		say("restore.no_keys")
	} else {
		say("restore.keys", "keys", m.Keys.Keys, "erased", m.Keys.Erased)
		for _, id := range m.Keys.AskAgain {
			say("restore.ask_again", "party", id)
		}
	}
	if m.NewSigner {
		say("restore.new_signer", "folder", auditBeforeFolder)
	}
}
