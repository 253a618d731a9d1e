// Package blocks reads the files in which the broker keeps a log, before the broker
// does, and mends them.
//
// A broker that starts on damaged files repairs them in its own way: it cuts a file
// where a message can't be read, and what comes behind is gone. So the files are
// looked at first ([Scan]): every message's checksum, that the messages are blocks of
// a log, and that block follows block and position follows position. What is
// damaged is named, and the broker is not started. [Mend] then writes the files anew,
// with what the caller has of the missing commits, so that the stream is exactly what
// it was: the same sequences, the same identity.
//
// It owns the broker's file format, as of nats-server 2.15. It refuses to know what
// commits say. Start at [Scan].
//
// # Format
//
// A stream is a folder: meta.inf and meta.sum (its settings, as JSON, and their
// checksum), and msgs with files 1.blk, 2.blk, … and index.db, which the broker makes
// anew where it is absent. A .blk file is records, one behind the other, little
// endian:
//
//	length       uint32  of the whole record; the highest bit says that it has headers
//	sequence     uint64
//	time         int64   in nanoseconds since 1970
//	subject len  uint16
//	subject      bytes
//	headers len  uint32  only where it has headers
//	headers      bytes
//	payload      bytes
//	checksum     8 bytes, HighwayHash-64 of sequence, time, subject, headers, payload;
//	             its key is the SHA-256 of "STREAM-INDEX"
//
// A log's stream deletes nothing, so that there are no tombstones. A file is neither
// compressed nor encrypted, since the embedded server's settings are our own.
package blocks
