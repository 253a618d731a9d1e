// Package merkle is the arithmetic of the audit: RFC 6962 trees over the bytes of
// commits, their right edge, and proofs.
//
// It owns hashing and the checking of proofs. It refuses to know files, keys and
// what a commit says. Start reading at [Edge], which grows a tree leaf by leaf;
// then [CheckInclusion] and [CheckConsistency].
//
// The hashing is that of golang.org/x/mod/sumdb/tlog: a leaf is SHA-256(0x00 ‖
// bytes), a node SHA-256(0x01 ‖ left ‖ right). A commit at position p is the leaf
// of index p − 1.
package merkle
