//go:build !linux

package embedded

import (
	"errors"
	"os"
)

// shareBlocks is not known on this system.
func shareBlocks(*os.File, *os.File) error { return errors.ErrUnsupported }
