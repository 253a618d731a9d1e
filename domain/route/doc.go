// Package route is the direct route: calendar, transit and capacity.
//
// It owns the aggregate's facts, its state and the rules that this state alone
// can answer. It refuses to know any other aggregate's state. Start at facts.go,
// then at State.
package route
