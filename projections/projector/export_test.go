package projector

// Mortal is mortal, for tests.
var Mortal = mortal

// FirstOf is how the hash of a log's first commit is kept.
func FirstOf(hash [32]byte) string { return hexOf(hash) }
