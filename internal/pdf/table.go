package pdf

// Column is a column of a table.
type Column struct {
	Title string
	// Share is how wide the column is beside the others.
	Share float64
	Align Align
}

// Table is rows under a head, which stands again on each page.
type Table struct {
	Columns []Column
	Rows    [][]string
	// Total is a last row that is set off; nil for none.
	Total []string
}

const (
	cellPad = 1.2 // on each side of a cell's text
	rowPad  = 0.9 // above and below it
	shade   = 236
	// rowPartMin is the least of a row that stands on a page, in millimetres.
	rowPartMin = 20
	rule       = 170
)

// Table sets a table. A row that is higher than a page goes on on the next.
func (d *Document) Table(t Table) {
	if d.err != nil || len(t.Columns) == 0 {
		return
	}
	g := d.grid(t.Columns)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Title
	}
	title := g.cells(head)
	d.room(g.height(title) + 3*sizeSmall*lineHeight)
	g.row(title, true, true)
	for _, r := range t.Rows {
		cells := g.cells(r)
		if h := g.height(cells); d.y+min(h, rowPartMin) > bottom || d.y+h > bottom && h < bottom-margin-g.height(title) {
			d.newPage()
			g.row(title, true, true)
		}
		for rest := cells; rest != nil; {
			var part [][]line
			part, rest = g.fit(rest)
			g.row(part, false, false)
			if rest != nil {
				d.newPage()
				g.row(title, true, true)
			}
		}
	}
	if t.Total != nil {
		cells := g.cells(t.Total)
		d.room(g.height(cells))
		g.row(cells, true, false)
	}
	d.y += 3
}

// Pairs sets names with their values, one below the other.
func (d *Document) Pairs(pairs [][2]string) {
	if d.err != nil {
		return
	}
	g := d.grid([]Column{{Share: 1}, {Share: 3}})
	g.size = sizeBody
	for _, p := range pairs {
		cells := g.cells(p[:])
		d.room(g.height(cells))
		g.row(cells, false, false)
	}
	d.y += 2
}

// grid is where the columns of a table stand.
type grid struct {
	d      *Document
	x, w   []float64
	aligns []Align
	size   float64
}

func (d *Document) grid(columns []Column) *grid {
	sum := 0.0
	for _, c := range columns {
		sum += max(c.Share, 0.1)
	}
	g := &grid{d: d, size: sizeSmall}
	x := 0.0
	for _, c := range columns {
		w := contentWidth * max(c.Share, 0.1) / sum
		left := margin + x
		if d.opts.RTL { // the first column stands where reading begins
			left = pageWidth - margin - x - w
		}
		g.x, g.w, g.aligns = append(g.x, left), append(g.w, w), append(g.aligns, c.Align)
		x += w
	}
	return g
}

// cells breaks the texts of a row into lines.
func (g *grid) cells(texts []string) [][]line {
	out := make([][]line, len(g.w))
	for i := range out {
		if i < len(texts) {
			out[i] = g.d.face.lines(texts[i], thousandths(g.w[i]-2*cellPad, g.size))
		}
	}
	return out
}

func (g *grid) height(cells [][]line) float64 {
	lines := 1
	for _, c := range cells {
		lines = max(lines, len(c))
	}
	return float64(lines)*g.size*lineHeight + 2*rowPad
}

// fit cuts a row into what fits on the page and the rest, which is nil when all does.
func (g *grid) fit(cells [][]line) (part, rest [][]line) {
	lines := int((bottom - g.d.y - 2*rowPad) / (g.size * lineHeight))
	if g.height(cells) <= bottom-g.d.y {
		return cells, nil
	}
	part, rest = make([][]line, len(cells)), make([][]line, len(cells))
	for i, c := range cells {
		n := min(lines, len(c))
		part[i], rest[i] = c[:n], c[n:]
	}
	return part, rest
}

// row draws a row.
func (g *grid) row(cells [][]line, bold, shaded bool) {
	d, h := g.d, g.height(cells)
	if shaded {
		d.put(mark{x: margin, y: d.y, w: contentWidth, h: h, shading: shade})
	}
	for i, c := range cells {
		for n, l := range c {
			y := d.y + rowPad + float64(n)*g.size*lineHeight
			d.line(l, g.x[i]+cellPad, g.w[i]-2*cellPad, y, style{size: g.size, bold: bold, align: g.aligns[i]})
		}
	}
	d.y += h
	d.put(mark{x: margin, y: d.y, w: contentWidth, h: 0.1, shading: rule})
}
