package assembly

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"zhitong/domain"
	"zhitong/events/keys"
	"zhitong/events/log"
)

const submit = `{"id":"X-1","command":"order.submit","actor":"B","role":"buyer","time":"2021-03-01T10:00:00+08:00","data":{"order_id":"PO-X","buyer_id":"B","lines":[{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"20","cooperative_id":"C0"}]}}`

func TestBadInputIsRefusedWithItsPlaceAndTheNextCommandRuns(t *testing.T) {
	t.Parallel()
	l := log.NewMemory()
	a := start(t, l, keys.NewMemory())
	lay(t, a, 1)
	before, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string {
		if !strings.Contains(submit, old) {
			t.Fatalf("%q is not in the command", old)
		}
		return strings.Replace(submit, old, new, 1)
	}
	for name, c := range map[string]struct{ line, code, field string }{
		"not JSON":                  {`{"id":`, "malformed", ""},
		"not an object":             {`[1]`, "malformed", ""},
		"nothing":                   {``, "malformed", ""},
		"two objects":               {submit + submit, "malformed", ""},
		"no id":                     {change(`"id":"X-1",`, ``), "malformed", "id"},
		"no time":                   {change(`"time":"2021-03-01T10:00:00+08:00",`, ``), "malformed", "time"},
		"a time without offset":     {change(`10:00:00+08:00`, `10:00:00`), "value.invalid_time", "time"},
		"unknown member":            {change(`"actor":`, `"x":1,"actor":`), "malformed", "x"},
		"id twice":                  {change(`"id":"X-1"`, `"id":"X-1","id":"X-1"`), "malformed", "id"},
		"id of reactions":           {change(`"X-1"`, `"~X"`), "command.reserved_id", "id"},
		"id too long":               {change(`"X-1"`, `"`+strings.Repeat("x", 65)+`"`), "value.invalid_id", "id"},
		"id not NFC":                {change(`"X-1"`, "\"e\u0301\""), "value.invalid_id", "id"},
		"unknown command":           {change(`order.submit`, `order.sumbit`), "command.unknown", "command"},
		"unknown role":              {change(`"role":"buyer"`, `"role":"king"`), "role.unknown", "role"},
		"role system":               {change(`"role":"buyer"`, `"role":"system"`), "role.system", "role"},
		"role that may not":         {change(`"role":"buyer"`, `"role":"carrier"`), "role.denied", "role"},
		"data is an array":          {change(`"data":{`, `"data":[{`)[:len(submit)] + `}]}`, "malformed", "data"},
		"unknown field":             {change(`"buyer_id"`, `"colour":"red","buyer_id"`), "malformed", "colour"},
		"unknown field in a line":   {change(`"line_no":1`, `"line_no":1,"colour":"red"`), "malformed", "lines[0].colour"},
		"field twice":               {change(`"buyer_id":"B"`, `"buyer_id":"B","buyer_id":"B"`), "malformed", "buyer_id"},
		"field in another case":     {change(`"buyer_id"`, `"Buyer_ID"`), "malformed", "Buyer_ID"},
		"number for a quantity":     {change(`"quantity":"1"`, `"quantity":1`), "malformed", "lines[0].quantity"},
		"string for a number":       {change(`"line_no":1`, `"line_no":"1"`), "malformed", "lines[0].line_no"},
		"float for an integer":      {change(`"line_no":1`, `"line_no":1.5`), "malformed", "lines[0].line_no"},
		"huge integer":              {change(`"line_no":1`, `"line_no":99999999999999999999`), "malformed", "lines[0].line_no"},
		"exponent":                  {change(`"quantity":"1"`, `"quantity":"1e3"`), "value.invalid_quantity", "lines[0].quantity"},
		"too many places":           {change(`"quantity":"1"`, `"quantity":"1.0001"`), "value.invalid_quantity", "lines[0].quantity"},
		"too many digits":           {change(`"unit_price":"20"`, `"unit_price":"1234567890123456"`), "value.invalid_price", "lines[0].unit_price"},
		"a sign":                    {change(`"unit_price":"20"`, `"unit_price":"-20"`), "value.invalid_price", "lines[0].unit_price"},
		"an empty string":           {change(`"unit_price":"20"`, `"unit_price":""`), "value.invalid_price", "lines[0].unit_price"},
		"null for a required field": {change(`"unit_price":"20"`, `"unit_price":null`), "value.missing", "lines[0].unit_price"},
		"missing field":             {change(`,"unit_price":"20"`, ``), "value.missing", "lines[0].unit_price"},
		"no lines":                  {change(`{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"20","cooperative_id":"C0"}`, ``), "value.missing", "lines"},
		"line_no twice":             {change(`"cooperative_id":"C0"}`, `"cooperative_id":"C0"},{"line_no":1,"item_id":"jujube","quantity":"1","unit":"kg","unit_price":"1"}`), "value.repeated", "lines[1].line_no"},
		"unknown item":              {change(`jujube`, `apple`), "order.line_unknown_item", "lines[0].item_id"},
		"unknown unit":              {change(`"unit":"kg"`, `"unit":"crate"`), "order.line_unknown_unit", "lines[0].unit"},
		"NUL in a text":             {change(`"buyer_id"`, `"deliver_to":"a\u0000b","buyer_id"`), "value.invalid_text", "deliver_to"},
		"invalid UTF-8":             {change(`"buyer_id":"B"`, "\"deliver_to\":\"\xff\",\"buyer_id\":\"B\""), "malformed", ""},
		"lone surrogate":            {change(`"buyer_id"`, `"deliver_to":"\ud800","buyer_id"`), "malformed", ""},
		"more than a MiB":           {change(`"buyer_id"`, `"deliver_to":"`+strings.Repeat("x", 1<<20)+`","buyer_id"`), "malformed", ""},
		"deep nesting":              {change(`"buyer_id"`, `"deliver_to":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`,"buyer_id"`), "malformed", ""},
		"a time ahead":              {change(`2021-03-01`, `2999-03-01`), "time.in_future", "time"},
		"device without number":     {change(`"buyer_id"`, `"device":{"id":"P"},"buyer_id"`), "value.out_of_range", "device.seq"},
	} {
		t.Run(name, func(t *testing.T) {
			r := send(t, a, c.line)
			if r.OK || r.Problem.Code != c.code || (c.field != "" && r.Problem.Field != c.field) {
				t.Errorf("got %+v, %+v, want code %q in field %q", r, r.Problem, c.code, c.field)
			}
			if r.Problem != nil && (r.Problem.Detail == "" || len(r.Problem.Value) > 500) {
				t.Errorf("problem %+v needs a detail and a short value", r.Problem)
			}
		})
	}
	if after, _ := l.Head(t.Context()); after != before {
		t.Errorf("the log grew from %+v to %+v", before, after)
	}
	mustSend(t, a, submit)
}

func TestNaughtyStringsAsIdsAndNamesComeBackUnchangedOrAreRefused(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	l := log.NewMemory()
	a := start(t, l, keys.NewMemory())
	lay(t, a, 0)
	quote := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	registered, ids := 0, map[string]bool{}
	for i, s := range naughty {
		r := send(t, a, `{"id":"N-`+quote(s)[1:len(quote(s))-1]+`","command":"party.register","actor":"U-OFF","role":"officer","time":"2020-05-01T09:10:00+08:00","data":{"party_id":`+quote(s)+`,"kind":"cooperative","name":{"zh":`+quote(s)+`}}}`)
		valid := domain.CheckID(s) == nil && utf8.RuneCountInString(s) <= domain.IDCharsMax-2
		switch {
		case r.OK && !valid:
			t.Errorf("string %d, %q, was taken as an id", i, s)
		case !r.OK && valid && !ids[s] && r.Problem.Code != "party.exists":
			t.Errorf("string %d, %q: %v", i, s, r.Problem)
		case r.OK && !r.Repeated:
			registered++
		}
		ids[s] = ids[s] || r.OK
	}
	if registered < 400 {
		t.Errorf("only %d of %d strings were registered", registered, len(naughty))
	}
}
