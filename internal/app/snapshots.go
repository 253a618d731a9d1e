package app

import (
	"context"
	"log/slog"
	"time"
)

// Snapshots say where the folds are kept between two runs, so that a start folds
// only what came since. They are disposable: a snapshot that is damaged, or of
// another log, program or position, is not used.
type Snapshots struct {
	// Disk is where they lie; nil for nowhere.
	Disk Disk
	// Code identifies the program whose folds they are: another one does not use
	// them.
	Code [32]byte
	// Every is the number of commits after which one is taken. Defaults to
	// SnapshotEvery.
	Every uint64

	readOnly bool // used, but never written
}

// Limits of when snapshots are taken.
const (
	// SnapshotEvery is the number of commits between two snapshots, where they do not
	// cost too much.
	SnapshotEvery = 20_000
	// snapshotShare keeps the time that snapshots take below this share of all.
	snapshotShare = 10
	// snapshotAfter is when a snapshot is taken of fewer commits than SnapshotEvery,
	// but of a tenth of them.
	snapshotAfter = 10 * time.Minute
	// snapshotRetry is how long none is tried after one could not be written.
	snapshotRetry = time.Minute
	// putAwayBytesMax is how much may lie in memory, put away, before a snapshot
	// takes it over.
	putAwayBytesMax = 32 << 20
	// snapshotBit is how many aggregates, or entries of an index, are worked on
	// between two blocks for a snapshot's sake.
	snapshotBit = 128
)

// snapshotName is the name of the one snapshot on a disk.
const snapshotName = "folds"

// snapshots take snapshots when they are due. It belongs to the committer's
// goroutine.
type snapshots struct {
	Snapshots
	folds *folds

	due      bool // one is to be begun as soon as nothing is in flight
	under    *shot
	whole    bool // under has all that the committer gives it
	settling bool // changes lie over the indexes
	done     chan *shot

	position uint64    // of the latest one
	idleTill time.Time // none before
	at       time.Time // when the latest one was done, or the program began
}

func newSnapshots(f *folds, s Snapshots) *snapshots {
	if s.Every == 0 {
		s.Every = SnapshotEvery
	}
	return &snapshots{Snapshots: s, folds: f, done: make(chan *shot, 1), at: time.Now(), position: f.loaded}
}

// since is the number of commits that the latest snapshot lacks.
func (s *snapshots) since() uint64 { return s.folds.durable.Position - s.position }

// look says whether a snapshot is due: after many commits, or, with seldom set, after
// a long time.
func (s *snapshots) look(seldom bool) {
	if s.Disk == nil || s.readOnly || s.due || s.under != nil || s.settling || s.since() == 0 {
		return
	}
	many := s.since() >= s.Every || s.folds.aggregates.records.inMemory() > putAwayBytesMax
	if !many && !seldom {
		return
	}
	now := time.Now()
	if now.Before(s.idleTill) {
		return
	}
	s.due = many || now.Sub(s.at) >= snapshotAfter && s.since() >= s.Every/10
}

// begin begins one. Nothing is in flight.
func (s *snapshots) begin() error {
	s.due = false
	t, err := s.folds.take(s.Code)
	if err != nil {
		return err
	}
	s.under, s.whole = t, false
	go func() {
		t.write(context.Background(), s.Disk)
		s.done <- t
	}()
	return s.step()
}

// always is a channel that can always be received from.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// work can be received from while the committer has something to do for a snapshot.
func (s *snapshots) work() <-chan struct{} {
	if s.settling || s.under != nil && !s.whole {
		return always
	}
	return nil
}

// step does a bit of the committer's part of the work.
func (s *snapshots) step() error {
	if s.under != nil && !s.whole && s.folds.aggregates.captureSome(snapshotBit) {
		s.whole = true
		close(s.under.complete)
	}
	if s.settling {
		left := false
		for _, t := range s.indexes() {
			left = !t.settle(snapshotBit) || left
		}
		s.settling = left
	}
	return nil
}

// indexes are everything that stands still for a snapshot.
func (s *snapshots) indexes() []section {
	return append(s.folds.journal.tables[:len(s.folds.journal.tables):len(s.folds.journal.tables)], &s.folds.aggregates.cold)
}

// finish takes note that the snapshot under way was written, or why not.
func (s *snapshots) finish(t *shot) error {
	if !s.whole { // it failed before it was given everything
		s.whole = true
		close(t.complete)
	}
	s.under = nil
	for _, x := range t.sections {
		x.thaw()
	}
	s.settling = true
	err := s.folds.aggregates.taken(t)
	s.at = time.Now()
	if t.err != nil {
		slog.Warn("a snapshot of the folds could not be written; the log has everything", "error", t.err)
		s.idleTill = s.at.Add(snapshotRetry)
		return nil
	}
	s.position = t.header.Position
	s.idleTill = s.at.Add((snapshotShare - 1) * t.took)
	return err
}

// last waits for the snapshot under way and takes one more if much came since, when
// the application ends and everything is durable.
func (s *snapshots) last() error {
	if err := s.settle(); err != nil {
		return err
	}
	if s.Disk == nil || s.readOnly || s.since() < max(s.Every/4, 1) {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.settle()
}

// settle waits for the snapshot under way and does all work that is left.
func (s *snapshots) settle() error {
	for s.under != nil || s.settling {
		select {
		case <-s.work():
			if err := s.step(); err != nil {
				return err
			}
		case t := <-s.done:
			if err := s.finish(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// close gives the files back.
func (s *snapshots) close() error {
	if s.under != nil {
		if !s.whole {
			s.folds.aggregates.captureSome(len(s.under.owed))
			close(s.under.complete)
			s.whole = true
		}
		if err := s.finish(<-s.done); err != nil {
			return err
		}
	}
	r := &s.folds.aggregates.records
	if r.drop == nil {
		return nil
	}
	drop := r.drop
	r.base, r.drop = nil, nil
	return drop.Close()
}
