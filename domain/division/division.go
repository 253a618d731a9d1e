// Package division knows the codes of administrative divisions (行政区划代码) that
// the programme deals with: Anhui down to its townships, Hotan down to its
// counties, Pishan down to its townships.
//
// It owns the lists (data/, codes of 2023) and the questions that rules ask of
// them. It refuses to know who is paired with whom: that is package pairing.
// Start at [Check].
package division

import (
	"embed"
	"encoding/csv"
	"strings"
	"sync"

	"zhitong/domain"
)

//go:embed data/*.csv
var data embed.FS

// The divisions whose codes are known without a list.
const (
	Anhui       = "34"
	Xinjiang    = "65"
	Hotan       = "6532"
	Pishan      = "653223"
	townshipLen = 9
	villageLen  = 12
)

// names holds the name of every listed code.
var names = sync.OnceValue(func() map[string]string {
	m := map[string]string{Anhui: "安徽省", Xinjiang: "新疆维吾尔自治区", Hotan: "和田地区"}
	files, err := data.ReadDir("data")
	if err != nil {
		panic(err) // the files are linked in
	}
	for _, f := range files {
		r, err := data.Open("data/" + f.Name())
		if err != nil {
			panic(err)
		}
		rows, err := csv.NewReader(r).ReadAll()
		if err != nil {
			panic(err)
		}
		for _, row := range rows[1:] {
			m[row[0]] = row[1]
		}
	}
	return m
})

// Check returns a problem with code value.unknown_division, in field, when code is
// not known. A village is known by its township.
func Check(field, code string) error {
	if _, ok := names()[township(short(code))]; ok {
		return nil
	}
	return domain.Refuse(domain.Invalid, "value.unknown_division", field, code,
		"a division code of Anhui, or of Hotan with Pishan's townships and villages")
}

// Name is the name of the division, of a village the one of its township; "" when
// the code is not known.
func Name(code string) string { return names()[township(short(code))] }

// IsAnhuiCityOrCounty reports whether code is a known city (4 digits) or county (6)
// of Anhui.
func IsAnhuiCityOrCounty(code string) bool {
	c := short(code)
	return Check("", c) == nil && strings.HasPrefix(c, Anhui) && (len(c) == 4 || len(c) == 6)
}

// IsPishanTownshipOrVillage reports whether code is a known township of Pishan (9
// digits) or a village of one (12).
func IsPishanTownshipOrVillage(code string) bool {
	c := short(code)
	return Check("", c) == nil && strings.HasPrefix(c, Pishan) && len(c) >= townshipLen
}

// Chain is the code of a division in its shortest form, and behind it those of the
// divisions that it lies in, up to the province.
func Chain(code string) []string {
	c := short(code)
	chain := []string{c}
	for _, n := range []int{townshipLen, len(Pishan), len(Hotan), len(Anhui)} {
		if len(c) > n {
			c = c[:n]
			chain = append(chain, c)
		}
	}
	return chain
}

// short takes the zeros off that longer forms of a code are filled up with: 340100
// and 340100000000 are 3401.
func short(code string) string {
	if len(code) == villageLen {
		for strings.HasSuffix(code, "000") && len(code) > 6 {
			code = code[:len(code)-3]
		}
	}
	if len(code) == 6 {
		for strings.HasSuffix(code, "00") && len(code) > 2 {
			code = code[:len(code)-2]
		}
	}
	return code
}

// township returns the township of a village of Pishan, any other code unchanged.
func township(code string) string {
	if len(code) != villageLen || !strings.HasPrefix(code, Pishan) {
		return code
	}
	for i := townshipLen; i < villageLen; i++ {
		if code[i] < '0' || code[i] > '9' {
			return code
		}
	}
	return code[:townshipLen]
}
