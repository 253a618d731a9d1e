package accounts

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// TestNewsInAnyOrder holds that a credential that was ended stays ended, in whatever
// order this process hears of it: a last use that another goroutine has just written
// may be heard of after the end.
func TestNewsInAnyOrder(t *testing.T) {
	t.Parallel()
	account, err := json.Marshal(accountRecord{ID: "amy", Role: "officer", Position: 1, Generation: 1})
	if err != nil {
		t.Fatal(err)
	}
	token, err := json.Marshal(credential{Account: "amy", Generation: 1, Expires: time.Unix(1<<32, 0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	made := func(c *cache) { mustPut(t, c, 2, token, false) }
	used := func(c *cache) { mustPut(t, c, 3, token, true) }      // written by this process
	usedWord := func(c *cache) { mustPut(t, c, 3, token, false) } // and told by the bucket
	endedHere := func(c *cache) { c.drop("t.x", 2, true) }
	ended := func(c *cache) { c.drop("t.x", 4, false) } // the bucket's word
	sweep := func(c *cache) { c.forget() }
	for name, steps := range map[string][]func(*cache){
		"InOrder":           {made, used, usedWord, ended},
		"UsedIsLate":        {made, usedWord, ended, used},
		"UsedIsVeryLate":    {made, endedHere, usedWord, ended, sweep, used},
		"EndedHereFirst":    {made, endedHere, used, usedWord, ended},
		"OnlyTheWords":      {made, usedWord, ended},
		"NothingWasHeardOf": {ended, used},
	} {
		c := newCache()
		if err := c.put(accountKey("amy"), 1, account, false); err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			step(c)
		}
		if _, _, ok := c.find(c.tokens, "x"); ok {
			t.Errorf("%s: the token that was ended lets in", name)
		}
		if n := len(c.all(c.tokens, "")); n != 0 {
			t.Errorf("%s: it is listed", name)
		}
		c.forget()
		c.forget()
		if n := len(c.tokens); n != 0 {
			t.Errorf("%s: it is never forgotten", name)
		}
	}
}

func mustPut(t *testing.T, c *cache, revision uint64, value []byte, own bool) {
	t.Helper()
	if err := c.put("t.x", revision, value, own); err != nil {
		t.Fatal(err)
	}
}
