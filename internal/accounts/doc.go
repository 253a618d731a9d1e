// Package accounts is who may come in: the accounts behind actors, with their
// passwords, their tokens for programs and their sessions for browsers.
//
// It owns secrets, of which it keeps only hashes, in a key-value bucket of their own
// beside the log: neither in the immutable log nor in Postgres. Every process that
// opens the bucket follows it and answers from memory, so that asking who somebody
// is costs no round trip, and what one process revokes is revoked in all. It refuses
// to know what a role may do (that is [zhitong/domain/roles]) and how a credential
// travels (that is the web's session). Start at [Account], then at Open.
package accounts
