package app

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzCanonical: the canonical form, and whether there is one, is the library's.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		`{"b":1,"a":{"d":[1,2,{}],"c":"红枣"}}`, `{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`, `[]`, `[1,]`, `{"a":1,}`, `{,}`, `"a\u0041"`, `-0`, `01`, `1.0`, `1e3`,
		`123456789012345`, `1234567890123456`, ` { "é" : null , "z" : true } `, `{"€":1,"😀":2,"דּ":3}`, "\"\xff\"", `nul`, `{"a":1}x`, "\"a\nb\"", `{"a" "b"}`, `[[[[[[[[1]]]]]]]]`,
		`{"":1," ":2,"aa":3,"a":4}`, "", `{"a":false}{`, `{"":0,"!":0}`, `{"a\"":1,"a":2}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := jsontext.Value(bytes.Clone(b))
		wantErr := want.Canonicalize()
		got, err := canonical([]byte("before"), bytes.Clone(b))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: error %v, want %v", b, err, wantErr)
		}
		if err == nil && string(got) != "before"+string(want) {
			t.Errorf("%q: got %q, want %q", b, got[len("before"):], want)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	v := jsontext.Value(`{"shipment_id":"S-1","cooperative_id":"C1","waybill_no":"1-2-3","lines":[{"line_no":1,"order_id":"PO-1","order_line":1,"quantity":"104.5"},{"line_no":2,"order_id":"PO-1","order_line":2,"quantity":"12"}]}`)
	b.Run("Here", func(b *testing.B) {
		b.ReportAllocs()
		var buffer []byte
		for b.Loop() {
			buffer, _ = canonical(buffer[:0], v)
		}
	})
	b.Run("Library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			copied := v.Clone()
			_ = copied.Canonicalize()
		}
	})
}
