// Package migration holds the projector's own tables as numbered SQL files. An
// applied file never changes: what is applied is recorded with its checksum. The
// tables of views are not here; they are made from their declarations.
package migration

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Migration is one step.
type Migration struct {
	Number   int
	Name     string // of the file
	SQL      string
	Checksum string // hex SHA-256 of SQL
}

// All returns the migrations in their order.
func All() ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	ms := make([]Migration, len(names))
	for i, name := range names {
		sql, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(digits); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: expected number %04d", name, i+1)
		}
		sum := sha256.Sum256(sql)
		ms[i] = Migration{i + 1, name, string(sql), hex.EncodeToString(sum[:])}
	}
	return ms, nil
}
