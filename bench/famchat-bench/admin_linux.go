package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"famchat/admin"
	"famchat/protocol"

	"golang.org/x/sys/unix"
)

const (
	// adminPromise is the most that the ratio of the p99 with admin requests to the
	// one without is to be.
	adminPromise = 1.2
	// maxHeadBytes is the most that the head of an answer may have.
	maxHeadBytes = 8 << 10

	membersPath = "/v1/members"
	statsPath   = "/v1/stats"
)

// adminPlan are the sizes of the admin measurements.
type adminPlan struct {
	members int
	rate    int // messages a second
	asked   int // requests a second
	listed  int // members of the list
	lists   int // one after the other
	pause   time.Duration
}

// admins is one round with somebody at the admin socket: the latency in a room
// without and with a hundred requests a second.
func (b *bench) admins(ctx context.Context, round int) error {
	b.programs.messageRate = defaultRate
	defer func() { b.programs.messageRate = 0 }()
	p := b.plan.admin
	name := fmt.Sprintf("%d admin requests/s, %d members, %d messages/s, p99", p.asked, p.members, p.rate)
	err := b.measure(ctx, kind{Poller: "epoll"}, p.members, func(s *server, c *crowd) error {
		started, err := s.cpu()
		if err != nil {
			return err
		}
		quiet, err := b.roomP99(ctx, c, p.rate, b.plan.window, nil)
		if err != nil {
			return err
		}
		between, err := s.cpu()
		if err != nil {
			return err
		}
		a, err := dialAdmin(s.socket)
		if err != nil {
			return err
		}
		defer a.close()
		a.schedule = schedule{interval: time.Second / time.Duration(p.asked)}
		disturbed, err := b.roomP99(ctx, c, p.rate, b.plan.window, a.askInTurn)
		if err != nil {
			return err
		}
		ended, err := s.cpu()
		b.report.addDisturbed(name, "µs", adminPromise, microseconds(quiet), microseconds(disturbed))
		b.say("round %d of %d: %s: quiet %s, disturbed %s; %d requests were answered; the server used %s without and %s with them",
			round+1, b.plan.rounds, name, quiet, disturbed, a.answered, between-started, ended-between)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// lists measures, once, how long a list of very many members takes, and for how long
// somebody who talks meanwhile waits for the echo.
func (b *bench) lists(ctx context.Context) error {
	p, k := b.plan.admin, kind{Poller: "epoll"}
	err := b.measure(ctx, k, p.listed, func(s *server, c *crowd) error {
		a, err := dialAdmin(s.socket)
		if err != nil {
			return err
		}
		defer a.close()
		if err := c.idle(ctx, p.pause); err != nil { // what the joining left to do is over then
			return err
		}
		daemon := admin.Client{Socket: s.socket}
		before, err := daemon.Stats(ctx)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("list, %d members", p.listed)
		var took, quiet, during []time.Duration
		for range p.lists {
			one, longest, err := c.listed(ctx, a, nil)
			if err != nil {
				return err
			}
			took, during = append(took, one), append(during, longest)
			// As long without a list.
			_, longest, err = c.listed(ctx, a, &one)
			if err != nil {
				return err
			}
			quiet = append(quiet, longest)
		}
		for i := range took {
			b.report.add(name, "ms", k, microseconds(took[i])/1e3, 0)
			b.report.add(name+", longest wait for an echo meanwhile", "µs", k, microseconds(during[i]), 0)
			b.report.add(name+", longest wait as long without", "µs", k, microseconds(quiet[i]), 0)
		}
		after, err := daemon.Stats(ctx)
		if err != nil {
			return err
		}
		b.say("the longest turn of the loop, with all who joined: %s; with the lists: %s", time.Duration(before.LongestTurn), time.Duration(after.LongestTurn))
		slices.Sort(took)
		b.say("%s: %s, at most %s, %d bytes; an echo took at most %s meanwhile, %s without", name,
			percentile(took, 50), took[len(took)-1], a.bytes/p.lists, slices.Max(during), slices.Max(quiet))
		return nil
	})
	if err != nil {
		return fmt.Errorf("the list of members: %w", err)
	}
	return nil
}

// listed asks for the list of members, and lets a member write notes to itself, one
// after the other, until it has come; or without a list for as long as instead says.
// It returns how long that took, and the longest time that a note took.
func (c *crowd) listed(ctx context.Context, a *caller, instead *time.Duration) (took, longest time.Duration, err error) {
	m := &c.members[0]
	note, err := protocol.AppendFrame(nil, "@"+memberName(c.first+m.id)+" note")
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if instead == nil {
		err = a.ask(membersPath)
	}
	var sent time.Time // zero: none is under way
	for err == nil {
		now := time.Now()
		over := took > 0 // the last note is all that is left to come
		if since := now.Sub(began); !over && !a.asking && (instead == nil || since >= *instead) {
			took, over = since, true
		}
		switch {
		case now.Sub(began) > syncTimeout:
			return 0, 0, os.ErrDeadlineExceeded
		case over && sent.IsZero():
			return took, longest, nil
		case sent.IsZero():
			sent = now
			err = c.writeAll(m, note)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = a.take()
		}
		n := 0
		if err == nil {
			n, err = c.wait(0)
		}
		for i := 0; i < n && err == nil; i++ {
			err = c.readFrames(c.ready(i), func(*member, []byte) error {
				longest = max(longest, time.Since(sent))
				sent = time.Time{}
				return nil
			})
		}
	}
	return 0, 0, err
}

// caller asks the admin API over one connection and drops what is answered. It never
// waits: it shares the generator's thread with those whom that measures.
type caller struct {
	fd       int
	buf      []byte
	schedule schedule
	sent     int // by the schedule

	asking   bool
	head     []byte // of the answer, as far as it has come
	left     int    // bytes of its body still to come, once the head has
	answered int
	bytes    int // of bodies
}

// dialAdmin connects to an admin socket.
func dialAdmin(path string) (*caller, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("connecting to the admin socket: %w", err)
	}
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("connecting to the admin socket at %s: %w", path, err)
	}
	return &caller{fd: fd, buf: make([]byte, readBytes)}, nil
}

func (a *caller) close() { unix.Close(a.fd) }

// askInTurn asks for members and for stats by turns, as the schedule has it; one that
// is due while another is under way comes after it.
func (a *caller) askInTurn(since time.Duration) error {
	if !a.asking && a.sent < a.schedule.ready(since) {
		path := membersPath
		if a.sent%2 == 1 {
			path = statsPath
		}
		a.sent++
		if err := a.ask(path); err != nil {
			return err
		}
	}
	return a.take()
}

// ask sends a request.
func (a *caller) ask(path string) error {
	a.asking, a.head, a.left = true, a.head[:0], 0
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: famchat\r\n\r\n", path)
	if n, err := unix.Write(a.fd, request); err != nil || n < len(request) {
		return fmt.Errorf("asking the admin socket: %d of %d bytes, %w", n, len(request), errors.Join(err, io.ErrShortWrite))
	}
	return nil
}

// take takes what has come of an answer.
func (a *caller) take() error {
	if !a.asking {
		return nil
	}
	n, err := unix.Read(a.fd, a.buf)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("reading from the admin socket: %w", err)
	case n == 0:
		return fmt.Errorf("the daemon closed the admin socket: %w", io.ErrUnexpectedEOF)
	}
	body := a.buf[:n]
	if a.left == 0 {
		if body, err = a.takeHead(body); err != nil || a.left == 0 {
			return err
		}
	}
	a.bytes += len(body)
	if a.left -= len(body); a.left == 0 {
		a.asking = false
		a.answered++
	}
	return nil
}

// takeHead takes the head of an answer and returns what follows it.
func (a *caller) takeHead(b []byte) (body []byte, err error) {
	a.head = append(a.head, b...)
	head, body, whole := bytes.Cut(a.head, []byte("\r\n\r\n"))
	switch {
	case !whole && len(a.head) > maxHeadBytes:
		return nil, fmt.Errorf("the admin socket answers with %q", a.head[:100])
	case !whole:
		return nil, nil
	case !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")):
		return nil, fmt.Errorf("the admin socket answers with %q", a.head)
	}
	const length = "\r\nContent-Length: "
	_, rest, found := bytes.Cut(head, []byte(length))
	digits, _, _ := bytes.Cut(rest, []byte("\r\n"))
	if a.left, err = strconv.Atoi(string(digits)); !found || err != nil || a.left <= 0 {
		return nil, fmt.Errorf("the admin socket answers without a length: %q", head)
	}
	return body, nil
}
