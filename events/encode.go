package events

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// SourceOf is the source attribute of the events of a stream.
func SourceOf(stream string) string { return "urn:zhitong:" + url.PathEscape(stream) }

// recordedForm is RFC 3339 in UTC with microseconds.
const recordedForm = "2006-01-02T15:04:05.000000Z"

// RecordedTime cuts a clock reading to what the envelope keeps.
func RecordedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Encode appends the stored form of a commit to dst: see the package comment. The
// commit must have events; their Index, Of and Position are taken as they are.
func Encode(dst []byte, source string, c Commit) ([]byte, error) {
	dst = append(dst, '[')
	for i := range c.Events {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = encodeEvent(dst, source, &c.Events[i]); err != nil {
			return nil, fmt.Errorf("encode event %q: %w", c.Events[i].ID, err)
		}
	}
	return append(dst, ']'), nil
}

func encodeEvent(b []byte, source string, e *Event) ([]byte, error) {
	entry := byName[e.Fact.FactName()]
	if entry == nil {
		return nil, fmt.Errorf("fact %q is not in the catalogue", e.Fact.FactName())
	}
	w := writer{b: append(b, `{"specversion":"1.0"`...)}
	w.text("id", e.ID)
	w.text("source", source)
	w.text("type", entry.typ)
	w.text("subject", e.Subject.String())
	w.text("time", e.Time.String())
	w.text("datacontenttype", "application/json")
	w.text("dataschema", entry.schema)
	w.text("recordedtime", e.Recorded.Format(recordedForm))
	w.text("actor", string(e.Actor))
	w.text("actorrole", string(e.Role))
	w.optional("principal", e.Principal)
	w.text("via", string(e.Via))
	w.text("commandid", e.CommandID)
	w.text("commandhash", e.CommandHash)
	w.number("position", e.Position)
	w.number("index", uint64(e.Index))
	w.number("of", uint64(e.Of))
	w.optional("correlationid", e.Correlation)
	w.optional("causationid", e.Causation)
	if d := e.Device; d != nil {
		w.text("deviceid", string(d.ID))
		w.number("deviceseq", uint64(d.Seq))
		w.optional("devicezone", d.Zone)
		w.optional("devicetime", d.Time.String())
		w.optional("devicereplaces", d.Replaces)
	}
	if w.err != nil {
		return nil, w.err
	}
	data, err := json.Marshal(e.Fact, dataOptions)
	if err != nil {
		return nil, err
	}
	b = append(w.b, `,"data":`...)
	b = append(b, data...)
	return append(b, '}'), nil
}

// writer appends members in order.
type writer struct {
	b   []byte
	err error
}

func (w *writer) name(name string) {
	w.b = append(w.b, ',', '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *writer) text(name, value string) {
	w.name(name)
	b, err := jsontext.AppendQuote(w.b, value)
	if err != nil {
		w.err = fmt.Errorf("attribute %s: %w", name, err)
		return
	}
	w.b = b
}

func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) number(name string, n uint64) {
	w.name(name)
	w.b = strconv.AppendUint(w.b, n, 10)
}
