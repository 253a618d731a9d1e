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
	mark := MarkOf(commandID)
	return string(AppendID(make([]byte, 0, 2*len(mark)+4), mark, index))
}

// MarkOf is what the ids of a command's events have in common.
func MarkOf(commandID string) [16]byte {
	sum := sha256.Sum256(append([]byte("zhitong event\n"), commandID...))
	return [16]byte(sum[:16])
}

// AppendID appends the id of the index-th event of the command with a mark.
func AppendID(b []byte, mark [16]byte, index int) []byte {
	b = hex.AppendEncode(b, mark[:])
	return strconv.AppendInt(append(b, '-'), int64(index), 10)
}
