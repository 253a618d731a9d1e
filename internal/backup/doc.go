// Package backup is a copy of a programme in one file, and of its keys in another.
//
// It owns both forms, what makes a copy whole, and what may be restored from it. It
// refuses to open a personal value, and to change a log that is there. Start at
// [Make], then [Open] and [Backup.Check].
//
// # Format of a backup
//
// A tar archive whose members are in this order:
//
//	README                       what the file is
//	log/<first>-<last>.ndjson    the commits, one a line, exactly the leaves of the log
//	audit/vkeys                  the log's public keys
//	audit/checkpoints/<n>        every signed checkpoint up to the last position, an empty line behind each
//	audit/checkpoint             the last of them, which covers the last position
//	manifest.json                the stream, the last position, and of each member above size and SHA-256
//	seal                         the SHA-256 of manifest.json
//
// There are no times and owners in it: the same log with the same checkpoints gives
// the same bytes. A reader makes every header, padding and end again and compares:
// each byte of the file is held by something. "tar -xOf FILE --wildcards 'log/*'" is
// the log without this program.
//
// # Format of a keys file
//
// One JSON object on a line, and on the next line the SHA-256 of it. The keys are as
// they are stored, each wrapped with the operator's master key, which is in neither
// file. Without the master key both files open nothing personal; once the master key
// is rotated, as by the next erasure, an older keys file opens nothing either.
package backup
