package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	// writeMax is the most that one write offers a socket.
	writeMax = 64 << 10
	// batchOfEach is how many messages a member writes at once where everybody
	// sends.
	batchOfEach = 20
	// napTime is how long the generator leaves the sockets alone after a wait that
	// found little, so that it reads much at once instead of waking for every
	// segment. What collects meanwhile is well below what the sockets hold.
	napTime   = 200 * time.Microsecond
	napEvents = 64
	// drainTimeout is how long nothing may come while something is due.
	drainTimeout = 10 * time.Second
)

// load is who sends how much at a time.
type load struct {
	senders     int // the first so many members
	batch       int // messages in one write
	outstanding int // messages that may be under way
}

// loadOf returns the load of one sender or of everybody.
func (p plan) loadOf(everybody bool, members int, f format) load {
	if everybody {
		return load{senders: members, batch: batchOfEach, outstanding: p.outstanding}
	}
	return load{senders: 1, batch: min(writeMax/f.sent, p.outstanding), outstanding: p.outstanding}
}

// throughput is what a timed window saw.
type throughput struct {
	deliveries   float64 // messages, each counted once for every member
	wall         time.Duration
	serverCPU    time.Duration
	generatorCPU time.Duration
}

// traffic is one throughput measurement under way.
type traffic struct {
	crowd  *crowd
	server *server
	load   load
	batch  []byte // the same messages over and over: they cost the generator nothing

	next  int       // the sender whose turn it is
	stuck []*member // those whose socket has not taken the whole batch
	sent  int       // messages
	got   int       // bytes
}

// runThroughput keeps the server busy: through a warm-up, a timed window, and
// until everything has arrived. Then each member must have got exactly the bytes
// that were due to it.
func runThroughput(ctx context.Context, s *server, c *crowd, l load, warmup, window time.Duration) (throughput, error) {
	t := &traffic{crowd: c, server: s, load: l}
	for i := range l.batch {
		t.batch = c.format.appendMessage(t.batch, 0, i)
	}
	if err := t.flow(ctx, warmup); err != nil {
		return throughput{}, fmt.Errorf("warming up: %w", err)
	}
	before, err := t.look()
	if err != nil {
		return throughput{}, err
	}
	if err := t.flow(ctx, window); err != nil {
		return throughput{}, fmt.Errorf("timed window: %w", err)
	}
	after, err := t.look()
	if err != nil {
		return throughput{}, err
	}
	if err := t.drain(ctx); err != nil {
		return throughput{}, fmt.Errorf("after the timed window: %w", err)
	}
	return throughput{
		deliveries:   after.deliveries - before.deliveries,
		wall:         after.wall - before.wall,
		serverCPU:    after.serverCPU - before.serverCPU,
		generatorCPU: after.generatorCPU - before.generatorCPU,
	}, nil
}

var processStart = time.Now()

// look reads all counters.
func (t *traffic) look() (now throughput, err error) {
	now.deliveries = t.delivered() * float64(len(t.crowd.members))
	now.wall = time.Since(processStart)
	if now.serverCPU, err = t.server.cpu(); err != nil {
		return now, err
	}
	now.generatorCPU, err = processCPU(os.Getpid())
	return now, err
}

// delivered returns how many messages have come, averaged over the members.
func (t *traffic) delivered() float64 {
	return float64(t.got) / float64(t.crowd.format.round(len(t.crowd.members)))
}

// flow sends and receives for so long.
func (t *traffic) flow(ctx context.Context, long time.Duration) error {
	for began := time.Now(); time.Since(began) < long; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.send(); err != nil {
			return err
		}
		if err := t.receive(); err != nil {
			return err
		}
	}
	return nil
}

// send writes batches, one sender after the other, as long as few enough messages
// are under way. First come those whose socket took only a part.
func (t *traffic) send() error {
	if err := t.unstick(); err != nil {
		return err
	}
	room := t.load.outstanding + int(t.delivered()) - t.sent
	for ; room >= t.load.batch && len(t.stuck) < t.load.senders; room -= t.load.batch {
		m := &t.crowd.members[t.next]
		t.next = (t.next + 1) % t.load.senders
		if m.left > 0 {
			continue
		}
		m.left = len(t.batch)
		m.sent += t.load.batch
		t.sent += t.load.batch
		if err := t.offer(m); err != nil {
			return err
		}
		if m.left > 0 {
			t.stuck = append(t.stuck, m)
		}
	}
	return nil
}

// offer writes what is left of m's batch.
func (t *traffic) offer(m *member) error {
	n, err := t.crowd.write(m, t.batch[len(t.batch)-m.left:])
	m.left -= n
	return err
}

func (t *traffic) unstick() error {
	still := t.stuck[:0]
	for _, m := range t.stuck {
		if err := t.offer(m); err != nil {
			return err
		}
		if m.left > 0 {
			still = append(still, m)
		}
	}
	t.stuck = still
	return nil
}

// receive drops and counts what has come.
func (t *traffic) receive() error {
	n, err := t.crowd.wait(1) // not longer: a stuck sender's socket is not watched
	if err != nil {
		return err
	}
	for i := range n {
		got, err := t.crowd.discard(t.crowd.ready(i))
		if err != nil {
			return err
		}
		t.got += got
	}
	if n < napEvents {
		nap(napTime)
	}
	return nil
}

// due returns the bytes that m must have got of all that was sent.
func (t *traffic) due(m *member) int {
	return (t.sent-m.sent)*t.crowd.format.delivery + m.sent*t.crowd.format.echo
}

// drain receives until everything that was sent has come, and compares.
func (t *traffic) drain(ctx context.Context) error {
	due := 0
	for i := range t.crowd.members {
		due += t.due(&t.crowd.members[i])
	}
	progress, before := time.Now(), t.got
	for t.got < due || len(t.stuck) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if t.got > before {
			progress, before = time.Now(), t.got
		}
		if time.Since(progress) > drainTimeout {
			return fmt.Errorf("only %d of %d bytes have come, and none for %s: messages are lost, or longer or shorter than the first one",
				t.got, due, drainTimeout)
		}
		if err := t.unstick(); err != nil {
			return err
		}
		if err := t.receive(); err != nil {
			return err
		}
	}
	for i := range t.crowd.members {
		m := &t.crowd.members[i]
		if m.got != t.due(m) {
			return fmt.Errorf("member %d got %d bytes where %d were due: messages are lost, doubled, or longer or shorter than the first one (midnight?)",
				m.id, m.got, t.due(m))
		}
	}
	return nil
}
