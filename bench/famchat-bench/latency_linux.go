package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// latencies are the times of all deliveries of a measurement, ascending.
type latencies []time.Duration

// late is one latency measurement under way. Times count from its beginning.
type late struct {
	crowd    *crowd
	authors  int                             // members that send, in turn
	others   bool                            // may be heard too, and are not counted
	beside   func(since time.Duration) error // called in the timed window and after, with the time since it began; or nil
	schedule schedule
	total    int   // messages
	skip     int   // messages of the warm-up, not counted
	sent     int   // messages
	next     []int // for each member and author, the message that is due
	began    time.Time
	took     latencies
}

// runLatency lets one member send rate messages a second, by an open-loop
// schedule, through a warm-up and a timed window. The latency of a delivery is
// from the moment its message was to be sent, not from when it was, until the
// receiving member had read it. The generator spins: being woken would count.
func runLatency(ctx context.Context, c *crowd, rate int, warmup, window time.Duration) (latencies, error) {
	return newLate(c, rate, 1, warmup, window).run(ctx)
}

func newLate(c *crowd, rate, authors int, warmup, window time.Duration) *late {
	interval := time.Second / time.Duration(rate)
	l := &late{crowd: c, authors: authors, skip: int(warmup / interval), next: make([]int, authors*len(c.members))}
	for i := range l.next {
		l.next[i] = i % authors
	}
	l.total = l.skip + int(window/interval)
	l.took = make(latencies, 0, (l.total-l.skip)*len(c.members))
	l.schedule = schedule{first: interval, interval: interval}
	return l
}

func (l *late) run(ctx context.Context) (latencies, error) {
	limit := l.schedule.due(l.total) + drainTimeout
	l.began = time.Now()
	for left := l.total * len(l.crowd.members); left > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := time.Since(l.began)
		if now > limit {
			return nil, fmt.Errorf("%d deliveries had not come %s after the last message: %w", left, drainTimeout, os.ErrDeadlineExceeded)
		}
		if err := l.send(min(l.schedule.ready(now), l.total)); err != nil {
			return nil, err
		}
		n, err := l.receive()
		if err != nil {
			return nil, err
		}
		left -= n
		if since := now - l.schedule.due(l.skip); l.beside != nil && since >= 0 {
			if err := l.beside(since); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(l.took)
	return l.took, nil
}

// send sends all messages before number until.
func (l *late) send(until int) error {
	for ; l.sent < until; l.sent++ {
		author := &l.crowd.members[l.sent%l.authors]
		if err := l.crowd.writeAll(author, l.crowd.format.appendMessage(nil, author.id, l.sent)); err != nil {
			return err
		}
	}
	return nil
}

// receive reads whatever is there and returns how many deliveries that was.
func (l *late) receive() (int, error) {
	n, err := l.crowd.wait(0)
	if err != nil {
		return 0, err
	}
	got := 0
	for i := range n {
		err := l.crowd.readFrames(l.crowd.ready(i), func(m *member, s []byte) error {
			mine, err := l.take(m, s)
			if mine {
				got++
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return got, nil
}

// take notes one delivery. It reports whether s is one.
func (l *late) take(m *member, s []byte) (bool, error) {
	now := time.Since(l.began)
	author, seq, err := parseText(s)
	if l.others && (err != nil || author >= l.authors) {
		return false, nil
	}
	due := &l.next[m.id*l.authors+seq%l.authors]
	if err != nil || seq != *due {
		return false, fmt.Errorf("member %d got %q where message %d was due", m.id, s, *due)
	}
	*due += l.authors
	if seq >= l.skip {
		l.took = append(l.took, now-l.schedule.due(seq))
	}
	return true, nil
}
