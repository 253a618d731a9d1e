package tree

import (
	"encoding/binary"
	"fmt"
)

// appendEntry adds a commit to a bundle; one that is too large leaves its place
// with length 0.
func appendEntry(bundle, commit []byte) []byte {
	if len(commit) > EntryBytesMax {
		return append(bundle, 0, 0)
	}
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(commit)))
	return append(bundle, commit...)
}

// parseBundle cuts a bundle into its entries, which share its memory. A place of
// length 0 is nil.
func parseBundle(b []byte) ([][]byte, error) {
	var out [][]byte
	for at := 0; at < len(b); {
		if len(b)-at < 2 {
			return out, fmt.Errorf("entry bundle ends within the length of entry %d", len(out))
		}
		n := int(binary.BigEndian.Uint16(b[at:]))
		at += 2
		if len(b)-at < n {
			return out, fmt.Errorf("entry bundle ends within entry %d", len(out))
		}
		var entry []byte
		if n > 0 {
			entry = b[at : at+n : at+n]
		}
		out = append(out, entry)
		at += n
	}
	return out, nil
}

// prefixOf is the first entries of a bundle, as bytes.
func prefixOf(bundle []byte, entries int) ([]byte, error) {
	at := 0
	for i := range entries {
		if len(bundle)-at < 2 {
			return nil, fmt.Errorf("entry bundle has %d entries, %d are needed", i, entries)
		}
		at += 2 + int(binary.BigEndian.Uint16(bundle[at:]))
		if at > len(bundle) {
			return nil, fmt.Errorf("entry bundle ends within entry %d", i)
		}
	}
	return bundle[:at], nil
}
