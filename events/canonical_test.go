package events

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// stored reads every stored commit that today's program would write.
func stored(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, e := range catalogue {
		name := strings.TrimPrefix(e.typ, TypePrefix)
		line, err := os.ReadFile(filepath.Join(golden, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = bytes.TrimSuffix(line, []byte("\n"))
	}
	return all
}

func TestWhatIsWrittenIsReadAsExact(t *testing.T) {
	t.Parallel()
	for name, line := range stored(t) {
		_, exact, err := DecodeExact(line, SourceOf("ZHITONG"))
		if err != nil || !exact {
			t.Errorf("%s: exact %v, %v", name, exact, err)
		}
		if _, exact, _ := DecodeExact(line, SourceOf("OTHER")); exact {
			t.Errorf("%s is exact under another source", name)
		}
	}
}

// wantSound checks what exact promises: the bytes are those that Encode writes, and
// the facts are those that the JSON decoder reads.
func wantSound(t *testing.T, line []byte) (exact bool) {
	t.Helper()
	c, exact, err := DecodeExact(line, SourceOf("ZHITONG"))
	if !exact {
		return false
	}
	if err != nil {
		t.Fatalf("%s: exact and %v", line, err)
	}
	if again, err := Encode(nil, SourceOf("ZHITONG"), c); err != nil || !bytes.Equal(again, line) {
		t.Fatalf("said to be exact: %s\nis written:       %s (%v)", line, again, err)
	}
	r := reader{b: line}
	for i := range c.Events {
		r.at += bytes.Index(line[r.at:], []byte(`,"data":`)) + len(`,"data":`)
		f, err := decodeFact(TypeOf(c.Events[i].Fact), r.value())
		if err != nil || !reflect.DeepEqual(f, c.Events[i].Fact) {
			t.Fatalf("%s\nread as exact: %+v\nread as JSON:  %+v (%v)", line, c.Events[i].Fact, f, err)
		}
	}
	return true
}

func TestNoOtherBytesAreReadAsExact(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 69))
	alphabet := []byte(`0123456789.-+eE"\,:{}[] ntfau` + "\n\x00\x7f\xc3\xa9")
	changes, still := 0, 0
	for _, line := range stored(t) {
		for at := bytes.Index(line, []byte(`"recordedtime"`)); at < len(line); at++ {
			if rnd.IntN(4) > 0 {
				continue // a quarter of the places, in each line other ones
			}
			with := alphabet[rnd.IntN(len(alphabet))]
			for _, bad := range [][]byte{
				append(line[:at:at], line[at+1:]...),                       // left out
				append(append(line[:at:at], with), line[at:]...),           // put in
				append(append(line[:at:at], with), line[at+1:]...),         // changed
				append(append(line[:at:at], line[at]), line[at:]...),       // doubled
				append(append(line[:at:at], `"x":0,`...), line[at:]...),    // an unknown member
				append(append(line[:at:at], line[max(0, at-9):]...), '"'),  // moved
				append(append(line[:at:at], `\u0041`...), line[at+1:]...),  // a needless escape
				append(append(line[:at:at], "\u2028é"...), line[at+1:]...), // beyond ASCII
			} {
				changes++
				if wantSound(t, bad) {
					still++
				}
			}
		}
	}
	if changes < 40_000 || still == 0 || still == changes {
		t.Errorf("%d changes, %d of them exact in themselves: the test tries nothing", changes, still)
	}
}

func TestNumbersAreExactOnlyAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	line := stored(t)["order.submitted.v1"]
	for _, x := range []struct {
		from, to string
		exact    bool
	}{
		{`"quantity":"104.50"`, `"quantity":"104.5"`, true}, // a quantity keeps its places
		{`"quantity":"104.50"`, `"quantity":"0104.50"`, false},
		{`"quantity":"104.50"`, `"quantity":"0.50"`, true},
		{`"kg_per_unit":"104.500"`, `"kg_per_unit":"104.5"`, false}, // a weight has three
		{`"kg_per_unit":"104.500"`, `"kg_per_unit":"-104.500"`, true},
		{`"line_no":`, `"line_no":0`, false},
	} {
		bad := bytes.Replace(line, []byte(x.from), []byte(x.to), 1)
		if bytes.Equal(bad, line) {
			t.Fatalf("%s is not in %s", x.from, line)
		}
		if got := wantSound(t, bad); got != x.exact {
			t.Errorf("%s: exact %v, want %v", x.to, got, x.exact)
		}
	}
}
