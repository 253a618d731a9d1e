// Package snapshot is the form in which folded state is written beside the log, so
// that a start folds a tail and not the whole.
//
// It owns two things: a binary form of Go values (start at [Of]), and the file that
// holds a snapshot's parts under one chain of checksums (start at [Writer]). It
// refuses to know what is folded, when a snapshot is due and whether one fits a
// log: that is package app. A snapshot is disposable, so there is no compatibility:
// a file of another program is not read at all.
//
// # Values
//
// Structs are their fields in order, also unexported ones; integers are varints;
// strings, slices and maps begin with their length plus one, where 0 is nil; maps
// are in the order of their keys' bytes. A pointer is 0 for nil, 1 with the value
// behind it for the first one to a place, and otherwise the number of an earlier
// one: two pointers to one place are read as two pointers to one place. A time is
// its instant and its offset from UTC. Interfaces, functions and channels have no
// form; asking for the codec of a type that holds one panics.
//
// # File
//
// A line that names the format, then frames. A frame is its length (4 bytes, little
// endian), its bytes, and the first 16 bytes of the SHA-256 of the sum before it,
// the length and the bytes. The first frame is the [Header]. A section is a frame
// with its name, frames with its content, and an empty frame; an empty name ends
// the file. Nothing of a frame is looked at before its sum is right, and a file
// that is whole ends with the last frame.
package snapshot
