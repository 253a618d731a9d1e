// Package tree is the Merkle log as files: tiles, entry bundles and every
// checkpoint ever signed.
//
// It owns the folder and its crash safety. It refuses to know the broker and what
// a commit says, so that an auditor's program can read a copy of the folder.
// Start reading at [Reader], then [Writer].
//
// # Format
//
//	checkpoint             the latest signed checkpoint
//	checkpoints            every signed checkpoint, oldest first, an empty line behind each
//	vkeys                  the public keys of the log, one a line, oldest first
//	tile/<L>/<N>[.p/<W>]   C2SP tlog-tiles: 256 hashes of level L, or W of them
//	tile/entries/<N>[.p/<W>]  C2SP entry bundles: commits behind big-endian uint16 lengths
//	tile/large/<I>         the bytes of the commit of index I, if it has more than 65,535
//
// Numbers in paths are cut into three digits, all but the last behind an x. The
// commit at position p has index p − 1.
//
// An entry bundle cannot hold a commit of more than 65,535 bytes. Its place there
// has length 0 (which no commit has), and its bytes stand in tile/large. Tiles,
// checkpoints and proofs are not touched by this: the leaf is always the hash of
// the commit's bytes. A client that reads bundles only fails on exactly such an
// entry and reads all others.
//
// # Crash safety
//
// Only what the last whole checkpoint covers counts. Tiles and bundles are made
// durable before the checkpoint over them is signed; what a crash leaves behind it
// is written again. A lost or damaged tile is made again from the log, and the new
// tree must pass through every kept checkpoint.
package tree
