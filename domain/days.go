package domain

import (
	"strings"
	"time"
	_ "time/tzdata" // Asia/Shanghai on machines without a zone database
)

// Shanghai is the zone whose days, months and years the programme reckons in.
var Shanghai = mustLoad("Asia/Shanghai")

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the database is linked in
	}
	return l
}

// Time is a claimed time with an offset. The original text is kept.
type Time struct {
	t    time.Time
	text string
}

// ParseTime reads an RFC 3339 time with an offset; the problem has code
// value.invalid_time.
func ParseTime(s string) (Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !timeShaped(s) {
		return Time{}, Refuse(Invalid, "value.invalid_time", "", s, "a time such as 2021-03-03T10:00:00+08:00, with its offset")
	}
	if y := t.In(Shanghai).Year(); y < 1 || y > 9999 {
		return Time{}, Refuse(Invalid, "value.invalid_time", "", s, "a year from 1 to 9999")
	}
	return Time{t, s}, nil
}

// timeShaped refuses what time.Parse lets through beyond YYYY-MM-DDThh:mm:ss, a
// fraction of 1–9 digits, and Z or ±hh:mm: one-digit hours, a comma, long
// fractions.
func timeShaped(s string) bool {
	const head = len("2006-01-02T15:04:05")
	if len(s) <= head || s[13] != ':' {
		return false
	}
	zone := strings.TrimSuffix(s, "Z")
	if zone == s {
		zone = s[:len(s)-len("+08:00")]
		if offset := s[len(zone)+1:]; offset[:2] > "23" || offset[3:] > "59" {
			return false
		}
	}
	frac := zone[head:]
	return frac == "" || (frac[0] == '.' && len(frac) <= 10 && allDigits(frac[1:]))
}

// TimeOf is the time t written in RFC 3339 in its own zone.
func TimeOf(t time.Time) Time { return Time{t, t.Format(time.RFC3339Nano)} }

// UnmarshalText reads a time.
func (t *Time) UnmarshalText(b []byte) (err error) { *t, err = ParseTime(string(b)); return }

// MarshalText writes the time as it was written.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// String is the time as it was written.
func (t Time) String() string { return t.text }

// IsZero reports whether no time was given.
func (t Time) IsZero() bool { return t.text == "" }

// Instant is the instant in the world.
func (t Time) Instant() time.Time { return t.t }

// Equal reports whether both were written alike.
func (t Time) Equal(u Time) bool { return t.text == u.text }

// Day is the Shanghai day of the time.
func (t Time) Day() Day { return DayOf(t.t) }

// HoursUntil returns the hours from t to u, two places, half up of the magnitude.
func (t Time) HoursUntil(u Time) Hours {
	ns := u.t.Sub(t.t).Nanoseconds()
	neg := ns < 0
	if neg {
		ns = -ns
	}
	const hundredth = int64(36 * time.Second)
	h := (ns + hundredth/2) / hundredth
	if neg {
		h = -h
	}
	return Hours(h)
}

// Hours is a duration in hundredths of an hour.
type Hours int64

// Day is a calendar day. The zero Day was not given.
type Day struct{ n int32 } // 1 is 0001-01-01

// NewDay returns the day y-m-d.
func NewDay(y int, m time.Month, d int) Day {
	return Day{int32(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400) + dayBase}
}

// dayBase keeps every year from 1 on above 0, so that the zero Day means "not given".
const dayBase = 719163

// DayOf returns the Shanghai day of an instant.
func DayOf(t time.Time) Day {
	y, m, d := t.In(Shanghai).Date()
	return NewDay(y, m, d)
}

// ParseDay reads YYYY-MM-DD; the problem has code value.invalid_day.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != 10 || t.Year() < 1 {
		return Day{}, Refuse(Invalid, "value.invalid_day", "", s, "a day such as 2021-03-03")
	}
	return NewDay(t.Date()), nil
}

func (d Day) date() time.Time { return time.Unix(int64(d.n-dayBase)*86400, 0).UTC() }

// UnmarshalText reads a day.
func (d *Day) UnmarshalText(b []byte) (err error) { *d, err = ParseDay(string(b)); return }

// MarshalText writes YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is YYYY-MM-DD, or "" when no day was given.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.date().Format(time.DateOnly)
}

// IsZero reports whether no day was given.
func (d Day) IsZero() bool { return d.n == 0 }

// Add returns the day n days later.
func (d Day) Add(n int) Day { return Day{d.n + int32(n)} }

// Sub returns the number of days from e to d.
func (d Day) Sub(e Day) int { return int(d.n - e.n) }

// Equal reports whether both are the same day, or neither was given.
func (d Day) Equal(e Day) bool { return d == e }

// Cmp compares two days.
func (d Day) Cmp(e Day) int { return int(d.n) - int(e.n) }

// Year is the day's calendar year.
func (d Day) Year() int { return d.date().Year() }

// Month is the day's month, YYYY-MM.
func (d Day) Month() string { return d.date().Format("2006-01") }

// DayOfMonth is 1–31.
func (d Day) DayOfMonth() int { return d.date().Day() }

// ISOWeekday is 1 (Monday) to 7 (Sunday).
func (d Day) ISOWeekday() int { return (int(d.date().Weekday())+6)%7 + 1 }
