// Package views is what the log's keys sign about views: at a position of the log, a
// view of a version has so many rows with a digest.
//
// It owns the text form and the file of all statements. It refuses to fold: what the
// digests are is reckoned by whoever signs or checks. Start reading at [Statement].
//
// # Format
//
// A statement is a signed note (golang.org/x/mod/sumdb/note) by the keys that sign
// checkpoints. Its text is never that of a checkpoint, since the second line of one
// is a number:
//
//	<origin of the log>/views
//	views at <position>
//	<base64 of the log's root at that position>
//	<view> v<version> <rows> <digest, 64 hexadecimal digits>
//
// with a line for each view, in the order of their names. The digest is that of
// package projections: the sum, modulo 2²⁵⁶, of the SHA-256 of each row's line of
// JSON as `view --format jsonl` prints it. It does not depend on a database.
//
// The file views in the audit folder holds every statement, oldest first, with an
// empty line behind each. A torn last one counts as never made.
package views
