package importing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"zhitong/domain"
)

// function is one function of the profile language.
type function struct {
	usage     string // what it takes, for messages
	least     int
	most      int  // 0 for any number
	overLines bool // its argument is worked out on every line of the group
	check     func(args []operand) (kind, string)
	make      func(args []operand) evalFunc
}

// functions is never changed. The documentation of each is in
// docs/how-to/import-a-spreadsheet.md.
var functions = map[string]function{
	"first_of":     {usage: "values of one kind", least: 1, check: sameKind, make: firstOf},
	"earlier_of":   {usage: "days or times", least: 1, check: sameKind, make: smallestOf},
	"earliest":     {usage: "one day or time", least: 1, most: 1, overLines: true, check: sameKind, make: overLines(-1)},
	"latest":       {usage: "one day or time", least: 1, most: 1, overLines: true, check: sameKind, make: overLines(1)},
	"sum":          {usage: "one number", least: 1, most: 1, overLines: true, check: numbers(kindDecimal), make: sum},
	"only":         {usage: "one value", least: 1, most: 1, overLines: true, check: sameKind, make: only},
	"differs":      {usage: "one value", least: 1, most: 1, overLines: true, check: result(kindCondition), make: differs},
	"count":        {usage: "nothing", check: checkCount, make: count},
	"at":           {usage: `a day and a time of day "HH:MM"`, least: 2, most: 2, check: checkAt, make: makeAt},
	"at_noon":      {usage: "a day", least: 1, most: 1, check: kindsAre(kindTime, kindDay), make: atNoon},
	"day_of":       {usage: "a time", least: 1, most: 1, check: kindsAre(kindDay, kindTime), make: dayOf},
	"minus_hours":  {usage: "a time and a whole number", least: 2, most: 2, check: kindsAre(kindTime, kindTime, kindInteger), make: shift(-60)},
	"plus_hours":   {usage: "a time and a whole number", least: 2, most: 2, check: kindsAre(kindTime, kindTime, kindInteger), make: shift(60)},
	"concat":       {usage: "values", least: 1, check: result(kindText), make: concat},
	"text":         {usage: "a value", least: 1, most: 1, check: result(kindText), make: concat},
	"short_id":     {usage: "a text", least: 1, most: 1, check: kindsAre(kindText, kindText), make: makeShortID},
	"positive":     {usage: "a number", least: 1, most: 1, check: sameKind, make: positive},
	"times":        {usage: "two numbers", least: 2, most: 2, check: numbers(kindDecimal), make: times},
	"unit_price":   {usage: "a value, a quantity and a price, all decimals", least: 3, most: 3, check: numbers(kindDecimal), make: unitPrice},
	"when":         {usage: "a condition and a value", least: 2, most: 2, check: checkWhen, make: when},
	"present":      {usage: "a value", least: 1, most: 1, check: result(kindCondition), make: present},
	"before":       {usage: "two days or two times", least: 2, most: 2, check: condition(sameKind), make: comparison(func(c int) bool { return c < 0 })},
	"after":        {usage: "two days or two times", least: 2, most: 2, check: condition(sameKind), make: comparison(func(c int) bool { return c > 0 })},
	"equal":        {usage: "two values of one kind", least: 2, most: 2, check: condition(sameKind), make: comparison(func(c int) bool { return c == 0 })},
	"unequal":      {usage: "two values of one kind", least: 2, most: 2, check: condition(sameKind), make: comparison(func(c int) bool { return c != 0 })},
	"more_than":    {usage: "two numbers", least: 2, most: 2, check: condition(numbers(kindDecimal)), make: comparison(func(c int) bool { return c > 0 })},
	"is_zero":      {usage: "a number", least: 1, most: 1, check: condition(numbers(kindDecimal)), make: isZero},
	"days_between": {usage: "two days", least: 2, most: 2, check: kindsAre(kindInteger, kindDay, kindDay), make: daysBetween},
}

func sameKind(args []operand) (kind, string) {
	for _, a := range args[1:] {
		if a.kind != args[0].kind && !(a.kind.isNumber() && args[0].kind.isNumber()) {
			return kindNone, fmt.Sprintf("%s and %s together", args[0].kind, a.kind)
		}
	}
	return args[0].kind, ""
}

func result(k kind) func([]operand) (kind, string) {
	return func([]operand) (kind, string) { return k, "" }
}

func numbers(k kind) func([]operand) (kind, string) {
	return func(args []operand) (kind, string) {
		for _, a := range args {
			if !a.kind.isNumber() {
				return kindNone, a.kind.String() + " is no number"
			}
		}
		return k, ""
	}
}

func kindsAre(k kind, kinds ...kind) func([]operand) (kind, string) {
	return func(args []operand) (kind, string) {
		for i, a := range args {
			if a.kind != kinds[i] {
				return kindNone, fmt.Sprintf("%s in place %d", a.kind, i+1)
			}
		}
		return k, ""
	}
}

func condition(check func([]operand) (kind, string)) func([]operand) (kind, string) {
	return func(args []operand) (kind, string) {
		_, why := check(args)
		return kindCondition, why
	}
}

func checkCount(args []operand) (kind, string) {
	if len(args) > 0 {
		return kindNone, "something between the parentheses"
	}
	return kindInteger, ""
}

func checkAt(args []operand) (kind, string) {
	if _, ok := minutesOfDay(args[1].constant.text); args[0].kind != kindDay || !ok {
		return kindNone, "no day, or no time of day"
	}
	return kindTime, ""
}

func checkWhen(args []operand) (kind, string) {
	if args[0].kind != kindCondition {
		return kindNone, args[0].kind.String() + " is no condition"
	}
	return args[1].kind, ""
}

// of makes an evalFunc that computes from given arguments and gives nothing where
// one of them is not given.
func of(args []operand, compute func(sc *scope, v []value) (value, *Reason)) evalFunc {
	return func(sc *scope) (value, *Reason) {
		var buf [4]value
		v := buf[:0]
		for i := range args {
			a, fault := args[i].in(sc)
			if fault != nil || !a.given() {
				return value{}, fault
			}
			v = append(v, a)
		}
		return compute(sc, v)
	}
}

func firstOf(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		for i := range args {
			if v, fault := args[i].in(sc); fault != nil || v.given() {
				return v, fault
			}
		}
		return value{}, nil
	}
}

func smallestOf(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		var least value
		for i := range args {
			v, fault := args[i].in(sc)
			if fault != nil {
				return value{}, fault
			}
			if v.given() && (!least.given() || v.compare(least) < 0) {
				least = v
			}
		}
		return least, nil
	}
}

// eachLine calls fn with the argument's value on every line of sc where there is
// one.
func eachLine(arg *operand, sc *scope, fn func(v value, line *scope) *Reason) *Reason {
	for i := range sc.rows {
		line := sc.line(i)
		v, fault := arg.in(&line)
		if fault == nil && v.given() {
			fault = fn(v, &line)
		}
		if fault != nil {
			return fault
		}
	}
	return nil
}

func overLines(sign int) func(args []operand) evalFunc {
	return func(args []operand) evalFunc {
		return func(sc *scope) (value, *Reason) {
			var best value
			fault := eachLine(&args[0], sc, func(v value, _ *scope) *Reason {
				if !best.given() || v.compare(best)*sign > 0 {
					best = v
				}
				return nil
			})
			return best, fault
		}
	}
}

func sum(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		total := newFigure("0")
		fault := eachLine(&args[0], sc, func(v value, _ *scope) *Reason {
			total = total.add(v.figure())
			return nil
		})
		return decimalValue(total), fault
	}
}

// only is the one value that some lines of the group have; a second one that is
// not equal is a fault of its line.
func only(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		var found value
		fault := eachLine(&args[0], sc, func(v value, line *scope) *Reason {
			if found.given() && v.compare(found) != 0 {
				return line.rows[0].reason("group.differs", args[0].column, v.written(sc.zone),
					"another line of the group says %s", found.written(sc.zone))
			}
			found = v
			return nil
		})
		return found, fault
	}
}

func differs(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		var first value
		different := false
		fault := eachLine(&args[0], sc, func(v value, _ *scope) *Reason {
			different = different || first.given() && v.compare(first) != 0
			first = v
			return nil
		})
		return conditionValue(different), fault
	}
}

func count([]operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		return value{kind: kindInteger, text: fmt.Sprint(len(sc.rows))}, nil
	}
}

func makeAt(args []operand) evalFunc {
	minutes, _ := minutesOfDay(args[1].constant.text)
	return of(args[:1], func(sc *scope, v []value) (value, *Reason) { return at(v[0].day, minutes, sc.zone), nil })
}

func atNoon(args []operand) evalFunc {
	return of(args, func(sc *scope, v []value) (value, *Reason) { return at(v[0].day, 12*60, sc.zone), nil })
}

func dayOf(args []operand) evalFunc {
	return of(args, func(sc *scope, v []value) (value, *Reason) {
		y, m, d := v[0].instant().In(sc.zone).Date()
		return dayValue(domain.NewDay(y, m, d)), nil
	})
}

func shift(minutes int64) func(args []operand) evalFunc {
	return func(args []operand) evalFunc {
		return of(args, func(_ *scope, v []value) (value, *Reason) {
			n := v[1].figure().n.Int64()
			return timeValue(v[0].at + n*minutes), nil
		})
	}
}

func concat(args []operand) evalFunc {
	return of(args, func(sc *scope, v []value) (value, *Reason) {
		if len(v) == 1 {
			return textValue(v[0].written(sc.zone)), nil
		}
		var b strings.Builder
		for _, part := range v {
			b.WriteString(part.written(sc.zone))
		}
		return textValue(b.String()), nil
	})
}

// shortIDKept is what is kept of an id that is too long: with ~ and 12 hex digits
// it has as many characters as an id may have.
const shortIDKept = domain.IDCharsMax - 1 - 12

// ShortID returns text where it fits an id, else its first 51 characters, ~ and
// the first 12 hex digits of the SHA-256 of the whole.
func ShortID(text string) string {
	if len(text) <= domain.IDCharsMax || utf8.RuneCountInString(text) <= domain.IDCharsMax {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return string([]rune(text)[:shortIDKept]) + "~" + hex.EncodeToString(sum[:6])
}

func makeShortID(args []operand) evalFunc {
	return of(args, func(_ *scope, v []value) (value, *Reason) { return textValue(ShortID(v[0].text)), nil })
}

func positive(args []operand) evalFunc {
	return of(args, func(_ *scope, v []value) (value, *Reason) {
		if v[0].text == "0" {
			return value{}, nil
		}
		return v[0], nil
	})
}

func times(args []operand) evalFunc {
	return of(args, func(_ *scope, v []value) (value, *Reason) {
		return decimalValue(v[0].figure().times(v[1].figure())), nil
	})
}

// unitPrice is the stated price where quantity × price is the value, else value ÷
// quantity half up to six places; it must give back the value to the cent.
func unitPrice(args []operand) evalFunc {
	return of(args, func(sc *scope, v []value) (value, *Reason) {
		amount, quantity, price := v[0].figure(), v[1].figure(), v[2].figure()
		if quantity.times(price).cmp(amount) == 0 {
			return v[2], nil
		}
		wrong := func(detail string, more ...any) (value, *Reason) {
			return value{}, sc.rows[0].reason("price.not_exact", args[0].column, v[0].text, detail, more...)
		}
		if quantity.n.Sign() == 0 {
			return wrong("a value for a quantity of 0")
		}
		unit := amount.over(quantity, placesMax)
		p, err := domain.ParsePrice(unit.String())
		if err != nil {
			return wrong("the unit price %s is too large", unit)
		}
		q, err := domain.ParseQuantity(v[1].text)
		if err != nil {
			return wrong("the quantity %s has too many places", v[1].text)
		}
		if back := p.Times(q); newFigure(back.String()).cmp(amount) != 0 {
			return wrong("no unit price of %d places gives this value: %s × %s is %s", placesMax, q, p, back)
		}
		return decimalValue(unit), nil
	})
}

func when(args []operand) evalFunc {
	return of(args[:1], func(sc *scope, v []value) (value, *Reason) {
		if !v[0].yes {
			return value{}, nil
		}
		return args[1].in(sc)
	})
}

func present(args []operand) evalFunc {
	return func(sc *scope) (value, *Reason) {
		v, fault := args[0].in(sc)
		return conditionValue(v.given()), fault
	}
}

// comparison holds between two given values; where one is not given it does not.
func comparison(holds func(cmp int) bool) func(args []operand) evalFunc {
	return func(args []operand) evalFunc {
		return of(args, func(_ *scope, v []value) (value, *Reason) {
			return conditionValue(holds(v[0].compare(v[1]))), nil
		})
	}
}

func isZero(args []operand) evalFunc {
	return of(args, func(_ *scope, v []value) (value, *Reason) { return conditionValue(v[0].text == "0"), nil })
}

// daysBetween is the days from the first to the second; nothing when the second is
// before it.
func daysBetween(args []operand) evalFunc {
	return of(args, func(_ *scope, v []value) (value, *Reason) {
		n := v[1].day.Sub(v[0].day)
		if n < 0 {
			return value{}, nil
		}
		return value{kind: kindInteger, text: fmt.Sprint(n)}, nil
	})
}
