package guard

import (
	"io"
	"net/http"
	"time"
)

const (
	// writeMax is how long a client may take to read a piece of an answer. A stream
	// lasts as long as its pieces are read.
	writeMax = 30 * time.Second
	// bodyGraceMax is how long a body may take in any case; beyond that it must come
	// at bodyBytesPerSecond.
	bodyGraceMax = 30 * time.Second
	// bodyBytesPerSecond is the least speed of a long body.
	bodyBytesPerSecond = 16 << 10
	// extendEvery is how often a deadline is moved at most.
	extendEvery = time.Second
)

// writer notes what is answered, and gives every piece its time.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int // 0 while nothing is answered
	bytes   int64
	moved   time.Time // when the deadline was set last
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.extend(time.Now())
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.extend(time.Now())
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// extend moves the deadline of writing on. Who can't have one (a test's recorder)
// has none.
func (w *writer) extend(now time.Time) {
	if now.Sub(w.moved) >= extendEvery {
		w.moved = now
		_ = w.control.SetWriteDeadline(now.Add(writeMax))
	}
}

// Flush sends what has been written.
func (w *writer) Flush() {
	w.extend(time.Now())
	_ = w.control.Flush() // a client that has gone is noticed by the next write
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// body is a request's body that must come in time.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	moved   time.Time
	read    int64
}

func newBody(r io.ReadCloser, control *http.ResponseController, now time.Time) *body {
	_ = control.SetReadDeadline(now.Add(bodyGraceMax))
	return &body{ReadCloser: r, control: control, began: now, moved: now}
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err == io.EOF {
		b.done()
		return n, err
	}
	if now := time.Now(); n > 0 && now.Sub(b.moved) >= extendEvery {
		b.moved = now
		_ = b.control.SetReadDeadline(b.began.Add(bodyGraceMax + time.Duration(b.read/bodyBytesPerSecond)*time.Second))
	}
	return n, err
}

// done takes the deadline away, which would otherwise end the request while it is
// being answered.
func (b *body) done() { _ = b.control.SetReadDeadline(time.Time{}) }
