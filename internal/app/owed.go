package app

import (
	"time"

	"zhitong/events"
)

// debt is a reaction that is to be carried out: its cause is in the log, its own
// commit is not.
type debt struct {
	id      string
	command SystemCommand
	cause   events.Event
	tried   bool // by this process
}

// owed is the reactions not yet carried out, in the order of their causes.
type owed struct {
	j     *Journal
	list  []*debt
	byID  map[string]*debt
	steps steps[owedStep]
}

// owedStep is a debt that was noted or paid.
type owedStep struct {
	d    *debt
	paid bool
}

func (o *owed) owe(d *debt) {
	if o.byID == nil {
		o.byID = make(map[string]*debt)
	}
	if o.byID[d.id] != nil {
		return
	}
	o.byID[d.id] = d
	o.list = append(o.list, d)
	o.note(owedStep{d, false})
}

// paid drops a debt whose commit is there.
func (o *owed) paid(id string) {
	d := o.byID[id]
	if d == nil {
		return
	}
	o.remove(id)
	o.note(owedStep{d, true})
}

func (o *owed) note(s owedStep) {
	o.steps.push(s)
	o.j.add(o)
}

func (o *owed) undo() {
	s := o.steps.pop()
	if !s.paid {
		o.remove(s.d.id)
		return
	}
	o.byID[s.d.id] = s.d
	o.list = append(o.list, s.d)
}

func (o *owed) drop() { o.steps.drop() }

// remove drops a debt; it is nearly always one of the last.
func (o *owed) remove(id string) {
	delete(o.byID, id)
	for i := len(o.list) - 1; i >= 0; i-- {
		if o.list[i].id == id {
			o.list = append(o.list[:i], o.list[i+1:]...)
			return
		}
	}
}

// olderThan returns the debts whose cause was recorded before t.
func (o *owed) olderThan(t time.Time) []*debt {
	var old []*debt
	for _, d := range o.list {
		if d.cause.Recorded.Before(t) {
			old = append(old, d)
		}
	}
	return old
}
