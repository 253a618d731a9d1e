package importing

import (
	"embed"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Profile says how the rows of one kind of spreadsheet become commands. It is made
// by [ParseProfile] and never changes afterwards; one may serve many imports.
type Profile struct {
	Name  string // part of every command id: another name makes other commands
	About string // for people

	sheet     string
	delimiter byte
	zone      *time.Location
	columns   []*column
	levels    []*level // the document first; the line is not among them
	once      []*step
	steps     []*step
	warnings  []*warning
}

// reading is how the cells of a column are read.
type reading string

const (
	readText    reading = "text"
	readID      reading = "id"
	readInteger reading = "integer"
	readDecimal reading = "decimal"
	readDate    reading = "date"
)

// column is one column of the spreadsheet that the profile uses.
type column struct {
	name     string // what expressions call it
	header   string // the cell of the header
	index    int    // its place among the profile's columns
	read     reading
	required bool
	unique   bool
	trim     bool
	charsMax int
	places   int
	above    string // a number that the cell must be above, "" for none
	layout   *layout
	absent   map[string]bool // texts that say "nothing here"
	ref      *reference
}

// kind is the kind of the column's values.
func (c *column) kind() kind {
	switch c.read {
	case readInteger:
		return kindInteger
	case readDecimal:
		return kindDecimal
	case readDate:
		return kindDay
	}
	return kindText
}

// reference is how a cell says that its figure stands on another line: a text with
// the names of columns in braces. Row names a unique column that finds the line;
// the other columns must be equal there, here and in the text.
type reference struct {
	parts  []string  // literal texts, one more than columns
	column []*column // what stands between them
	row    *column
}

// match returns the texts of the columns, or nil when s is no such reference.
func (r *reference) match(s string) []string {
	rest, ok := strings.CutPrefix(s, r.parts[0])
	if !ok {
		return nil
	}
	var texts []string
	for i, lit := range r.parts[1:] {
		if i == len(r.column)-1 && lit == "" {
			return append(texts, rest)
		}
		text, after, ok := strings.Cut(rest, lit)
		if !ok {
			return nil
		}
		texts, rest = append(texts, text), after
	}
	if rest != "" {
		return nil
	}
	return texts
}

// level is a grouping of rows: all rows with one key. The first level is the
// document; the next divide it.
type level struct {
	name    string
	key     *column
	same    []*column // must be equal on all rows of the group
	rowsMax int       // 0 for no limit
}

// step is one command to make.
type step struct {
	name    string
	level   int     // whose groups it is made for; the line for master data
	key     operand // of master data: one command for each distinct key
	command string
	actor   operand
	role    operand
	time    operand
	onlyIf  *operand // made when this is given and true
	already []string // refusals that mean: it is there, go on
	data    *template
}

// warning is a contradiction that is reported and not refused.
type warning struct {
	name  string
	level int
	when  operand
	show  []*column
}

//go:embed profiles/*.yaml
var builtin embed.FS

// BuiltinProfiles are the names of the profiles that come with the program.
func BuiltinProfiles() []string {
	entries, err := builtin.ReadDir("profiles")
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// FindProfile returns a built-in profile by its name, else reads the file of that
// name. "+variant" behind the name takes one of the profile's variants.
func FindProfile(name string) (*Profile, error) {
	base, variant, _ := strings.Cut(name, "+")
	if slices.Contains(BuiltinProfiles(), base) {
		file := path.Join("profiles", base+".yaml")
		text, err := builtin.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read built-in profile %q: %w", base, err)
		}
		return ParseProfile(base+".yaml", text, variant)
	}
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) && variant != "" {
		name = base
		text, err = os.ReadFile(name)
	} else {
		variant = ""
	}
	if err != nil {
		return nil, fmt.Errorf("no built-in profile of that name (there are: %s), and: %w", strings.Join(BuiltinProfiles(), ", "), err)
	}
	return ParseProfile(name, text, variant)
}
