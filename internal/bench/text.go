package bench

import "strconv"

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// pad writes n with three digits.
func pad(n int64) string { return strconv.FormatInt(1000+n, 10)[1:] }
