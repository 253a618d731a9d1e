package keys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// rotationPassesMax bounds how often a rotation looks whether everything is wrapped
// anew: once more for what another machine stored meanwhile, or what was cut short.
const rotationPassesMax = 5

// wrongLastSequence is the broker's refusal of an expectation.
const wrongLastSequence jetstream.ErrorCode = 10071

// Destroy erases the keys' bytes, rotates the master key, wraps the others anew and
// retires the old master, so that no copy of the old file or of the stream opens an
// erased person's values. What was cut short before is finished, whoever began it;
// without names nothing else is done. It may be repeated after an error or a crash at
// any step: until the last one both generations of the master key are in its file.
func (s *Stream) Destroy(ctx context.Context, names ...string) error {
	if len(names) == 0 && !s.master.rotating() {
		return nil
	}
	return s.master.exclude(ctx, func() error {
		if len(names) == 0 && !s.master.rotating() {
			return nil
		}
		all, err := s.all(ctx)
		if err != nil {
			return err
		}
		gone := func(k stored) bool { return slices.Contains(names, k.Name) }
		if slices.ContainsFunc(all, gone) {
			// A new generation even where a rotation was cut short: that one may have
			// wrapped these keys.
			if err := s.rotate(); err != nil {
				return err
			}
		} else if !s.master.rotating() {
			return nil // destroyed before
		}
		for _, k := range all {
			if gone(k) {
				if err := s.eraseStep(ctx, k); err != nil {
					return err
				}
			}
		}
		return s.wrapAnew(ctx)
	})
}

// Rotate makes a new master key, wraps every key anew and retires the old one.
func (s *Stream) Rotate(ctx context.Context) error {
	return s.master.exclude(ctx, func() error {
		if err := s.rotate(); err != nil {
			return err
		}
		return s.wrapAnew(ctx)
	})
}

func (s *Stream) rotate() error {
	if err := s.before("rotate"); err != nil {
		return err
	}
	return s.master.rotate()
}

// wrapAnew wraps every key with the newest generation, erases the older messages,
// and then retires the older generations.
func (s *Stream) wrapAnew(ctx context.Context) error {
	for range rotationPassesMax {
		all, err := s.all(ctx)
		if err != nil {
			return err
		}
		// The tag key first: it says to other machines which generation is current.
		slices.SortStableFunc(all, func(a, b stored) int {
			return cmp.Compare(btoi(a.Name != TagName), btoi(b.Name != TagName))
		})
		last, changed := newest(all), false
		for _, k := range all {
			if k.seq != last[k.Name].seq {
				continue
			}
			if generationOf(k.Box) != s.master.newest() {
				changed = true
				if err := s.rewrap(ctx, k); err != nil {
					return err
				}
			}
		}
		for _, k := range all {
			if k.seq != last[k.Name].seq || generationOf(k.Box) != s.master.newest() {
				changed = true
				if err := s.eraseOlder(ctx, k); err != nil {
					return err
				}
			}
		}
		if !changed {
			if err := s.before("retire"); err != nil {
				return err
			}
			return s.master.retire()
		}
	}
	return errors.New("the keys change while they are wrapped anew: another machine is rotating the master key too; try again")
}

// rewrap stores k under the newest generation. When another message of the name came
// first, the next pass sees it.
func (s *Stream) rewrap(ctx context.Context, k stored) error {
	if err := s.before("wrap " + k.Name); err != nil {
		return err
	}
	key, err := s.master.unwrap(k.Name, k.Box)
	if err != nil {
		return err
	}
	box, err := s.master.wrap(k.Name, key)
	if err != nil {
		return err
	}
	_, err = patiently(ctx, func(ctx context.Context) (*jetstream.PubAck, error) {
		return s.js.Publish(ctx, s.subjectOf(k.Name), box, jetstream.WithExpectLastSequencePerSubject(k.seq))
	})
	var refusal *jetstream.APIError
	if errors.As(err, &refusal) && refusal.ErrorCode == wrongLastSequence {
		return nil
	}
	return err
}

// eraseOlder erases a message of which there is a newer one. One that was not
// replaced after all is left to the next pass.
func (s *Stream) eraseOlder(ctx context.Context, k stored) error {
	m, err := s.last(ctx, k.Name)
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && m.Sequence == k.seq {
		return nil
	}
	if err != nil {
		return err
	}
	return s.eraseStep(ctx, k)
}

func (s *Stream) eraseStep(ctx context.Context, k stored) error {
	if err := s.before("erase " + k.Name); err != nil {
		return err
	}
	return s.erase(ctx, k.seq)
}

func (s *Stream) before(what string) error {
	if s.step == nil {
		return nil
	}
	if err := s.step(what); err != nil {
		return fmt.Errorf("before %s: %w", what, err)
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
