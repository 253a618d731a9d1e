package embedded

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// diskFree is the number of bytes that an ordinary user can still write.
func diskFree(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}
