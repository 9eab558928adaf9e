package loop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// long is a linger time that no test waits for.
const long = int64(time.Hour)

func TestLastWordsArriveThoughInputIsUnread(t *testing.T) {
	last := pattern(2<<20, 7) // more than the socket takes at once
	each(t, func(t *testing.T, k Kind) {
		for _, network := range []string{"tcp", "unix"} {
			conns := make(chan *Conn, 1)
			h := &script{
				opened:   func(c *Conn) { c.WantRead(false); conns <- c },
				received: func(*Conn, []byte) { t.Error("a paused connection was read") },
				gone:     func(_ *Conn, cause error) { t.Errorf("gone after Finish: %v", cause) },
			}
			r := running(t, network, h, Config{Kind: k, SendBufferBytes: 64 << 10, LingerNanos: long})
			peer := r.dial()
			c := await(t, conns)
			send(t, peer, make([]byte, 40_000)) // unread when Finish comes
			r.ask(func() {
				c.Finish(last)
				c.WantRead(true)
				c.WantWrite(true)
				if _, err := c.Write([][]byte{{1}}); err != ErrClosed {
					t.Errorf("writing after Finish: got %v", err)
				}
			})
			wrote := make(chan error, 1)
			go func() { // and more while the words are under way
				_, err := peer.Write(make([]byte, 1<<20))
				wrote <- err
			}()
			got, err := io.ReadAll(peer)
			if err != nil || !bytes.Equal(got, last) {
				t.Errorf("%s: got %d bytes and %v, want the %d last words", network, len(got), err, len(last))
			}
			if err := await(t, wrote); err != nil {
				t.Errorf("%s: writing to the lingering one: %v", network, err)
			}
			r.ask(func() {
				if s := r.Stats(); s.Lingering != 1 {
					t.Errorf("%s: %d linger before the peer closed, want 1", network, s.Lingering)
				}
			})
			peer.Close()
			r.eventually(func(s Stats) bool { return s.Open == 0 && s.Lingering == 0 })
		}
	})
}

// eventually asks a running loop until its counters are as they should be.
func (r *rig) eventually(holds func(Stats) bool) {
	r.t.Helper()
	var s Stats
	for begun := time.Now(); time.Since(begun) < watchdog; {
		if r.ask(func() { s = r.Stats() }); holds(s) {
			return
		}
	}
	r.t.Fatalf("waited in vain; at last %+v", s)
}

// Whoever has shut its direction hears the words, and is not read in every turn.
func TestLastWordsAfterTheEndOfInput(t *testing.T) {
	last := pattern(4<<20, 9)
	each(t, func(t *testing.T, k Kind) {
		h := &script{gone: func(c *Conn, _ error) { c.Finish(last) }}
		r := byHand(t, h, Config{Kind: k, SendBufferBytes: 64 << 10, LingerNanos: long})
		peer := r.dial()
		if err := peer.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		r.turns("Finish", func() bool { return r.Stats().Lingering == 1 })
		r.turns("a full socket", r.isQuiet)
		got := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(peer)
			got <- b
		}()
		r.turns("the end", func() bool { return r.Stats().Open == 0 })
		if got := await(t, got); !bytes.Equal(got, last) {
			t.Errorf("got %d bytes, want the %d last words", len(got), len(last))
		}
	})
}

func TestLingeringEndsInTime(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var r *rig
		const linger = int64(3 * time.Millisecond)
		var finished, zero int64
		h := &script{
			opened: func(c *Conn) {
				c.Finish(make([]byte, 8<<20))
				finished = r.Now()
			},
			gone: func(_ *Conn, cause error) { t.Errorf("gone after Finish: %v", cause) },
			endTurn: func(now int64) int64 {
				if finished > 0 && zero == 0 && r.Stats().Lingering == 0 {
					zero = now
				}
				return Never
			},
		}
		r = byHand(t, h, Config{Kind: k, LingerNanos: linger})
		r.dial() // never reads
		r.turns("a newcomer", func() bool { return finished > 0 })
		for begun := time.Now(); zero == 0; {
			if time.Since(begun) > watchdog {
				t.Fatal("it lingers for ever")
			}
			if err := r.turn(); err != nil { // waits for the deadline, which is the loop's own
				t.Fatal(err)
			}
		}
		if lasted := zero - finished; lasted < linger {
			t.Errorf("it lingered for %d ns, want at least %d", lasted, linger)
		}
		if s := r.Stats(); s.Open != 0 || r.waitMillis(r.now) != 0 && r.lingerers.deadline() != Never {
			t.Errorf("it is still there: %+v", s)
		}
	})
}

func TestTheOldestLingererGoesFirst(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var conns []*Conn
		h := &script{opened: func(c *Conn) { conns = append(conns, c) }}
		r := byHand(t, h, Config{Kind: k, MaxLingering: 2, LingerNanos: long})
		var peers []net.Conn
		for range 5 {
			peers = append(peers, r.dial())
			r.turns("a connection", func() bool { return len(conns) == len(peers) })
		}
		conns[0].Finish([]byte("bye"))
		r.oneTurn()
		conns[1].Close()
		for _, c := range conns[1:] { // all in one turn, the second of them closed already
			c.Finish([]byte("bye"))
		}
		if got := r.Stats().Lingering; got != 4 {
			t.Errorf("%d linger before the turn ends, want 4", got)
		}
		r.oneTurn()
		var states []state
		for _, c := range conns {
			states = append(states, c.state)
		}
		if want := []state{closed, closed, closed, lingering, lingering}; !bytes.Equal(raw(states), raw(want)) {
			t.Errorf("got states %v, want %v", states, want)
		}
		for i, want := range []string{"bye", "", "bye", "bye", "bye"} {
			if got, err := io.ReadAll(peers[i]); string(got) != want || err != nil {
				t.Errorf("%d reads %q, %v; want %q", i, got, err, want)
			}
		}
		conns[3].Close() // cuts it short
		peers[4].Close()
		r.turns("no lingerers", func() bool { return r.Stats().Open == 0 })
		if q := r.lingerers; q != (lingerers{}) {
			t.Errorf("the queue is not empty: %+v", q)
		}
	})
}

func raw(states []state) (b []byte) {
	for _, s := range states {
		b = append(b, byte(s))
	}
	return b
}

// Whoever waits in EndTurn for the last words of everyone gets a turn when they
// are said, even if that happens behind EndTurn.
func TestATurnComesWhenNobodyLingers(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		r := byHand(t, &script{opened: func(c *Conn) { c.WantRead(false) }}, Config{Kind: k, LingerNanos: long})
		peer := r.dial()
		r.turns("a connection", func() bool { return r.Stats().Open == 1 })
		c := r.only()
		peer.Close()
		r.hungUp(c)
		c.Finish([]byte("bye")) // said and heard at once, for the peer is gone
		r.oneTurn()
		if s := r.Stats(); s.Lingering != 0 || r.waitMillis(r.now) != 0 {
			t.Errorf("%d linger and the loop waits for %d ms, want none and 0", s.Lingering, r.waitMillis(r.now))
		}
		r.oneTurn()
		if got := r.waitMillis(r.now); got != -1 {
			t.Errorf("the loop waits for %d ms, want for ever", got)
		}
	})
}

func TestALingererThatFailsIsClosed(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		h := &script{
			opened: func(c *Conn) { c.Finish(make([]byte, 8<<20)) },
			gone:   func(_ *Conn, cause error) { t.Errorf("gone after Finish: %v", cause) },
		}
		r := byHand(t, h, Config{Kind: k, LingerNanos: long})
		peer := r.dial()
		r.turns("Finish", func() bool { return r.Stats().Lingering == 1 })
		reset(t, peer)
		r.turns("its end", func() bool { return r.Stats().Open == 0 })

		// And one whom the poller refuses.
		r.dial()
		r.turns("Finish", func() bool { return r.Stats().Lingering == 1 })
		p := &counting{poller: r.poller, refuse: errors.New("no")}
		c := r.only()
		r.poller = p
		c.setWant(writable)
		r.oneTurn()
		p.refuse = nil
		r.oneTurn()
		if c.state != closed {
			t.Errorf("the one that the poller refused is %d, want closed", c.state)
		}
	})
}

func TestSocketOptions(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		r := byHand(t, new(script), Config{
			Kind: k, SendBufferBytes: 32 << 10,
			KeepaliveNanos: int64(30*time.Second) - 1, UserTimeoutNanos: int64(45 * time.Second),
		})
		r.dial()
		r.turns("a connection", func() bool { return r.Stats().Open == 1 })
		fd := int(r.only().fd)
		for _, o := range []struct {
			name                string
			level, option, want int
		}{
			{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
			{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{"SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, 32 << 10},
		} {
			got, err := unix.GetsockoptInt(fd, o.level, o.option)
			// BSD returns the option's bit for 1, and Linux twice the buffer.
			if err != nil || got < o.want || o.want > 1 && got > 2*o.want {
				t.Errorf("%s: got %d, %v; want %d", o.name, got, err, o.want)
			}
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("flags %x, %v: it blocks", flags, err)
		}
		for _, fd := range []int{fd, r.spare, r.mail.bell.fd(), r.listeners[0].fd} {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("descriptor %d: flags %x, %v: not close-on-exec", fd, flags, err)
			}
		}
	})
}
