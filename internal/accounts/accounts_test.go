package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"zhitong/domain"
	"zhitong/internal/accounts"
	"zhitong/internal/embedded/embeddedtest"
)

// clock is a clock that a test sets.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.at.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d)) }

// plain is a hasher that costs nothing and counts its work.
type plain struct{ made, compared atomic.Int64 }

func (p *plain) Hash(password string) (string, error) {
	p.made.Add(1)
	return "plain:" + password, nil
}
func (p *plain) Matches(password, hash string) (bool, error) {
	p.compared.Add(1)
	return hash == "plain:"+password, nil
}

// process is one of several processes' hold on the accounts.
type process struct {
	*accounts.Store
	clock  *clock
	hasher *plain
}

func open(t *testing.T, nc *nats.Conn, c *clock) process {
	t.Helper()
	p := process{clock: c, hasher: new(plain)}
	var err error
	p.Store, err = accounts.Open(t.Context(), nc, accounts.Options{Stream: "T", Clock: c.now, Hasher: p.hasher, CheckEvery: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func setup(t *testing.T) process {
	t.Helper()
	return open(t, embeddedtest.NATS(t), newClock())
}

var amy = accounts.Account{ID: "amy", Role: domain.Buyer, Party: "B1"}

func (p process) grant(t *testing.T, a accounts.Account, position uint64) {
	t.Helper()
	if err := p.Granted(t.Context(), a, position, "op"); err != nil {
		t.Fatal(err)
	}
}

func (p process) token(t *testing.T, id string, life time.Duration) string {
	t.Helper()
	token, _, err := p.IssueToken(t.Context(), id, life)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (p process) session(t *testing.T, id string) (string, accounts.Session) {
	t.Helper()
	secret, session, err := p.BeginSession(t.Context(), id, "a browser")
	if err != nil {
		t.Fatal(err)
	}
	return secret, session
}

// eventually waits for another process to hear of something.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func TestTheActorIsThePartyOrTheAccount(t *testing.T) {
	t.Parallel()
	if got := amy.Actor(); got != "B1" {
		t.Errorf("a buyer acts as %q", got)
	}
	if got := (accounts.Account{ID: "ole", Role: domain.Officer}).Actor(); got != "ole" {
		t.Errorf("an officer acts as %q", got)
	}
}

func TestATokenLetsInUntilItExpires(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	token := p.token(t, "amy", time.Hour)
	if !strings.HasPrefix(token, "zt_") || len(token) != len("zt_")+43 {
		t.Errorf("token %q is not zt_ and 32 bytes", token)
	}
	if got, err := p.ByToken(token); err != nil || got != amy {
		t.Errorf("got %v, %v", got, err)
	}
	for _, c := range []struct {
		after time.Duration
		want  error
	}{{time.Hour - time.Second, nil}, {time.Second, accounts.ErrExpired}} {
		p.clock.forward(c.after)
		var err error
		eventually(t, "the process has heard of the bucket", func() bool {
			_, err = p.ByToken(token)
			return !errors.Is(err, accounts.ErrUnavailable)
		})
		if !errors.Is(err, c.want) {
			t.Errorf("at %s: %v, want %v", p.clock.now(), err, c.want)
		}
	}
	if got := p.Tokens("amy"); len(got) != 1 || got[0].Status(p.clock.now()) != "expired" {
		t.Errorf("listed: %+v", got)
	}
}

func TestWhatIsKnownGrowsOld(t *testing.T) {
	t.Parallel()
	nc, c := embeddedtest.NATS(t), newClock()
	p := open(t, nc, c)
	p.grant(t, amy, 1)
	token := p.token(t, "amy", 24*time.Hour)
	secret, _ := p.session(t, "amy")
	nc.Close()
	p.clock.forward(time.Minute)
	if _, err := p.ByToken(token); err != nil {
		t.Errorf("after a minute without the bucket: %v", err)
	}
	p.clock.forward(2 * time.Minute)
	if _, err := p.ByToken(token); !errors.Is(err, accounts.ErrUnavailable) {
		t.Errorf("a token after three minutes: %v", err)
	}
	if _, _, err := p.BySession(secret); !errors.Is(err, accounts.ErrUnavailable) {
		t.Errorf("a session after three minutes: %v", err)
	}
	if _, err := p.CheckPassword(t.Context(), "amy", "whatever"); !errors.Is(err, accounts.ErrUnavailable) {
		t.Errorf("a password after three minutes: %v", err)
	}
}

func TestWhatIsNoTokenIsUnknown(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	token := p.token(t, "amy", time.Hour)
	for _, bad := range []string{"", "zt_", token[3:], "Bearer " + token, token + "A", token[:len(token)-1], token[:len(token)-1] + "!", strings.ToUpper(token),
		"zt_" + strings.Repeat("A", 43), token + "\x00", " " + token} {
		if got, err := p.ByToken(bad); !errors.Is(err, accounts.ErrUnknown) || got != (accounts.Account{}) {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	if _, _, err := p.BySession(token); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("a token as a session: %v", err)
	}
}

func TestEveryReasonIsOneAnswerToTheOutside(t *testing.T) {
	t.Parallel()
	for _, err := range []error{accounts.ErrNone, accounts.ErrUnknown, accounts.ErrExpired, accounts.ErrRevoked, accounts.ErrLocked} {
		if !errors.Is(err, accounts.ErrDenied) {
			t.Errorf("%v is not ErrDenied", err)
		}
	}
	if errors.Is(accounts.ErrUnavailable, accounts.ErrDenied) {
		t.Error("out of reach is not denied")
	}
}

func TestRevokingEndsTokensAndSessionsInEveryProcess(t *testing.T) {
	t.Parallel()
	nc, c := embeddedtest.NATS(t), newClock()
	one, other := open(t, nc, c), open(t, nc, c)
	one.grant(t, amy, 1)
	token := one.token(t, "amy", time.Hour)
	secret, _ := one.session(t, "amy")
	eventually(t, "the other process knows token and session", func() bool {
		_, err := other.ByToken(token)
		_, _, err2 := other.BySession(secret)
		return err == nil && err2 == nil
	})
	if err := one.Revoked(t.Context(), "amy", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := one.ByToken(token); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("here: %v", err)
	}
	eventually(t, "the other process refuses", func() bool {
		_, err := other.ByToken(token)
		_, _, err2 := other.BySession(secret)
		return errors.Is(err, accounts.ErrRevoked) && errors.Is(err2, accounts.ErrRevoked)
	})
	// A role given anew does not bring the old credentials back.
	one.grant(t, amy, 9)
	if _, err := one.ByToken(token); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("after a new grant: %v", err)
	}
	if _, _, err := one.BySession(secret); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("after a new grant: %v", err)
	}
}

func TestOneTokenOrOneSessionCanBeEnded(t *testing.T) {
	t.Parallel()
	nc, c := embeddedtest.NATS(t), newClock()
	one, other := open(t, nc, c), open(t, nc, c)
	one.grant(t, amy, 1)
	first, second := one.token(t, "amy", time.Hour), one.token(t, "amy", 2*time.Hour)
	_, session := one.session(t, "amy")
	var id string
	for _, x := range one.Tokens("amy") {
		if x.Expires.Sub(x.Created) == time.Hour {
			id = x.ID
		}
	}
	if err := one.RevokeToken(t.Context(), "bob", id); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("another account's token: %v", err)
	}
	if err := one.RevokeSession(t.Context(), "bob", session.ID); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("another account's session: %v", err)
	}
	if err := errors.Join(one.RevokeToken(t.Context(), "amy", id), one.RevokeSession(t.Context(), "amy", session.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := one.ByToken(first); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("the token that was ended: %v", err)
	}
	if _, err := one.ByToken(second); err != nil {
		t.Errorf("the other token: %v", err)
	}
	eventually(t, "the other process has ended them too", func() bool {
		_, err := other.ByToken(first)
		return err != nil && len(other.Sessions("amy")) == 0 && len(other.Tokens("amy")) == 1
	})
}

func TestASessionEndsByItself(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	for rule, c := range map[string]struct {
		step time.Duration
		uses int
		want error
	}{
		"UsedInTime":   {accounts.SessionIdleMax - time.Second, 5, nil},
		"Idle":         {accounts.SessionIdleMax, 1, accounts.ErrDenied}, // expired, or swept away by now
		"AbsoluteLong": {accounts.SessionIdleMax - time.Second, 13, accounts.ErrDenied},
	} {
		t.Run(rule, func(t *testing.T) { // one after the other: they share the clock
			secret, _ := p.session(t, "amy")
			var err error
			for range c.uses {
				p.clock.forward(c.step)
				eventually(t, "the process has heard of the bucket", func() bool {
					_, _, err = p.BySession(secret)
					return !errors.Is(err, accounts.ErrUnavailable)
				})
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestANewPasswordEndsSessionsAndSparesTokens(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	if err := p.SetPassword(t.Context(), "amy", "correct horse"); err != nil {
		t.Fatal(err)
	}
	secret, _ := p.session(t, "amy")
	token := p.token(t, "amy", time.Hour)
	if err := p.SetPassword(t.Context(), "amy", "battery staple"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.BySession(secret); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("the session: %v", err)
	}
	if _, err := p.ByToken(token); err != nil {
		t.Errorf("the token: %v", err)
	}
	if _, err := p.CheckPassword(t.Context(), "amy", "correct horse"); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("the old password: %v", err)
	}
	if got, err := p.CheckPassword(t.Context(), "amy", "battery staple"); err != nil || got != amy {
		t.Errorf("the new password: %v, %v", got, err)
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, accounts.Account{ID: "amy.pishan.369", Role: domain.Officer}, 1)
	for rule, password := range map[string]string{
		"Empty": "", "Short": "123456789", "ShortInCharacters": "皮山县大枣核桃葡萄", "TheName": "AMY.pishan.369",
		"OneCharacter": "aaaaaaaaaaaaaaa", "Long": strings.Repeat("ab", 129), "NUL": "abcdefghij\x00", "NotUTF8": "abcdefghij\xff",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			var why *accounts.PasswordError
			if err := p.SetPassword(t.Context(), "amy.pishan.369", password); !errors.As(err, &why) || why.Reason == "" {
				t.Errorf("%q: %v", password, err)
			}
		})
	}
	if err := p.SetPassword(t.Context(), "nobody", "correct horse"); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("an unknown account: %v", err)
	}
}

func TestOnePasswordHoweverTheKeyboardWritesIt(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	if err := p.SetPassword(t.Context(), "amy", "é皮山县大枣３６９kg"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.CheckPassword(t.Context(), "amy", "e\u0301皮山县大枣369kg"); err != nil {
		t.Error(err)
	}
}

// TestWhoDoesNotExistCostsTheSameWork holds the work, not the time.
func TestWhoDoesNotExistCostsTheSameWork(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	p.grant(t, accounts.Account{ID: "bob", Role: domain.Officer}, 2) // has no password
	p.grant(t, accounts.Account{ID: "eve", Role: domain.Officer}, 3)
	for _, id := range []string{"amy", "eve"} {
		if err := p.SetPassword(t.Context(), id, "correct horse"); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Revoked(t.Context(), "eve", 4); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"amy", "bob", "eve", "nobody", ""} {
		made, compared := p.hasher.made.Load(), p.hasher.compared.Load()
		_, err := p.CheckPassword(t.Context(), id, "wrong horse!")
		if !errors.Is(err, accounts.ErrDenied) {
			t.Errorf("%q: %v", id, err)
		}
		if p.hasher.made.Load() != made || p.hasher.compared.Load() != compared+1 {
			t.Errorf("%q: %d hashes made and %d compared, want 0 and 1", id, p.hasher.made.Load()-made, p.hasher.compared.Load()-compared)
		}
	}
	if _, err := p.CheckPassword(t.Context(), "eve", "correct horse"); !errors.Is(err, accounts.ErrRevoked) {
		t.Errorf("a revoked account with its right password: %v", err)
	}
}

// TestTheRealHasher is the one that uses argon2id.
func TestTheRealHasher(t *testing.T) {
	t.Parallel()
	s, err := accounts.Open(t.Context(), embeddedtest.NATS(t), accounts.Options{Stream: "T"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Granted(t.Context(), amy, 1, "op"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(t.Context(), "amy", "correct horse"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CheckPassword(t.Context(), "amy", "correct horse"); err != nil || got != amy {
		t.Errorf("right: %v, %v", got, err)
	}
	for _, id := range []string{"amy", "nobody"} {
		if _, err := s.CheckPassword(t.Context(), id, "wrong horse!"); !errors.Is(err, accounts.ErrUnknown) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// slow is a hasher that waits until it is let go.
type slow struct {
	plain
	inside, most atomic.Int64
	let          chan struct{}
}

func (s *slow) Matches(password, hash string) (bool, error) {
	n := s.inside.Add(1)
	for {
		most := s.most.Load()
		if n <= most || s.most.CompareAndSwap(most, n) {
			break
		}
	}
	<-s.let
	s.inside.Add(-1)
	return s.plain.Matches(password, hash)
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h := &slow{let: make(chan struct{})}
	s, err := accounts.Open(t.Context(), embeddedtest.NATS(t), accounts.Options{Stream: "T", Hasher: h})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var busy, denied atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, err := s.CheckPassword(t.Context(), "nobody", "whatever it is")
			switch {
			case errors.Is(err, accounts.ErrBusy):
				busy.Add(1)
			case errors.Is(err, accounts.ErrDenied):
				denied.Add(1)
			}
		})
	}
	eventually(t, "those without a place are sent away", func() bool { return busy.Load() >= 200-64-2 })
	close(h.let)
	all.Wait()
	if h.most.Load() > 2 || busy.Load()+denied.Load() != 200 {
		t.Errorf("%d at once, %d sent away, %d denied", h.most.Load(), busy.Load(), denied.Load())
	}
}

func TestTheOldestSessionGivesWay(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	first, _ := p.session(t, "amy")
	var last string
	for range 20 {
		p.clock.forward(time.Second)
		last, _ = p.session(t, "amy")
	}
	if n := len(p.Sessions("amy")); n != 20 {
		t.Errorf("%d sessions", n)
	}
	if _, _, err := p.BySession(first); !errors.Is(err, accounts.ErrUnknown) {
		t.Errorf("the oldest: %v", err)
	}
	if _, _, err := p.BySession(last); err != nil {
		t.Errorf("the newest: %v", err)
	}
}

func TestAnAccountHasABoundedNumberOfTokens(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.grant(t, amy, 1)
	for range 100 {
		p.token(t, "amy", time.Hour)
	}
	if _, _, err := p.IssueToken(t.Context(), "amy", time.Hour); !errors.Is(err, accounts.ErrTooMany) {
		t.Errorf("the 101st: %v", err)
	}
	for _, life := range []time.Duration{0, -time.Second, accounts.TokenLifeMax + 1} {
		if _, _, err := p.IssueToken(t.Context(), "amy", life); err == nil {
			t.Errorf("a life of %s was accepted", life)
		}
	}
}

func TestWhatTheLogSaysOfARoleHolds(t *testing.T) {
	t.Parallel()
	officer := accounts.Account{ID: "amy", Role: domain.Officer}
	for rule, c := range map[string]struct {
		do   func(ctx context.Context, s *accounts.Store) error
		want accounts.Info
	}{
		"SayingItAgainChangesNothing": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, amy, 3, ""), s.Granted(ctx, amy, 3, ""))
			}, accounts.Info{Account: amy, Status: "active", Position: 3},
		},
		"AnOlderGrantComesTooLate": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, officer, 9, ""), s.Granted(ctx, amy, 3, ""))
			}, accounts.Info{Account: officer, Status: "active", Position: 9},
		},
		"AnOlderRevocationComesTooLate": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, officer, 9, ""), s.Revoked(ctx, "amy", 5))
			}, accounts.Info{Account: officer, Status: "active", Position: 9},
		},
		"RevokedBeforeTheLogKnows": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, amy, 3, ""), s.Revoked(ctx, "amy", 0), s.Granted(ctx, amy, 3, ""))
			}, accounts.Info{Account: amy, Status: "revoked", Position: 3},
		},
		"AGrantThatWasWaitingGetsItsPosition": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, officer, 0, "op"), s.Granted(ctx, officer, 2, ""))
			}, accounts.Info{Account: officer, Status: "active", Position: 2},
		},
		"AnotherRoleInTheLogTakesOver": {
			func(ctx context.Context, s *accounts.Store) error {
				return errors.Join(s.Granted(ctx, officer, 0, "op"), s.SetPassword(ctx, "amy", "correct horse"), s.Granted(ctx, amy, 2, ""))
			}, accounts.Info{Account: amy, Status: "active", Position: 2},
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			p := setup(t)
			if err := c.do(t.Context(), p.Store); err != nil {
				t.Fatal(err)
			}
			list := p.List()
			if len(list) != 1 {
				t.Fatalf("%d accounts", len(list))
			}
			got := list[0]
			got.Granted, got.Revoked = time.Time{}, time.Time{}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	p := setup(t)
	p.grant(t, amy, 1)
	if err := p.Granted(t.Context(), officer, 0, "op"); !errors.Is(err, accounts.ErrTaken) {
		t.Errorf("another role before the programme: %v", err)
	}
}

func TestLastUseIsWrittenNowAndThen(t *testing.T) {
	t.Parallel()
	nc, c := embeddedtest.NATS(t), newClock()
	p := open(t, nc, c)
	p.grant(t, amy, 1)
	token := p.token(t, "amy", time.Hour)
	for i := range 50 {
		if i > 0 {
			p.clock.forward(time.Second)
		}
		if _, err := p.ByToken(token); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	other := open(t, nc, c)
	if got := other.Tokens("amy"); len(got) != 1 || !got[0].LastUsed.Equal(c.now()) {
		t.Errorf("after the end of the process that saw it: %+v, now %s", got, c.now())
	}
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.StreamInfo("KV_T_ACCOUNTS")
	if err != nil {
		t.Fatal(err)
	}
	// The account, the token, and at most two writes of its last use.
	if info.State.LastSeq > 4 {
		t.Errorf("%d writes for 50 uses", info.State.LastSeq)
	}
}

func TestNothingSecretIsInTheBucket(t *testing.T) {
	t.Parallel()
	nc := embeddedtest.NATS(t)
	s, err := accounts.Open(t.Context(), nc, accounts.Options{Stream: "T"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := errors.Join(s.Granted(t.Context(), amy, 1, "op"), s.SetPassword(t.Context(), "amy", "correct horse")); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.IssueToken(t.Context(), "amy", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := s.BeginSession(t.Context(), "amy", "")
	if err != nil {
		t.Fatal(err)
	}
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue("T_ACCOUNTS")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kv.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 {
		t.Errorf("keys %v", keys)
	}
	for _, k := range keys {
		e, err := kv.Get(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"correct horse", token, token[3:], session} {
			if strings.Contains(k, secret) || strings.Contains(string(e.Value()), secret) {
				t.Errorf("key %s: %s", k, e.Value())
			}
		}
	}
	for _, x := range []any{s.List(), s.Tokens(""), s.Sessions("")} {
		if text := fmt.Sprintf("%+v", x); strings.Contains(text, "argon2id") || strings.Contains(text, token) || strings.Contains(text, session) {
			t.Errorf("listed: %s", text)
		}
	}
}

func TestTheFirstAccountIsMadeOnce(t *testing.T) {
	t.Parallel()
	nc, c := embeddedtest.NATS(t), newClock()
	var made atomic.Int64
	var password atomic.Pointer[string]
	var all sync.WaitGroup
	for range 4 {
		p := open(t, nc, c)
		all.Go(func() {
			got, err := p.First(t.Context())
			if err != nil {
				t.Error(err)
			}
			if got != "" {
				made.Add(1)
				password.Store(&got)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Fatalf("%d processes made the first account", made.Load())
	}
	p := open(t, nc, c)
	got, err := p.CheckPassword(t.Context(), accounts.FirstID, *password.Load())
	if err != nil || got.Role != domain.Operator {
		t.Errorf("got %v, %v", got, err)
	}
	if again, err := p.First(t.Context()); again != "" || err != nil {
		t.Errorf("again: %q, %v", again, err)
	}
}

// TestTheAccountsOfACluster is on three log servers: what one process does the other
// knows, also after a server has gone.
func TestTheAccountsOfACluster(t *testing.T) {
	t.Parallel()
	nodes := embeddedtest.Cluster(t)
	connect := func() *nats.Conn {
		nc, err := nats.Connect(nodes[0].ClientURL()+","+nodes[1].ClientURL()+","+nodes[2].ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	join := func() *accounts.Store {
		s, err := accounts.Open(t.Context(), connect(), accounts.Options{Stream: "T", Replicas: 3, Hasher: new(plain), CheckEvery: 10 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	one, other := join(), join()
	if err := one.Granted(t.Context(), amy, 1, ""); err != nil {
		t.Fatal(err)
	}
	token, _, err := one.IssueToken(t.Context(), "amy", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other process knows the token", func() bool { _, err := other.ByToken(token); return err == nil })
	nodes[0].Shutdown()
	if _, err := other.ByToken(token); err != nil {
		t.Errorf("while a server has just gone: %v", err)
	}
	if err := one.Revoked(t.Context(), "amy", 2); err != nil {
		t.Fatalf("revoke with two servers: %v", err)
	}
	eventually(t, "the other process refuses", func() bool { _, err := other.ByToken(token); return errors.Is(err, accounts.ErrRevoked) })
}
