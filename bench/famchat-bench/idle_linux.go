package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// calm is how long a server is left alone after its start or after the members
// have joined, before it is watched: what it did for them is over then.
const calm = time.Second

// nap stops this thread for so long, or shorter.
func nap(long time.Duration) {
	t := unix.NsecToTimespec(long.Nanoseconds())
	_ = unix.Nanosleep(&t, nil) // a signal may end it early
}

// sleep waits for so long, or until ctx is done.
func sleep(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// memory is what members cost a server that is otherwise at rest.
type memory struct {
	before int64 // bytes resident after the start
	after  int64 // bytes resident with the members
}

// perMember returns the growth for each of n members, in bytes.
func (m memory) perMember(n int) float64 {
	return float64(m.after-m.before) / float64(n)
}

// runMemory measures a server's resident memory after its start and again when n
// members have joined and settle has passed. Nothing is sent to it, forced or
// freed in between.
func (b *bench) runMemory(ctx context.Context, k kind, n int, settle time.Duration) (m memory, err error) {
	err = b.measure(ctx, k, 0, func(s *server, _ *crowd) error {
		c, err := newCrowd(n, b.formats[k.Floor])
		if err != nil {
			return err
		}
		defer c.close()
		if err := sleep(ctx, min(calm, settle)); err != nil {
			return err
		}
		if m.before, err = s.rss(); err != nil {
			return err
		}
		if err := c.join(ctx, s); err != nil {
			return err
		}
		if err := c.idle(ctx, settle); err != nil {
			return err
		}
		m.after, err = s.rss()
		return err
	})
	return m, err
}

// atRest is what a server uses while nothing happens.
type atRest struct {
	cpu time.Duration
	rss int64 // bytes
}

// runRest watches a server with n members, none of whom says anything.
func (b *bench) runRest(ctx context.Context, k kind, n int, long time.Duration) (r atRest, err error) {
	err = b.measure(ctx, k, n, func(s *server, c *crowd) error {
		if err := c.idle(ctx, min(calm, long)); err != nil {
			return err
		}
		before, err := s.cpu()
		if err != nil {
			return err
		}
		if err := c.idle(ctx, long); err != nil {
			return err
		}
		after, err := s.cpu()
		if err != nil {
			return err
		}
		r.cpu = after - before
		r.rss, err = s.rss()
		return err
	})
	return r, err
}

// idle lets all members be silent for so long. Nothing may come, and nobody may
// be cut off.
func (c *crowd) idle(ctx context.Context, long time.Duration) error {
	if err := sleep(ctx, long); err != nil {
		return err
	}
	n, err := c.wait(0)
	if err == nil && n > 0 {
		err = c.readFrames(c.ready(0), func(m *member, s []byte) error {
			return fmt.Errorf("member %d got %q while nobody said anything", m.id, s)
		})
		if err == nil {
			err = errors.New("a part of a frame came while nobody said anything")
		}
	}
	return err
}
