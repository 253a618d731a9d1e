package api

import (
	"net/url"
	"strconv"
	"unicode/utf8"

	"zhitong/web/problem"
)

// parseQuery reads the part of an address behind the question mark.
func parseQuery(raw string) (map[string][]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, problem.Parameter("", "", "the address is not encoded as addresses are")
	}
	for name, all := range values {
		for _, v := range all {
			if !utf8.ValidString(name) || !utf8.ValidString(v) {
				return nil, problem.Parameter("", "", "the address holds what is not UTF-8")
			}
		}
	}
	return values, nil
}

// parsePosition reads a position of the log.
func parsePosition(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 || s[0] == '+' {
		return 0, errPosition
	}
	return n, nil
}
