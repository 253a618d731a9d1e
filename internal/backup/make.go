package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"zhitong/audit/checkpoint"
	"zhitong/audit/merkle"
	"zhitong/events"
	"zhitong/events/log"
)

// partBytesMax is the size at which a part of the log is closed.
const partBytesMax = 8 << 20

// ErrNotSigned says that the log is not the one that was signed: it was changed, and
// an auditor must look before anybody copies it as if it were whole.
var ErrNotSigned = errors.New("backup: the log does not give the root that was signed")

// readme is the member that people read.
const readme = `This is a backup of a zhitong log (直通369 日志备份).

  zhitong restore FILE --check     verify it / 校验
  zhitong restore FILE             restore it into an empty data folder / 恢复到空的数据目录

log/ holds the commits, one a line; manifest.json names the log, its last position and
the SHA-256 of each part. Personal values are sealed; their keys are not in this file.
`

// Source is what a backup is made of.
type Source struct {
	Log log.Log
	// Signed is the checkpoint that the backup ends with.
	Signed checkpoint.Signed
	// Checkpoints are all signed checkpoints, oldest first; later ones than Signed are
	// left out.
	Checkpoints [][]byte
	// VKeys are the log's public keys, one a line.
	VKeys string
}

// maker is one run of Make.
type maker struct {
	out      archiveWriter
	manifest Manifest
	edge     merkle.Edge
	part     bytes.Buffer
	first    uint64 // position of the part's first commit
	last     []byte // the last commit
}

// Make writes a backup of everything up to the source's checkpoint, while the log may
// grow. It fails with ErrNotSigned when the log does not give the signed root.
func Make(ctx context.Context, w io.Writer, src Source) (Manifest, error) {
	id, err := src.Log.Identity(ctx)
	if err != nil {
		return Manifest{}, err
	}
	m := &maker{out: archiveWriter{w: w}, first: 1}
	m.manifest = Manifest{Format: format, Stream: StreamOf(id), Position: src.Signed.Size}
	if err := m.member(readmeName, []byte(readme), Part{}); err != nil {
		return m.manifest, err
	}
	if err := m.readLog(ctx, src); err != nil {
		return m.manifest, err
	}
	if root := m.edge.Root(); m.edge.Size() != src.Signed.Size || root != src.Signed.Root {
		return m.manifest, fmt.Errorf("%w: up to position %d its root is %v, signed was %v up to %d", ErrNotSigned, m.edge.Size(), root, src.Signed.Root, src.Signed.Size)
	}
	return m.manifest, m.finish(src)
}

// errEnough ends a read before the end of the log.
var errEnough = errors.New("enough was read")

func (m *maker) readLog(ctx context.Context, src Source) error {
	err := src.Log.Read(ctx, 1, func(b log.Block) error {
		for i, commit := range b.Commits {
			if b.First+uint64(i) > src.Signed.Size {
				return errEnough
			}
			if err := m.commit(commit); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return m.closePart()
}

func (m *maker) commit(commit []byte) error {
	if m.part.Len() > 0 && m.part.Len()+len(commit) >= partBytesMax {
		if err := m.closePart(); err != nil {
			return err
		}
	}
	m.part.Write(commit)
	m.part.WriteByte('\n')
	m.last = append(m.last[:0], commit...)
	return m.edge.Append(merkle.Leaf(commit), fullTile)
}

// fullTile does nothing with a tile: only the root is wanted.
func fullTile(int, uint64, []merkle.Hash) error { return nil }

// closePart writes the part of the log that has gathered.
func (m *maker) closePart() error {
	if m.part.Len() == 0 {
		return nil
	}
	c, err := events.Decode(m.last)
	if err != nil {
		return fmt.Errorf("position %d: %w", m.edge.Size(), err)
	}
	end := &c.Events[len(c.Events)-1]
	m.manifest.LastEvent, m.manifest.Recorded = end.ID, end.Recorded.UTC()
	last := m.edge.Size()
	err = m.member(logName(m.first, last), m.part.Bytes(), Part{First: m.first, Last: last, Recorded: end.Recorded.UTC()})
	m.part.Reset()
	m.first = last + 1
	return err
}

func (m *maker) member(name string, data []byte, p Part) error {
	if err := m.out.add(name, data); err != nil {
		return err
	}
	p.Name, p.Bytes, p.SHA256 = name, int64(len(data)), m.out.members[len(m.out.members)-1].sum
	m.manifest.Parts = append(m.manifest.Parts, p)
	return nil
}

// finish writes what stands behind the log.
func (m *maker) finish(src Source) error {
	if err := m.member(vkeysName, []byte(src.VKeys), Part{}); err != nil {
		return err
	}
	if err := m.checkpoints(src); err != nil {
		return err
	}
	if err := m.member(checkpointName, src.Signed.Note, Part{}); err != nil {
		return err
	}
	text, err := m.manifest.bytes()
	if err != nil {
		return err
	}
	if err := m.out.add(manifestName, text); err != nil {
		return err
	}
	if err := m.out.add(sealName, []byte(sum(text)+"\n")); err != nil {
		return err
	}
	return m.out.end()
}

// checkpoints writes the signed checkpoints up to the last position, in parts.
func (m *maker) checkpoints(src Source) error {
	m.part.Reset()
	n := 0
	closePart := func() error {
		n++
		err := m.member(fmt.Sprintf(checkpointsForm, n), m.part.Bytes(), Part{})
		m.part.Reset()
		return err
	}
	for _, note := range src.Checkpoints {
		c, err := checkpoint.Peek(note)
		if err != nil {
			return fmt.Errorf("checkpoints: %w", err)
		}
		if c.Size > src.Signed.Size {
			continue
		}
		m.part.Write(note)
		m.part.WriteByte('\n')
		if m.part.Len() >= partBytesMax {
			if err := closePart(); err != nil {
				return err
			}
		}
	}
	return closePart()
}

// recordedOf is when a commit was recorded.
func recordedOf(position uint64, commit []byte) (time.Time, error) {
	c, err := events.Decode(commit)
	if err != nil {
		return time.Time{}, fmt.Errorf("position %d: %w", position, err)
	}
	return c.Events[0].Recorded, nil
}
