//go:build !race

package model

// slowdown is by how much fewer histories are run; see race_test.go.
const slowdown = 1
