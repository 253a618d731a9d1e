package demo

// usccAlphabet is that of GB 32100-2015; a character's place is its value.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// organisationCode appends the check character of GB 11714 to eight characters.
func organisationCode(body string) string {
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		v := int(body[i] - '0')
		if body[i] >= 'A' {
			v = int(body[i]-'A') + 10
		}
		sum += v * w
	}
	return body + string("0X987654321"[sum%11])
}

// uscc makes a social credit code from registration kind (2 characters), division
// (6 digits) and the eight characters of the organisation, with both check
// characters.
func uscc(kind, division, body string) string {
	s := kind + division + organisationCode(body)
	sum, weight := 0, 1
	for i := range len(s) {
		for v := range len(usccAlphabet) {
			if usccAlphabet[v] == s[i] {
				sum += v * weight
			}
		}
		weight = weight * 3 % 31
	}
	return s + string(usccAlphabet[(31-sum%31)%31])
}
