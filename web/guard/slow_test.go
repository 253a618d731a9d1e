package guard

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// deadlines is a response writer that notes the deadlines that it is given.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
	readSet     int
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; d.readSet++; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

// dripping gives one byte every so often.
type dripping struct {
	left  int
	pause time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.pause) // in a bubble: no time passes
	d.left--
	p[0] = 'x'
	return 1, nil
}
func (*dripping) Close() error { return nil }

func TestADrippingBodyGetsNoMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		b := newBody(&dripping{left: 100, pause: 2 * time.Second}, http.NewResponseController(d), began)
		for range 90 {
			if _, err := b.Read(make([]byte, 8)); err != nil {
				t.Fatal(err)
			}
		}
		if got := d.read.Sub(began); got != bodyGraceMax {
			t.Errorf("after 90 bytes in 180 s the body may take %s in all, want %s", got, bodyGraceMax)
		}
	})
}

func TestALongBodyGetsTheTimeThatItNeeds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		began := time.Now()
		b := newBody(io.NopCloser(strings.NewReader(strings.Repeat("x", 64<<20))), http.NewResponseController(d), began)
		piece := make([]byte, 1<<20)
		for range 63 {
			time.Sleep(10 * time.Second) // 100 KiB/s
			if _, err := io.ReadFull(b, piece); err != nil {
				t.Fatal(err)
			}
			if !d.read.After(time.Now()) {
				t.Fatalf("cut after %s", time.Since(began))
			}
		}
		for {
			if _, err := b.Read(piece); err == io.EOF {
				break
			}
		}
		if !d.read.IsZero() {
			t.Errorf("after the body's end a deadline stands at %s: it would end the answer", d.read.Sub(began))
		}
	})
}

func TestAnAnswerThatIsReadGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		w := &writer{ResponseWriter: d, control: http.NewResponseController(d)}
		for range 100 {
			if _, err := w.Write([]byte("a piece")); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(d.write); left < writeMax-extendEvery || left > writeMax {
				t.Fatalf("a piece has %s", left)
			}
			time.Sleep(20 * time.Second)
		}
		if w.status != http.StatusOK || w.bytes != 700 {
			t.Errorf("noted %d, %d bytes", w.status, w.bytes)
		}
	})
}
