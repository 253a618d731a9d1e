// Package api is what a program can do over HTTP: send commands, look at views, read
// events, follow them, and take receipts home.
//
// It owns the addresses below /api/v1 and the one table of who may read which rows
// of which view ([Rights]); that of who may send which command is
// [zhitong/domain/roles]. It refuses to hold rules, state or locks of its own: a
// command is handed to the committer and its answer awaited, a view is asked, a log
// is read. Who asks is the [Gate]'s business; what surrounds every request (its id,
// panics, limits of rate, cross-site requests) is that of whoever wraps the handler.
// Start at [New], then at [Config].
package api
