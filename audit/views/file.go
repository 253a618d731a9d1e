package views

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Name is the file of statements in the audit folder.
const Name = "views"

// Kept are all signed statements of an audit folder, oldest first, without a torn
// last one. A folder without the file has none.
func Kept(folder fs.FS) ([][]byte, error) {
	b, err := fs.ReadFile(folder, Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, _ := cut(b)
	return list, nil
}

// Latest is the latest signed statement; fs.ErrNotExist when there is none.
func Latest(folder fs.FS) ([]byte, error) {
	list, err := Kept(folder)
	if err == nil && len(list) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return list[len(list)-1], nil
}

// cut cuts the file into its notes; whole is how many bytes they take.
func cut(b []byte) (list [][]byte, whole int) {
	for rest := b; ; {
		i := bytes.Index(rest, []byte("\n\n")) // ends the text
		if i < 0 {
			return list, whole
		}
		j := bytes.Index(rest[i+2:], []byte("\n\n")) // ends the signatures
		if j < 0 {
			return list, whole
		}
		n := i + 2 + j + 2
		list = append(list, rest[:n-1:n-1])
		whole += n
		rest = rest[n:]
	}
}

// Keep adds a signed statement to the file in a folder, durably. A torn last one is
// taken off. One process at a time keeps statements of a folder.
func Keep(dir string, signed []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, Name), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(keep(f, signed), f.Close(), syncDir(dir))
}

func keep(f *os.File, signed []byte) error {
	b, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	_, whole := cut(b)
	if err := f.Truncate(int64(whole)); err != nil {
		return err
	}
	if _, err := f.WriteAt(append(bytes.Clone(signed), '\n'), int64(whole)); err != nil {
		return err
	}
	return f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
