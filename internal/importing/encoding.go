package importing

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// decode returns a CSV file's text and the name of its encoding: by the byte order
// mark, else UTF-8 where every byte fits, else GB18030. Bytes that fit neither are
// refused with their line; nothing becomes a replacement character.
func decode(file string, data []byte) (text, encoding string, err error) {
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		if at := firstInvalid(rest); at >= 0 {
			return "", "", invalidAt(file, rest, at, "UTF-8, as its byte order mark says")
		}
		return string(rest), "UTF-8 with BOM", nil
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", "", &FileError{File: file, Line: 1, Detail: "the file is UTF-16: save it as UTF-8, GB18030 or xlsx"}
	}
	at := firstInvalid(data)
	if at < 0 {
		return string(data), "UTF-8", nil
	}
	if mostlyUTF8(data) {
		return "", "", invalidAt(file, data, at, "UTF-8, as the rest of the file")
	}
	text, bad := decodeGB18030(data)
	if bad >= 0 {
		return "", "", invalidAt(file, data, bad, "UTF-8 nor GB18030")
	}
	return text, "GB18030", nil
}

// firstInvalid returns the place of the first byte that is not UTF-8, or -1.
func firstInvalid(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; ; {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
}

// mostlyUTF8 reports whether so much of what is not ASCII fits UTF-8 that a fault
// in a UTF-8 file is more likely than another encoding: nine characters in ten.
// (Of GB18030 text about one byte pair in ten fits by chance.)
func mostlyUTF8(data []byte) bool {
	fits, misfits := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			misfits++
		} else {
			fits++
		}
		i += n
	}
	return fits > 0 && fits >= 9*misfits
}

// decodeGB18030 returns the text, or the place of a line's first bytes that are
// not GB18030. It goes line by line: no character of GB18030 holds a CR or LF.
func decodeGB18030(data []byte) (text string, bad int) {
	var b strings.Builder
	b.Grow(len(data) + len(data)/4)
	enc := simplifiedchinese.GB18030
	for start := 0; start < len(data); {
		end := start + bytes.IndexAny(data[start:], "\r\n") + 1
		if end == start {
			end = len(data)
		}
		raw := data[start:end]
		line, err := enc.NewDecoder().Bytes(raw)
		if err != nil {
			return "", start
		}
		if bytes.ContainsRune(line, utf8.RuneError) { // a real one, or invalid bytes?
			again, err := enc.NewEncoder().Bytes(line)
			if err != nil || !bytes.Equal(again, raw) {
				return "", start
			}
		}
		b.Write(line)
		start = end
	}
	return b.String(), -1
}

func invalidAt(file string, data []byte, at int, what string) error {
	line, col := position(string(data[:at]))
	return &FileError{File: file, Line: line, Column: fmt.Sprint(col), Detail: "bytes that are not " + what}
}

// position returns the physical line and the character in it that follow before.
func position(before string) (line, col int) {
	line = 1 + countLineEnds(before)
	start := strings.LastIndexAny(before, "\r\n") + 1
	return line, utf8.RuneCountInString(before[start:]) + 1
}

// countLineEnds counts CR, LF and CRLF as one line end each.
func countLineEnds(s string) int {
	return strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}
