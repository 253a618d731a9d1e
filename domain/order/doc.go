// Package order is what a buyer wants, and which part of it which shipment line holds.
//
// It owns the aggregate's facts, its state and the rules that this state alone
// can answer. It refuses to know any other aggregate's state. Start at facts.go,
// then at State.
package order
