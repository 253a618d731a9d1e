// Package domain is what is true of the trade: values with their arithmetic,
// the shape of a fact and of a refusal. Its sub-packages hold one aggregate
// each: its facts, its commands, and pure deciders from a state and a command to
// facts.
//
// It owns every rule about numbers, days and words. It refuses all input and
// output, the clock, randomness and logging: whatever it needs is handed to it.
// It imports the standard library, shopspring/decimal, a YAML decoder and
// x/text/unicode/norm, nothing else.
//
// Start reading at [Money], [Problem] and [Fact]; then at package order.
package domain
