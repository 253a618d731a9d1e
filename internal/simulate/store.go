package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"zhitong/events/log"
	"zhitong/projections"
)

// errOvertaken says that the checkpoint is no longer the one that a leader works on:
// nothing was written.
var errOvertaken = errors.New("simulate: another leader has moved the checkpoint")

// store is the database of the views: rows, and the one checkpoint that moves in the
// transaction that writes them. Only the scheduler's opening of a gate lets anybody
// touch it, so it needs no lock.
type store struct {
	rows       map[*projections.Schema]map[string][]projections.Value
	digests    map[*projections.Schema]projections.Digest
	checkpoint mark
	compares   bool // false where the comparison is planted away
}

// mark is a place in the log.
type mark struct {
	position uint64
	hash     string
}

func newStore(list []projections.Projection) *store {
	s := &store{rows: map[*projections.Schema]map[string][]projections.Value{}, digests: map[*projections.Schema]projections.Digest{}, compares: true}
	for i := range list {
		for _, t := range list[i].Tables {
			s.rows[t.Schema()] = map[string][]projections.Value{}
		}
	}
	return s
}

func keyText(vs []projections.Value) string {
	var b strings.Builder
	for _, v := range vs {
		fmt.Fprintf(&b, "%q %v ", v.Text, v.Null)
	}
	return b.String()
}

// Row implements projections.Source.
func (s *store) Row(schema *projections.Schema, key []projections.Value) ([]projections.Value, error) {
	return s.rows[schema][keyText(key)], nil
}

// All implements projections.Source: no table is small enough, so that every row is
// asked for.
func (s *store) All(*projections.Schema, func([]projections.Value) error) (bool, error) {
	return false, nil
}

// write is one transaction: all changes and the checkpoint, if that is still from.
func (s *store) write(from, to mark, changes []projections.Changes) error {
	if s.compares && s.checkpoint != from {
		return errOvertaken
	}
	for _, c := range changes {
		table := s.rows[c.Schema]
		for _, key := range c.Delete {
			delete(table, keyText(key))
		}
		for _, row := range c.Upsert {
			table[keyText(row[:c.Schema.KeyLen])] = row
		}
		s.digests[c.Schema] = s.digests[c.Schema].Add(c.Digest)
	}
	s.checkpoint = to
	return nil
}

// leader keeps the views in the store, as the active projector does: one transaction
// a batch, rows and checkpoint together, and only if the checkpoint is still the one
// that it works on. Whoever else runs believes so too; the comparison decides.
type leader struct {
	w     *world
	life  *life
	store *store
	line  line
	list  []projections.Projection
	dbs   []*projections.DB
	at    mark
}

// batchCommitsMax is how many commits a transaction of the views takes.
const batchCommitsMax = 24

// leadPause lies between two looks at the log when there is nothing to do.
const leadPause = time.Second

// run works until the process ends. What fails is begun again from the checkpoint.
func (l *leader) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := l.serve(ctx)
		if errors.Is(err, errKilled) || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, errOvertaken) && !errors.Is(err, errCut) && !errors.Is(err, log.ErrUnavailable) {
			return err
		}
	}
	return ctx.Err()
}

// serve begins at the checkpoint and works until something fails.
func (l *leader) serve(ctx context.Context) error {
	if _, err := l.w.gates.pass(ctx, l.life, kindBegin, "checkpoint", nil); err != nil {
		return err
	}
	l.at = l.store.checkpoint
	l.dbs = make([]*projections.DB, len(l.list))
	for i := range l.list {
		l.dbs[i] = projections.NewCached(&l.list[i], l.store, 20)
	}
	for {
		lines, err := l.more(ctx)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			select {
			case <-time.After(leadPause):
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		if err := l.step(ctx, lines); err != nil {
			return err
		}
	}
}

// more reads what the log has behind the checkpoint, up to the size of a batch.
func (l *leader) more(ctx context.Context) (lines [][]byte, err error) {
	enough := errors.New("enough")
	err = l.line.Read(ctx, l.at.position+1, func(b log.Block) error {
		lines = append(lines, b.Commits...)
		if len(lines) >= batchCommitsMax {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return lines, err
}

// step folds a batch and writes it in one transaction.
func (l *leader) step(ctx context.Context, lines [][]byte) error {
	block, err := projections.Decode(l.at.position+1, lines)
	if err != nil {
		return err
	}
	if _, err := l.w.gates.pass(ctx, l.life, kindBegin, fmt.Sprintf("%d commits behind %d", len(lines), l.at.position), nil); err != nil {
		return err
	}
	if l.store.compares && l.store.checkpoint != l.at {
		return errOvertaken
	}
	var changes []projections.Changes
	for i := range l.list {
		for k := range block.Commits {
			if err := l.list[i].Apply(l.dbs[i], &block.Commits[k]); err != nil {
				return err
			}
		}
		some, err := l.dbs[i].Changes()
		if err != nil {
			return err
		}
		changes = append(changes, some...)
	}
	to := mark{block.Last(), hashOf(lines[len(lines)-1])}
	v, err := l.w.gates.pass(ctx, l.life, kindCommit, fmt.Sprintf("%d to %d", l.at.position, to.position), nil)
	if err != nil {
		return err
	}
	if err := l.store.write(l.at, to, changes); err != nil {
		return err
	}
	if v.late {
		return errCut // written, and nobody was told
	}
	for _, db := range l.dbs {
		db.Saved()
	}
	l.at = to
	return nil
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// differs compares the store with a fold of the log in memory; "" where they are
// equal.
func (s *store) differs(f *projections.Folded, list []projections.Projection) string {
	if s.checkpoint.position != f.Position || s.checkpoint.hash != hex.EncodeToString(f.Hash[:]) {
		return fmt.Sprintf("the views stand at %d, the log at %d", s.checkpoint.position, f.Position)
	}
	for i := range list {
		if f.DBs[i] == nil {
			return f.Failed[i].Error()
		}
		for _, t := range list[i].Tables {
			if d := s.tableDiffers(f.DBs[i], t.Schema()); d != "" {
				return "view " + d
			}
		}
	}
	return ""
}

func (s *store) tableDiffers(db *projections.DB, schema *projections.Schema) string {
	have := maps.Clone(s.rows[schema])
	found := ""
	err := db.Rows(schema, func(want []projections.Value) error {
		key := keyText(want[:schema.KeyLen])
		if got := have[key]; found == "" && keyText(got) != keyText(want) {
			found = fmt.Sprintf("%s: the log makes %s, the store has %s", schema.Name, schema.AppendLine(nil, want), keyText(got))
		}
		delete(have, key)
		return nil
	})
	digest, digestErr := db.Digest(schema)
	switch {
	case errors.Join(err, digestErr) != nil:
		return errors.Join(err, digestErr).Error()
	case found != "":
		return found
	case len(have) > 0:
		return fmt.Sprintf("%s: the store has %d rows that the log does not make", schema.Name, len(have))
	case s.digests[schema] != digest:
		return schema.Name + ": the digest kept row by row is not that of the rows"
	}
	return ""
}
