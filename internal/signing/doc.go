// Package signing lets several processes share the signing of one log, so that they
// can never sign two histories: each has a Merkle log of its own, built from the log
// that all of them read, and one of them signs.
//
// It owns the chain of checkpoints, the turns, and the keys that are shared. It
// refuses to sign: package tree does that. Start reading at [Member.Run].
//
// # How
//
// The chain is a stream of its own next to the log, with every checkpoint that was
// ever signed, and again each that was cosigned, in order; nothing is deleted from
// it. A process that wants to sign publishes its signed note with the number of the
// last note that it knows as the expectation: of two, one is refused, and its
// signature is never kept or shown. What it signs passes through every checkpoint
// before, since it has accepted each of them by building the same root from the log.
//
// A lease (package lease) says whose turn it is, so that not all of them try. It is
// not what makes it safe: a process that was paused, and believes that it still has
// its turn, is refused by the chain.
//
// The others follow the chain. They hash the log up to each checkpoint, hold root
// against root, and keep the checkpoint as the signer does. So each serves the same
// tiles and the same checkpoints, and each can go on where another ended.
//
// The signing keys lie in the key store of the programme, wrapped with the master
// key that all processes of a cluster have.
package signing
