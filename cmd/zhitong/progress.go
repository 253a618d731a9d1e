package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	barEvery  = 100 * time.Millisecond // on a terminal
	lineEvery = 2 * time.Second        // elsewhere
	barCells  = 24
)

// progress tells on standard error how far a long work has come: a bar on a
// terminal, a line now and then elsewhere. Its methods may be called from several
// goroutines.
type progress struct {
	p        *program
	terminal bool

	mu    sync.Mutex
	label string    // guarded by mu
	shown time.Time // guarded by mu; when it was last drawn
	drawn bool      // guarded by mu; a bar stands on the present line
}

func (p *program) newProgress(label string) *progress {
	return &progress{p: p, label: label, shown: time.Now(), terminal: isTerminal(p.stderr) && p.getenv("TERM") != "dumb"}
}

// isTerminal reports whether what is written to w is seen as it comes.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// name changes what the work is called.
func (g *progress) name(label string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.label = label
}

// at says that done of total are done; a total of 0 is not known.
func (g *progress) at(done, total int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	every := lineEvery
	if g.terminal {
		every = barEvery
	}
	if now := time.Now(); now.Sub(g.shown) >= every {
		g.shown = now
		g.draw(done, total)
	}
}

// draw shows the state. mu is held.
func (g *progress) draw(done, total int) {
	share := ""
	if total > 0 {
		share = fmt.Sprintf(" %3d%%", done*100/total)
	}
	if !g.terminal {
		fmt.Fprintf(g.p.stderr, "%s: %s%s\n", g.label, count(done, total), share)
		return
	}
	bar := ""
	if total > 0 {
		full := min(barCells, done*barCells/total)
		bar = " " + g.coloured(strings.Repeat("█", full)) + strings.Repeat("░", barCells-full)
	}
	fmt.Fprintf(g.p.stderr, "\r\x1b[K%s%s%s %s", g.label, bar, share, count(done, total))
	g.drawn = true
}

// coloured paints text on a terminal whose user has nothing against it.
func (g *progress) coloured(s string) string {
	if s == "" || g.p.getenv("NO_COLOR") != "" {
		return s
	}
	return "\x1b[32m" + s + "\x1b[0m"
}

func count(done, total int) string {
	if total > 0 {
		return fmt.Sprintf("%d/%d", done, total)
	}
	return fmt.Sprint(done)
}

// end takes the bar away.
func (g *progress) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drawn {
		fmt.Fprint(g.p.stderr, "\r\x1b[K")
		g.drawn = false
	}
}
