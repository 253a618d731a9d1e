package pdf

import (
	_ "embed" // the fonts
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"unicode"
)

//go:embed fonts/NotoSansSC-Regular.ttf
var sansFont []byte

//go:embed fonts/NotoNaskhArabic-Regular.ttf
var naskhFont []byte

// Families as fpdf knows them.
const (
	sans  = "sans"
	naskh = "naskh"
)

// glyphs tells which characters the fonts have.
var glyphs = sync.OnceValues(func() (map[string]map[rune]bool, error) {
	out := map[string]map[rune]bool{}
	for name, font := range map[string][]byte{sans: sansFont, naskh: naskhFont} {
		has, err := coverage(font)
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", name, err)
		}
		out[name] = has
	}
	return out, nil
})

// fontOf is the family that a character is drawn with.
func fontOf(r rune) string {
	if unicode.Is(unicode.Arabic, r) || r == '،' || r == '؛' || r == '؟' || r == 'ـ' {
		return naskh
	}
	return sans
}

var errFont = errors.New("not a TrueType font with a character map of format 4")

// coverage reads the character map (cmap, format 4) of a TrueType font.
func coverage(font []byte) (map[rune]bool, error) {
	table, err := characterMap(font)
	if err != nil {
		return nil, err
	}
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(table[at:])) }
	length, segments := u16(2), u16(6)/2
	if length > len(table) || 16+8*segments > length {
		return nil, errFont
	}
	ends, starts := 14, 16+2*segments
	deltas, offsets := starts+2*segments, starts+4*segments
	has := map[rune]bool{}
	for s := range segments {
		for c := u16(starts + 2*s); c <= u16(ends+2*s) && c != 0xFFFF; c++ {
			glyph := c
			if offset := u16(offsets + 2*s); offset != 0 {
				at := offsets + 2*s + offset + 2*(c-u16(starts+2*s))
				if at+2 > length {
					return nil, errFont
				}
				if glyph = u16(at); glyph == 0 {
					continue
				}
			}
			if (glyph+u16(deltas+2*s))&0xFFFF != 0 {
				has[rune(c)] = true
			}
		}
	}
	return has, nil
}

// characterMap is the subtable of format 4 for Unicode.
func characterMap(font []byte) ([]byte, error) {
	if len(font) < 12 {
		return nil, errFont
	}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		record := font[12+16*i:]
		if string(record[:4]) != "cmap" {
			continue
		}
		cmap := font[binary.BigEndian.Uint32(record[8:]):]
		for k := range int(binary.BigEndian.Uint16(cmap[2:])) {
			sub := cmap[binary.BigEndian.Uint32(cmap[4+8*k+4:]):]
			if binary.BigEndian.Uint16(sub) == 4 {
				return sub, nil
			}
		}
	}
	return nil, errFont
}
