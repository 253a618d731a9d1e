package events

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
)

// Decode reads a stored commit. It is strict: the members of each envelope stand
// in the one order of the package comment, and whatever deviates is an error that
// names the place. What Decode accepts, Encode writes again with the same
// envelope.
func Decode(line []byte) (Commit, error) {
	c, _, err := decode(line, nil)
	return c, err
}

// DecodeExact is [Decode], and tells whether the line is byte for byte what
// [Encode] writes of the commit with the given source. It may say no of a line that
// is, of an older version: then Encode tells.
func DecodeExact(line []byte, source string) (c Commit, exact bool, err error) {
	return decode(line, []byte(source))
}

// eventBytesMin is less than any event has; it bounds what a count is believed.
const eventBytesMin = 300

func decode(line, source []byte) (c Commit, exact bool, err error) {
	r := reader{b: line, source: source, exact: true, words: wordsPool.Get().(*words)}
	defer wordsPool.Put(r.words)
	r.lit("[")
	for more := true; more && r.err == nil; {
		var e Event
		r.event(&e)
		if r.err != nil {
			break
		}
		if c.Events == nil {
			c.Events = make([]Event, 0, max(1, min(e.Of, len(line)/eventBytesMin+1)))
		}
		c.Events = append(c.Events, e)
		r.before = &c.Events[len(c.Events)-1]
		if more = r.has(","); !more {
			r.lit("]")
		}
	}
	if r.err == nil && r.at != len(r.b) {
		r.fail("nothing after the commit")
	}
	if r.err != nil {
		return Commit{}, false, fmt.Errorf("decode commit at byte %d: %w", r.at, r.err)
	}
	c.Position = c.Events[0].Position
	for i := range c.Events {
		e := &c.Events[i]
		if e.Position != c.Position || e.Index != i+1 || e.Of != len(c.Events) {
			return Commit{}, false, fmt.Errorf("decode commit: event %q says position %d, %d of %d; it stands at position %d, %d of %d",
				e.ID, e.Position, e.Index, e.Of, c.Position, i+1, len(c.Events))
		}
	}
	return c, r.exact, nil
}

// reader walks over the canonical bytes; the first error stays.
type reader struct {
	b   []byte
	at  int
	err error

	words        *words // of the texts that may be met again
	source       []byte // that the events should have
	exact        bool   // nothing was read so far that Encode would write otherwise
	before       *Event // the event before, whose texts are used again where they are the same
	lastTime     domain.Time
	lastRecorded []byte // of the event before
}

// none is the event before the first one.
var none Event

func (r *reader) event(e *Event) {
	before := r.before
	if before == nil {
		before = &none
	}
	r.lit(`{"specversion":"1.0"`)
	e.ID = r.text("id", "")
	source := r.bytes("source")
	typ := r.bytes("type")
	subject := r.text("subject", "")
	e.Time = r.time("time", r.bytes("time"))
	r.lit(`,"datacontenttype":"application/json"`)
	schema := r.bytes("dataschema")
	recorded := r.bytes("recordedtime")
	e.Actor = domain.ID(r.text("actor", string(before.Actor)))
	e.Role = domain.Role(r.text("actorrole", string(before.Role)))
	e.Principal = r.optional("principal", before.Principal)
	e.Via = Via(r.text("via", string(before.Via)))
	e.CommandID = r.text("commandid", before.CommandID)
	e.CommandHash = r.text("commandhash", before.CommandHash)
	e.Position = r.number("position")
	e.Index = int(r.number("index"))
	e.Of = int(r.number("of"))
	e.Correlation = r.optional("correlationid", before.Correlation)
	e.Causation = r.optional("causationid", before.Causation)
	r.device(e)
	r.lit(`,"data":`)
	if r.err != nil {
		return
	}
	fact, err := r.fact(typ, schema)
	if err != nil {
		r.err = err
		return
	}
	e.Fact = fact
	r.lit("}")
	r.recorded(e, before, recorded)
	ref, ok := domain.ParseRef(subject)
	if r.err == nil && (!ok || ref != e.Fact.Subject()) {
		r.fail(fmt.Sprintf("subject %q does not belong to the data, whose subject is %q", subject, e.Fact.Subject()))
	}
	e.Subject = ref
	r.exact = r.exact && bytes.Equal(source, r.source)
}

func (r *reader) device(e *Event) {
	id := r.optional("deviceid", "")
	if id == "" {
		return
	}
	d := &Device{ID: domain.ID(id), Seq: int64(r.number("deviceseq"))}
	d.Zone = r.optional("devicezone", "")
	if t := r.optional("devicetime", ""); t != "" {
		d.Time = r.time("devicetime", []byte(t))
	}
	d.Replaces = r.optional("devicereplaces", "")
	e.Device = d
}

// fact reads the data: as canonical bytes where it is that, and else as any JSON.
func (r *reader) fact(typ, schema []byte) (domain.Fact, error) {
	start := r.at
	if e := byType[string(typ)]; e != nil && e.take != nil {
		if f, ok := e.take(r); ok {
			r.exact = r.exact && string(schema) == e.schema
			return f, nil
		}
	}
	r.at, r.exact = start, false
	data := r.value()
	if r.err != nil {
		return nil, r.err
	}
	return decodeFact(string(typ), data)
}

func (r *reader) recorded(e, before *Event, recorded []byte) {
	if r.err != nil {
		return
	}
	if r.before != nil && bytes.Equal(recorded, r.lastRecorded) {
		e.Recorded = before.Recorded
		return
	}
	at, err := time.Parse(recordedForm, string(recorded))
	if err != nil {
		r.fail("recordedtime " + string(recorded))
		return
	}
	e.Recorded, r.lastRecorded = at, recorded
	var again [len(recordedForm)]byte
	r.exact = r.exact && bytes.Equal(at.AppendFormat(again[:0], recordedForm), recorded)
}

func (r *reader) fail(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("expected %s", want)
	}
}

func (r *reader) has(lit string) bool {
	if r.err == nil && len(r.b)-r.at >= len(lit) && string(r.b[r.at:r.at+len(lit)]) == lit {
		r.at += len(lit)
		return true
	}
	return false
}

func (r *reader) lit(lit string) {
	if !r.has(lit) {
		r.fail(lit)
	}
}

func (r *reader) named(name string) bool {
	n := len(name) + 4
	if r.err != nil || len(r.b)-r.at < n || r.b[r.at] != ',' || r.b[r.at+1] != '"' ||
		string(r.b[r.at+2:r.at+2+len(name)]) != name || r.b[r.at+n-2] != '"' || r.b[r.at+n-1] != ':' {
		return false
	}
	r.at += n
	return true
}

// text reads an attribute; before is a text that it may well be.
func (r *reader) text(name, before string) string {
	b := r.bytes(name)
	if string(b) == before {
		return before
	}
	return r.words.of(b)
}

// bytes reads an attribute. What it returns may be the reader's own.
func (r *reader) bytes(name string) []byte {
	if !r.named(name) {
		r.fail("attribute " + name)
		return nil
	}
	return r.string()
}

func (r *reader) optional(name, before string) string {
	if !r.named(name) {
		return ""
	}
	b := r.string()
	if len(b) == 0 {
		r.fail("no empty attribute " + name)
	}
	if string(b) == before {
		return before
	}
	return r.words.of(b)
}

func (r *reader) number(name string) uint64 {
	if !r.named(name) {
		r.fail("attribute " + name)
		return 0
	}
	start := r.at
	for r.at < len(r.b) && r.b[r.at] >= '0' && r.b[r.at] <= '9' {
		r.at++
	}
	n, err := strconv.ParseUint(string(r.b[start:r.at]), 10, 63)
	if err != nil || (r.b[start] == '0' && r.at-start > 1) {
		r.fail("a number in attribute " + name)
	}
	return n
}

// string reads a JSON string that is escaped canonically.
func (r *reader) string() []byte {
	if r.err != nil {
		return nil
	}
	start := r.at
	s, _, ok := r.quoted()
	if ok {
		return s
	}
	r.at = start
	end := r.stringEnd(start)
	if end < 0 {
		r.fail("a string")
		return nil
	}
	if _, err := jsontext.AppendUnquote(nil, r.b[start:end]); err != nil {
		r.fail("a string: " + err.Error())
		return nil
	}
	r.fail("a string in canonical form")
	return nil
}

// stringEnd returns the index behind the string that begins at i, or −1.
func (r *reader) stringEnd(i int) int {
	if i >= len(r.b) || r.b[i] != '"' {
		return -1
	}
	for i++; i < len(r.b); i++ {
		switch r.b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// value returns the bytes of the object that begins here; they are checked when
// the fact is decoded.
func (r *reader) value() []byte {
	start, depth := r.at, 0
	for i := r.at; i < len(r.b) && r.err == nil; i++ {
		switch r.b[i] {
		case '"':
			end := r.stringEnd(i)
			if end < 0 {
				r.fail("the end of a string in the data")
				return nil
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				r.at = i + 1
				return r.b[start:r.at]
			}
		default:
			if depth == 0 {
				r.fail("an object as data")
			}
		}
	}
	r.fail("the end of the data")
	return nil
}

func (r *reader) time(name string, s []byte) domain.Time {
	if r.err != nil {
		return domain.Time{}
	}
	if r.before != nil && r.before.Time.String() == string(s) {
		return r.before.Time
	}
	t, err := r.claimed(s)
	if err != nil {
		r.fail("a time in attribute " + name)
	}
	return t
}
