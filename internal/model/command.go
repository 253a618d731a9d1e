package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Command is one line of a history, as `zhitong apply` reads it.
type Command struct {
	ID      string         `json:"id"`
	Command string         `json:"command"`
	Actor   string         `json:"actor"`
	Role    string         `json:"role"`
	Time    string         `json:"time"`
	Data    jsontext.Value `json:"data"`
}

// Outcome is what became of a command.
type Outcome string

// The three outcomes. A repeat is answered with the original reply and changes
// nothing.
const (
	Accepted Outcome = "accepted"
	Refused  Outcome = "refused"
	Repeat   Outcome = "repeat"
)

// clockSkewMax is how far a claimed time may lie ahead of the clock.
const clockSkewMax = 5 * time.Minute

// refusal is a coarse reason: one word, for people who compare two readings.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(word string) error { return refusal(word) }

// errRepeat says that the command is the same as an earlier one in content,
// though not in id (a waybill logged again).
var errRepeat = errors.New("repeat")

// Model is the whole state. It is not safe for concurrent use.
type Model struct {
	clock      time.Time
	opened     bool
	seen       map[string]string // command id → content
	parties    map[string]*party
	items      map[string]*item
	routes     map[string]*route
	orders     map[string]*order
	departures map[string]*departure
	shipments  map[string]*shipment
	waybills   map[string]*waybill
	policies   map[string]*policy
	funds      map[string]*fund
	claims     map[string]*claim
	batches    map[string]*batch
	clawbacks  map[string]*clawback
	posted     map[string]posting // claim id → latest posting
	debts      []*clawback        // settled as an offset, in the order of their settlements
	ticks      int                // order of loadings, inspections and claims
	sales      []sale
	flows      []flow
	saleDays   map[string]bool
}

// New makes an empty programme; clock is the recording clock, which stands.
func New(clock time.Time) *Model {
	return &Model{
		clock: clock, seen: map[string]string{}, parties: map[string]*party{}, items: map[string]*item{},
		routes: map[string]*route{}, orders: map[string]*order{}, departures: map[string]*departure{},
		shipments: map[string]*shipment{}, waybills: map[string]*waybill{}, policies: map[string]*policy{},
		funds: map[string]*fund{}, claims: map[string]*claim{}, batches: map[string]*batch{},
		clawbacks: map[string]*clawback{}, posted: map[string]posting{}, saleDays: map[string]bool{},
	}
}

// call is a command whose envelope has been read.
type call struct {
	Command
	at time.Time
}

func (c call) day() string   { return dayOf(c.at) }
func (c call) month() string { return dayOf(c.at)[:7] }

// shanghai had no summer time in the years of the programme.
var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

func dayOf(t time.Time) string { return t.In(shanghai).Format(time.DateOnly) }

// read decodes the data strictly: no unknown member, no other type.
func (c call) read(into any) error {
	if err := json.Unmarshal(c.Data, into, json.RejectUnknownMembers(true)); err != nil {
		return refuse("malformed")
	}
	return nil
}

// Apply decides one command and, when it is accepted, all that follows from it
// by itself. The word is the reason of a refusal, else empty.
func (m *Model) Apply(c Command) (Outcome, string) {
	content, err := content(c)
	if err != nil {
		return Refused, err.Error()
	}
	if before, ok := m.seen[c.ID]; ok {
		if before == content {
			return Repeat, ""
		}
		return Refused, "id_reused"
	}
	if err := m.decide(c); err != nil {
		if errors.Is(err, errRepeat) {
			return Repeat, ""
		}
		return Refused, err.Error()
	}
	m.seen[c.ID] = content
	return Accepted, ""
}

// content is the canonical text of all that a retry must repeat.
func content(c Command) (string, error) {
	data := slices.Clone(c.Data)
	if err := data.Canonicalize(); err != nil {
		return "", refuse("malformed")
	}
	return strings.Join([]string{c.Command, c.Actor, c.Role, c.Time, string(data)}, "\x00"), nil
}

func (m *Model) decide(c Command) error {
	if !goodID(c.ID) || strings.HasPrefix(c.ID, "~") || !goodID(c.Actor) {
		return refuse("id")
	}
	at, err := time.Parse(time.RFC3339Nano, c.Time)
	if err != nil {
		return refuse("time")
	}
	if at.After(m.clock.Add(clockSkewMax)) {
		return refuse("future")
	}
	handler, ok := handlers()[c.Command]
	if !ok {
		return refuse("unknown_command")
	}
	if !handler.open[c.Role] {
		return refuse("role")
	}
	if m.opened == (c.Command == "programme.open") {
		return refuse("programme")
	}
	return handler.run(m, call{Command: c, at: at})
}

func goodID(s string) bool {
	n := utf8.RuneCountInString(s)
	if n < 1 || n > 64 || !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, unicode.IsControl) < 0
}

// tick numbers what happened, so that "in the order of" can be told later.
func (m *Model) tick() int {
	m.ticks++
	return m.ticks
}

// inOrder lists a map's values by key.
func inOrder[V any](m map[string]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

func key(parts ...any) string { return fmt.Sprintf("%q", parts) }
