package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(pairs ...string) func(string) string {
	m := map[string]string{"HOME": "/home/someone"}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(k string) string { return m[k] }
}

func folder(t *testing.T, settings string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDataFolderIsFlagThenVariableThenHome(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, flag, want string
		env              func(string) string
	}{
		{"flag", "/a", "/a", env("ZHITONG_DATA", "/b")},
		{"variable", "", "/b", env("ZHITONG_DATA", "/b", "XDG_DATA_HOME", "/x")},
		{"xdg", "", "/x/zhitong", env("XDG_DATA_HOME", "/x")},
		{"home", "", "/home/someone/.local/share/zhitong", env()},
	} {
		flags := map[string]string{}
		if tc.flag != "" {
			flags["data"] = tc.flag
		}
		c, err := Load(flags, tc.env)
		if err != nil || c.Data != tc.want {
			t.Errorf("%s: got %q, %v, want %q", tc.name, c.Data, err, tc.want)
		}
	}
}

func TestFlagBeatsVariableBeatsFileBeatsDefault(t *testing.T) {
	t.Parallel()
	dir := folder(t, "lang = \"en\"\nlisten = \"127.0.0.1:1\"\nreplicas = 5\nverbose = true\nactor = \"U-1\"\n")
	c, err := Load(map[string]string{"data": dir, "lang": "ug"}, env("ZHITONG_LANG", "zh", "ZHITONG_LISTEN", "127.0.0.1:2"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Lang != "ug" || c.Listen != "127.0.0.1:2" || c.Replicas != 5 || !c.Verbose || c.Actor != "U-1" {
		t.Errorf("got %+v", c)
	}
}

func TestAWitnessPolicyCanStandInTheFile(t *testing.T) {
	t.Parallel()
	dir := folder(t, "witness_policy = \"\"\"\nwitness a k https://a.example\nquorum a\n\"\"\"\nlang = \"en\"\n")
	c, err := Load(map[string]string{"data": dir}, env())
	if want := "witness a k https://a.example\nquorum a\n"; err != nil || c.WitnessPolicy != want || c.Lang != "en" {
		t.Errorf("got %q, %v, want %q", c.WitnessPolicy, err, want)
	}
}

func TestLanguageFollowsTheLocale(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"en_US.UTF-8": "en", "ug_CN": "ug", "zh_CN.UTF-8": "zh", "C.UTF-8": "zh", "": "zh", "fr_FR": "zh"} {
		if c, err := Load(nil, env("LANG", locale)); err != nil || c.Lang != want {
			t.Errorf("LANG=%s: got %q, %v, want %q", locale, c.Lang, err, want)
		}
	}
}

func TestRefusesWhatIsWrongAndSaysWhere(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, variable, value, want string }{
		{"an unknown key", "lang = \"en\"\nlnag = \"zh\"\n", "", "", `line 2: unknown key "lnag"`},
		{"an unknown table", "[server]\nport = 1\n", "", "", `unknown key "server`},
		{"a value of the wrong type", "replicas = \"three\"\n", "", "", "line 1"},
		{"a value that is none", "\nlang = \"fr\"\n", "", "", "zhitong.toml line 2: lang"},
		{"broken toml", "lang = \n", "", "", "line 1"},
		{"a role that no client has", "", "ZHITONG_ROLE", "system", "ZHITONG_ROLE"},
		{"an address that is none", "", "ZHITONG_NATS_URL", "localhost", "ZHITONG_NATS_URL"},
		{"two replicas", "", "ZHITONG_REPLICAS", "2", "ZHITONG_REPLICAS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(map[string]string{"data": folder(t, tc.file)}, env(tc.variable, tc.value))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want it to say %q", err, tc.want)
			}
		})
	}
}

func TestRedactsPasswords(t *testing.T) {
	t.Parallel()
	if got := Redacted("postgres://z:secret@db/zhitong"); strings.Contains(got, "secret") {
		t.Errorf("got %q", got)
	}
	if got := Redacted("host=db password=secret"); strings.Contains(got, "secret") {
		t.Errorf("got %q", got)
	}
}
