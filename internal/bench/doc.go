// Package bench measures this machine with the program's own parts: how fast
// commands are appended, beside the bare floor of the broker in the same run, how fast
// views are folded, rebuilt, looked back at and followed, and what is left over HTTP.
//
// It owns the loads and how figures are taken. It refuses to judge them: machines
// are noisy, and a figure is worth something only beside its floor. All writes are
// durable. Start at [Append].
package bench
