package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"github.com/go-json-experiment/json"
)

// Limits of a bundle: those of a zip file without extensions.
const (
	filesMax = math.MaxUint16 - 1
	bytesMax = math.MaxUint32 - 1
)

// Parts of a zip file: signatures and sizes of the headers.
const (
	localSignature     = "PK\x03\x04"
	directorySignature = "PK\x01\x02"
	endSignature       = "PK\x05\x06"
	localSize          = 30
	directorySize      = 46
	endSize            = 22

	version = 20     // needed to read it
	utf8    = 0x0800 // names are UTF-8
	noDate  = 0x0021 // 1 January 1980: the first that there is
)

// file is one file of a bundle.
type file struct {
	name    string
	content []byte
}

// errNoBundle says that a file is not in the one form of a bundle.
var errNoBundle = errors.New("bundle: not a bundle as zhitong writes it; if it was unpacked and zipped again, take the original")

// pack writes files in the one form of a bundle.
func pack(files map[string][]byte) ([]byte, error) {
	var list []file
	size := endSize
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, file{name, files[name]})
		size += localSize + directorySize + 2*len(name) + len(files[name])
	}
	if len(list) > filesMax || size > bytesMax {
		return nil, fmt.Errorf("bundle: %d files, %d bytes: at most %d and %d fit; choose a shorter period", len(list), size, filesMax, bytesMax)
	}
	return packed(list, size), nil
}

// packed writes a list of files as it is.
func packed(list []file, size int) []byte {
	b := make([]byte, 0, size)
	var directory []byte
	for _, f := range list {
		at := len(b)
		fixed := binary.LittleEndian.AppendUint16(nil, version)
		for _, v := range []uint16{utf8, 0, 0, noDate} { // stored, no time
			fixed = binary.LittleEndian.AppendUint16(fixed, v)
		}
		fixed = binary.LittleEndian.AppendUint32(fixed, crc32.ChecksumIEEE(f.content))
		fixed = binary.LittleEndian.AppendUint32(fixed, uint32(len(f.content)))
		fixed = binary.LittleEndian.AppendUint32(fixed, uint32(len(f.content)))
		fixed = binary.LittleEndian.AppendUint16(fixed, uint16(len(f.name)))
		fixed = binary.LittleEndian.AppendUint16(fixed, 0) // no extra field

		b = append(append(append(append(b, localSignature...), fixed...), f.name...), f.content...)

		directory = append(directory, directorySignature...)
		directory = binary.LittleEndian.AppendUint16(directory, version)
		directory = append(directory, fixed...)
		directory = append(directory, make([]byte, 10)...) // no comment, disk 0, no attributes
		directory = binary.LittleEndian.AppendUint32(directory, uint32(at))
		directory = append(directory, f.name...)
	}
	at := len(b)
	b = append(append(b, directory...), endSignature...)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(list)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(list)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(directory)))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	return append(b, 0, 0)
}

// unpack reads a bundle. damage names the first file that was changed, or the part of
// the zip's own structure; "" when every byte is as [pack] writes it.
//
// A zip file says twice what it holds. Where the two differ, the one that explains
// more of the bytes is taken, or else the one whose names are those of the manifest, so
// that one changed byte does not hide the files.
func unpack(b []byte) (files map[string][]byte, damage string, err error) {
	best, fewest, strangers, at := []file(nil), -1, 0, 0
	for _, read := range []func([]byte) []file{local, directory} {
		list := read(b)
		if len(list) == 0 {
			continue
		}
		again := packed(list, len(b))
		n, first := different(again, b)
		if n == 0 && slices.IsSortedFunc(list, func(a, b file) int { return bytes.Compare([]byte(a.name), []byte(b.name)) }) {
			return byName(list), "", nil
		}
		unknown := unlisted(list)
		if fewest < 0 || n < fewest || n == fewest && unknown < strangers {
			best, fewest, strangers, at = list, n, unknown, first
		}
	}
	if best == nil {
		return nil, "", errNoBundle
	}
	return byName(best), fmt.Sprintf("%s: changed at or near byte %d of the file", owner(best, at), at), nil
}

// unlisted counts the files that the manifest among them does not name, or that are
// there twice.
func unlisted(list []file) int {
	var m manifest
	files := byName(list)
	if json.Unmarshal(files[manifestName], &m) != nil {
		return len(list)
	}
	n := len(list) - len(files)
	for name := range files {
		if _, ok := m.Files[name]; !ok && name != manifestName {
			n++
		}
	}
	return n
}

func byName(list []file) map[string][]byte {
	files := make(map[string][]byte, len(list))
	for _, f := range list {
		files[f.name] = f.content
	}
	return files
}

// different counts the bytes that differ, and says where the first is.
func different(a, b []byte) (count, first int) {
	first = min(len(a), len(b))
	if bytes.Equal(a, b) {
		return 0, first
	}
	for i := min(len(a), len(b)) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			count++
			first = i
		}
	}
	return count + max(len(a), len(b)) - min(len(a), len(b)), first
}

// owner names the file that a byte belongs to: its content, its header, or its entry
// in the directory.
func owner(list []file, at int) string {
	end := 0
	for _, f := range list {
		if end += localSize + len(f.name) + len(f.content); at < end {
			return f.name
		}
	}
	for _, f := range list {
		if end += directorySize + len(f.name); at < end {
			return f.name
		}
	}
	return "the zip's end"
}

// local reads the files by the headers before them, as far as they go.
func local(b []byte) []file {
	var list []file
	for at := 0; len(b)-at >= localSize && string(b[at:at+4]) == localSignature && len(list) < filesMax; {
		size := int(binary.LittleEndian.Uint32(b[at+22:]))
		name := int(binary.LittleEndian.Uint16(b[at+26:]))
		at += localSize
		if name > len(b)-at || size > len(b)-at-name {
			break
		}
		list = append(list, file{string(b[at : at+name]), b[at+name : at+name+size : at+name+size]})
		at += name + size
	}
	return list
}

// directory reads the files by the directory at the end, whose order is theirs.
func directory(b []byte) []file {
	end := len(b) - endSize
	if end < 0 || string(b[end:end+4]) != endSignature {
		return nil
	}
	at := int(binary.LittleEndian.Uint32(b[end+16:]))
	var list []file
	for from := 0; at >= 0 && at+directorySize <= end && len(list) < filesMax; {
		size := int(binary.LittleEndian.Uint32(b[at+24:]))
		n := int(binary.LittleEndian.Uint16(b[at+28:]))
		at += directorySize
		if n > end-at || from+localSize+n+size > len(b) {
			return nil
		}
		from += localSize + n
		list = append(list, file{string(b[at : at+n]), b[from : from+size : from+size]})
		from, at = from+size, at+n
	}
	return list
}
