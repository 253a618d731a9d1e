package domain

// RoundHalfUp is the house's one rounding, for its vectors.
var RoundHalfUp = roundHalfUp
