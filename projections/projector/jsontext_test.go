package projector

import "testing"

func TestJSONOfTheDatabaseIsTheSame(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		want, have string
		same       bool
	}{
		{`{"a":"1","bb":"2"}`, `{"a": "1", "bb": "2"}`, true},
		{`{"F-CITY":"1","F-ENT":"2"}`, `{"F-ENT": "2", "F-CITY": "1"}`, true}, // shorter names come first
		{`{"F-CITY":"1","F-ENT":"2"}`, `{"F-ENT": "1", "F-CITY": "2"}`, false},
		{`{"a":"1"}`, `{"a": "1 "}`, false}, // a blank within a text counts
		{`{"a":" 1, }"}`, `{"a": " 1, }"}`, true},
		{`{"a":"\"","b":"1"}`, `{"b": "1", "a": "\""}`, true},
		{`["a","b"]`, `["a", "b"]`, true},
		{`["a","b"]`, `["b", "a"]`, false}, // a list has an order
		{`[]`, `[]`, true},
		{`{}`, `{}`, true},
		{`{"a":{"b":"1"}}`, `{"a": {"b": "1"}}`, true},
		{`null`, `nul1`, false},
	} {
		var j jsonText
		if got := j.same(x.want, []byte(x.have)); got != x.same {
			t.Errorf("%s and %s: same %v, want %v", x.want, x.have, got, x.same)
		}
	}
}
