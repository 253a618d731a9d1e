// Package simulate runs the real application in a world that fails: several
// processes on one log, one disk and one view store, all in memory, where answers
// are lost, come late or twice, processes are killed between any two steps or stand
// still, clocks jump, snapshots are torn. Everything that goes wrong is drawn from a
// seed, and the same seed gives the same history, step by step.
//
// It owns the world and its one scheduler, the checks after every step and at the
// end, and the planted bugs that show that the checks see something. It refuses to
// have rules: commands come from package model, are decided by package app with all
// of its commands and reactions, and are judged by the model. It never enters the
// binary.
//
// # How a seed becomes a history
//
// The world lives in a bubble of testing/synctest. Whatever reaches outside of a
// process (an attempt at an append, a question for the head, a read, a snapshot, a
// transaction of the view store) stands at a gate ([move]) until the scheduler opens
// it. The scheduler waits until everything stands still, then does exactly one
// thing, chosen by the seed's generator: it opens one gate with some outcome, sends a
// command, kills or starts a process, moves a clock, lets a late message arrive. So
// at most one goroutine at a time has something to do, and the order of everything
// follows from the seed. Personal keys are random; nothing that is compared depends
// on them.
//
// # Where to start
//
// [Run] is one history; driver.go chooses, gate.go is the gate, line.go the log,
// store.go the view store, disk.go the disk, judge.go the comparison with the model.
// `make simulate SEEDS=1000` runs a thousand, SEEDS=17:1 the seventeenth again.
package simulate
