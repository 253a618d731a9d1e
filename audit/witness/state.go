// Package witness is what keeps a log from showing two histories: a C2SP
// tlog-witness that cosigns consistent checkpoints and keeps the proof of a fork,
// and the log's side of it, which asks witnesses.
//
// It owns the protocol and the witness's one state file. It refuses to cosign
// what does not continue what it cosigned before, for ever. Start reading at
// [Witness.Add]; [Witness.Poll] is for a witness that nobody can reach, [Ask] is
// the log's side.
package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// forksMax is how many forks are kept as evidence; one is enough to convict.
const forksMax = 16

// Fork is two checkpoints of one log that cannot both be true, each signed by the
// log.
type Fork struct {
	Cosigned string `json:"cosigned"` // the signed note that was cosigned before
	Refused  string `json:"refused"`  // the signed note that does not continue it
	Reason   string `json:"reason"`
}

// known is what a witness remembers of one log.
type known struct {
	VKeys string `json:"vkeys"`         // public keys of the log, one a line
	Note  string `json:"note,omitzero"` // the latest checkpoint that was cosigned
	Size  uint64 `json:"size"`
	Forks []Fork `json:"forks,omitzero"`
}

// state is the state file: what is known of each log by its origin.
type state map[string]*known

func readState(path string) (state, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return nil, err
	}
	s := state{}
	if err := json.Unmarshal(b, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("witness state %q: %w", path, err)
	}
	return s, nil
}

// write replaces the state file: a crash leaves the old or the new one.
func (s state) write(path string) error {
	b, err := json.Marshal(s, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
