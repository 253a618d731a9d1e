package domain

import "fmt"

// String is the hours with two places.
func (h Hours) String() string {
	sign := ""
	if h < 0 {
		sign, h = "-", -h
	}
	return fmt.Sprintf("%s%d.%02d", sign, h/100, h%100)
}

// MarshalText writes the hours with two places.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
