// Package keys holds the keys under which personal values are sealed in events.
//
// It owns the sealing (XChaCha20-Poly1305 under a key of the person's own) and
// the keys' life: made before the first value is sealed, wrapped with the
// operator's master key, kept in a stream of their own beside the log, destroyed
// when the person is erased. It refuses to know what the values mean. Start at
// [Ring].
//
// # Format
//
// A sealed value is base64url without padding of nonce (24 bytes) and ciphertext.
// The additional data is the event's id, a line end, and the path of the field in
// the event's data ("payee.account_no"): a value moved to another field or event
// does not open. The nonce is the beginning of HMAC-SHA-256 under the person's key
// of additional data and value, so that a command decided again seals to the same
// bytes, and no nonce ever serves two values.
//
// A stored key is one message of the stream NAME_KEYS, with the person's name, in
// base64url, at the end of its subject. It is the id of a generation of the master key,
// a blank, a nonce and the key sealed with XChaCha20-Poly1305 under that generation; the
// person's name is the additional data. The master key's file has a generation a line.
//
// # Rotation
//
// Under an exclusive lock on the master key's file: a generation is added; the keys of
// the erased are overwritten; each other key is wrapped with the new generation, that of
// the tags first, and its older message overwritten; the older generations leave the
// file. A crash leaves both generations in the file, and whoever comes next begins with
// the second step. Keys are made under the lock shared.
package keys
