package blocks

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"zhitong/events/log"
)

// ErrMissing says that a position of the damage is held by nobody: nothing was
// written.
var ErrMissing = errors.New("commits are missing")

// Mend writes the damaged files anew. find returns the bytes of the commit at a
// position, or nil; it must be certain of them. The files as they were are kept in
// the folder keep, as hard links. Where a commit is missing, or the settings are
// damaged, nothing is written. The broker must not have the files open.
//
// The stream is then what it was, with one exception: where several blocks in a row
// were lost, the limits between them are drawn evenly, which no reader can tell.
func (r *Report) Mend(find func(position uint64) []byte, keep string) error {
	made := map[string][]record{} // by file
	if len(r.files) == 0 {
		r.files = append(r.files, file{index: 1, name: filepath.Join(r.dir, "msgs", "1.blk")})
	}
	for _, d := range r.Damage {
		if d.File == "meta.inf" {
			return fmt.Errorf("%w: the stream's settings: %s", ErrMissing, d.Why)
		}
		f := r.fileOf(d)
		records, err := r.records(d, find)
		if err != nil {
			return err
		}
		f.hurt = true
		made[f.name] = append(made[f.name], records...)
	}
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return fmt.Errorf("keep the files as they were: %w", err)
	}
	for i := range r.files {
		if !r.files[i].hurt {
			continue
		}
		if err := r.rewrite(&r.files[i], made[r.files[i].name], keep); err != nil {
			return fmt.Errorf("mend %s: %w", r.files[i].name, err)
		}
	}
	// The broker makes its index anew from the files.
	if err := os.Remove(filepath.Join(r.dir, "msgs", "index.db")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return syncFolder(filepath.Join(r.dir, "msgs"))
}

// Lacks lists the positions of the damage that find does not have, as runs.
func (r *Report) Lacks(find func(position uint64) []byte) []Damage {
	var lacking []Damage
	for _, d := range r.Damage {
		if d.Last == 0 {
			lacking = append(lacking, d)
			continue
		}
		for p := d.First; p <= d.Last; p++ {
			if find(p) != nil {
				continue
			}
			if n := len(lacking); n > 0 && lacking[n-1].Last == p-1 && lacking[n-1].From == d.From {
				lacking[n-1].Last = p
				continue
			}
			one := d
			one.First, one.Last = p, p
			lacking = append(lacking, one)
		}
	}
	return lacking
}

// fileOf is the file that the blocks of a damage go into.
func (r *Report) fileOf(d Damage) *file {
	for i := range r.files {
		if filepath.Base(r.files[i].name) == d.File {
			return &r.files[i]
		}
	}
	return &r.files[len(r.files)-1]
}

// records makes the blocks of a damage.
func (r *Report) records(d Damage, find func(uint64) []byte) ([]record, error) {
	if d.Last < d.First && d.Last != 0 {
		return nil, nil // what can't be read was never the log's
	}
	if d.Last == 0 {
		return nil, fmt.Errorf("%w: %s, and nobody knows how many", ErrMissing, d)
	}
	left, blocks := d.Last-d.First+1, d.To-d.From+1
	if left < blocks {
		return nil, fmt.Errorf("%w: %d positions can't fill %d blocks", ErrMissing, left, blocks)
	}
	var made []record
	at := d.First
	for seq := d.From; seq <= d.To; seq++ {
		n := (left + blocks - 1) / blocks
		b := log.Block{Seq: seq, First: at}
		for range n {
			commit := find(at)
			if commit == nil {
				return nil, fmt.Errorf("%w: position %d", ErrMissing, at)
			}
			b.Commits = append(b.Commits, commit)
			at++
		}
		rec, err := r.recordOf(b)
		if err != nil {
			return nil, err
		}
		made = append(made, rec)
		left, blocks = left-n, blocks-1
	}
	return made, nil
}

// recordOf is a block as the broker stores it, with the time of the record before
// it, which is the best that is known.
func (r *Report) recordOf(b log.Block) (record, error) {
	header, payload, err := log.FormatMessage(b)
	if err != nil {
		return record{}, err
	}
	var text bytes.Buffer
	text.WriteString("NATS/1.0\r\n")
	if err := http.Header(header).Write(&text); err != nil {
		return record{}, err
	}
	text.WriteString("\r\n")
	rec := record{seq: b.Seq, subject: []byte(log.Subject(r.Stream)), headers: text.Bytes(), payload: payload}
	for _, f := range r.files {
		for _, p := range f.records {
			if rec.time == 0 || p.block.Seq < b.Seq {
				rec.time = p.time
			}
		}
	}
	return rec, nil
}

// rewrite puts a file together from what can be read of it and what was made, and
// sets it in the old one's place.
func (r *Report) rewrite(f *file, made []record, keep string) error {
	old, err := os.ReadFile(f.name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	sums, err := newSummer(r.Stream, f.index)
	if err != nil {
		return err
	}
	var content []byte
	for _, p := range f.records {
		for len(made) > 0 && made[0].seq < p.block.Seq {
			content = sums.append(content, made[0])
			made = made[1:]
		}
		content = append(content, old[p.offset:p.offset+p.size]...)
	}
	for _, rec := range made {
		content = sums.append(content, rec)
	}
	if old != nil {
		if err := keepLink(f.name, keep); err != nil {
			return err
		}
	}
	return replace(f.name, content)
}

// keepLink keeps a file under its name in a folder; one that is there is left.
func keepLink(name, keep string) error {
	to := filepath.Join(keep, filepath.Base(name))
	for n := 2; ; n++ {
		err := os.Link(name, to)
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		to = filepath.Join(keep, filepath.Base(name)+"."+strconv.Itoa(n))
	}
}

// replace writes a file whole or not at all.
func replace(name string, content []byte) error {
	out, err := os.OpenFile(name+".mended", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return os.Rename(out.Name(), name)
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Positions lists the positions of the damage, in order; those that nobody knows are
// left out.
func (r *Report) Positions() []uint64 {
	var list []uint64
	for _, d := range r.Damage {
		for p := d.First; p <= d.Last; p++ {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
