package importing

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhitong/domain"
)

// layout is how a column writes its dates: yyyy or yy, mm or m, Mon, dd or d, and
// other characters that stand for themselves. One letter takes one or two digits,
// two letters take two.
type layout struct {
	text  string
	parts []string
	from  int // the first of the hundred years that yy stands for
}

// parseLayout reads a layout; the error says what is missing.
func parseLayout(text string, twoDigitYearsFrom int) (*layout, error) {
	l := &layout{text: text, from: twoDigitYearsFrom}
	seen := map[byte]int{}
	for rest := text; rest != ""; {
		n := 1
		for _, field := range []string{"yyyy", "yy", "Mon", "mm", "m", "dd", "d"} {
			if strings.HasPrefix(rest, field) {
				n = len(field)
				seen[field[0]|0x20]++ // Mon counts as m
				break
			}
		}
		l.parts = append(l.parts, rest[:n])
		rest = rest[n:]
	}
	if seen['y'] != 1 || seen['m'] != 1 || seen['d'] != 1 {
		return nil, fmt.Errorf("a date layout has one year (yyyy, yy), one month (mm, m, Mon) and one day (dd, d); %q has not", text)
	}
	if strings.Contains(text, "yy") && !strings.Contains(text, "yyyy") && twoDigitYearsFrom == 0 {
		return nil, fmt.Errorf("the layout %q has two-digit years: two_digit_years_from must say which hundred years they stand for", text)
	}
	return l, nil
}

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// parse reads a date in the layout, and only a day that the calendar has.
func (l *layout) parse(s string) (domain.Day, bool) {
	var y, m, d int
	rest := s
	for _, part := range l.parts {
		var ok bool
		switch part {
		case "yyyy":
			y, rest, ok = leadingDigits(rest, 4, 4)
		case "yy":
			y, rest, ok = leadingDigits(rest, 2, 2)
			y += l.from - l.from%100
			if y < l.from {
				y += 100
			}
		case "mm":
			m, rest, ok = leadingDigits(rest, 2, 2)
		case "m":
			m, rest, ok = leadingDigits(rest, 1, 2)
		case "dd":
			d, rest, ok = leadingDigits(rest, 2, 2)
		case "d":
			d, rest, ok = leadingDigits(rest, 1, 2)
		case "Mon":
			m, rest, ok = leadingMonth(rest)
		default:
			rest, ok = strings.CutPrefix(rest, part)
		}
		if !ok {
			return domain.Day{}, false
		}
	}
	if t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); rest != "" || y < 1 || t.Month() != time.Month(m) || t.Day() != d {
		return domain.Day{}, false
	}
	return domain.NewDay(y, time.Month(m), d), true
}

func leadingDigits(s string, least, most int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < most && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= least
}

func leadingMonth(s string) (month int, rest string, ok bool) {
	if len(s) < 3 {
		return 0, s, false
	}
	for i, name := range monthNames {
		if strings.EqualFold(s[:3], name) {
			return i + 1, s[3:], true
		}
	}
	return 0, s, false
}

// format writes a day in the layout.
func (l *layout) format(day domain.Day) string {
	iso := day.String() // yyyy-mm-dd
	year, month, dom := iso[:4], iso[5:7], iso[8:]
	var b strings.Builder
	for _, part := range l.parts {
		switch part {
		case "yyyy":
			b.WriteString(year)
		case "yy":
			b.WriteString(year[2:])
		case "mm":
			b.WriteString(month)
		case "m":
			b.WriteString(strings.TrimPrefix(month, "0"))
		case "dd":
			b.WriteString(dom)
		case "d":
			b.WriteString(strings.TrimPrefix(dom, "0"))
		case "Mon":
			n, _ := strconv.Atoi(month)
			b.WriteString(monthNames[n-1])
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}
