package events

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhitong/domain"
	"zhitong/domain/order"
	"zhitong/domain/programme"
)

func sample(t testing.TB) Commit {
	t.Helper()
	at, err := domain.ParseTime("2021-03-03T10:00:00.5+06:00")
	if err != nil {
		t.Fatal(err)
	}
	q, _ := domain.ParseQuantity("104.50")
	share := order.Share{OrderID: "PO-\"<1>/汉", LineNo: 1, ShipmentID: "S-1", ShipmentLine: 2, Quantity: q}
	facts := []domain.Fact{
		programme.Opened{ProgrammeID: "P369", Name: domain.Name{Zh: "直通\u2028三六九"}, Currency: "CNY", Timezone: "Asia/Shanghai"},
		order.LineAllocated{Share: share, Why: "logged"},
	}
	c := Commit{Position: 7}
	for i, f := range facts {
		c.Events = append(c.Events, Event{
			ID: IDOf("T-01", i+1), Subject: f.Subject(), Time: at, Fact: f,
			Recorded: time.Date(2026, 11, 25, 1, 2, 3, 456000, time.UTC),
			Actor:    "U-OP", Role: domain.Operator, Via: ViaCLI, CommandID: "T-01", CommandHash: "00ff",
			Position: 7, Index: i + 1, Of: len(facts),
			Device: &Device{ID: "D", Seq: 3, Zone: "Asia/Urumqi", Time: at},
		})
	}
	return c
}

func TestCommitSurvivesStoring(t *testing.T) {
	t.Parallel()
	want := sample(t)
	line, err := Encode(nil, SourceOf("ZHITONG"), want)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(line, "\n\r") {
		t.Fatalf("a commit is one line, got %q", line)
	}
	got, err := Decode(line)
	if err != nil {
		t.Fatalf("Decode(%s): %v", line, err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(domain.Time{}), cmp.Comparer(func(a, b domain.Quantity) bool { return a.Cmp(b) == 0 }),
		cmp.Comparer(func(a, b domain.Time) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("decoded commit differs (-want +got):\n%s", diff)
	}
	again, err := Encode(nil, SourceOf("ZHITONG"), got)
	if err != nil || !bytes.Equal(again, line) {
		t.Errorf("Encode(Decode(x)) = %s, %v, want %s", again, err, line)
	}
}

func TestDecodeRefusesAnyCut(t *testing.T) {
	t.Parallel()
	line, err := Encode(nil, SourceOf("ZHITONG"), sample(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range line {
		if _, err := Decode(line[:i]); err == nil {
			t.Fatalf("Decode accepted the first %d of %d bytes", i, len(line))
		}
	}
	if _, err := Decode(append(line, ' ')); err == nil {
		t.Error("Decode accepted a byte behind the commit")
	}
}

// FuzzDecode: what Decode accepts, Encode writes again with the same bytes, or the
// data was written by another hand (members in another order), which decodes to
// the same facts.
func FuzzDecode(f *testing.F) {
	line, err := Encode(nil, SourceOf("ZHITONG"), sample(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := Decode(in)
		if err != nil {
			return
		}
		out, err := Encode(nil, "x", c)
		if err != nil {
			t.Fatalf("Encode of what Decode accepted: %v", err)
		}
		if _, err := Decode(out); err != nil {
			t.Fatalf("Decode(Encode(Decode(%q))): %v", in, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	c := sample(b)
	var buf []byte
	for b.Loop() {
		buf, _ = Encode(buf[:0], "urn:zhitong:ZHITONG", c)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	line, err := Encode(nil, "urn:zhitong:ZHITONG", sample(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(line)))
}
