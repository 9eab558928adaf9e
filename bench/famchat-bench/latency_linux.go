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
	schedule schedule
	skip     int   // messages of the warm-up, not counted
	sent     int   // messages
	next     []int // for each member, the message that is due
	began    time.Time
	took     latencies
}

// runLatency lets one member send rate messages a second, by an open-loop
// schedule, through a warm-up and a timed window. The latency of a delivery is
// from the moment its message was to be sent, not from when it was, until the
// receiving member had read it. The generator spins: being woken would count.
func runLatency(ctx context.Context, c *crowd, rate int, warmup, window time.Duration) (latencies, error) {
	interval := time.Second / time.Duration(rate)
	l := &late{crowd: c, skip: int(warmup / interval), next: make([]int, len(c.members))}
	total := l.skip + int(window/interval)
	l.took = make(latencies, 0, (total-l.skip)*len(c.members))
	l.schedule = schedule{first: interval, interval: interval}
	limit := l.schedule.due(total) + drainTimeout
	l.began = time.Now()
	for left := total * len(c.members); left > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now := time.Since(l.began)
		if now > limit {
			return nil, fmt.Errorf("%d deliveries had not come %s after the last message: %w", left, drainTimeout, os.ErrDeadlineExceeded)
		}
		if err := l.send(min(l.schedule.ready(now), total)); err != nil {
			return nil, err
		}
		n, err := l.receive()
		if err != nil {
			return nil, err
		}
		left -= n
	}
	slices.Sort(l.took)
	return l.took, nil
}

// send sends all messages before number until.
func (l *late) send(until int) error {
	for ; l.sent < until; l.sent++ {
		author := &l.crowd.members[0]
		if err := l.crowd.writeAll(author, l.crowd.format.appendMessage(nil, author.id, l.sent)); err != nil {
			return err
		}
	}
	return nil
}

// receive reads whatever is there and returns how many messages that was.
func (l *late) receive() (int, error) {
	n, err := l.crowd.wait(0)
	if err != nil {
		return 0, err
	}
	got := 0
	for i := range n {
		err := l.crowd.readFrames(l.crowd.ready(i), func(m *member, s []byte) error {
			got++
			return l.take(m, s)
		})
		if err != nil {
			return 0, err
		}
	}
	return got, nil
}

// take notes one delivery.
func (l *late) take(m *member, s []byte) error {
	now := time.Since(l.began)
	_, seq, err := parseText(s)
	if err != nil || seq != l.next[m.id] {
		return fmt.Errorf("member %d got %q where message %d was due", m.id, s, l.next[m.id])
	}
	l.next[m.id]++
	if seq >= l.skip {
		l.took = append(l.took, now-l.schedule.due(seq))
	}
	return nil
}
