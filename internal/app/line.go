package app

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"zhitong/domain"
	"zhitong/events"
)

// LineBytesMax is the size of one command in its JSON form.
const LineBytesMax = 1 << 20

// line is a command as `apply` and the batch API read it.
type line struct {
	ID      string         `json:"id"`
	Command string         `json:"command"`
	Actor   domain.ID      `json:"actor"`
	Role    domain.Role    `json:"role"`
	Time    domain.Time    `json:"time"`
	Data    jsontext.Value `json:"data"`
}

// strict is how everything that clients send is read: duplicate and unknown
// members and invalid UTF-8 are refused.
var strict = json.JoinOptions(json.RejectUnknownMembers(true))

// ParseLine reads one command from its JSON object. The envelope is checked here,
// its data when it is submitted. Where the line can't be read the problem has code
// "malformed" and the envelope whatever id could be made out.
func ParseLine(b []byte) (Envelope, *domain.Problem) {
	if len(b) > LineBytesMax {
		return Envelope{}, domain.Refuse(domain.Malformed, "malformed", "", "", "a command has at most %d bytes, this line has %d", LineBytesMax, len(b))
	}
	var l line
	if err := json.Unmarshal(b, &l, strict); err != nil {
		p := problemOf(err, "")
		p.Field = strings.TrimPrefix(p.Field, "data.") // fields of the data stand without it
		return Envelope{ID: salvageID(b)}, p
	}
	env := Envelope{ID: l.ID, Command: l.Command, Actor: l.Actor, Role: l.Role, Time: l.Time, Data: l.Data, Via: events.ViaCLI}
	return env, nil
}

// salvageID finds the id in a line that could not be read whole, for the answer.
func salvageID(b []byte) string {
	var l struct {
		ID jsontext.Value `json:"id"`
	}
	if json.Unmarshal(b, &l, jsontext.AllowDuplicateNames(true)) != nil {
		return ""
	}
	id, err := jsontext.AppendUnquote(nil, l.ID)
	if err != nil || domain.CheckID(string(id)) != nil {
		return ""
	}
	return string(id)
}

// check refuses an envelope that is not complete. Clients may not use the
// ids, nor the role, of reactions.
func (e *Envelope) check() *domain.Problem {
	switch {
	case e.ID == "":
		return missing("id")
	case e.Command == "":
		return missing("command")
	case e.Actor == "":
		return missing("actor")
	case e.Role == "":
		return missing("role")
	case e.Time.IsZero():
		return missing("time")
	case len(e.Data) == 0:
		return missing("data")
	case e.Data.Kind() != '{':
		return domain.Refuse(domain.Malformed, "malformed", "data", "", "an object was expected")
	case strings.HasPrefix(e.ID, "~"):
		return domain.Refuse(domain.Invalid, "command.reserved_id", "id", e.ID, "ids that begin with ~ belong to reactions")
	case len(e.Data) > LineBytesMax:
		return domain.Refuse(domain.Malformed, "malformed", "data", "", "a command has at most %d bytes, its data has %d", LineBytesMax, len(e.Data))
	}
	if err := domain.CheckID(e.ID); err != nil {
		return domain.AsProblem(err).At("id")
	}
	return nil
}

func missing(field string) *domain.Problem {
	return domain.Refuse(domain.Malformed, "malformed", field, "", "the field is required")
}

// problemOf turns an error of the JSON decoder into a problem whose field is the
// place in the input, below prefix.
func problemOf(err error, prefix string) *domain.Problem {
	var sem *json.SemanticError
	var syn *jsontext.SyntacticError
	switch {
	case errors.As(err, &sem):
		field := fieldOf(sem.JSONPointer)
		if p := domain.AsProblem(sem.Err); p != nil {
			return p.At(field).At(prefix)
		}
		detail := "a value of another type was expected"
		value := string(sem.JSONValue)
		switch {
		case errors.Is(sem.Err, json.ErrUnknownName):
			detail, value = "this field is not known here", ""
		case sem.JSONKind == '0':
			detail = "a number where " + wanted(sem) + " was expected"
		case sem.JSONKind != 0:
			detail = fmt.Sprintf("%s where %s was expected", kindName(sem.JSONKind), wanted(sem))
		}
		p := domain.Refuse(domain.Malformed, "malformed", field, value, "%s", detail)
		return p.At(prefix)
	case errors.As(err, &syn):
		detail := "not JSON: " + syn.Err.Error()
		if errors.Is(syn.Err, jsontext.ErrDuplicateName) {
			detail = "the field stands twice"
		}
		return domain.Refuse(domain.Malformed, "malformed", fieldOf(syn.JSONPointer), "", "%s (byte %d)", detail, syn.ByteOffset+1).At(prefix)
	}
	if p := domain.AsProblem(err); p != nil {
		return p.At(prefix)
	}
	return domain.Refuse(domain.Malformed, "malformed", prefix, "", "%s", err.Error())
}

func wanted(e *json.SemanticError) string {
	if e.GoType == nil {
		return "another value"
	}
	switch t := e.GoType; t.Kind().String() {
	case "int", "int64", "uint64":
		return "an integer"
	case "slice", "array":
		return "an array"
	case "bool":
		return "true or false"
	case "map":
		return "an object"
	case "struct":
		if strings.HasPrefix(t.PkgPath(), "zhitong/domain") && t.NumField() == 1 && t.Field(0).Anonymous {
			return "a decimal string"
		}
		if t.PkgPath() == "zhitong/domain" && t.NumField() != 3 {
			return "a string"
		}
		return "an object"
	}
	return "a string"
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a value"
}

// fieldOf writes a JSON pointer as a field: /lines/1/item_id is lines[1].item_id.
func fieldOf(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			fmt.Fprintf(&b, "[%s]", token)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String()
}

// deviceOf takes the member "device" out of a command's data.
func deviceOf(data jsontext.Value) (*events.Device, jsontext.Value, *domain.Problem) {
	if !bytes.Contains(data, []byte(`"device"`)) {
		return nil, data, nil
	}
	var split struct {
		Device jsontext.Value `json:"device"`
		Rest   jsontext.Value `json:",embed"`
	}
	if err := json.Unmarshal(data, &split); err != nil {
		return nil, nil, problemOf(err, "")
	}
	if len(split.Rest) == 0 {
		split.Rest = jsontext.Value("{}")
	}
	if len(split.Device) == 0 {
		return nil, data, nil
	}
	var d events.Device
	if err := json.Unmarshal(split.Device, &d, strict); err != nil {
		return nil, nil, problemOf(err, "device")
	}
	switch {
	case d.ID == "":
		return nil, nil, domain.Missing("device.id")
	case d.Seq < 1:
		return nil, nil, domain.Refuse(domain.Invalid, "value.out_of_range", "device.seq", strconv.FormatInt(d.Seq, 10), "a sequence number from 1 on")
	}
	for field, s := range map[string]string{"device.zone": d.Zone, "device.replaces": d.Replaces} {
		if s != "" {
			if err := domain.CheckID(s); err != nil {
				return nil, nil, domain.AsProblem(err).At(field)
			}
		}
	}
	return &d, split.Rest, nil
}
