// Package account is what the log knows of an account: that a role was given to it,
// for a party or for itself, and that it was taken away.
//
// It owns the aggregate's facts, its state and the rules that this state alone
// can answer. It refuses to know any secret: passwords, tokens and sessions are kept
// apart from the log. Start at facts.go, then at State.
package account
