// Package events is how facts are kept: the catalogue of their names and
// versions, the envelope, and the sealing of personal values.
//
// It owns the stored form. It refuses to know rules, brokers and tables. Start
// reading at [Event], then [Encode].
//
// # Format
//
// A commit is one line: a JSON array of 1…n events in the CloudEvents 1.0 JSON
// format (a CloudEvents JSON batch), without blanks and without a line end. Each
// event is an object whose members stand in exactly this order:
//
//	specversion      "1.0"
//	id               hex of 16 bytes derived from the command id, "-", the index
//	source           "urn:zhitong:" and the stream's name, percent-encoded
//	type             "zhitong." name ".v" version
//	subject          kind "/" id as written
//	time             when it happened, as the client wrote it (RFC 3339)
//	datacontenttype  "application/json"
//	dataschema       "urn:zhitong:schema:" name ".v" version
//	recordedtime     when it was recorded, UTC, never decreasing
//	actor, actorrole who, as what
//	principal        the authenticated account (absent if none)
//	via              api, page, cli, import or reaction
//	commandid        unique in the programme
//	commandhash      hex SHA-256 of the command's canonical content
//	position         the commit's position: 1, 2, 3, … without gaps
//	index, of        the event's place in its commit, and their number
//	correlationid    id of the event that began a chain of reactions (absent if none)
//	causationid      id of the event reacted to (absent if none)
//	deviceid, deviceseq, devicezone, devicetime, devicereplaces (if made offline)
//	data             the fact
//
// The strings are escaped as RFC 8785 escapes them. The data's members stand in
// the order of the fact's struct; money has two places, kg three.
//
// # Compatibility
//
// A version that was once released decodes for ever: the catalogue keeps an
// upcaster from each stored version to today's struct, and testdata holds a
// stored commit of every version, which is only ever added to. New meaning is a
// new version. The bytes of a commit are the leaf of the audit's Merkle tree: they
// are hashed as stored, never encoded again.
package events
