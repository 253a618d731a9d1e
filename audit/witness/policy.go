package witness

import (
	"fmt"
	"net/url"
	"strings"

	"zhitong/audit/checkpoint"
)

// ParsePolicy reads a witness policy: a witness a line, "witness NAME VKEY URL".
// Empty lines and lines that begin with # are read over.
func ParsePolicy(text string) ([]Policy, error) {
	var list []Policy
	for n, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 4 || fields[0] != "witness" {
			return nil, fmt.Errorf("witness policy line %d: witness NAME VKEY URL is needed", n+1)
		}
		if _, err := checkpoint.ParseVerifier(fields[2]); err != nil {
			return nil, fmt.Errorf("witness policy line %d: %w", n+1, err)
		}
		u, err := url.Parse(fields[3])
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, fmt.Errorf("witness policy line %d: %q is no address", n+1, fields[3])
		}
		list = append(list, Policy{URL: fields[3], VKey: fields[2]})
	}
	return list, nil
}
