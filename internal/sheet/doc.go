// Package sheet is the calculation sheet (核算单) of a claim: how every figure of it
// came about, as data and as sentences, so that anyone can do it again by hand.
//
// It owns which figures stand on a sheet and in what words. Its functions are pure:
// they take a claim's events and reckon nothing themselves but the check, which
// does every recorded step once more. It refuses to read logs and files.
//
// Start at [Maker]; text.go writes the sheet for people.
package sheet
