package importing

import (
	"strings"
	"time"

	"zhitong/domain"
)

// kind is the kind of a value in expressions.
type kind int

const (
	kindNone kind = iota // not given; or not known after a fault of the profile
	kindText
	kindInteger
	kindDecimal
	kindDay
	kindTime
	kindCondition
)

// String is what a profile's author calls the kind.
func (k kind) String() string {
	return [...]string{"nothing", "a text", "an integer", "a decimal", "a day", "a time", "a condition"}[k]
}

func (k kind) isNumber() bool { return k == kindInteger || k == kindDecimal }

// value is one value of a row or an expression. The zero value says that there is
// nothing: an empty cell, or a text that stands for nothing.
type value struct {
	kind kind
	text string // of a text; of a number its digits as plainNumber writes them
	day  domain.Day
	at   int64 // of a time: minutes since 1970 in UTC
	yes  bool
}

func textValue(s string) value      { return value{kind: kindText, text: s} }
func decimalValue(f figure) value   { return value{kind: kindDecimal, text: f.String()} }
func dayValue(d domain.Day) value   { return value{kind: kindDay, day: d} }
func timeValue(minutes int64) value { return value{kind: kindTime, at: minutes} }
func conditionValue(yes bool) value { return value{kind: kindCondition, yes: yes} }
func (v value) given() bool         { return v.kind != kindNone }
func (v value) figure() figure      { return newFigure(v.text) }
func (v value) instant() time.Time  { return time.Unix(v.at*60, 0) }

// epoch is the day that value.at counts from.
var epoch = domain.NewDay(1970, 1, 1)

// at returns the time of day d, minutes after midnight in the zone.
func at(d domain.Day, minutes int, zone *time.Location) value {
	_, offset := time.Unix(0, 0).In(zone).Zone() // a profile's zone is fixed
	return timeValue(int64(d.Sub(epoch))*24*60 + int64(minutes) - int64(offset/60))
}

// compare orders two given values of one kind; numbers of both kinds are one.
func (v value) compare(w value) int {
	switch {
	case v.kind.isNumber():
		return v.figure().cmp(w.figure())
	case v.kind == kindDay:
		return v.day.Cmp(w.day)
	case v.kind == kindTime:
		return int(v.at - w.at)
	}
	return strings.Compare(v.text, w.text)
}

// written is the value as commands and reports write it.
func (v value) written(zone *time.Location) string {
	switch v.kind {
	case kindDay:
		return v.day.String()
	case kindTime:
		return v.instant().In(zone).Format(time.RFC3339)
	case kindCondition:
		if v.yes {
			return "true"
		}
		return "false"
	}
	return v.text
}
