package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of a page (A4) in millimetres, of letters in points.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 18.0
	footerHeight          = 12.0
	contentWidth          = pageWidth - 2*margin
	bottom                = pageHeight - margin - footerHeight

	sizeBody, sizeSmall       = 9.5, 8.0
	sizeTitle, sizeH1, sizeH2 = 17.0, 12.5, 10.5

	pointMM = 25.4 / 72
	// lineHeight is the distance of lines for a size of 1.
	lineHeight = 1.45 * pointMM
	// boldStroke is how thick the outline is that makes letters bold, for a size of 1.
	boldStroke = 0.035 * pointMM
	// pagesMax bounds a document.
	pagesMax = 20000
)

// Options make a Document.
type Options struct {
	Title string
	// RTL writes from right to left: for Uyghur.
	RTL bool
	// Lang is the language in the file's catalogue, such as zh-CN.
	Lang string
	// Created stands in the file. It is not read from a clock, so that the same
	// content gives the same bytes.
	Created time.Time
	// Footer is the text at the end of each page: "第 1 页，共 3 页".
	Footer func(page, pages int) string
	// Mark stands at the beginning of each footer: what the document is of.
	Mark string
}

// Document is pages under way. It is used by one goroutine. What goes wrong is
// returned by [Document.Bytes].
type Document struct {
	opts  Options
	file  *fpdf.Fpdf
	face  *face
	pages [][]mark
	y     float64 // where the next line begins
	err   error
}

// mark is something on a page.
type mark struct {
	runs    []run // text, at x and the baseline y
	x, y    float64
	size    float64
	bold    bool
	grey    bool
	w, h    float64 // or a filled area, if w is not 0
	shading int     // its grey
}

// New begins a document.
func New(o Options) *Document {
	d := &Document{opts: o}
	has, err := glyphs()
	if err != nil {
		d.err = err
		return d
	}
	d.file = fpdf.New("P", "mm", "A4", "")
	d.file.AddUTF8FontFromBytes(sans, "", sansFont)
	d.file.AddUTF8FontFromBytes(naskh, "", naskhFont)
	d.face = &face{rtl: o.RTL, has: has, known: map[rune]int{}, missing: map[rune]bool{}, width: func(family string, r rune) int {
		d.file.SetFont(family, "", sizeBody)
		return d.file.GetStringSymbolWidth(string(r))
	}}
	d.newPage()
	return d
}

// newPage begins a page.
func (d *Document) newPage() {
	if len(d.pages) >= pagesMax && d.err == nil {
		d.err = fmt.Errorf("pdf: more than %d pages", pagesMax)
	}
	if d.err != nil && len(d.pages) > 0 {
		d.pages[len(d.pages)-1] = nil // it is given up; keep no more
		d.y = margin
		return
	}
	d.pages, d.y = append(d.pages, nil), margin
}

func (d *Document) put(m mark) {
	last := len(d.pages) - 1
	d.pages[last] = append(d.pages[last], m)
}

// room makes sure that so much fits on the page, if it fits on any.
func (d *Document) room(height float64) {
	if d.y+height > bottom && d.y > margin {
		d.newPage()
	}
}

// style is how text is set.
type style struct {
	size  float64
	bold  bool
	grey  bool
	align Align
}

// Align is where text stands in its place.
type Align int

// Start is left in a page that is read from the left; End is for figures.
const (
	Start Align = iota
	End
)

// thousandths is a width as characters are measured.
func thousandths(mm, size float64) int { return int(mm / (size * pointMM) * 1000) }

func millimetres(thousandths int, size float64) float64 {
	return float64(thousandths) / 1000 * size * pointMM
}

// line puts one line into a place.
func (d *Document) line(l line, x, width, y float64, s style) {
	left := x
	if (s.align == End) != d.opts.RTL {
		left = x + width - millimetres(d.face.measureAll(l.text), s.size)
	}
	d.put(mark{runs: runs(visual(l.text, l.rtl)), x: left, y: y + s.size*pointMM*1.1, size: s.size, bold: s.bold, grey: s.grey})
}

// text sets text over the whole width.
func (d *Document) text(text string, s style) {
	if d.err != nil {
		return
	}
	for _, l := range d.face.lines(text, thousandths(contentWidth, s.size)) {
		d.room(s.size * lineHeight)
		d.line(l, margin, contentWidth, d.y, s)
		d.y += s.size * lineHeight
	}
}

// Title sets the title of the document.
func (d *Document) Title(text string) {
	d.text(text, style{size: sizeTitle, bold: true})
	d.y += 2
}

// Heading begins a part, of level 1 or 2. It does not stand alone at the end of a
// page.
func (d *Document) Heading(level int, text string) {
	size, before := sizeH1, 5.0
	if level > 1 {
		size, before = sizeH2, 3
	}
	if d.y > margin {
		d.y += before
	}
	d.room(size*lineHeight + 4*sizeBody*lineHeight)
	d.text(text, style{size: size, bold: true})
	d.y++
}

// Paragraph sets a paragraph.
func (d *Document) Paragraph(text string) {
	d.text(text, style{size: sizeBody})
	d.y += 1.5
}

// Note sets a paragraph in small letters.
func (d *Document) Note(text string) {
	d.text(text, style{size: sizeSmall, grey: true})
	d.y++
}

// Missing are the characters for which the fonts have no glyph, in order: they are
// drawn as their numbers. Who must not hand out such a document looks here.
func (d *Document) Missing() []rune {
	if d.face == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.face.missing))
}

// Bytes ends the document and returns the file.
func (d *Document) Bytes() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	f := d.file
	f.SetCreationDate(d.opts.Created.UTC())
	f.SetModificationDate(d.opts.Created.UTC())
	f.SetCatalogSort(true)
	f.SetProducer("zhitong", false)
	f.SetTitle(d.opts.Title, true)
	f.SetLang(d.opts.Lang)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	for n, marks := range d.pages {
		f.AddPage()
		for _, m := range append(marks, d.footer(n+1)...) {
			d.draw(m)
		}
	}
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return out.Bytes(), nil
}

// footer is the marks at the end of a page.
func (d *Document) footer(page int) []mark {
	keep := d.pages
	d.pages = [][]mark{nil}
	y := pageHeight - margin - footerHeight/2
	d.put(mark{x: margin, y: y - 1.5, w: contentWidth, h: 0.2, shading: 150})
	width := thousandths(contentWidth*0.7, sizeSmall)
	if d.opts.Mark != "" {
		d.line(d.face.lines(d.opts.Mark, width)[0], margin, contentWidth, y, style{size: sizeSmall, grey: true})
	}
	if d.opts.Footer != nil {
		text := d.face.lines(d.opts.Footer(page, len(keep)), width)[0]
		d.line(text, margin, contentWidth, y, style{size: sizeSmall, grey: true, align: End})
	}
	marks := d.pages[0]
	d.pages = keep
	return marks
}

// draw draws one mark.
func (d *Document) draw(m mark) {
	f := d.file
	if m.w > 0 {
		f.SetFillColor(m.shading, m.shading, m.shading)
		f.Rect(m.x, m.y, m.w, m.h, "F")
		return
	}
	ink := 0
	if m.grey {
		ink = 90
	}
	f.SetTextColor(ink, ink, ink)
	if m.bold {
		f.SetDrawColor(ink, ink, ink)
		f.SetLineWidth(boldStroke * m.size)
		f.SetTextRenderingMode(2)
	}
	x := m.x
	for _, r := range m.runs {
		f.SetFont(r.family, "", m.size)
		f.Text(x, m.y, r.text)
		x += millimetres(d.face.measureAll([]rune(r.text)), m.size)
	}
	if m.bold {
		f.SetTextRenderingMode(0)
	}
}
