package log

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
)

// FuzzParseBlock: parsing a stored message fails, or gives commits that encode
// to the same bytes.
func FuzzParseBlock(f *testing.F) {
	f.Add("1", "2", []byte("a\nb\n"))
	f.Add("7", "1", []byte("a"))
	f.Add("0", "1", []byte("a\n"))
	f.Add("1", "2", []byte("a\n\nb\n"))
	f.Fuzz(func(t *testing.T, first, n string, payload []byte) {
		b, err := parseBlock(3, nats.Header{headerFirst: {first}, headerCommits: {n}}, payload)
		if err != nil {
			return
		}
		if got := append(bytes.Join(b.Commits, []byte{'\n'}), '\n'); !bytes.Equal(got, payload) {
			t.Errorf("commits give %q, payload is %q", got, payload)
		}
	})
}

func TestPayloadIsTheLogAsAFile(t *testing.T) {
	t.Parallel()
	commits := [][]byte{[]byte(`[{"id":"a"}]`), []byte(`[{"id":"b"}]`)}
	payload, err := encodeBlock(commits)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("[{\"id\":\"a\"}]\n[{\"id\":\"b\"}]\n", string(payload)); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	b, err := parseBlock(4, blockHeader(9, len(commits)), payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Block{Seq: 4, First: 9, Commits: commits}, b); diff != "" {
		t.Errorf("block (-want +got):\n%s", diff)
	}
	if b.Last() != 10 {
		t.Errorf("last position %d", b.Last())
	}
}

func TestRefusalsOfTheBroker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		refusal apiError
		want    outcome
	}{
		{apiError{400, 10071, "wrong last sequence: 4"}, outcomeStale},
		{apiError{400, 10164, "wrong last sequence"}, outcomeStale},
		{apiError{503, 10023, "insufficient resources"}, outcomeFull},
		{apiError{500, 10047, "insufficient storage resources available"}, outcomeFull},
		{apiError{503, 10077, "write /x: no space left on device"}, outcomeFull},
		{apiError{503, 10077, "maximum bytes exceeded"}, outcomeFull},
		{apiError{503, 10077, "store is closed"}, outcomeLost},
		{apiError{503, 10008, "JetStream system temporarily unavailable"}, outcomeLost},
		{apiError{400, 10054, "message size exceeds maximum allowed"}, outcomeRejected},
	} {
		if got := classify(&c.refusal); got != c.want {
			t.Errorf("%v is outcome %d, want %d", &c.refusal, got, c.want)
		}
	}
}
