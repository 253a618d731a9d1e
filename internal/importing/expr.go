package importing

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scope is what an expression looks at: the rows of one group, in the file's order.
type scope struct {
	zone *time.Location
	rows []*row

	faults *[]*Reason // where faults of the data go
}

// fault takes a fault of the data, nil for none.
func (sc *scope) fault(r *Reason) {
	if r != nil {
		*sc.faults = append(*sc.faults, r)
	}
}

// line is the scope of the single line i.
func (sc *scope) line(i int) scope {
	return scope{zone: sc.zone, rows: sc.rows[i : i+1], faults: sc.faults}
}

// evalFunc computes a value in a scope. The fault is one of the data and refuses
// the document.
type evalFunc func(sc *scope) (value, *Reason)

// operand is a constant or an expression with its kind.
type operand struct {
	kind     kind
	constant value
	eval     evalFunc // nil for a constant
	column   *column  // when it is nothing but a column
}

func (o *operand) in(sc *scope) (value, *Reason) {
	if o.eval == nil {
		return o.constant, nil
	}
	return o.eval(sc)
}

// operand reads a scalar: an expression behind $, or the constant that it is.
func (b *builder) operand(n *yaml.Node, level int) operand {
	if n.Kind != yaml.ScalarNode {
		b.fail(n, "a value is due here: a constant, or an expression that begins with $")
		return operand{}
	}
	switch n.ShortTag() {
	case "!!int":
		if why := checkNumber(n.Value, 0); why != "" {
			b.fail(n, "%s", why)
			return operand{}
		}
		return constant(value{kind: kindInteger, text: plainNumber(n.Value)})
	case "!!bool":
		return constant(conditionValue(n.Value == "true"))
	case "!!str":
	default:
		b.fail(n, "write %q in quotes: it is taken as a text", n.Value)
		return operand{}
	}
	text, isExpr := strings.CutPrefix(n.Value, "$")
	switch {
	case !isExpr:
		return constant(textValue(n.Value))
	case strings.HasPrefix(text, "$"): // $$ is a dollar
		return constant(textValue(text))
	}
	tokens, err := lex(text)
	if err != nil {
		b.fail(n, "%s", err)
		return operand{}
	}
	p := &exprParser{b: b, node: n, tokens: tokens, level: level}
	o := p.operand()
	if len(p.tokens) > 0 {
		p.fail("something is left over at %q", p.tokens[0])
	}
	return o
}

func constant(v value) operand { return operand{kind: v.kind, constant: v} }

var tokenForm = regexp.MustCompile(`^\s*([a-z][a-z0-9_]*|[0-9]+(?:\.[0-9]+)?|"(?:[^"\\]|\\["\\])*"|[(),])\s*`)

func lex(text string) ([]string, error) {
	var tokens []string
	for rest := text; rest != ""; {
		m := tokenForm.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("the expression cannot be read at %q", rest)
		}
		tokens, rest = append(tokens, m[1]), rest[len(m[0]):]
	}
	return tokens, nil
}

// exprParser reads one expression for one level.
type exprParser struct {
	b      *builder
	node   *yaml.Node
	tokens []string
	level  int
	failed bool
}

func (p *exprParser) fail(detail string, args ...any) {
	if !p.failed {
		p.b.fail(p.node, detail, args...)
	}
	p.failed, p.tokens = true, nil
}

func (p *exprParser) take() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// expressionPartsMax is how many parts the expressions of a profile may have, all
// values put in where they are named.
const expressionPartsMax = 100_000

// operand reads the next part of the expression.
func (p *exprParser) operand() operand {
	if p.b.parts++; p.b.parts > expressionPartsMax {
		p.fail("the expressions unfold to more than %d parts", expressionPartsMax)
		return operand{}
	}
	switch t := p.take(); {
	case t == "":
		p.fail("the expression ends too early")
	case t[0] == '"':
		return constant(textValue(strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(t[1 : len(t)-1])))
	case t[0] >= '0' && t[0] <= '9':
		k := kindInteger
		if strings.Contains(t, ".") {
			k = kindDecimal
		}
		if why := checkNumber(t, placesMax); why != "" {
			p.fail("%s", why)
		}
		return constant(value{kind: k, text: plainNumber(t)})
	case strings.ContainsAny(t, "(),"):
		p.fail("%q does not belong here", t)
	case len(p.tokens) > 0 && p.tokens[0] == "(":
		return p.call(t)
	default:
		return p.named(t)
	}
	return operand{}
}

// named is a column, or a named value read at this level.
func (p *exprParser) named(name string) operand {
	if c := p.b.columns[name]; c != nil {
		if !p.b.oneValue(c, p.level) {
			p.fail("%q may differ between the lines of one %s: take it by earliest, latest, sum or only, or put it under that level's same", name, p.b.p.levels[p.level].name)
			return operand{}
		}
		i := c.index
		return operand{kind: c.kind(), column: c, eval: func(sc *scope) (value, *Reason) { return sc.rows[0].values[i], nil }}
	}
	n := p.b.values[name]
	switch {
	case n == nil:
		p.fail("there is no column and no value %q", name)
		return operand{}
	case slices.Contains(p.b.open, name):
		p.fail("the value %q is made from itself", name)
		return operand{}
	}
	p.b.open = append(p.b.open, name)
	o := p.b.operand(n, p.level)
	p.b.open = p.b.open[:len(p.b.open)-1]
	return o
}

// oneValue reports whether all rows of a group at level have the column's value in
// common: it is a key or a same column of it or of a level around it.
func (b *builder) oneValue(c *column, at int) bool {
	if at >= len(b.p.levels) {
		return true
	}
	return slices.ContainsFunc(b.p.levels[:at+1], func(l *level) bool { return l.key == c || slices.Contains(l.same, c) })
}

func (p *exprParser) call(name string) operand {
	fn, ok := functions[name]
	if !ok {
		p.fail("there is no function %q", name)
		return operand{}
	}
	outer := p.level
	if fn.overLines {
		p.level = len(p.b.p.levels)
	}
	var args []operand
	p.take() // the parenthesis
	for len(p.tokens) > 0 && p.tokens[0] != ")" {
		args = append(args, p.operand())
		if len(p.tokens) > 0 && p.tokens[0] == "," {
			p.take()
		} else {
			break
		}
	}
	if p.level = outer; p.take() != ")" {
		p.fail("%s( is not closed", name)
	}
	if p.failed {
		return operand{}
	}
	if len(args) < fn.least || (fn.most > 0 && len(args) > fn.most) {
		p.fail("%s takes %s", name, fn.usage)
		return operand{}
	}
	result, why := fn.check(args)
	if why != "" {
		p.fail("%s: %s; it takes %s", name, why, fn.usage)
		return operand{}
	}
	return operand{kind: result, eval: fn.make(args)}
}

// minutesOfDay reads HH:MM.
func minutesOfDay(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' || !allDigits(s[:2]+s[3:]) {
		return 0, false
	}
	h, _ := strconv.Atoi(s[:2])
	m, _ := strconv.Atoi(s[3:])
	return h*60 + m, h < 24 && m < 60
}
