package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"famchat/protocol"
)

const (
	// disturbedAuthors share the sending, so that none comes near the rate.
	disturbedAuthors = 10
	// defaultRate is the daemon's own message_rate.
	defaultRate = 10
	// disturberID is where the numbers in the names of those who disturb begin:
	// all others are below.
	disturberID = 20000
	// What those who disturb may do at a time, so that the generator soon looks
	// at those whom it measures again.
	fewEvents  = 16
	fewDials   = 4
	floodBytes = 64 << 10

	floodPromise, stormPromise, joinPromise = 2, 3, 2
)

// disturbances is one round of all disturbances. The daemon's message rate is at
// its default here.
func (b *bench) disturbances(ctx context.Context, round int) error {
	b.programs.messageRate = defaultRate
	defer func() { b.programs.messageRate = 0 }()
	p := b.plan.disturbed
	room := fmt.Sprintf("%d members, %d messages/s, p99", p.members, p.rate)
	for _, d := range []struct {
		name    string
		promise float64
		run     func(ctx context.Context, s *server, c *crowd) (quiet, disturbed time.Duration, err error)
	}{
		{"a flooder, " + room, floodPromise, b.runFlood},
		{fmt.Sprintf("%d arrive in %s, %s", p.arrivals, p.storm, room), stormPromise, b.runStorm},
		{fmt.Sprintf("%d half names sent, a join, p50 of %d", p.halves, p.joins), joinPromise, b.runHalves},
	} {
		err := b.measure(ctx, kind{Poller: "epoll"}, p.members, func(s *server, c *crowd) error {
			quiet, disturbed, err := d.run(ctx, s, c)
			if err == nil {
				b.report.addDisturbed(d.name, "µs", d.promise, microseconds(quiet), microseconds(disturbed))
				b.say("round %d of %d: %s: quiet %s, disturbed %s", round+1, b.plan.rounds, d.name, quiet, disturbed)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// roomP99 measures the latency in the room, with beside as in late.
func (b *bench) roomP99(ctx context.Context, c *crowd, rate int, window time.Duration, beside func(time.Duration) error) (time.Duration, error) {
	l := newLate(c, rate, disturbedAuthors, b.plan.warmup, window)
	l.others, l.beside = true, beside
	took, err := l.run(ctx)
	return percentile(took, 99), err
}

// newDisturbers makes a crowd of those who disturb, none of whom has come yet.
func (b *bench) newDisturbers(n int) (*crowd, error) {
	c, err := newCrowd(n, b.formats[false])
	if err == nil {
		c.first = disturberID
	}
	return c, err
}

// runFlood lets one more member send as fast as its socket takes.
func (b *bench) runFlood(ctx context.Context, s *server, c *crowd) (quiet, disturbed time.Duration, err error) {
	one, err := b.newDisturbers(1)
	if err != nil {
		return 0, 0, err
	}
	defer one.close()
	if err := one.enter(ctx, s.addr, true); err != nil {
		return 0, 0, err
	}
	if quiet, err = b.roomP99(ctx, c, b.plan.disturbed.rate, b.plan.window, nil); err != nil {
		return 0, 0, err
	}
	f := newFlooder(one, b.plan.disturbed.floodLines)
	disturbed, err = b.roomP99(ctx, c, b.plan.disturbed.rate, b.plan.window, f.flood)
	b.say("the flooder got %d lines into its socket", f.sent/one.format.sent)
	return quiet, disturbed, err
}

// flooder is the only member of its crowd and floods.
type flooder struct {
	crowd *crowd
	lines []byte // whole ones, sent over and over
	sent  int    // bytes
	limit int    // bytes
}

func newFlooder(c *crowd, lines int) *flooder {
	f := &flooder{crowd: c, limit: lines * c.format.sent}
	for seq := 0; len(f.lines) < floodBytes; seq++ {
		f.lines = c.format.appendMessage(f.lines, disturberID, seq)
	}
	return f
}

// flood writes what the socket takes, and drops what has come.
func (f *flooder) flood(time.Duration) error {
	at := f.sent % len(f.lines)
	if end := min(len(f.lines), at+f.limit-f.sent); at < end {
		n, err := f.crowd.write(&f.crowd.members[0], f.lines[at:end])
		if err != nil {
			return fmt.Errorf("the flooder: %w", err)
		}
		f.sent += n
	}
	n, err := f.crowd.waitFew(0, 1)
	if err == nil && n > 0 {
		_, err = f.crowd.discard(f.crowd.ready(0))
	}
	return err
}

// runStorm lets many connect within a short time, who say their names and stay.
func (b *bench) runStorm(ctx context.Context, s *server, c *crowd) (quiet, disturbed time.Duration, err error) {
	p := b.plan.disturbed
	if quiet, err = b.roomP99(ctx, c, b.plan.disturbed.rate, b.plan.window, nil); err != nil {
		return 0, 0, err
	}
	many, err := b.newDisturbers(p.arrivals)
	if err != nil {
		return 0, 0, err
	}
	defer many.close()
	a := &arrivals{crowd: many, addr: s.addr, schedule: schedule{interval: p.storm / time.Duration(p.arrivals)}}
	before, err := s.cpu()
	if err != nil {
		return 0, 0, err
	}
	if disturbed, err = b.roomP99(ctx, c, p.rate, p.storm, a.come); err != nil {
		return 0, 0, err
	}
	began := time.Now().Add(-a.last) // goes on where the measurement ended
	for a.welcomed < p.arrivals {
		since := time.Since(began)
		if err = ctx.Err(); err == nil && since > joinTimeout {
			err = os.ErrDeadlineExceeded
		}
		if err == nil {
			err = a.come(since)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%d of %d welcomed: %w", a.welcomed, p.arrivals, err)
		}
	}
	used, err := s.cpu()
	b.say("the last of %d connected after %s and was welcomed after %s; the server used %s; the generator looked away for at most %s",
		p.arrivals, a.connected, a.all, used-before, a.away)
	return quiet, disturbed, err
}

// arrivals are the people who all come at once.
type arrivals struct {
	crowd     *crowd
	addr      netip.AddrPort
	schedule  schedule
	welcomed  int
	connected time.Duration // when the last one had connected
	all       time.Duration // when all were welcomed
	last      time.Duration // when come was called last
	away      time.Duration // the longest between two calls: what the generator may have added to a latency
}

// come lets a few of those who are due connect, and a few of those who have read.
func (a *arrivals) come(since time.Duration) error {
	if a.last > 0 {
		a.away = max(a.away, since-a.last)
	}
	a.last = since
	total := cap(a.crowd.members)
	due := min(total, a.schedule.ready(since))
	for range min(fewDials, due-len(a.crowd.members)) {
		if _, err := a.crowd.dial(a.addr); err != nil {
			return err
		}
		a.connected = since
	}
	n, err := a.crowd.waitFew(0, fewEvents)
	if err != nil {
		return err
	}
	for i := range n {
		m := a.crowd.ready(i)
		before := m.named
		if before { // from then on whatever comes is dropped unread
			_, err = a.crowd.discard(m)
		} else {
			err = a.crowd.readFrames(m, a.crowd.answer)
		}
		if err != nil {
			return err
		}
		if m.named && !before {
			a.welcomed++
			a.all = since
		}
	}
	return nil
}

// runHalves lets people join one after the other, without and with many who have
// sent half a name. The room is silent.
func (b *bench) runHalves(ctx context.Context, s *server, _ *crowd) (quiet, disturbed time.Duration, err error) {
	p := b.plan.disturbed
	if quiet, err = b.joinOneByOne(ctx, s.addr); err != nil {
		return 0, 0, err
	}
	halves, err := b.newDisturbers(p.halves)
	if err != nil {
		return 0, 0, err
	}
	defer halves.close()
	frame, err := protocol.AppendFrame(nil, memberName(disturberID+1))
	if err != nil {
		return 0, 0, err
	}
	half := frame[:protocol.HeaderBytes+(len(frame)-protocol.HeaderBytes)/2]
	for range p.halves {
		m, err := halves.dial(s.addr)
		if err == nil {
			err = halves.writeAll(m, half)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if err := sleep(ctx, p.pause); err != nil {
		return 0, 0, err
	}
	if disturbed, err = b.joinOneByOne(ctx, s.addr); err != nil {
		return 0, 0, err
	}
	for i := range halves.members { // all are there still: the question for the name, then nothing
		for range 2 {
			if _, err := halves.discard(&halves.members[i]); err != nil {
				return 0, 0, fmt.Errorf("half a name: %w", err)
			}
		}
	}
	return quiet, disturbed, nil
}

// joinOneByOne returns the median time from connecting to the welcome, and lets
// all who have joined leave again.
func (b *bench) joinOneByOne(ctx context.Context, addr netip.AddrPort) (time.Duration, error) {
	c, err := b.newDisturbers(b.plan.disturbed.joins)
	if err != nil {
		return 0, err
	}
	took := make([]time.Duration, 0, cap(c.members))
	for err == nil && len(took) < cap(c.members) {
		var one time.Duration
		one, err = c.joinOne(ctx, addr)
		took = append(took, one)
	}
	c.close()
	if err != nil {
		return 0, err
	}
	slices.Sort(took)
	return percentile(took, 50), sleep(ctx, b.plan.disturbed.pause)
}

// joinOne lets one more member join. It spins, as runLatency does.
func (c *crowd) joinOne(ctx context.Context, addr netip.AddrPort) (time.Duration, error) {
	began := time.Now()
	joining, err := c.dial(addr)
	for err == nil && !joining.named {
		if err = ctx.Err(); err == nil && time.Since(began) > joinTimeout {
			err = os.ErrDeadlineExceeded
		}
		n := 0
		if err == nil {
			n, err = c.wait(0)
		}
		for i := 0; i < n && err == nil; i++ {
			err = c.readFrames(c.ready(i), c.answer)
		}
	}
	return time.Since(began), err
}
