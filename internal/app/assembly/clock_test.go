package assembly_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhitong/domain"
	"zhitong/events"
	"zhitong/events/keys"
	"zhitong/events/log"
	"zhitong/internal/app"
	"zhitong/internal/app/assembly"
)

// clocked is an application whose clock a test sets.
type clocked struct {
	t   *testing.T
	app *app.App
	log *log.Memory
	now time.Time
}

func openClocked(t *testing.T) *clocked {
	t.Helper()
	c := &clocked{t: t, log: log.NewMemory(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	ring, err := keys.OpenRing(t.Context(), keys.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	o := assembly.Options(c.log, ring)
	o.Clock = func() time.Time { return c.now } // set between commands only
	if c.app, err = app.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- c.app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

// do sends a command of an operator or officer and returns the code of its refusal.
func (c *clocked) do(id, command, role, data string) string {
	c.t.Helper()
	env, problem := app.ParseLine(fmt.Appendf(nil, `{"id":%q,"command":%q,"actor":"U-1","role":%q,"time":"2025-06-01T09:00:00+08:00","data":%s}`, id, command, role, data))
	if problem != nil {
		c.t.Fatal(problem)
	}
	r, err := c.app.Submit(c.t.Context(), env).Wait(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if r.OK {
		return ""
	}
	return r.Problem.Code
}

func (c *clocked) register(id string) string {
	c.t.Helper()
	return c.do(id, "party.register", string(domain.Officer), fmt.Sprintf(`{"party_id":%q,"kind":"funder","name":{"zh":"资金方"}}`, id))
}

func (c *clocked) confirm(id string, recorded time.Time) string {
	c.t.Helper()
	return c.do(id, "programme.confirm_clock", string(domain.Operator), fmt.Sprintf(`{"recorded_time":%q}`, recorded.Format(time.RFC3339Nano)))
}

// want checks the code of a refusal.
func (c *clocked) want(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// last is when the log was last written, as it says.
func (c *clocked) last() (recorded time.Time) {
	c.t.Helper()
	err := c.log.Read(c.t.Context(), 1, func(b log.Block) error {
		for _, line := range b.Commits {
			commit, err := events.Decode(line)
			if err != nil {
				return err
			}
			if commit.Events[0].Recorded.Before(recorded) {
				return fmt.Errorf("position %d was recorded at %s, before %s", commit.Position, commit.Events[0].Recorded, recorded)
			}
			recorded = commit.Events[0].Recorded
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return recorded
}

func TestWritingStopsWhileTheLogIsFarAheadOfTheClock(t *testing.T) {
	t.Parallel()
	c := openClocked(t)
	right := c.now
	c.want("open", c.do("open", "programme.open", "operator", `{"programme_id":"P","name":{"zh":"直"}}`), "")

	c.now = right.Add(-4 * time.Minute)
	c.want("a clock a little behind", c.register("A"), "")
	if got := c.last(); !got.Equal(right) {
		t.Errorf("recorded at %s, though the log was written at %s before", got, right)
	}

	wrong := right.Add(24 * time.Hour)
	c.now = wrong
	c.want("a clock a day ahead", c.register("B"), "")
	c.now = right.Add(time.Hour)
	c.want("the right clock again", c.register("C"), "log.clock_behind")
	c.want("confirming another time", c.confirm("k1", right), "programme.other_time")
	c.want("confirming", c.confirm("k2", wrong), "")
	c.want("after it", c.register("C"), "")
	if got := c.last(); !got.Equal(wrong) {
		t.Errorf("recorded at %s, want %s until the clock has passed it", got, wrong)
	}
	c.want("nothing left to confirm, but the same once more", c.confirm("k2", wrong), "")

	c.now = wrong.Add(time.Minute)
	c.want("the clock has passed it", c.register("D"), "")
	c.want("confirming when all is well", c.confirm("k3", c.last()), "programme.clock_right")
	c.now = right
	c.want("another jump", c.register("E"), "log.clock_behind")
}
