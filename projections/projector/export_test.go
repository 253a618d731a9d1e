package projector

// Mortal is mortal, for tests.
var Mortal = mortal
