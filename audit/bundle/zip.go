package bundle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
)

// fileBytesMax bounds one file of a bundle when it is read.
const fileBytesMax = 256 << 20

// pack writes files in the one form of a bundle.
func pack(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unpack reads a bundle. damage names the first file whose bytes are not what the
// zip says, or the place where the zip itself was changed; "" when it is whole.
func unpack(b []byte) (files map[string][]byte, damage string, err error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, "", fmt.Errorf("bundle: not a zip file: %w", err)
	}
	files = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		var content []byte
		if err == nil {
			content, err = io.ReadAll(io.LimitReader(r, fileBytesMax))
			_ = r.Close() // it was read
		}
		if err != nil && damage == "" {
			damage = fmt.Sprintf("%s: %v", f.Name, err)
		}
		files[f.Name] = content
	}
	if damage != "" {
		return files, damage, nil
	}
	again, err := pack(files)
	if err != nil || bytes.Equal(again, b) {
		return files, "", err
	}
	at := 0
	for at < len(b) && at < len(again) && b[at] == again[at] {
		at++
	}
	return files, fmt.Sprintf("byte %d of the zip's own structure (by %s)", at, nearest(z, at)), nil
}

// nearest names the file that a byte of the zip stands next to.
func nearest(z *zip.Reader, at int) string {
	name := "the end"
	for _, f := range z.File {
		if begin, err := f.DataOffset(); err == nil && begin <= int64(at) {
			name = f.Name
		}
	}
	return name
}
