package blocks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"zhitong/events/log"
)

var (
	errShort = errors.New("the file ends before the message does")
	errSum   = errors.New("its checksum is wrong")
)

// Damage is a run of blocks that can't be read.
type Damage struct {
	// Blocks From to To, and the positions that they held, First to Last. Where
	// nothing stands behind the damage To and Last are what is known from elsewhere,
	// or 0.
	From, To    uint64
	First, Last uint64
	// File is where it was found, Offset where in it, Why what is wrong there.
	File   string
	Offset int64
	Why    string
}

// String names the positions and the place.
func (d Damage) String() string {
	positions := fmt.Sprintf("positions %d to %d", d.First, d.Last)
	switch d.Last {
	case 0:
		positions = fmt.Sprintf("positions from %d on", d.First)
	case d.First:
		positions = fmt.Sprintf("position %d", d.First)
	case d.First - 1:
		positions = fmt.Sprintf("before position %d, of which none is missing", d.First)
	}
	if d.File == "" {
		return positions + ": " + d.Why
	}
	return fmt.Sprintf("%s: %s, byte %d: %s", positions, d.File, d.Offset, d.Why)
}

// Report is what the files of a stream say.
type Report struct {
	Stream string
	// Head is the last block that can be read.
	Head log.Head
	// Damage is every place that can't be read, in order.
	Damage []Damage
	// Torn says that the last file ends within a message: one that was being written
	// when the process or the power ended, and was never acknowledged.
	Torn bool

	dir   string
	files []file
}

// Whole says that nothing is damaged.
func (r *Report) Whole() bool { return len(r.Damage) == 0 }

// file is one .blk file.
type file struct {
	index   uint32
	name    string
	records []place // that can be read, in order
	hurt    bool    // something in it can't be read
}

// place is where a record stands.
type place struct {
	offset, size int
	block        log.Block // without its commits
	time         int64
}

// settings are what is read of a stream's meta.inf.
type settings struct {
	Name     string   `json:"name"`
	Subjects []string `json:"subjects"`
}

// Streams lists the folders below a store that hold logs: streams on the subjects of
// package log. One whose settings can't be read counts as a log when nothing better
// is known of it, and its Damage says so.
func Streams(store string) ([]string, error) {
	metas, err := filepath.Glob(filepath.Join(store, "jetstream", "*", "streams", "*", "meta.inf"))
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, meta := range metas {
		dir := filepath.Dir(meta)
		s, err := readSettings(dir)
		if err != nil && filepath.Base(dir) != log.StreamDefault {
			continue // the broker says what it thinks of it
		}
		if err != nil || isLog(s) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs, nil
}

func isLog(s settings) bool {
	return len(s.Subjects) == 1 && s.Subjects[0] == log.Subject(s.Name)
}

// readSettings reads and checks a stream's settings.
func readSettings(dir string) (s settings, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "meta.inf"))
	if err != nil {
		return s, err
	}
	want, err := os.ReadFile(filepath.Join(dir, "meta.sum"))
	if err != nil {
		return s, err
	}
	sum, err := settingsSum(filepath.Base(dir), text)
	if err != nil {
		return s, err
	}
	if sum != strings.TrimSpace(string(want)) {
		return s, errors.New("the settings' checksum is wrong")
	}
	return s, json.Unmarshal(text, &s)
}

// Scan reads every file of a log's folder. An error says that the files can't be
// read at all.
func Scan(dir string) (*Report, error) {
	r := &Report{Stream: filepath.Base(dir), dir: dir}
	if _, err := readSettings(dir); err != nil {
		r.Damage = append(r.Damage, Damage{From: 1, First: 1, File: "meta.inf", Why: err.Error()})
		return r, nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		index, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), ".blk"), 10, 32)
		if err != nil {
			continue // not a file of the broker's
		}
		r.files = append(r.files, file{index: uint32(index), name: name})
	}
	slices.SortFunc(r.files, func(a, b file) int { return int(a.index) - int(b.index) })
	w := walk{report: r}
	for i := range r.files {
		if err := w.file(&r.files[i], i == len(r.files)-1); err != nil {
			return nil, fmt.Errorf("look at %s: %w", r.files[i].name, err)
		}
	}
	w.end()
	return r, nil
}

// walk goes through the files.
type walk struct {
	report *Report
	open   *Damage // of which the end is not known yet
}

// file reads one file. What can't be read is passed over up to the next record that
// can.
func (w *walk) file(f *file, last bool) error {
	content, err := os.ReadFile(f.name)
	if err != nil {
		return err
	}
	sums, err := newSummer(w.report.Stream, f.index)
	if err != nil {
		return err
	}
	for at := 0; at < len(content); {
		rec, n, err := sums.parse(content[at:])
		if err == nil {
			err = w.record(f, rec, at, n)
		}
		if err == nil {
			at += n
			continue
		}
		next := sums.next(content, at+1, w.report.Stream)
		if next < 0 && last && torn(content[at:], sums, err) {
			w.report.Torn = true
			return nil
		}
		w.damaged(f, at, err)
		if next < 0 {
			return nil
		}
		at = next
	}
	return nil
}

// next finds the next record at or behind from whose checksum is right, or returns
// -1.
func (s summer) next(content []byte, from int, stream string) int {
	subject := []byte(log.Subject(stream))
	for at := from + headBytes; at < len(content); {
		i := bytes.Index(content[at:], subject)
		if i < 0 {
			return -1
		}
		start := at + i - headBytes
		if _, _, err := s.parse(content[start:]); err == nil {
			return start
		}
		at += i + 1
	}
	return -1
}

// torn says that what is left at the end of the last file is a message that was
// being written: it stops short, or ends in zeros that were never filled. A whole
// record whose length alone is wrong is not.
func torn(rest []byte, sums summer, why error) bool {
	if !errors.Is(why, errShort) {
		return len(rest) > sumBytes && len(bytes.Trim(rest[len(rest)-sumBytes:], "\x00")) == 0
	}
	if len(rest) < headBytes+sumBytes {
		return true
	}
	_, _, err := sums.parseWhole(rest, true)
	return err != nil
}

// record takes a record that can be read. An error says that it is none of a log's.
func (w *walk) record(f *file, rec record, at, size int) error {
	// The checksum covers neither the length of the subject nor that of the headers.
	if subject := log.Subject(w.report.Stream); string(rec.subject) != subject {
		return fmt.Errorf("its subject is %q, not %q", rec.subject, subject)
	}
	if end := bytes.Index(rec.headers, []byte("\r\n\r\n")); end < 0 || end != len(rec.headers)-4 {
		return errors.New("its headers do not end where they say")
	}
	header, err := nats.DecodeHeadersMsg(rec.headers)
	if err != nil {
		return fmt.Errorf("its headers: %w", err)
	}
	b, err := log.ParseMessage(rec.seq, header, rec.payload)
	if err != nil {
		return err
	}
	head := w.report.Head
	if b.Seq <= head.Seq || b.First <= head.Position {
		return fmt.Errorf("block %d at position %d stands behind block %d, which ends at position %d", b.Seq, b.First, head.Seq, head.Position)
	}
	if b.Seq != head.Seq+1 || b.First != head.Position+1 {
		if w.open == nil {
			w.damaged(f, at, errors.New("what stood before it is missing"))
		}
		w.close(b.Seq-1, b.First-1)
	} else if w.open != nil {
		// Nothing is missing between: what can't be read is none of the log's.
		w.close(b.Seq-1, b.First-1)
	}
	w.report.Head = log.Head{Seq: b.Seq, Position: b.Last()}
	b.Commits = nil
	f.records = append(f.records, place{at, size, b, rec.time})
	return nil
}

// damaged begins a run of damage behind what could be read so far, or goes on with
// one.
func (w *walk) damaged(f *file, at int, why error) {
	f.hurt = true
	if w.open != nil {
		return
	}
	head := w.report.Head
	w.open = &Damage{From: head.Seq + 1, First: head.Position + 1, File: filepath.Base(f.name), Offset: int64(at), Why: why.Error()}
}

func (w *walk) close(to, last uint64) {
	w.open.To, w.open.Last = to, last
	w.report.Damage = append(w.report.Damage, *w.open)
	w.open = nil
}

func (w *walk) end() {
	if w.open != nil {
		w.close(0, 0)
	}
}

// Expect says how far the log is known to have gone, from elsewhere: what is not
// there up to then is damage too.
func (r *Report) Expect(head log.Head) {
	if n := len(r.Damage); n > 0 && r.Damage[n-1].Last == 0 {
		r.Damage[n-1].To = max(head.Seq, r.Damage[n-1].From)
		r.Damage[n-1].Last = max(head.Position, r.Damage[n-1].First)
		return
	}
	if head.Position > r.Head.Position {
		r.Damage = append(r.Damage, Damage{From: r.Head.Seq + 1, First: r.Head.Position + 1, To: head.Seq, Last: head.Position,
			Why: "the files end before; the log is known to have gone on"})
	}
}

// Last is the last block of a log's folder that can be read, without a look at any
// file that it does not take.
func Last(dir string) (log.Head, error) {
	names, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil {
		return log.Head{}, err
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(b, a)) })
	for _, name := range names {
		index, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), ".blk"), 10, 32)
		if err != nil {
			continue
		}
		f := file{index: uint32(index), name: name}
		w := walk{report: &Report{Stream: filepath.Base(dir)}}
		if err := w.file(&f, true); err != nil {
			return log.Head{}, err
		}
		if len(f.records) > 0 {
			return w.report.Head, nil
		}
	}
	return log.Head{}, nil
}
