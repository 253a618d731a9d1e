// Package house holds the rules of the house as tests: which package may import
// which, what a pure package may not touch, and how text and numbers may not be
// written. It owns no code that runs in the binary. Start at arrow_test.go.
package house
