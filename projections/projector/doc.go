// Package projector keeps the views in Postgres: it follows the log, folds it with
// the projections of package projections and writes rows and checkpoint in one
// transaction.
//
// It owns everything about where rows are kept: one active projector at a time,
// batches, the checkpoint, waiting for a position, rebuild and swap, versions,
// verification and reading. It refuses to know what a view means. Start reading at
// [Projector]; then leader.go, which is the life of a running one, and step.go,
// which is one transaction.
//
// # What is promised
//
// All live projections stand at one checkpoint: the position, and the SHA-256 of
// the commit there. It moves in the transaction that writes the rows, under the
// lock of its one row and only if term and position are still the ones the
// projector works on; so a projector that was paused while another took over
// writes nothing. A commit is never split. Stream identity and commit hash are
// checked before the first write: a stream that was made anew, cut or exchanged is
// refused ([ErrStream]).
//
// An event that a projection cannot fold stops this projection before that commit,
// with the event and the error in projection_status; the others go on.
// [Projector.Resume] tries again, [Projector.Rebuild] begins from the log's start.
// Postgres may vanish at any time: Run tries again until its context ends, and
// nothing is lost, since the log is the truth. For the same reason the projector's
// transactions do not wait for the disk (synchronous_commit off): after a power
// cut the views are older, never wrong.
package projector
