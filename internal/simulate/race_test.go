//go:build race

package simulate

// slowdown is by how much fewer histories are run where the race detector makes
// each of them several times as long.
const slowdown = 5
