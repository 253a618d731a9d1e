package events

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
)

var update = flag.Bool("update", false, "write golden files that do not exist yet")

// golden are stored commits of every version ever released, one file a type. They
// are only ever added to: an event that was once stored must decode for ever.
const golden = "testdata/stored"

func TestEveryVersionEverStoredDecodes(t *testing.T) {
	t.Parallel()
	writeMissing.Do(func() { writeMissingGolden(t) })
	files, err := filepath.Glob(filepath.Join(golden, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	stored := make(map[string]bool)
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		c, err := Decode(line)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		typ := strings.TrimSuffix(filepath.Base(file), ".json")
		stored[typ] = true
		if TypeOf(c.Events[0].Fact) != TypePrefix+typ {
			continue // an older version: its bytes are not written any more
		}
		if again, err := Encode(nil, SourceOf("ZHITONG"), c); err != nil || !bytes.Equal(again, line) {
			t.Errorf("%s is written otherwise today: %s, %v", file, again, err)
		}
	}
	for _, name := range Names() {
		if !stored[name] {
			t.Errorf("there is no stored commit of %s: run go test ./events -update and look at the new file", name)
		}
	}
}

var writeMissing sync.Once

func writeMissingGolden(t *testing.T) {
	t.Helper()
	if !*update {
		return
	}
	if err := os.MkdirAll(golden, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range catalogue {
		file := filepath.Join(golden, fmt.Sprintf("%s.v%d.json", e.name, e.version))
		if _, err := os.Stat(file); err == nil {
			continue
		}
		fact := filled(e.goType, 1).Interface().(domain.Fact)
		at, _ := domain.ParseTime("2021-03-03T10:00:00+06:00")
		c := Commit{Position: 1, Events: []Event{{ID: IDOf("G-1", 1), Subject: fact.Subject(), Time: at, Fact: fact,
			Recorded: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), Actor: "A-1", Role: domain.Officer, Via: ViaCLI,
			CommandID: "G-1", CommandHash: strings.Repeat("0f", 32), Position: 1, Index: 1, Of: 1}}}
		line, err := Encode(nil, SourceOf("ZHITONG"), c)
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		if err := os.WriteFile(file, append(line, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// samples are texts that the value types read.
var samples = map[reflect.Type]string{
	reflect.TypeFor[domain.Money](): "13.50", reflect.TypeFor[domain.Kg](): "104.500", reflect.TypeFor[domain.Quantity](): "104.50",
	reflect.TypeFor[domain.Price](): "3.333333", reflect.TypeFor[domain.Share](): "0.05", reflect.TypeFor[domain.Day](): "2021-03-03",
	reflect.TypeFor[domain.Time](): "2021-03-03T10:00:00+06:00", reflect.TypeFor[domain.Text](): "变质, \"spoilt\"",
}

// filled returns a value of t with every member set.
func filled(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	text, known := samples[t]
	if u, ok := v.Addr().Interface().(interface{ UnmarshalText([]byte) error }); ok {
		if !known {
			text = fmt.Sprintf("id-%d", depth)
		}
		if err := u.UnmarshalText([]byte(text)); err == nil {
			return v
		}
		for _, other := range []string{"0.004", "2021-03-03", "1.25"} {
			if u.UnmarshalText([]byte(other)) == nil {
				return v
			}
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(filled(t.Field(i).Type, depth+1))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(filled(t.Elem(), depth))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // raw JSON
			v.Set(reflect.ValueOf([]byte(`{"a":"b"}`)).Convert(t))
			break
		}
		v.Set(reflect.Append(v, filled(t.Elem(), depth+1)))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.ValueOf("box").Convert(t.Key()), filled(t.Elem(), depth+1))
	case reflect.String:
		v.SetString("word")
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(depth + 1))
	case reflect.Uint64:
		v.SetUint(uint64(depth + 1))
	case reflect.Bool:
		v.SetBool(true)
	}
	return v
}

func TestEveryFactHasASchemaThatItsStoredCommitFits(t *testing.T) {
	t.Parallel()
	writeMissing.Do(func() { writeMissingGolden(t) })
	schemas := Schemas()
	for _, e := range catalogue {
		line, err := os.ReadFile(filepath.Join(golden, fmt.Sprintf("%s.v%d.json", e.name, e.version)))
		if err != nil {
			t.Error(err)
			continue
		}
		var stored []struct {
			Schema string         `json:"dataschema"`
			Data   jsontext.Value `json:"data"`
		}
		if err := json.Unmarshal(line, &stored); err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		var data map[string]jsontext.Value
		if err := json.Unmarshal(stored[0].Data, &data); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
		s := schemas[stored[0].Schema]
		if s == nil {
			t.Errorf("%s: no schema %q", e.name, stored[0].Schema)
			continue
		}
		for _, name := range s.Required {
			if _, ok := data[name]; !ok {
				t.Errorf("%s: the stored commit lacks the required member %q", e.name, name)
			}
		}
		for name := range data {
			if s.Properties[name] == nil {
				t.Errorf("%s: the schema lacks the member %q", e.name, name)
			}
		}
	}
}
