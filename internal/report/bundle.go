package report

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhitong/audit/bundle"
	"zhitong/audit/trace"
	"zhitong/domain"
	"zhitong/domain/claim"
	"zhitong/events"
	"zhitong/internal/pdf"
	"zhitong/internal/sheet"
	"zhitong/internal/text"
	"zhitong/projections"
)

const (
	// sheetsMax is how many claims are calculated step by step; of more, only what
	// they come to is listed.
	sheetsMax = 40
	// eventsMax bounds the list of events; those behind it are in trace.txt.
	eventsMax = 5000
)

// languages are those that reports are written in.
var languages = []string{"zh", "en"}

// Bundle returns what writes the reports of a bundle: report.zh.html, report.zh.pdf
// and the same in English. read reads the log.
func Bundle(read projections.Reader) bundle.Reports {
	return func(ctx context.Context, e bundle.Evidence) (map[string][]byte, error) {
		m := newMaterial(e)
		if err := m.collect(ctx, read); err != nil {
			return nil, err
		}
		files := map[string][]byte{}
		for _, lang := range languages {
			c, err := text.For(lang)
			if err != nil {
				return nil, err
			}
			w := &writer{m, c, lang}
			p, err := w.paper()
			if err != nil {
				return nil, err
			}
			written, err := p.files("report."+lang, w.missing)
			if err != nil {
				return nil, err
			}
			maps.Copy(files, written)
		}
		return files, nil
	}
}

// material is what the reports of all languages are written from.
type material struct {
	bundle.Evidence
	shown  []*trace.Node // causes first, each once
	claims []domain.ID
	sheets map[domain.ID]*sheet.Sheet
	facts  map[string]domain.Fact // of the events in the bundle, by id
	last   time.Time              // when the last of them was recorded
}

func newMaterial(e bundle.Evidence) *material {
	m := &material{Evidence: e, shown: flat(e.Nodes), sheets: map[domain.ID]*sheet.Sheet{}, facts: map[string]domain.Fact{}}
	for _, n := range m.shown {
		if n.Kind == claim.Kind {
			m.claims = append(m.claims, domain.ID(n.ID))
		}
	}
	return m
}

// flat lists a tree's nodes, causes first, each once.
func flat(nodes []*trace.Node) []*trace.Node {
	var out []*trace.Node
	for _, n := range nodes {
		if n.Again {
			continue
		}
		out = append(out, flat(n.Because)...)
		out = append(out, n)
		out = append(out, flat(n.LeadsTo)...)
	}
	return out
}

// collect reads the log once, up to the checkpoint.
func (m *material) collect(ctx context.Context, read projections.Reader) error {
	makers := map[domain.ID]*sheet.Maker{}
	for _, id := range m.claims[:min(len(m.claims), sheetsMax)] {
		makers[id] = sheet.NewMaker(id)
	}
	in := map[uint64]bool{}
	for _, p := range m.Positions {
		in[p] = true
	}
	enough := errors.New("enough")
	err := read(ctx, 1, func(first uint64, commits [][]byte) error {
		for i, line := range commits {
			if first+uint64(i) > m.Signed.Size {
				return enough
			}
			c, err := events.Decode(line)
			if err != nil {
				return fmt.Errorf("position %d: %w", first+uint64(i), err)
			}
			for _, maker := range makers {
				maker.Fold(&c)
			}
			for k := range c.Events {
				if e := &c.Events[k]; in[c.Position] {
					m.facts[e.ID], m.last = e.Fact, e.Recorded
				}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return err
	}
	for id, maker := range makers {
		s, err := maker.Sheet()
		if err != nil {
			return fmt.Errorf("claim %q: %w", id, err)
		}
		m.sheets[id] = s
	}
	return nil
}

// writer writes one language.
type writer struct {
	*material
	c    text.Catalogue
	lang string
}

func (w *writer) paper() (*paper, error) {
	p := &paper{
		Lang: w.lang, RTL: w.lang == "ug", Title: w.c.Say("report.title"), Created: w.last,
		Mark: w.kind(w.Subject.Kind) + " " + w.Subject.ID + " · " + w.Digest[:16],
		Page: func(page, pages int) string { return w.c.Say("report.page", "page", page, "pages", pages) },
	}
	p.Parts = append(p.Parts, w.about(), part{Level: 1, Heading: w.c.Say("report.how"), Texts: []string{w.c.Say("report.how_text"), w.c.Say("report.how_paper")}})
	if len(w.claims) > 0 {
		p.Parts = append(p.Parts, w.amounts())
	}
	calculated, err := w.calculations()
	if err != nil {
		return nil, err
	}
	p.Parts = append(p.Parts, calculated...)
	p.Parts = append(p.Parts, w.happened())
	return p, nil
}

// about says what the bundle is of and what it rests on.
func (w *writer) about() part {
	say := w.c.Say
	pairs := [][2]string{{say("report.about"), w.kind(w.Subject.Kind) + " " + w.Subject.ID}}
	if !w.Subject.From.IsZero() || !w.Subject.To.IsZero() {
		pairs = append(pairs, [2]string{say("report.period"), moment(w.Subject.From) + " – " + moment(w.Subject.To)})
	}
	pairs = append(pairs,
		[2]string{say("report.log"), w.Signed.Origin},
		[2]string{say("report.size"), strconv.FormatUint(w.Signed.Size, 10)},
		[2]string{say("report.root"), w.Signed.Root.String()},
		[2]string{say("report.signed_by"), strings.Join(signers(w.Signed.Note), ", ")},
		[2]string{say("report.commits"), strconv.Itoa(len(w.Positions))},
		[2]string{say("report.digest"), w.Digest})
	return part{Pairs: pairs}
}

// signers are the names in the signature lines of a note, of the log and of
// witnesses.
func signers(note []byte) []string {
	_, lines, _ := bytes.Cut(note, []byte("\n\n"))
	var out []string
	for line := range strings.Lines(string(lines)) {
		if fields := strings.Fields(line); len(fields) == 3 && !slices.Contains(out, fields[1]) {
			out = append(out, fields[1])
		}
	}
	return out
}

// moment is a time as people here read it; "…" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "…"
	}
	return t.Format(time.RFC3339)
}

// amounts lists what the claims come to.
func (w *writer) amounts() part {
	say := w.c.Say
	t := &pdf.Table{Columns: []pdf.Column{{Title: say("report.claim"), Share: 3}, {Title: say("report.line"), Share: 1, Align: pdf.End}, {Title: say("report.item"), Share: 2},
		{Title: say("report.kg"), Share: 2, Align: pdf.End}, {Title: say("report.subsidy"), Share: 2, Align: pdf.End}, {Title: say("report.shares"), Share: 5}}}
	total := domain.MoneyFromFen(0)
	whole := true
	for _, n := range w.shown {
		if n.Kind != claim.Kind {
			continue
		}
		for _, l := range n.Lines {
			shares := make([]string, len(l.Shares))
			for i, s := range l.Shares {
				shares[i] = s.FunderID + " (" + s.BudgetID + ") " + s.Amount
			}
			t.Rows = append(t.Rows, []string{n.ID, strconv.Itoa(l.LineNo), l.ItemID, l.AcceptedKg, l.Subsidy, strings.Join(shares, "; ")})
			amount, err := domain.ParseMoney(l.Subsidy)
			whole = whole && err == nil
			total = total.Add(amount)
		}
	}
	if whole {
		t.Total = []string{say("report.total"), "", "", "", total.String(), ""}
	}
	return part{Level: 1, Heading: say("report.amounts"), Table: t}
}

// calculations are the sheets of the claims.
func (w *writer) calculations() ([]part, error) {
	var out []part
	for _, id := range w.claims {
		s := w.sheets[id]
		if s == nil {
			continue
		}
		var b bytes.Buffer
		if err := s.Write(&b, w.c); err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
		out = append(out, part{Level: 1, Heading: strings.TrimSpace(lines[0]), Texts: []string{strings.Join(lines[1:], "\n")}})
	}
	if len(w.claims) > sheetsMax {
		out = append(out, part{Notes: []string{w.c.Say("report.more_claims", "count", len(w.claims)-sheetsMax)}})
	}
	return out, nil
}

// happened lists the events in the order of the log, each once.
func (w *writer) happened() part {
	say := w.c.Say
	t := &pdf.Table{Columns: []pdf.Column{{Title: say("report.position"), Share: 1.3, Align: pdf.End}, {Title: say("report.thing"), Share: 3}, {Title: say("report.event"), Share: 4},
		{Title: say("report.by"), Share: 2.6}, {Title: say("report.happened"), Share: 2.6}, {Title: say("report.says"), Share: 5.5}}}
	type row struct {
		trace.Event
		thing string
	}
	var rows []row
	shown := map[string]bool{}
	for _, n := range w.shown {
		for _, e := range n.Events {
			if w.facts[e.ID] != nil && !shown[e.ID] { // not outside of the period
				shown[e.ID] = true
				rows = append(rows, row{e, w.kind(n.Kind) + "\n" + n.ID})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID)) })
	p := part{Level: 1, Heading: say("report.events"), Table: t}
	if len(rows) > eventsMax {
		rows = rows[:eventsMax]
		p.Notes = []string{say("report.more_events", "max", eventsMax)}
	}
	for _, e := range rows {
		t.Rows = append(t.Rows, []string{strconv.FormatUint(e.Position, 10), e.thing, e.Name + "\n" + e.ID, e.Actor + "\n" + e.Role + ", " + e.Via, strings.Replace(e.Time, "T", "\n", 1), w.says(w.facts[e.ID])})
	}
	return p
}

// missing says which characters the fonts do not have.
func (w *writer) missing(list []rune) string {
	numbers := make([]string, len(list))
	for i, r := range list {
		numbers[i] = fmt.Sprintf("U+%04X", r)
	}
	return w.c.Say("report.missing", "characters", strings.Join(numbers, ", "))
}
