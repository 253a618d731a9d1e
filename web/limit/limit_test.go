package limit_test

import (
	"strconv"
	"testing"
	"time"

	"zhitong/web/limit"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestABurstThenTheRate(t *testing.T) {
	t.Parallel()
	l := limit.New(limit.Rate{Every: time.Second, Burst: 3}, 10)
	now := start
	for i := range 3 {
		if _, ok := l.Take("a", now); !ok {
			t.Fatalf("number %d of the burst was refused", i+1)
		}
	}
	if wait, ok := l.Take("a", now); ok || wait != time.Second {
		t.Errorf("beyond the burst: %s, %v", wait, ok)
	}
	if _, ok := l.Take("b", now); !ok {
		t.Error("another key pays for the first")
	}
	if wait, ok := l.Take("a", now.Add(400*time.Millisecond)); ok || wait != 600*time.Millisecond {
		t.Errorf("0.4 s later: %s, %v", wait, ok)
	}
	if _, ok := l.Take("a", now.Add(time.Second)); !ok {
		t.Error("a second later one is there")
	}
	for i := range 3 {
		if _, ok := l.Take("a", now.Add(time.Hour)); !ok {
			t.Errorf("an hour later number %d was refused", i+1)
		}
	}
	if _, ok := l.Take("a", now.Add(time.Hour)); ok {
		t.Error("an hour of silence saves up more than the burst")
	}
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	t.Parallel()
	l := limit.New(limit.Rate{Every: time.Second, Burst: 1}, 10)
	for range 5 {
		if _, ok := l.Take("a", start); !ok {
			t.Fatal("refused")
		}
		l.Return("a")
	}
	l.Return("never seen")
	if _, ok := l.Take("a", start); !ok {
		t.Error("refused")
	}
	if _, ok := l.Take("a", start); ok {
		t.Error("given twice")
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := limit.New(limit.Rate{Every: time.Hour, Burst: 1}, 100)
	l.Take("first", start)
	for i := range 99 {
		l.Take(strconv.Itoa(i), start)
	}
	if _, ok := l.Take("first", start); ok {
		t.Error("forgotten although there was room")
	}
	for i := range 99 { // everybody but first
		l.Take("x"+strconv.Itoa(i), start)
	}
	if _, ok := l.Take("0", start); !ok {
		t.Error("who came longest ago is not forgotten: the memory grows")
	}
	if _, ok := l.Take("x98", start); ok {
		t.Error("who came last is forgotten")
	}
}
