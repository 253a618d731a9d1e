package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"zhitong/audit/checkpoint"
	"zhitong/audit/offline"
	"zhitong/audit/tree"
	"zhitong/events/log"
)

// restoreRun is one run of restore.
type restoreRun struct {
	p     *program
	tiles string
	key   string
	to    uint64
}

func (p *program) restoreCommand() *cobra.Command {
	r := restoreRun{p: p}
	c := &cobra.Command{
		Use:   "restore --from-tiles DIR",
		Short: "Make the log anew from the entry bundles of an audit folder",
		Long: `Make the log of an empty data folder anew from the entry bundles of an audit folder.
Each commit is checked against the signed tree, so that the log is exactly what was
signed. Commits that the bundles do not hold are named, and nothing is written; with
--to the part before them can be restored.`,
		Example: `  mv data/nats data/nats-damaged
  zhitong restore --from-tiles data/audit --data data
  zhitong audit verify --data data`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if r.tiles == "" {
				return usagef("--from-tiles DIR is needed")
			}
			return p.with(c.Context(), r.run)
		},
	}
	f := c.Flags()
	f.StringVar(&r.tiles, "from-tiles", "", "audit folder, or a copy of one")
	f.StringVar(&r.key, "key", "", "file with the public keys as you know them (default: those in the folder)")
	f.Uint64Var(&r.to, "to", 0, "last position (default: all that was signed)")
	return c
}

func (r *restoreRun) run(ctx context.Context, h *house) error {
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	if head.Position != 0 {
		return usagef("the log in %s has %d positions: an empty data folder is needed", r.p.cfg.Data, head.Position)
	}
	reader := tree.NewReader(os.DirFS(r.tiles))
	signed, err := r.signed(reader)
	if err != nil {
		return err
	}
	if missing, err := r.missing(reader, signed.Checkpoint); err != nil || len(missing) > 0 {
		for _, m := range missing {
			r.p.note(fmt.Sprintf("positions %d to %d: %s", m.First, m.Last, m.Why))
		}
		return errors.Join(err, hintError{found(len(missing), "parts of the log cannot be restored from here; nothing was written"),
			fmt.Sprintf("restore what comes before with --to, or bring another copy of %s", filepath.Join(r.tiles, "tile"))})
	}
	head, err = r.append(ctx, h.log, reader, signed.Checkpoint)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.p.stdout, "restored %d of %d signed commits\n", head.Position, signed.Size)
	return nil
}

// signed is the latest checkpoint, by a known key.
func (r *restoreRun) signed(reader tree.Reader) (checkpoint.Signed, error) {
	inside, err := reader.VKeys()
	if err != nil {
		return checkpoint.Signed{}, usageError{fmt.Errorf("%s is no audit folder: %w", r.tiles, err)}
	}
	verifiers, err := offline.Options{Key: r.key}.Verifiers(inside)
	if err != nil {
		return checkpoint.Signed{}, usageError{err}
	}
	note, err := reader.Latest()
	if err != nil {
		return checkpoint.Signed{}, err
	}
	s, err := checkpoint.Open(note, verifiers)
	if err != nil {
		return s, foundError{err}
	}
	if r.to == 0 || r.to > s.Size {
		r.to = s.Size
	}
	return s, nil
}

// missing lists what cannot be recovered up to the last position wanted.
func (r *restoreRun) missing(reader tree.Reader, c checkpoint.Checkpoint) ([]tree.Missing, error) {
	all, err := reader.Recover(c, nil, func(uint64, []byte) error { return nil })
	var missing []tree.Missing
	for _, m := range all {
		if m.First <= r.to {
			missing = append(missing, m)
		}
	}
	return missing, err
}

// append writes the commits in blocks, as the committer would.
func (r *restoreRun) append(ctx context.Context, l log.Log, reader tree.Reader, c checkpoint.Checkpoint) (log.Head, error) {
	var head log.Head
	var block [][]byte
	size := 0
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		var err error
		head, err = l.Append(ctx, head, block)
		block, size = nil, 0
		return err
	}
	_, err := reader.Recover(c, nil, func(position uint64, commit []byte) error {
		if position > r.to {
			return nil
		}
		if commit == nil {
			return fmt.Errorf("position %d cannot be read any more", position)
		}
		if len(block) == log.BlockCommitsMax || size+len(commit) > log.BlockBytesMax {
			if err := flush(); err != nil {
				return err
			}
		}
		block, size = append(block, commit), size+len(commit)+1
		return nil
	})
	if err != nil {
		return head, err
	}
	return head, flush()
}
