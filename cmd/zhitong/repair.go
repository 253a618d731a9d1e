package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"zhitong/audit/checkpoint"
	"zhitong/audit/tree"
	"zhitong/events/log"
	"zhitong/internal/embedded"
)

// repairRun is one run of repair.
type repairRun struct {
	p     *program
	tiles string
	key   string
	dry   bool
}

func (p *program) repairCommand() *cobra.Command {
	r := repairRun{p: p}
	c := &cobra.Command{
		Use:   "repair",
		Short: "Mend damaged files of the log from the entry bundles of the audit folder",
		Long: `Look at the files of the log in a data folder that no process has open, name what is
damaged, position by position, and put back what was there: the commits come from the
entry bundles of the audit folder, each checked against the signed tree. The log is
then exactly what it was, the files as they were are kept beside it. What nobody holds
is named, nothing is written, and the status is 1.`,
		Example: `  zhitong repair --data data --dry-run
  zhitong repair --data data
  zhitong audit verify --data data`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return r.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&r.tiles, "from-tiles", "", "audit folder, or a copy of one (default: the one in the data folder)")
	f.StringVar(&r.key, "key", "", "file with the public keys as you know them (default: those in the folder)")
	f.BoolVar(&r.dry, "dry-run", false, "say what is damaged and what would be put back, and write nothing")
	return c
}

func (r *repairRun) run(ctx context.Context) error {
	if r.p.cfg.NATSURL != "" {
		return usagef("repair mends the files of the data folder's own log server; a cluster's are mended by its other nodes")
	}
	if r.tiles == "" {
		r.tiles = filepath.Join(r.p.cfg.Data, auditFolder)
	}
	signed, why, err := r.signedCommits(ctx)
	if err != nil {
		return err
	}
	find := func(stream string, position uint64) []byte {
		if stream != log.StreamDefault {
			return nil
		}
		return signed[position]
	}
	m, err := embedded.Mend(r.p.cfg.Data, find, !r.dry)
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	for _, d := range m.Damage {
		fmt.Fprintf(r.p.stdout, "damaged: %s\n", d)
	}
	switch {
	case len(m.Damage) == 0:
		fmt.Fprintln(r.p.stdout, "nothing is damaged")
	case len(m.Lacking) > 0:
		for _, d := range m.Lacking {
			fmt.Fprintf(r.p.stdout, "lacking: %s\n", d)
		}
		if why != nil {
			r.p.note(why.Error())
		}
		return hintError{found(len(m.Lacking), "places that nobody holds a copy of; nothing was written"), r.p.text.Say("hint.lacking")}
	case r.dry:
		fmt.Fprintln(r.p.stdout, "all of it can be put back; nothing was written")
	default:
		fmt.Fprintf(r.p.stdout, "mended; the files as they were are in %s\n", m.Kept)
	}
	return nil
}

// signedCommits are all commits that the audit folder holds, each checked against its
// last checkpoint. why says what is wrong with the folder, where it holds none.
func (r *repairRun) signedCommits(ctx context.Context) (signed map[uint64][]byte, why, err error) {
	signed = map[uint64][]byte{}
	if _, err := os.Stat(r.tiles); errors.Is(err, os.ErrNotExist) {
		return signed, fmt.Errorf("there is no audit folder %s", r.tiles), nil
	}
	reader := tree.NewReader(os.DirFS(r.tiles))
	last, err := (&restoreRun{p: r.p, tiles: r.tiles, key: r.key}).signed(reader)
	if err != nil {
		return nil, nil, err
	}
	_, err = reader.Recover(last.Checkpoint, nil, func(position uint64, commit []byte) error {
		if commit != nil {
			signed[position] = commit
		}
		return ctx.Err()
	})
	return signed, nil, err
}

// withRepairHint says what to do about damaged files.
func (p *program) withRepairHint(err error) error {
	var damaged *embedded.DamagedError
	if errors.As(err, &damaged) {
		return hintError{err, p.text.Say("hint.repair", "folder", p.cfg.Data)}
	}
	return err
}

// checkSigned refuses to write to a log that is behind what the data folder's audit
// folder has signed, or that says something else there: one that was deleted, cut,
// made anew, or is another programme's.
func (h *house) checkSigned(ctx context.Context) error {
	reader := tree.NewReader(os.DirFS(filepath.Join(h.p.cfg.Data, auditFolder)))
	note, err := reader.Latest()
	if err != nil {
		return nil // nothing was signed here yet
	}
	last, err := checkpoint.Peek(note)
	if err != nil || last.Size == 0 {
		return nil // the audit says what it thinks of it
	}
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	if head.Position < last.Size {
		return h.notTheLog(fmt.Errorf("%w: it ends at position %d, and was signed up to position %d", log.ErrIdentity, head.Position, last.Size))
	}
	want, err := reader.Commit(last.Size, last)
	if err != nil {
		return nil // its copy can't be read, which the audit says
	}
	return h.log.Load(ctx, []uint64{last.Size}, func(position uint64, commit []byte) error {
		if string(commit) != string(want) {
			return h.notTheLog(fmt.Errorf("%w: position %d holds another commit than the one that was signed", log.ErrIdentity, position))
		}
		return nil
	})
}

func (h *house) notTheLog(err error) error {
	return hintError{fmt.Errorf("open the log: %w", err), h.p.text.Say("hint.not_the_log", "folder", filepath.Join(h.p.cfg.Data, auditFolder))}
}
