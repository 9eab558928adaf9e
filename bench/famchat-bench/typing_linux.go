package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const (
	// typingPromise is the most that it may take until a key is shown, at p99.
	typingPromise = 50 * time.Millisecond
	// firstRune is the first of the characters that are typed, each once: none is in
	// what the others write.
	firstRune = '\u4e00'
	// draftKeys are typed before the line is thrown away with Ctrl-U.
	draftKeys = 30
	killLine  = "\x15"
)

// typingPlan are the sizes of the typing measurement.
type typingPlan struct {
	flood int           // lines a second
	key   time.Duration // between two keys
}

// typing is one round of typing in a quiet room and in one where lines scroll by.
func (b *bench) typing(ctx context.Context, round int) error {
	took := make([]latencies, 2)
	for i, flood := range []int{0, b.plan.typing.flood} {
		err := b.measure(ctx, kind{Poller: "epoll"}, 2, func(s *server, c *crowd) (err error) {
			took[i], err = b.runTyping(ctx, s, c, flood)
			return err
		})
		if err != nil {
			return fmt.Errorf("typing: %w", err)
		}
	}
	for _, p := range []float64{50, 99} {
		quiet, flooded := percentile(took[0], p), percentile(took[1], p)
		b.report.addTyping(fmt.Sprintf("a key is shown, %d lines/s where flooded, p%.0f", b.plan.typing.flood, p), "µs",
			microseconds(typingPromise), microseconds(quiet), microseconds(flooded))
		b.say("round %d of %d: typing, p%.0f: quiet %s, at %d lines/s %s", round+1, b.plan.rounds, p, quiet, b.plan.typing.flood, flooded)
	}
	return nil
}

// A typist types at a client in a pseudo-terminal and looks at what it shows. Times
// count from its beginning.
type typist struct {
	crowd  *crowd // the first of it floods
	tty    int
	keys   schedule
	lines  schedule
	began  time.Time
	sent   int // lines
	unsent []byte
	shown  int // lines
	typed  int // keys
	seen   int // keys
	took   latencies
	buf    []byte
	unread []byte // the end of what was read: something may begin in it
}

// runTyping lets the first of the crowd send flood lines a second, and meanwhile
// types. Every line must be shown once and every key in its turn.
func (b *bench) runTyping(ctx context.Context, s *server, c *crowd, flood int) (latencies, error) {
	t := &typist{crowd: c, buf: make([]byte, readBytes), keys: schedule{b.plan.warmup, b.plan.typing.key}}
	if flood > 0 {
		t.lines = schedule{0, time.Second / time.Duration(flood)}
	}
	end, err := t.start(b.programs, s)
	if err != nil {
		return nil, err
	}
	defer end()
	if err := t.await(ctx, []byte("you joined")); err != nil {
		return nil, err
	}
	t.began = time.Now()
	err = t.run(ctx, b.plan.warmup+b.plan.window)
	slices.Sort(t.took)
	return t.took, err
}

// start starts the client on the servers' core, and returns what ends it.
func (t *typist) start(p *programs, s *server) (end func(), err error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("opening a pseudo-terminal: %w", err)
	}
	defer slave.Close()
	cmd := exec.Command(p.client, "--no-history", "--name", "typist", s.addr.String())
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	t.tty = int(master.Fd())
	err = errors.Join(pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}), startOn(p.cores, cmd), unix.SetNonblock(t.tty, true))
	if err != nil {
		master.Close()
		return nil, fmt.Errorf("starting the client: %w", err)
	}
	return func() {
		master.Close() // which hangs it up
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}, nil
}

// await waits until the client shows text.
func (t *typist) await(ctx context.Context, text []byte) error {
	for began := time.Now(); time.Since(began) < startTimeout; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Read(t.tty, t.buf)
		if err == unix.EAGAIN {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(t.tty), Events: unix.POLLIN}}, waitMillis)
			continue
		}
		if err != nil || n == 0 {
			return fmt.Errorf("the client ended; it said %q", t.unread)
		}
		if t.unread = append(t.unread, t.buf[:n]...); bytes.Contains(t.unread, text) {
			t.unread = nil
			return nil
		}
	}
	return fmt.Errorf("the client did not get into the room; it said %q", t.unread)
}

// run types for a while, then waits until all is shown.
func (t *typist) run(ctx context.Context, window time.Duration) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := time.Since(t.began)
		if now > window+drainTimeout {
			return fmt.Errorf("%d of %d lines and %d of %d keys were shown: %w", t.shown, t.sent, t.seen, t.typed, os.ErrDeadlineExceeded)
		}
		if now > window && t.shown == t.sent && t.seen == t.typed {
			return nil
		}
		if now <= window {
			if err := errors.Join(t.flood(now), t.key(now)); err != nil {
				return err
			}
		}
		if err := t.push(); err != nil {
			return err
		}
		for i := range t.crowd.members {
			if _, err := t.crowd.discard(&t.crowd.members[i]); err != nil {
				return err
			}
		}
		if err := t.look(); err != nil {
			return err
		}
	}
}

// flood sends the lines that are due.
func (t *typist) flood(now time.Duration) error {
	if t.lines.interval == 0 {
		return nil
	}
	for due := t.lines.ready(now); t.sent < due; t.sent++ {
		t.unsent = t.crowd.format.appendMessage(t.unsent, 0, t.sent)
	}
	return t.push()
}

// push writes what the flooder's socket takes.
func (t *typist) push() error {
	if len(t.unsent) == 0 {
		return nil
	}
	n, err := t.crowd.write(&t.crowd.members[0], t.unsent)
	t.unsent = append(t.unsent[:0], t.unsent[n:]...)
	return err
}

// key types the key that is due.
func (t *typist) key(now time.Duration) error {
	if t.keys.ready(now) <= t.typed {
		return nil
	}
	text := string(firstRune + rune(t.typed))
	if t.typed%draftKeys == 0 {
		text = killLine + text
	}
	t.typed++
	_, err := unix.Write(t.tty, []byte(text))
	return err
}

// look reads what the client shows, and notes the keys and lines in it.
func (t *typist) look() error {
	n, err := unix.Read(t.tty, t.buf)
	if err == unix.EAGAIN {
		return nil
	}
	if err != nil || n == 0 {
		return fmt.Errorf("the client ended; it said %q", t.unread)
	}
	now := time.Since(t.began)
	t.unread = append(t.unread, t.buf[:n]...)
	t.shown += bytes.Count(t.unread, []byte(mark))
	// With one key those before it have come too, if only to be thrown away.
	for last := t.typed - 1; last >= t.seen; last-- {
		if bytes.Contains(t.unread, []byte(string(firstRune+rune(last)))) {
			for ; t.seen <= last; t.seen++ {
				t.took = append(t.took, now-t.keys.due(t.seen))
			}
		}
	}
	// A mark or a character that has begun is kept, a whole one is not seen twice.
	keep := min(len(t.unread), len(mark)-1)
	t.unread = append(t.unread[:0], t.unread[len(t.unread)-keep:]...)
	return nil
}
