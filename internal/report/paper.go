package report

import (
	"bytes"
	_ "embed" // paper.html
	"fmt"
	"html/template"
	"time"

	"zhitong/internal/pdf"
)

// paper is what is written, before it is HTML or PDF.
type paper struct {
	Lang    string
	RTL     bool
	Title   string
	Mark    string // at the foot of each page
	Created time.Time
	Page    func(page, pages int) string
	Parts   []part
}

// part is a part of a paper; what it lacks is left out.
type part struct {
	Level   int // of the heading, 1 or 2
	Heading string
	Pairs   [][2]string
	Texts   []string
	Notes   []string // in small letters
	Table   *pdf.Table
}

//go:embed paper.html
var paperHTML string

// End tells the template which columns are figures.
func (paper) End(c pdf.Column) bool { return c.Align == pdf.End }

// html writes the paper as one file without scripts and without anything from
// elsewhere.
func (p *paper) html() ([]byte, error) {
	t, err := template.New("paper").Parse(paperHTML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pdf writes the paper as pages. missing says, in the paper's language, which
// characters the fonts do not have; it is asked only if there are any.
func (p *paper) pdf(missing func([]rune) string) ([]byte, error) {
	d := pdf.New(pdf.Options{Title: p.Title, RTL: p.RTL, Lang: p.Lang, Created: p.Created, Footer: p.Page, Mark: p.Mark})
	d.Title(p.Title)
	for _, part := range p.Parts {
		if part.Heading != "" {
			d.Heading(part.Level, part.Heading)
		}
		if part.Pairs != nil {
			d.Pairs(part.Pairs)
		}
		for _, t := range part.Texts {
			d.Paragraph(t)
		}
		if part.Table != nil {
			d.Table(*part.Table)
		}
		for _, t := range part.Notes {
			d.Note(t)
		}
	}
	if list := d.Missing(); len(list) > 0 {
		d.Note(missing(list))
	}
	return d.Bytes()
}

// files writes the paper in both forms.
func (p *paper) files(name string, missing func([]rune) string) (map[string][]byte, error) {
	html, err := p.html()
	if err != nil {
		return nil, fmt.Errorf("%s.html: %w", name, err)
	}
	pages, err := p.pdf(missing)
	if err != nil {
		return nil, fmt.Errorf("%s.pdf: %w", name, err)
	}
	return map[string][]byte{name + ".html": html, name + ".pdf": pages}, nil
}
