package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhitong/events/keys"
)

// planted are the personal values that the test looks for on the disk: those of the
// person who is erased, then those of one who stays.
var planted = []string{
	"阿不都热合曼·图尔荪", "皮山农商行桑株支行", "6222021234567890123",
	"古丽娜尔·买买提", "中国农业银行皮山县支行", "6228480099887766550",
	"艾尔肯·吾守尔", "乌鲁木齐银行和田分行", "6214850012345678901",
}

// needle is some bytes to look for.
type needle struct {
	what  string
	bytes []byte
}

// spellings are the ways in which a text could stand in a file.
func spellings(t *testing.T, text string) []needle {
	t.Helper()
	var list []needle
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	wide := utf16.Encode([]rune(text))
	little, big := make([]byte, 0, 2*len(wide)), make([]byte, 0, 2*len(wide))
	for _, u := range wide {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	quoted := ""
	for _, u := range wide {
		quoted += fmt.Sprintf(`\u%04x`, u)
	}
	for name, raw := range map[string][]byte{"UTF-8": []byte(text), "UTF-16LE": little, "UTF-16BE": big, "GB18030": []byte(gb)} {
		list = append(list, needle{text + " in " + name, raw},
			needle{text + " in hex of " + name, []byte(hex.EncodeToString(raw))},
			needle{text + " in HEX of " + name, []byte(strings.ToUpper(hex.EncodeToString(raw)))})
		for shift := range 3 { // where it begins within a longer text
			for kind, coding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
				list = append(list, needle{fmt.Sprintf("%s in %s of %s", text, kind, name), innerBase64(coding, raw, shift)})
			}
		}
	}
	return append(list, needle{text + " in JSON escapes", []byte(quoted)})
}

// innerBase64 is the part of the base64 of a longer text that is the same whatever
// stands before and behind raw, which begins shift bytes into a group.
func innerBase64(coding *base64.Encoding, raw []byte, shift int) []byte {
	text := coding.EncodeToString(append(make([]byte, shift), raw...))
	return []byte(text[(shift*8+5)/6 : (shift+len(raw))*8/6])
}

// diskTree is folders whose every byte is looked at.
type diskTree struct {
	t     *testing.T
	roots []string
}

// find lists which needles are in which files.
func (d *diskTree) find(needles []needle) (found []string) {
	d.t.Helper()
	files := 0
	for _, root := range d.roots {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, n := range needles {
				if bytes.Contains(b, n.bytes) {
					found = append(found, path+": "+n.what)
				}
			}
			return nil
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
	if files < 100 {
		d.t.Fatalf("only %d files were looked at: the test looks at the wrong place", files)
	}
	return found
}

func allSpellings(t *testing.T, texts []string) (list []needle) {
	t.Helper()
	for _, s := range texts {
		list = append(list, spellings(t, s)...)
	}
	return list
}

// TestSpellingsAreFound is the test of the test below.
func TestSpellingsAreFound(t *testing.T) {
	t.Parallel()
	for _, text := range planted {
		for shift := range 3 {
			long := append(append(bytes.Repeat([]byte{'x'}, shift), text...), "yz"...)
			encoded := base64.StdEncoding.EncodeToString(long)
			hit := false
			for _, n := range spellings(t, text) {
				hit = hit || strings.Contains(n.what, "base64 of UTF-8") && strings.Contains(encoded, string(n.bytes))
			}
			if !hit {
				t.Errorf("%s is not found in %s", text, encoded)
			}
		}
	}
}

const personalLines = `{"id":"x1","command":"programme.open","actor":"U-OP","role":"operator","time":"2021-03-01T09:00:00+08:00","data":{"programme_id":"P369","name":{"zh":"直通369"}}}
{"id":"x2","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":"C1","kind":"cooperative","name":{"zh":"一社"},"payee":{"account_name":"阿不都热合曼·图尔荪","bank":"皮山农商行桑株支行","account_no":"6222021234567890123"}}}
{"id":"x3","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-01T09:00:00+08:00","data":{"party_id":"C2","kind":"cooperative","name":{"zh":"二社"},"payee":{"account_name":"艾尔肯·吾守尔","bank":"乌鲁木齐银行和田分行","account_no":"6214850012345678901"}}}
{"id":"x4","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-02T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","account_no":"6228480099887766550"}}}
{"id":"x5","command":"party.confirm_payee","actor":"U-OFF2","role":"officer","time":"2021-03-02T10:00:00+08:00","data":{"party_id":"C1"}}
`

// refusedLines say personal values in every wrong way: none may come back in an
// answer, nor be kept in clear.
const refusedLines = `{"id":"y1","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":"6228480099887766550"}}
{"id":"y2","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","account_no":6228480099887766550}}}
{"id":"y3","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":{"name":"中国农业银行皮山县支行"},"account_no":"6228480099887766550"}}}
{"id":"y4","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","acount_no":"6228480099887766550"},"device":{"id":"PHONE","seq":1,"zone":"Asia/Urumqi"}}}
{"id":"y5","command":"party.register","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","kind":"cooperative","name":{"zh":"一社"},"payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","account_no":"6228480099887766550"}}}
{"id":"y6","command":"party.change_payee","actor":"U-FIN","role":"finance","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","account_no":"6228480099887766550"},"device":{"id":"PHONE","seq":2,"zone":"Asia/Urumqi"}}}
{"id":"y7","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":{"account_name":"古丽娜尔·买买提","bank":"中国农业银行皮山县支行","account_no":"6228480099887766550\ud800"}}}
{"id":"y8","command":"party.change_payee","actor":"U-OFF","role":"officer","time":"2021-03-03T09:00:00+08:00","data":{"party_id":"C1","payee":["古丽娜尔·买买提","6228480099887766550"]}}
`

// works does what leaves files behind: answers, exports, views, bundles, backups.
func (s *shell) works(out, phase string) {
	s.t.Helper()
	keep := func(name, text string) {
		if err := os.WriteFile(filepath.Join(out, phase+"-"+name), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	file := func(name string) string { return filepath.Join(out, phase+"-"+name) }
	keep("log", s.run(0, "", "export", "log"))
	keep("events", s.run(0, "", "export", "events"))
	for _, v := range []string{"parties", "findings", "disbursements", "claims"} {
		keep("view-"+v, s.run(0, "", "view", v, "--wait", "--format", "jsonl"))
	}
	keep("then", s.run(0, "", "view", "parties", "--as-of", "3", "--format", "csv"))
	s.run(0, "", "audit", "bundle", "--party", "C1", "--out", file("bundle.zip"))
	s.run(0, "", "backup", file("backup.zt"), "--keys", file("backup.keys"))
	keep("verify", s.run(0, "", "audit", "verify"))
	keep("doctor", s.run(0, "", "doctor"))
}

// TestNoPersonalByteIsOnTheDisk looks at every byte of the data folder (the broker's
// files, tiles, keys), of the private Postgres (tables, WAL, log), of what the program
// has said, and of exports, bundles and backups. Before a person is erased the values
// are there only sealed; afterwards neither the key nor what it was wrapped with is.
func TestNoPersonalByteIsOnTheDisk(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	home, err := os.MkdirTemp("/tmp", "zt-bytes-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	sh.env["ZHITONG_POSTGRES_URL"], sh.env["ZHITONG_PG_DATA"] = "", filepath.Join(home, "pg")
	disk := &diskTree{t, []string{sh.env["ZHITONG_DATA"], home, out}}

	serve := sh.start("serve", "-v", "--listen", "127.0.0.1:0")
	serve.line()
	if got := sh.run(0, personalLines, "apply", "-", "-v"); strings.Contains(got, `"ok":false`) {
		t.Fatal(got)
	}
	answers := sh.run(0, refusedLines, "apply", "-", "-v")
	if strings.Contains(answers, `"ok":true`) {
		t.Fatal(answers)
	}
	if err := os.WriteFile(filepath.Join(out, "answers"), []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.works(out, "before")
	serve.signal(syscall.SIGINT)
	serve.ends(0)
	said(t, out, "serve", serve)

	if found := disk.find(allSpellings(t, planted)); len(found) > 0 {
		t.Errorf("before the erasure these stand in clear:\n%s", strings.Join(found, "\n"))
	}
	lost := wrappedKeyOf(t, sh, filepath.Join(out, "before-backup.keys"), "party/C1")
	if found := disk.find([]needle{{"the wrapped key", lost.box}}); len(found) == 0 {
		t.Error("before the erasure the wrapped key is nowhere: the test looks for the wrong thing")
	}
	if found := disk.find([]needle{{"the key itself", lost.key}, {"the key itself in hex", []byte(hex.EncodeToString(lost.key))}}); len(found) > 0 {
		t.Errorf("the person's key is not wrapped:\n%s", strings.Join(found, "\n"))
	}
	sealedBefore := sh.run(0, "", "export", "log")

	erase := sh.start("apply", "-", "-v")
	erase.ask(`{"id":"x6","command":"person.erase","actor":"U-OP","role":"operator","time":"2021-04-01T09:00:00+08:00","data":{"party_id":"C1","reason":"本人要求"}}`)
	erase.in.Close()
	erase.ends(0)
	said(t, out, "erase", erase)
	sh.works(out, "after")
	if got := sh.run(0, "", "export", "log", "--to", fmt.Sprint(strings.Count(sealedBefore, "\n"))); got != sealedBefore {
		t.Error("the erasure has changed the log")
	}
	if got := sh.run(0, "", "view", "parties", "--where", "party_id=C1", "--format", "jsonl"); !strings.Contains(got, `"payee":"erased"`) {
		t.Errorf("the view says %s", got)
	}
	stays := sh.run(0, "", "person", "show", "C2", "--actor", "U-FIN", "--role", "finance", "--format", "jsonl")
	if !strings.Contains(stays, planted[8]) {
		t.Errorf("who was not erased has lost the account: %s", stays)
	}

	if err := os.Remove(filepath.Join(out, "before-backup.keys")); err != nil { // it is what was kept elsewhere
		t.Fatal(err)
	}
	gone := append(allSpellings(t, planted), lost.needles()...)
	if found := disk.find(gone); len(found) > 0 {
		t.Errorf("after the erasure these are still there:\n%s", strings.Join(found, "\n"))
	}
	// A restore from before the erasure, with its keys file, on the master key of today.
	if _, err := os.Stat(filepath.Join(sh.env["ZHITONG_DATA"], "nats-aside")); err == nil {
		t.Error("an older copy of the key stream is set aside")
	}
}

// said keeps what a process has said on standard error.
func said(t *testing.T, out, name string, p *process) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(out, name+".log"), p.notes.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// personKey is a person's key, how it was wrapped, and the master key that wrapped it.
type personKey struct{ box, key, master []byte }

func (s personKey) needles() (list []needle) {
	for what, raw := range map[string][]byte{"the wrapped key": s.box, "the key": s.key, "the old master key": s.master} {
		list = append(list, needle{what, raw}, needle{what + " in hex", []byte(hex.EncodeToString(raw))})
		for shift := range 3 {
			list = append(list, needle{what + " in base64", innerBase64(base64.RawStdEncoding, raw, shift)},
				needle{what + " in base64url", innerBase64(base64.RawURLEncoding, raw, shift)})
		}
	}
	return list
}

// wrappedKeyOf reads a key out of a keys file, and opens it.
func wrappedKeyOf(t *testing.T, sh *shell, keysFile, name string) personKey {
	t.Helper()
	text, err := os.ReadFile(keysFile)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ = bytes.Cut(text, []byte("\n"))
	var f struct {
		Persons []struct {
			Name string `json:"name"`
			Box  []byte `json:"wrapped"`
		} `json:"persons"`
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sh.env["ZHITONG_DATA"], "master.key")
	master, err := keys.ReadMaster(path)
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.Fields(string(line))[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Persons {
		if p.Name != name {
			continue
		}
		key, err := master.Unwrap(keys.Wrapped{Name: p.Name, Box: p.Box})
		if err != nil {
			t.Fatal(err)
		}
		return personKey{p.Box, key, raw}
	}
	t.Fatalf("%s is not in %s", name, keysFile)
	return personKey{}
}
