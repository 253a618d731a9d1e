package importing

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestDetectsTheEncoding(t *testing.T) {
	t.Parallel()
	const text = "品名,数量\n红枣,10\n䶮㑇 ئۇيغۇرچە \ufffd,1\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, data, encoding string }{
		{"UTF8", text, "UTF-8"},
		{"UTF8WithBOM", "\ufeff" + text, "UTF-8 with BOM"},
		{"GB18030KeepsRareCharactersAndARealReplacementCharacter", gb, "GB18030"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, encoding, err := decode("f.csv", []byte(c.data))
			if err != nil || got != text || encoding != c.encoding {
				t.Errorf("decode = %q, %q, %v", got, encoding, err)
			}
		})
	}
}

func TestInvalidBytesAreToldWithTheirLine(t *testing.T) {
	t.Parallel()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("品名,数量\r红枣核桃石榴,10\r")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, data, want string }{
		{"InAFileWithABOM", "\ufeffa\r城\xff", "f.csv: line 2: column 2: bytes that are not UTF-8, as its byte order mark says"},
		{"InAFileThatIsOtherwiseUTF8", "红枣核桃石榴红枣核桃石榴\r\nab\xff,1\n", "f.csv: line 2: column 3: bytes that are not UTF-8, as the rest of the file"},
		{"InGB18030", gb + "a\xff,1\r", "f.csv: line 3: column 1: bytes that are not UTF-8 nor GB18030"},
		{"UTF16", "\xff\xfea\x00", "f.csv: line 1: the file is UTF-16: save it as UTF-8, GB18030 or xlsx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, _, err := decode("f.csv", []byte(c.data))
			if err == nil || err.Error() != c.want {
				t.Errorf("decode = %q, %v\nwant %s", text, err, c.want)
			}
		})
	}
}

// FuzzDecode: what is decoded is UTF-8, and a replacement character in it stood in
// the file.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"a", "\ufeff红", "\xba\xec\xd4\xe6", "\x84\x31\xa4\x37\xff", "红\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, encoding, err := decode("f.csv", data)
		if err != nil {
			return
		}
		if text != strings.ToValidUTF8(text, "") {
			t.Errorf("%q became %q", data, text)
		}
		real := bytes.Contains(data, []byte("\ufffd")) || encoding == "GB18030" && bytes.Contains(data, []byte("\x84\x31\xa4\x37"))
		if strings.ContainsRune(text, '\ufffd') && !real {
			t.Errorf("%q became %q", data, text)
		}
	})
}

func TestTooLargeAFileIsRefused(t *testing.T) {
	t.Parallel()
	_, err := ReadSource("big.csv", zeros{})
	if want := "big.csv: larger than 128 MiB: divide it"; err == nil || err.Error() != want {
		t.Errorf("ReadSource: %v, want %s", err, want)
	}
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
