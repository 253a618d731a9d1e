package importing

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Command is one command that an import makes, in the shape of a line of `apply`.
type Command struct {
	ID      string         `json:"id"`
	Command string         `json:"command"`
	Actor   string         `json:"actor"`
	Role    string         `json:"role"`
	Time    string         `json:"time"`
	Data    jsontext.Value `json:"data"`
}

// planned is a command with the rows that it came from, in the order of its lines.
type planned struct {
	Command
	rows    []*row
	already []string // refusals that mean: it is there, go on
	repeat  bool     // a rehearsal found it there already
}

// document is what is taken or refused as a whole.
type document struct {
	key      string
	rows     []*row
	groups   [][][]*row // by level, each in the order of its first row; level 0 has one
	once     []int      // master data that it needs, places in Plan.once, in order
	commands []planned
}

// refused reports whether a row of the document is refused.
func (d *document) refused() bool {
	return slices.ContainsFunc(d.rows, func(r *row) bool { return len(r.reasons) > 0 })
}

// Plan is a file turned into documents and their commands. Nothing has been sent.
type Plan struct {
	profile   *Profile
	table     *Table
	rows      []*row
	documents []*document // in the order of their first rows
	once      []planned   // each needed by a document that is not refused
	warnings  []Warning

	onceIndex map[string]int // places in once by command id
}

// Prepare reads the file and makes every command of it. The error is about the
// whole file; what is wrong with a row refuses its document in the plan.
func Prepare(src Source, p *Profile) (*Plan, error) {
	t, err := ReadTable(src, p.sheet, p.delimiter)
	if err != nil {
		return nil, err
	}
	places, err := p.bind(t)
	if err != nil {
		return nil, err
	}
	plan := &Plan{profile: p, table: t, onceIndex: map[string]int{}}
	for i := range t.Records {
		plan.rows = append(plan.rows, p.read(t, &t.Records[i], places))
	}
	p.checkReferences(plan.rows, p.checkUnique(plan.rows))
	plan.group()
	tally := newTally(p)
	for _, d := range plan.documents {
		if d.refused() {
			continue
		}
		tally.document(d)
		plan.make(d, tally)
	}
	plan.warnings = tally.list()
	return plan, nil
}

// Commands returns all commands of the plan in the order of a run without
// refusals: those of the first document with the master data that it needs before
// them, and so on.
func (p *Plan) Commands() []Command {
	var list []Command
	sent := make([]bool, len(p.once))
	for _, d := range p.documents {
		for _, i := range d.once {
			if !sent[i] {
				sent[i] = true
				list = append(list, p.once[i].Command)
			}
		}
		for i := range d.commands {
			list = append(list, d.commands[i].Command)
		}
	}
	return list
}

// group makes the documents. A row whose key cannot be read is a document of its
// own, refused with it.
func (p *Plan) group() {
	by := map[string]*document{}
	for _, r := range p.rows {
		v := r.values[p.profile.levels[0].key.index]
		key := v.written(p.profile.zone)
		d := by[key]
		if d == nil || !v.given() {
			d = &document{key: key}
			p.documents = append(p.documents, d)
			if v.given() {
				by[key] = d
			}
		}
		d.rows = append(d.rows, r)
	}
	for _, d := range p.documents {
		d.groups = [][][]*row{{d.rows}}
		for k, l := range p.profile.levels[1:] {
			var groups [][]*row
			for _, outer := range d.groups[k] {
				groups = append(groups, p.divide(outer, l.key)...)
			}
			d.groups = append(d.groups, groups)
		}
	}
	for k := range p.profile.levels {
		p.checkLevel(k)
	}
}

// divide parts rows by a column, in the order of the first rows.
func (p *Plan) divide(rows []*row, key *column) [][]*row {
	var groups [][]*row
	at := map[string]int{}
	for _, r := range rows {
		k := r.values[key.index].written(p.profile.zone)
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// checkLevel refuses groups of a level that lie in two documents, are too large,
// or have two values where they should have one.
func (p *Plan) checkLevel(k int) {
	l := p.profile.levels[k]
	first := map[string]*row{}
	for _, d := range p.documents {
		for _, rows := range d.groups[k] {
			head := rows[0]
			key := head.values[l.key.index]
			if !key.given() {
				continue // refused already: a key is required
			}
			text := key.written(p.profile.zone)
			if other := first[text]; other != nil {
				head.refuse("group.divided", l.key, text, "row %d (line %d) has the same %s in another document or group", other.record.Row, other.record.Line, l.name)
				other.refuse("group.divided", l.key, text, "row %d (line %d) has the same %s in another document or group", head.record.Row, head.record.Line, l.name)
			}
			first[text] = head
			if l.rowsMax > 0 && len(rows) > l.rowsMax {
				rows[l.rowsMax].refuse("group.too_large", l.key, text, "the %s has %d lines; at most %d are taken", l.name, len(rows), l.rowsMax)
			}
			p.checkSame(l, rows)
		}
	}
}

func (p *Plan) checkSame(l *level, rows []*row) {
	for _, c := range l.same {
		one := rows[0].values[c.index]
		for _, r := range rows[1:] {
			v := r.values[c.index]
			if v.given() != one.given() || v.given() && v.compare(one) != 0 {
				r.refuse("group.differs", c, v.written(p.profile.zone), "the %s has %q on row %d (line %d)",
					l.name, one.written(p.profile.zone), rows[0].record.Row, rows[0].record.Line)
				break
			}
		}
	}
}

// make makes the commands of a document; faults refuse it.
func (p *Plan) make(d *document, tally *tally) {
	var faults []*Reason
	steps := p.profile.steps
	for len(steps) > 0 {
		n := 1
		for n < len(steps) && steps[n].level == steps[0].level {
			n++
		}
		key := p.profile.levels[steps[0].level].key
		for _, rows := range d.groups[steps[0].level] {
			sc := &scope{zone: p.profile.zone, rows: rows, faults: &faults}
			for _, s := range steps[:n] {
				if p.skips(s, sc) {
					continue
				}
				d.commands = append(d.commands, p.command(s, rows[0].values[key.index].written(p.profile.zone), sc))
			}
		}
		steps = steps[n:]
	}
	if len(faults) > 0 {
		d.commands = nil
		for _, f := range faults {
			r := p.rows[f.Row-1]
			r.reasons = append(r.reasons, f)
		}
		return
	}
	p.makeOnce(d, tally)
}

func (p *Plan) skips(s *step, sc *scope) bool {
	if s.onlyIf == nil {
		return false
	}
	v, fault := s.onlyIf.in(sc)
	sc.fault(fault)
	return !v.given() || v.kind == kindCondition && !v.yes
}

// command makes a step's command for one group.
func (p *Plan) command(s *step, key string, sc *scope) planned {
	word := func(o *operand, code, what string) string {
		v, fault := o.in(sc)
		if sc.fault(fault); fault == nil && !v.given() {
			sc.fault(sc.rows[0].reason(code, o.column, "", "the command %s would have no %s", s.command, what))
		}
		return v.written(p.profile.zone)
	}
	c := planned{rows: sc.rows, already: s.already, Command: Command{
		ID: ShortID(p.profile.Name + ":" + s.name + ":" + key), Command: s.command,
		Actor: word(&s.actor, "command.no_actor", "actor"), Role: word(&s.role, "command.no_actor", "role"), Time: word(&s.time, "command.no_time", "time"),
	}}
	data, given := s.data.append(nil, sc)
	if !given {
		data = []byte("{}")
	}
	c.Data = data
	return c
}

// makeOnce makes the master data that the document's lines need, each once in the
// whole file.
func (p *Plan) makeOnce(d *document, tally *tally) {
	var faults []*Reason
	for _, s := range p.profile.once {
		for i := range d.rows {
			sc := &scope{zone: p.profile.zone, rows: d.rows[i : i+1], faults: &faults}
			key, fault := s.key.in(sc)
			if sc.fault(fault); !key.given() {
				continue
			}
			c := p.command(s, key.written(p.profile.zone), sc)
			at, known := p.onceIndex[c.ID]
			switch {
			case !known:
				at = len(p.once)
				p.onceIndex[c.ID] = at
				p.once = append(p.once, c)
			case !bytes.Equal(c.Data, p.once[at].Data):
				tally.add("once_differs:"+s.name, hit{row: sc.rows[0], doc: d, text: fmt.Sprintf("other data for %s than row %d: those of that row are taken",
					key.written(p.profile.zone), p.once[at].rows[0].record.Row)})
			}
			if !slices.Contains(d.once, at) {
				d.once = append(d.once, at)
			}
		}
	}
	for _, f := range faults {
		r := p.rows[f.Row-1]
		r.reasons = append(r.reasons, f)
	}
}
