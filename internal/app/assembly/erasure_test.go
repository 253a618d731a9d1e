package assembly

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/device"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
)

const (
	opened     = `{"id":"open","command":"programme.open","actor":"U-OP","role":"operator","time":"2020-05-01T09:00:00+08:00","data":{"programme_id":"P369","name":{"zh":"直通369"}}}`
	registered = `{"id":"P-1","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":"C9","kind":"cooperative","name":{"zh":"C"},"payee":{"account_name":"阿不都热合曼","bank":"皮山农商行","account_no":"6222000000001234"}}}`
	erase      = `{"id":"P-2","command":"person.erase","actor":"U-OP","role":"operator","time":"2021-05-01T09:10:00+08:00","data":{"party_id":"C9","reason":"本人要求"}}`
)

// failing is a store whose destruction of keys goes wrong.
type failing struct {
	keys.Store
	destroy func(names []string) error
}

func (f failing) Destroy(_ context.Context, names ...string) error { return f.destroy(names) }

// run runs an application that the test ends by itself.
func run(t *testing.T, l log.Log, store keys.Store) (a *app.App, end func()) {
	t.Helper()
	ring, err := keys.OpenRing(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	if a, err = app.Open(t.Context(), Options(l, ring)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	t.Cleanup(end)
	return a, end
}

// names are the facts in the log, in order.
func names(t *testing.T, l log.Log) (list []string) {
	t.Helper()
	read(t, l, func(e *events.Event) { list = append(list, e.Name()) })
	return list
}

func read(t *testing.T, l log.Log, fn func(*events.Event)) {
	t.Helper()
	err := l.Read(t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			c, err := events.Decode(line)
			if err != nil {
				return err
			}
			for i := range c.Events {
				fn(&c.Events[i])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var whole = []string{"programme.opened", "party.registered", "person.erasure_requested", "person.erased"}

func stored(t *testing.T, store keys.Store) bool {
	t.Helper()
	all, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all["party/C9"] != nil
}

// TestAnErasureIsFinishedAfterACrash ends the process between the steps of an
// erasure; the next start finishes it.
func TestAnErasureIsFinishedAfterACrash(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]struct {
		destroyed bool // the key is gone when the process ends
	}{
		"requested, key not destroyed":           {false},
		"key destroyed, completion not recorded": {true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, store := log.NewMemory(), keys.NewMemory()
			// What the process does after the destruction never happens: it is told
			// that it failed.
			first := failing{store, func(names []string) error {
				if crash.destroyed {
					if err := store.Destroy(context.Background(), names...); err != nil {
						return err
					}
				}
				return errors.New("the process ends here")
			}}
			a, end := run(t, l, first)
			mustSend(t, a, opened)
			mustSend(t, a, registered)
			mustSend(t, a, erase)
			end()
			if got := names(t, l); !slices.Equal(got, whole[:3]) {
				t.Fatalf("when the process ended the log held %v", got)
			}
			if got := stored(t, store); got == crash.destroyed {
				t.Fatalf("when the process ended the key was stored: %v", got)
			}
			_, end = run(t, l, store)
			end()
			if diff := cmp.Diff(whole, names(t, l)); diff != "" {
				t.Errorf("after the next start: %s", diff)
			}
			if stored(t, store) {
				t.Error("the key is still stored")
			}
			_, end = run(t, l, store) // nothing is left to do
			end()
			if diff := cmp.Diff(whole, names(t, l)); diff != "" {
				t.Errorf("after another start: %s", diff)
			}
		})
	}
}

func TestAnErasureIsFinishedBeforeTheProcessEnds(t *testing.T) {
	t.Parallel()
	l, store := log.NewMemory(), keys.NewMemory()
	began, goOn := make(chan struct{}), make(chan struct{})
	a, end := run(t, l, failing{store, func(names []string) error {
		if len(names) > 0 {
			close(began)
			<-goOn
		}
		return store.Destroy(context.Background(), names...)
	}})
	mustSend(t, a, opened)
	mustSend(t, a, registered)
	mustSend(t, a, erase)
	<-began
	go close(goOn)
	end()
	if diff := cmp.Diff(whole, names(t, l)); diff != "" {
		t.Errorf("when the process had ended: %s", diff)
	}
}

func TestWhatIsAskedOfAnErasedPersonIsRefused(t *testing.T) {
	t.Parallel()
	l, store := log.NewMemory(), keys.NewMemory()
	a, end := run(t, l, store)
	mustSend(t, a, opened)
	mustSend(t, a, registered)
	other, endOther := run(t, l, store) // a second process, which learns of it from the log
	mustSend(t, a, erase)
	end()
	if r := send(t, other, erase); !r.Repeated {
		t.Errorf("the erasure sent again: %+v", r)
	}
	const change = `{"id":"P-3","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-06-01T09:10:00+08:00","data":{"party_id":"C9","payee":{"account_name":"新人","bank":"B","account_no":"1"}}}`
	for what, x := range map[string]struct{ line, code string }{
		"the registration sent again":  {registered, "person.erased"},
		"a new payee":                  {change, "person.erased"},
		"another erasure":              {strings.Replace(erase, "P-2", "P-4", 1), "party.erased"},
		"a payee without an account":   {strings.Replace(change, `,"account_no":"1"`, "", 1), "person.erased"},
		"a payee with an unknown name": {strings.Replace(change, "account_no", "acount_no", 1), "malformed"},
	} {
		if r := send(t, other, x.line); r.OK || r.Problem.Code != x.code || strings.Contains(r.Problem.Value+r.Problem.Detail, "新人") {
			t.Errorf("%s: %+v %v, want %s", what, r, r.Problem, x.code)
		}
	}
	endOther()
	if stored(t, store) {
		t.Error("a key of the erased person was made again")
	}
}

func TestAnOlderCopyOfTheKeysDoesNotBringAPersonBack(t *testing.T) {
	t.Parallel()
	l, store := log.NewMemory(), keys.NewMemory()
	a, end := run(t, l, store)
	mustSend(t, a, opened)
	mustSend(t, a, registered)
	copied, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, a, erase)
	end()
	if _, err := store.Create(t.Context(), "party/C9", copied["party/C9"]); err != nil {
		t.Fatal(err)
	}
	_, end = run(t, l, store)
	end()
	if stored(t, store) {
		t.Error("the next start left the key where it was")
	}
}

// TestARefusedEntryOfADeviceIsErasedWithItsPerson: what a phone tried to say of a
// person is kept, and can't be read once the person is erased, although the device's
// key is there.
func TestARefusedEntryOfADeviceIsErasedWithItsPerson(t *testing.T) {
	t.Parallel()
	l, store := log.NewMemory(), keys.NewMemory()
	a, end := run(t, l, store)
	mustSend(t, a, opened)
	mustSend(t, a, registered)
	// Refused, with the account under a name that nobody knows.
	const entry = `{"id":"D-1","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-04-01T09:10:00+08:00","data":{"party_id":"C9","payee":{"account_name":"阿不都热合曼","bank":"B","acount_no":"6222000000009999"},"device":{"id":"PHONE","seq":1,"zone":"Asia/Urumqi"}}}`
	if r := send(t, a, entry); r.OK {
		t.Fatal("the entry was not refused")
	}
	if r := send(t, a, entry); r.OK || r.Problem.Code != "malformed" {
		t.Errorf("the entry sent again: %+v, want the same refusal", r.Problem)
	}
	content := func() string {
		ring, err := keys.OpenRing(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		text, kept := "", 0
		read(t, l, func(e *events.Event) {
			f, ok := e.Fact.(device.EntryRefused)
			if !ok {
				return
			}
			kept++
			outer, err := ring.Open(device.Ref("PHONE"), e.ID, "content", f.Content)
			if err != nil {
				t.Fatal(err)
			}
			text = string(outer)
			if _, sealed, ok := strings.Cut(text, `"sealed":"`); ok {
				sealed, _, _ = strings.Cut(sealed, `"`)
				if inner, err := ring.Open(domain.Ref{Kind: "party", ID: "C9"}, e.ID, "content.data", domain.Sealed(sealed)); err == nil {
					text += string(inner)
				}
			}
		})
		if kept != 1 {
			t.Fatalf("%d entries were kept, want one", kept)
		}
		return text
	}
	if got := content(); !strings.Contains(got, "6222000000009999") || !strings.Contains(got, "阿不都热合曼") {
		t.Errorf("before the erasure the entry says %s", got)
	}
	mustSend(t, a, erase)
	end()
	if got := content(); strings.Contains(got, "6222") || strings.Contains(got, "阿不都") || !strings.Contains(got, "party.change_payee") {
		t.Errorf("after the erasure the entry says %s", got)
	}
}
