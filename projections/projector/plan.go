package projector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhitong/events/log"
	"zhitong/projections"
)

// mark is a place in the log: a position, the hash of the commit there, and when
// that was recorded.
type mark struct {
	position uint64
	sha256   string
	recorded string // RFC 3339, "" at position 0
}

// markOf is the mark of commit i of a block.
func markOf(b *projections.Block, i int) mark {
	return mark{
		position: b.First + uint64(i),
		sha256:   hexOf(b.Hashes[i]),
		recorded: b.Commits[i].Events[0].Recorded.UTC().Format(time.RFC3339Nano),
	}
}

func hexOf(hash [32]byte) string { return hex.EncodeToString(hash[:]) }

// null is s as a parameter, null when empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// stream is a stream's identity as it is kept with the checkpoint.
type stream struct{ name, created, first string }

func streamOf(id log.Identity) stream {
	s := stream{name: id.Stream, created: id.Created.UTC().Format(time.RFC3339Nano)}
	if id.First != [32]byte{} {
		s.first = hex.EncodeToString(id.First[:])
	}
	return s
}

// checkpoint is the one row of zhitong_projector.checkpoint.
type checkpoint struct {
	term uint64
	stream
	mark
}

// standing is a row of zhitong_projector.projection.
type standing struct {
	name        string
	version     int
	serving     bool
	status      string
	declaration string
	mark
	relations map[string]relation
}

// relation is what is known of a table without looking into it.
type relation struct {
	rows   int64
	digest projections.Digest
}

// The statuses of a projection.
const (
	statusLive     = "live"
	statusBuilding = "building"
	statusStopped  = "stopped"
)

const (
	lockCheckpoint = `
SELECT term, stream, stream_created, first_commit, position, commit_sha256, recorded
  FROM zhitong_projector.checkpoint FOR UPDATE`
	readCheckpoint = `
SELECT term, stream, stream_created, first_commit, position, commit_sha256, recorded
  FROM zhitong_projector.checkpoint`
	readStandings = `
SELECT name, version, serving, status, declaration, position, commit_sha256, recorded
  FROM zhitong_projector.projection ORDER BY name, version`
	readRelations = `
SELECT name, version, relation, rows, digest
  FROM zhitong_projector.relation ORDER BY name, version, relation`
)

// readPlan reads the checkpoint by the given statement, and how every projection
// stands, within the caller's transaction.
func (s *session) readPlan(ctx context.Context, checkpointSQL string) (checkpoint, []*standing, error) {
	rows, err := query(ctx, s.conn, checkpointSQL)
	if err != nil {
		return checkpoint{}, nil, err
	}
	if len(rows) != 1 {
		return checkpoint{}, nil, fmt.Errorf("the checkpoint has %d rows instead of one", len(rows))
	}
	r := rows[0]
	c := checkpoint{
		term:   number(r[0]),
		stream: stream{r[1].Text, r[2].Text, r[3].Text},
		mark:   mark{number(r[4]), r[5].Text, r[6].Text},
	}
	if rows, err = query(ctx, s.conn, readStandings); err != nil {
		return c, nil, err
	}
	var all []*standing
	byID := map[string]*standing{}
	for _, r := range rows {
		st := &standing{
			name: r[0].Text, version: int(number(r[1])), serving: r[2].Text == "t", status: r[3].Text,
			declaration: r[4].Text, mark: mark{number(r[5]), r[6].Text, r[7].Text}, relations: map[string]relation{},
		}
		all = append(all, st)
		byID[r[0].Text+" "+r[1].Text] = st
	}
	if rows, err = query(ctx, s.conn, readRelations); err != nil {
		return c, nil, err
	}
	for _, r := range rows {
		d, err := projections.ParseDigest(r[4].Text)
		if err != nil {
			return c, nil, err
		}
		byID[r[0].Text+" "+r[1].Text].relations[r[2].Text] = relation{int64(number(r[3])), d}
	}
	return c, all, nil
}

// number reads an integer that the database wrote.
func number(v projections.Value) uint64 {
	n, _ := strconv.ParseUint(strings.TrimSpace(v.Text), 10, 64)
	return n
}

// at is where the projection stands: at the checkpoint while it is live.
func (st *standing) at(c checkpoint) mark {
	if st.status == statusLive {
		return c.mark
	}
	return st.mark
}

// checkStream refuses a log that is not the one the given marks come from.
func checkStream(ctx context.Context, l log.Log, kept stream, marks []mark) error {
	id, err := l.Identity(ctx)
	if err != nil {
		return err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	now := streamOf(id)
	hashes := map[uint64]string{}
	var positions []uint64
	for _, m := range marks {
		if m.position == 0 {
			continue
		}
		if m.position > head.Position {
			return fmt.Errorf("%w: it ends at position %d, the views stand at %d", ErrStream, head.Position, m.position)
		}
		if _, seen := hashes[m.position]; !seen {
			positions = append(positions, m.position)
		}
		hashes[m.position] = m.sha256
	}
	if len(positions) == 0 {
		return nil
	}
	if now.name != kept.name || now.created != kept.created || now.first != kept.first {
		return fmt.Errorf("%w: it is stream %s of %s, they come from stream %s of %s",
			ErrStream, now.name, now.created, kept.name, kept.created)
	}
	return checkHashes(ctx, l, positions, hashes)
}

func checkHashes(ctx context.Context, l log.Log, positions []uint64, hashes map[uint64]string) error {
	slices.Sort(positions)
	return l.Load(ctx, positions, func(position uint64, commit []byte) error {
		sum := sha256.Sum256(commit)
		if got := hex.EncodeToString(sum[:]); got != hashes[position] {
			return fmt.Errorf("%w: the commit at position %d is another one", ErrStream, position)
		}
		return nil
	})
}
