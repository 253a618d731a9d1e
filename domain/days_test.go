package domain

import "testing"

func TestTimesAreShapedStrictly(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2021-03-03T10:00:00+08:00", "2021-03-03T10:00:00Z", "2021-03-03T10:00:00.123+06:00", "2020-02-29T00:00:00.123456789-11:30"} {
		if got, err := ParseTime(s); err != nil || got.String() != s {
			t.Errorf("ParseTime(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "2021-02-29T10:00:00+08:00", "2021-03-03T1:00:00Z", "2021-03-03T10:00:00", "2021-03-03T10:00:00,5Z", "2021-03-03T10:00:00.Z",
		"2021-03-03T10:00:00.1234567890Z", "2021-03-03t10:00:00Z", "2021-03-03T10:00:00z", "2021-03-03T10:00:00+0800", "2021-03-03T24:00:00Z", "2021-03-03"} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("ParseTime(%q) = %q, want a refusal", s, got)
		}
	}
}
