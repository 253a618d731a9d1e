// Package text is what the program says to people, in Chinese, Uyghur and
// English.
//
// It owns the catalogues, a few files a language (zh.toml, papers.zh.toml for
// what is printed and exchanged, problems.zh.toml for refusals), all with the same keys and placeholders. It refuses to know who says what when; error texts for programs
// stay English and are not here. Start at [For].
package text

import (
	"embed"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"zhitong/domain"
)

//go:embed *.toml
var files embed.FS

// parts are the files of a language, without its name.
var parts = [...]string{"", "papers.", "problems."}

// Catalogue is the texts of one language.
type Catalogue struct {
	lang  string
	texts map[string]string
}

// For returns the catalogue of a language: zh, ug or en.
func For(lang string) (Catalogue, error) {
	texts := make(map[string]string)
	for _, part := range parts {
		data, err := files.ReadFile(part + lang + ".toml")
		if err != nil {
			return Catalogue{}, fmt.Errorf("language %q: there is no catalogue", lang)
		}
		var sections map[string]map[string]string
		if err := toml.Unmarshal(data, &sections); err != nil {
			return Catalogue{}, fmt.Errorf("catalogue %s%s: %w", part, lang, err)
		}
		for section, entries := range sections {
			for key, text := range entries {
				texts[section+"."+key] = text
			}
		}
	}
	return Catalogue{lang, texts}, nil
}

// Say returns the text of key with its placeholders filled in: args are names and
// values in turn, so that {name} becomes the value. A key that is not there is its
// own text.
func (c Catalogue) Say(key string, args ...any) string {
	text, ok := c.texts[key]
	if !ok {
		return key
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Name returns a name in the catalogue's language, else in the first that has it.
func (c Catalogue) Name(n domain.Name) string {
	order := []domain.Text{n.Zh, n.En, n.Ug}
	switch c.lang {
	case "ug":
		order = []domain.Text{n.Ug, n.Zh, n.En}
	case "en":
		order = []domain.Text{n.En, n.Zh, n.Ug}
	}
	for _, t := range order {
		if t != "" {
			return string(t)
		}
	}
	return ""
}
