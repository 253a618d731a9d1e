// Package checkpoint is what the log signs and what others sign about it: C2SP
// tlog-checkpoints as signed notes, the log's key and its generations, witnesses'
// cosignatures, and offline proofs.
//
// It owns these text forms. It refuses to know where they are kept and what a
// commit says. Start reading at [Checkpoint], then [Proof].
//
// # Format
//
// A checkpoint's text is three lines, each ended by a line feed: the origin (which
// log), the number of leaves, the base64 of the root. Signature lines follow as
// in golang.org/x/mod/sumdb/note. The log signs with Ed25519 (algorithm 1), a
// witness with cosignature/v1 (algorithm 4): its signature is a time of 8 bytes
// and an Ed25519 signature over "cosignature/v1\ntime <seconds>\n" and the text.
//
// A proof is a C2SP tlog-proof: see [Proof].
//
// # Compatibility
//
// Extension lines in a checkpoint of another log are read over; this log writes
// none. Signatures of unknown keys are ignored and kept.
package checkpoint
