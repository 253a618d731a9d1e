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
	r := reader{b: line}
	var c Commit
	r.lit("[")
	for more := true; more && r.err == nil; {
		var e Event
		r.event(&e)
		if r.err != nil {
			break
		}
		c.Events = append(c.Events, e)
		if more = r.has(","); !more {
			r.lit("]")
		}
	}
	if r.err == nil && r.at != len(r.b) {
		r.fail("nothing after the commit")
	}
	if r.err != nil {
		return Commit{}, fmt.Errorf("decode commit at byte %d: %w", r.at, r.err)
	}
	c.Position = c.Events[0].Position
	for i := range c.Events {
		e := &c.Events[i]
		if e.Position != c.Position || e.Index != i+1 || e.Of != len(c.Events) {
			return Commit{}, fmt.Errorf("decode commit: event %q says position %d, %d of %d; it stands at position %d, %d of %d",
				e.ID, e.Position, e.Index, e.Of, c.Position, i+1, len(c.Events))
		}
	}
	return c, nil
}

// reader walks over the canonical bytes; the first error stays.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) event(e *Event) {
	r.lit(`{"specversion":"1.0"`)
	e.ID = r.text("id")
	r.text("source")
	typ := r.text("type")
	subject := r.text("subject")
	e.Time = r.time("time", r.text("time"))
	r.lit(`,"datacontenttype":"application/json"`)
	r.text("dataschema")
	recorded := r.text("recordedtime")
	e.Actor = domain.ID(r.text("actor"))
	e.Role = domain.Role(r.text("actorrole"))
	e.Principal = r.optional("principal")
	e.Via = Via(r.text("via"))
	e.CommandID = r.text("commandid")
	e.CommandHash = r.text("commandhash")
	e.Position = r.number("position")
	e.Index = int(r.number("index"))
	e.Of = int(r.number("of"))
	e.Correlation = r.optional("correlationid")
	e.Causation = r.optional("causationid")
	if id := r.optional("deviceid"); id != "" {
		d := &Device{ID: domain.ID(id), Seq: int64(r.number("deviceseq"))}
		d.Zone = r.optional("devicezone")
		if t := r.optional("devicetime"); t != "" {
			d.Time = r.time("devicetime", t)
		}
		d.Replaces = r.optional("devicereplaces")
		e.Device = d
	}
	r.lit(`,"data":`)
	data := r.value()
	r.lit("}")
	if r.err != nil {
		return
	}
	var err error
	if e.Recorded, err = time.Parse(recordedForm, recorded); err != nil {
		r.fail("recordedtime " + recorded)
		return
	}
	if e.Fact, err = decodeFact(typ, data); err != nil {
		r.err = err
		return
	}
	ref, ok := domain.ParseRef(subject)
	if !ok || ref != e.Fact.Subject() {
		r.fail(fmt.Sprintf("subject %q does not belong to the data, whose subject is %q", subject, e.Fact.Subject()))
	}
	e.Subject = ref
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

func (r *reader) text(name string) string {
	if !r.named(name) {
		r.fail("attribute " + name)
		return ""
	}
	return r.string()
}

func (r *reader) optional(name string) string {
	if !r.named(name) {
		return ""
	}
	s := r.string()
	if s == "" {
		r.fail("no empty attribute " + name)
	}
	return s
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
func (r *reader) string() string {
	end := r.stringEnd(r.at)
	if end < 0 {
		r.fail("a string")
		return ""
	}
	quoted := r.b[r.at:end]
	r.at = end
	if bytes.IndexByte(quoted, '\\') < 0 && isPlain(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	s, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		r.fail("a string: " + err.Error())
		return ""
	}
	if again, err := jsontext.AppendQuote(nil, s); err != nil || !bytes.Equal(again, quoted) {
		r.fail("a string in canonical form")
	}
	return string(s)
}

// isPlain reports whether b is printable ASCII, which needs no second look.
func isPlain(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c >= 0x7f {
			return false
		}
	}
	return true
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

func (r *reader) time(name, s string) domain.Time {
	if r.err != nil {
		return domain.Time{}
	}
	t, err := domain.ParseTime(s)
	if err != nil {
		r.fail("a time in attribute " + name)
	}
	return t
}
