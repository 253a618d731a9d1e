package events

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// IDOf is the id of the index-th event (1-based) of the command with the given
// id: the same however often the command is decided again, and unique since
// command ids are.
func IDOf(commandID string, index int) string {
	sum := sha256.Sum256([]byte("zhitong event\n" + commandID))
	return hex.EncodeToString(sum[:16]) + "-" + strconv.Itoa(index)
}
