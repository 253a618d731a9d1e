package problem

import (
	"net/http"
	"sync"

	"golang.org/x/text/language"

	"zhitong/internal/text"
)

// acceptBytesMax is how much of an Accept-Language header is looked at.
const acceptBytesMax = 256

// matcher knows the languages in the order of preference; the first is the default.
var matcher = language.NewMatcher([]language.Tag{language.MustParse("zh-Hans-CN"), language.MustParse("ug"), language.English})

// Language is the language that the asker reads: zh, ug or en; zh where the request
// does not say.
func Language(r *http.Request) string {
	accept := r.Header.Get("Accept-Language")
	if accept == "" || len(accept) > acceptBytesMax {
		return "zh"
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return "zh"
	}
	for _, tag := range tags {
		if base, _ := tag.Base(); base.String() == "zh" { // any Chinese: the matcher would rather give English to Hong Kong
			return "zh"
		}
		if _, i, confidence := matcher.Match(tag); confidence > language.No {
			return [...]string{"zh", "ug", "en"}[i]
		}
	}
	return "zh"
}

// catalogues are read once; they are a part of the program.
var catalogues = sync.OnceValue(func() map[string]text.Catalogue {
	all := make(map[string]text.Catalogue)
	for _, lang := range []string{"zh", "ug", "en"} {
		c, err := text.For(lang)
		if err != nil {
			panic(err) // not a program: its texts are embedded
		}
		all[lang] = c
	}
	return all
})

func catalogue(lang string) text.Catalogue { return catalogues()[lang] }
