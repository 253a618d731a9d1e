package demo

import (
	"time"

	"zhitong/domain"
)

// The programme's first and last day, and the one trip off the calendar.
var (
	firstDay       = domain.NewDay(2020, time.May, 1)
	lastDay        = domain.NewDay(2021, time.December, 31)
	offCalendarDay = domain.NewDay(2021, time.February, 8)
)

const offCalendarReason = "春节前加开一班，保障节日供应"

// departureDays are the days ending in 3, 6 or 9, and the one off the calendar.
func departureDays() []domain.Day {
	var days []domain.Day
	for d := firstDay; d.Cmp(lastDay) <= 0; d = d.Add(1) {
		switch d.DayOfMonth() % 10 {
		case 3, 6, 9:
			days = append(days, d)
		default:
			if d == offCalendarDay {
				days = append(days, d)
			}
		}
	}
	return days
}

// monthWeight is how much is sold in a month: the new harvest goes out from
// September to January. The trade doubles from the first year to the second.
var monthWeight = [12]int{130, 90, 85, 75, 70, 75, 80, 85, 110, 130, 140, 140}

func dayWeight(d domain.Day) int64 {
	w := int64(monthWeight[monthOf(d)])
	if d.Year() == 2020 {
		return w
	}
	return 2 * w
}

// monthOf is 0 for January.
func monthOf(d domain.Day) int { return int(at(d, 12, 0, beijing).Month()) - 1 }

// The two clocks that people in Hotan live by; the days of the programme are those
// of the first.
var (
	beijing = time.FixedZone("+08:00", 8*3600)
	local   = time.FixedZone("+06:00", 6*3600)
)

// at is the instant at which Beijing clocks show hour:minute on day d, as written
// in zone.
func at(d domain.Day, hour, minute int, zone *time.Location) time.Time {
	start, err := time.ParseInLocation(time.DateOnly, d.String(), beijing)
	if err != nil {
		panic(err) // a day writes itself well
	}
	return start.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).In(zone)
}
