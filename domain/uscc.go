package domain

import "strings"

// usccAlphabet is the alphabet of unified social credit codes: digits and capital
// letters without I, O, S, V and Z (GB 32100-2015, 4.2).
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccLen is the length of a unified social credit code.
const usccLen = 18

// CheckUSCC returns a problem with code value.invalid_uscc, without a field, when s
// is not a unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters
// of the alphabet, the last one the check character of the others.
func CheckUSCC(s string) error {
	bad := func(why string, args ...any) error {
		return Refuse(Invalid, "value.invalid_uscc", "", s, why, args...)
	}
	if len(s) != usccLen {
		return bad("a unified social credit code has %d characters", usccLen)
	}
	sum, weight := 0, 1
	for i := range usccLen {
		v := strings.IndexByte(usccAlphabet, s[i])
		if v < 0 {
			return bad("character %d is not one of %s", i+1, usccAlphabet)
		}
		if i == usccLen-1 {
			if want := (31 - sum%31) % 31; v != want {
				return bad("the check character should be %c", usccAlphabet[want])
			}
			break
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return nil
}
