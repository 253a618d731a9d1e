package importing

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"zhitong/domain"
)

// Limits of a profile.
const (
	profileBytesMax = 1 << 20
	levelsMax       = 4
	placesMax       = 6
)

// builder makes a profile from its YAML.
type builder struct {
	yamlReader
	p       *Profile
	columns map[string]*column
	values  map[string]*yaml.Node // named expressions, read where they are used
	parts   int                   // of expressions read so far
	open    []string              // the values that are being read, against circles
}

// ParseProfile reads a profile. Variant names one of its variants, "" none. The
// error holds every fault with its line and column as a *[ProfileError].
func ParseProfile(file string, text []byte, variant string) (*Profile, error) {
	b := &builder{yamlReader: yamlReader{file: file}, columns: map[string]*column{}, values: map[string]*yaml.Node{}}
	if len(text) > profileBytesMax {
		return nil, &ProfileError{file, 1, 1, "a profile has at most 1 MiB"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlFault(file, err)
	}
	if len(doc.Content) == 0 {
		return nil, &ProfileError{file, 1, 1, "the profile is empty"}
	}
	root := doc.Content[0]
	noAliases(&b.yamlReader, root)
	if err := b.err(); err != nil {
		return nil, err
	}
	b.p = b.profile(root, variant)
	if err := b.err(); err != nil {
		return nil, err
	}
	return b.p, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

func yamlFault(file string, err error) error {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return &ProfileError{file, 1, 1, err.Error()}
	}
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1
	}
	return &ProfileError{file, line, 1, m[2]}
}

// noAliases refuses anchors and aliases: with them a small file can unfold without
// end, and a profile is to be read as it stands.
func noAliases(y *yamlReader, n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		y.fail(n, "anchors and aliases are not taken; use values")
		return
	}
	for _, c := range n.Content {
		noAliases(y, c)
	}
}

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	zoneForm = regexp.MustCompile(`^([+-])(\d\d):(\d\d)$`)
)

func (b *builder) profile(root *yaml.Node, variant string) *Profile {
	f := b.fields(root, "profile", "about", "sheet", "delimiter", "zone", "columns", "levels", "values", "once", "commands", "warnings", "variants")
	b.p = &Profile{Name: b.required(f["profile"], root, "profile"), About: b.text(f["about"]), sheet: b.text(f["sheet"])}
	if !nameForm.MatchString(b.p.Name) || len(b.p.Name) > 16 {
		b.fail(cmpNode(f["profile"], root), "a profile's name has 1–16 small letters, digits and _, and begins with a letter")
	}
	b.p.delimiter = b.delimiter(f["delimiter"])
	b.p.zone = b.zone(f["zone"], root)
	for _, key := range []string{"columns", "levels", "commands"} {
		if f[key] == nil {
			b.fail(root, "%q is missing", key)
			return b.p
		}
	}
	for _, e := range b.entries(f["columns"]) {
		b.column(e)
	}
	b.references(f["columns"])
	b.levels(f["levels"])
	b.namedValues(f["values"], f["variants"], root, variant)
	for _, n := range b.items(f["once"]) {
		b.p.once = append(b.p.once, b.step(n, true))
	}
	for _, n := range b.items(f["commands"]) {
		b.p.steps = append(b.p.steps, b.step(n, false))
	}
	b.distinctSteps(f["commands"])
	for _, n := range b.items(f["warnings"]) {
		b.warning(n)
	}
	return b.p
}

// cmpNode is n, or otherwise where there is none.
func cmpNode(n, otherwise *yaml.Node) *yaml.Node {
	if n == nil {
		return otherwise
	}
	return n
}

func (b *builder) delimiter(n *yaml.Node) byte {
	switch s := b.text(n); s {
	case "":
		return ','
	case ",", ";", "\t", "|":
		return s[0]
	default:
		b.fail(n, `a delimiter is one of "," ";" "\t" "|"`)
		return ','
	}
}

// zone reads the offset of the times that the profile makes.
func (b *builder) zone(n, root *yaml.Node) *time.Location {
	s := b.required(n, root, "zone")
	m := zoneForm.FindStringSubmatch(s)
	if m == nil {
		if s != "" {
			b.fail(n, "a zone is an offset such as +08:00")
		}
		return time.UTC
	}
	hours, _ := strconv.Atoi(m[2])
	minutes, _ := strconv.Atoi(m[3])
	seconds := hours*3600 + minutes*60
	if m[1] == "-" {
		seconds = -seconds
	}
	return time.FixedZone(s, seconds)
}

// namedValues takes the values, and in their place those of the variant.
func (b *builder) namedValues(values, variants, root *yaml.Node, variant string) {
	if values != nil {
		for _, e := range b.entries(values) {
			if !nameForm.MatchString(e.key.Value) || b.columns[e.key.Value] != nil {
				b.fail(e.key, "a value's name has small letters, digits and _, and is not that of a column")
			}
			b.values[e.key.Value] = e.value
		}
	}
	var names []string
	if variants != nil {
		for _, v := range b.entries(variants) {
			names = append(names, v.key.Value)
			for _, e := range b.entries(v.value) {
				if b.values[e.key.Value] == nil {
					b.fail(e.key, "a variant changes values; there is no value %q", e.key.Value)
				}
				if v.key.Value == variant {
					b.values[e.key.Value] = e.value
				}
			}
		}
	}
	if variant != "" && !slices.Contains(names, variant) {
		b.fail(cmpNode(variants, root), "there is no variant %q; there are: %s", variant, strings.Join(names, ", "))
	}
}

// distinctSteps refuses two steps of one name: their commands would share ids.
func (b *builder) distinctSteps(at *yaml.Node) {
	seen := map[string]bool{}
	for _, s := range slices.Concat(b.p.once, b.p.steps) {
		if s != nil && seen[s.name] {
			b.fail(at, "there are two steps %q", s.name)
		}
		if s != nil {
			seen[s.name] = true
		}
	}
}

// step reads a command to make; master data have a key in place of a level.
func (b *builder) step(n *yaml.Node, once bool) *step {
	known := []string{"step", "per", "command", "actor", "role", "time", "only_if", "data"}
	if once {
		known = []string{"step", "key", "command", "actor", "role", "time", "already", "data"}
	}
	f := b.fields(n, known...)
	s := &step{name: b.required(f["step"], n, "step"), command: b.required(f["command"], n, "command"), already: b.texts(f["already"])}
	if !nameForm.MatchString(s.name) || len(s.name) > 20 {
		b.fail(cmpNode(f["step"], n), "a step's name has 1–20 small letters, digits and _")
	}
	if once {
		s.level = len(b.p.levels)
		s.key = b.operandOf(f["key"], n, "key", s.level, kindText, kindInteger)
	} else if s.level = b.levelNamed(b.required(f["per"], n, "per")); s.level < 0 || s.level == len(b.p.levels) {
		b.fail(cmpNode(f["per"], n), "a command is made per one of the levels")
		return nil
	}
	s.actor = b.operandOf(f["actor"], n, "actor", s.level, kindText)
	s.role = b.operandOf(f["role"], n, "role", s.level, kindText)
	s.time = b.operandOf(f["time"], n, "time", s.level, kindTime, kindText)
	if s.time.kind == kindText && (s.time.eval != nil || !validTime(s.time.constant.text)) {
		b.fail(cmpNode(f["time"], n), "a time is due here: an expression that makes one, or a text such as 2021-03-03T12:00:00+08:00")
	}
	if f["only_if"] != nil {
		o := b.operand(f["only_if"], s.level)
		s.onlyIf = &o
	}
	if f["data"] == nil {
		b.fail(n, "%q is missing", "data")
		return s
	}
	s.data = b.template(f["data"], s.level)
	return s
}

func validTime(s string) bool {
	_, err := domain.ParseTime(s)
	return err == nil
}

// operandOf is a required operand of one of the kinds.
func (b *builder) operandOf(n, at *yaml.Node, key string, level int, kinds ...kind) operand {
	if n == nil {
		b.fail(at, "%q is missing", key)
		return operand{}
	}
	o := b.operand(n, level)
	if o.kind != kindNone && !slices.Contains(kinds, o.kind) {
		b.fail(n, "%q is %s; %s is due here", key, o.kind, kinds[0])
	}
	return o
}

func (b *builder) warning(n *yaml.Node) {
	f := b.fields(n, "name", "per", "when", "show")
	w := &warning{name: b.required(f["name"], n, "name"), level: len(b.p.levels)}
	if f["per"] != nil {
		if w.level = b.levelNamed(b.text(f["per"])); w.level < 0 {
			b.fail(f["per"], "there is no level %q", f["per"].Value)
			return
		}
	}
	w.when = b.operandOf(f["when"], n, "when", w.level, kindCondition)
	for _, s := range b.items(f["show"]) {
		if c := b.columnNamed(s, n, "show"); c != nil {
			w.show = append(w.show, c)
		}
	}
	b.p.warnings = append(b.p.warnings, w)
}
