package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhitong/events/log"
	"zhitong/internal/embedded/blocks"
)

// DamagedError says that the files of the log can't be read whole. The broker was
// not started: it would repair them in its own way, which is to drop what it can't
// read. Nothing was changed.
type DamagedError struct {
	Dir    string // the data folder
	Damage []blocks.Damage
}

// damageShownMax is how many places an error names.
const damageShownMax = 20

// Error names the damage, position by position.
func (e *DamagedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the log's files in %s are damaged; the log server is not started, for it would drop what it can't read, and nothing was changed", e.Dir)
	for i, d := range e.Damage {
		if i == damageShownMax {
			fmt.Fprintf(&b, "\n%d more places", len(e.Damage)-i)
			break
		}
		fmt.Fprintf(&b, "\n%s", d)
	}
	return b.String()
}

// Unwrap says that this is not the stream that it was.
func (e *DamagedError) Unwrap() error { return log.ErrIdentity }

// checkStore looks at the files of every log before the broker opens them.
func checkStore(f folder) ([]*blocks.Report, error) {
	dirs, err := blocks.Streams(f.store())
	if err != nil {
		return nil, fmt.Errorf("look at the store: %w", err)
	}
	heads, err := readHeads(f)
	if err != nil {
		return nil, err
	}
	var reports []*blocks.Report
	damaged := &DamagedError{Dir: f.path}
	for _, dir := range dirs {
		r, err := blocks.Scan(dir)
		if err != nil {
			return nil, fmt.Errorf("look at the store: %w", err)
		}
		r.Expect(heads[r.Stream])
		delete(heads, r.Stream)
		reports = append(reports, r)
		damaged.Damage = append(damaged.Damage, r.Damage...)
	}
	for stream, head := range heads {
		damaged.Damage = append(damaged.Damage, blocks.Damage{From: 1, To: head.Seq, First: 1, Last: head.Position,
			Why: fmt.Sprintf("stream %s is gone from the store", stream)})
	}
	if len(damaged.Damage) > 0 {
		return reports, damaged
	}
	return reports, nil
}

// readHeads reads how far each log is known to have gone.
func readHeads(f folder) (map[string]log.Head, error) {
	heads := map[string]log.Head{}
	text, err := os.ReadFile(f.heads())
	if errors.Is(err, os.ErrNotExist) {
		return heads, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &heads)
	}
	if err != nil {
		// It is a note, which a crash may have cut: the files say the rest.
		return map[string]log.Head{}, nil
	}
	return heads, nil
}

// noteHeads notes how far the logs have gone.
func noteHeads(f folder, heads map[string]log.Head) error {
	text, err := json.Marshal(heads, json.Deterministic(true))
	if err != nil {
		return err
	}
	err = os.WriteFile(f.heads()+".new", text, 0o600)
	if errors.Is(err, syscall.ENOSPC) {
		return os.Remove(f.heads() + ".new") // the note of before says less, and nothing wrong
	}
	if err == nil {
		err = os.Rename(f.heads()+".new", f.heads())
	}
	if err != nil {
		return fmt.Errorf("note how far the log has gone: %w", err)
	}
	return nil
}

// noteLast notes where the logs stand after the broker has closed them.
func noteLast(f folder) error {
	dirs, err := blocks.Streams(f.store())
	if err != nil {
		return err
	}
	heads := map[string]log.Head{}
	for _, dir := range dirs {
		if heads[filepath.Base(dir)], err = blocks.Last(dir); err != nil {
			return err
		}
	}
	return noteHeads(f, heads)
}

// openedMax bounds the questions to a server that has just started.
const openedMax = 30 * time.Second

// checkOpened compares what the server has made of the files with what they held.
func checkOpened(f folder, s *Server, reports []*blocks.Report) error {
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return fmt.Errorf("ask the log server: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), openedMax)
	defer cancel()
	heads := map[string]log.Head{}
	for _, r := range reports {
		stream, err := js.Stream(ctx, r.Stream)
		if err != nil {
			return fmt.Errorf("stream %s, whose files are whole, was not opened by the log server: %w; the files as they were are in %s", r.Stream, err, f.aside())
		}
		state := stream.CachedInfo().State
		if state.LastSeq != r.Head.Seq || state.Msgs != r.Head.Seq {
			return fmt.Errorf("%w: stream %s: its files hold %d blocks, the log server has opened %d up to %d; the files as they were are in %s",
				log.ErrIdentity, r.Stream, r.Head.Seq, state.Msgs, state.LastSeq, f.aside())
		}
		heads[r.Stream] = r.Head
	}
	return errors.Join(noteHeads(f, heads), dropAside(f))
}
