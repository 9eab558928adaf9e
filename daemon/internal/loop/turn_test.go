package loop

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEventsOfTheClosedAreHarmless(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var r *rig
		var conns []*Conn
		var heard []uint64
		h := &script{
			opened: func(c *Conn) { conns = append(conns, c) },
			received: func(c *Conn, _ []byte) {
				heard = append(heard, c.ID())
				for _, other := range conns {
					if other != c {
						other.Close()
						other.Close()
					}
				}
			},
			writable: func(*Conn) { t.Error("nobody asked for Writable") },
			gone:     func(c *Conn, cause error) { t.Errorf("%d is gone: %v", c.ID(), cause) },
		}
		r = byHand(t, h, Config{Kind: k})
		a, b := r.dial(), r.dial()
		r.turns("two connections", func() bool { return len(conns) == 2 })
		send(t, a, []byte("a"))
		send(t, b, []byte("b"))
		r.hungUp(conns[0]) // both are ready now
		r.hungUp(conns[1])
		descriptors := []int32{conns[0].fd, conns[1].fd}
		r.oneTurn()
		if len(heard) != 1 {
			t.Fatalf("heard of %v; want of one, which closed the other", heard)
		}
		gone := conns[2-heard[0]]
		if gone.state != closed {
			t.Fatal("the other is not closed at the end of the turn")
		}

		// The next one gets the descriptor, and then an event meant for its former owner.
		fd := descriptors[2-heard[0]]
		r.dial()
		r.turns("the third", func() bool { return len(conns) == 3 })
		if conns[2].fd != fd {
			t.Skipf("the descriptor %d was not used again, but %d", fd, conns[2].fd)
		}
		heard = nil
		r.ready = append(r.ready[:0], event{fd, readable | writable | broken}, event{1 << 20, broken})
		r.serveReady()
		if heard != nil || conns[2].ID() != 3 {
			t.Errorf("a stale event was heard by %v; the third is %d", heard, conns[2].ID())
		}
		if _, err := gone.Write([][]byte{{1}}); err != ErrClosed {
			t.Errorf("writing to the closed one: got %v", err)
		}
		gone.WantWrite(true)
		gone.Finish([]byte("x"))
		r.oneTurn()
		r.mustBeQuiet()
	})
}

// While the handler takes one read a turn, everybody gets every fifth.
func TestWhatIsUnreadComesFirstInTheNextTurn(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		took := false
		reads := map[uint64]int{}
		h := &script{
			wants: func() bool { return !took },
			opened: func(c *Conn) {
				c.SetReadBytes(1)
			},
			received: func(c *Conn, _ []byte) { took = true; reads[c.ID()]++ },
			endTurn:  func(int64) int64 { took = false; return Never },
		}
		r := byHand(t, h, Config{Kind: k})
		for i := range 5 {
			send(t, r.dial(), make([]byte, 1000))
			r.turns("a connection", func() bool { return r.Stats().Open == i+1 })
		}
		for _, c := range r.conns {
			if c != nil {
				r.hungUp(c) // ready
			}
		}
		r.oneTurn()
		clear(reads)
		for range 50 {
			if err := r.turn(); err != nil { // does not wait: there is more to read
				t.Fatal(err)
			}
		}
		for id := range uint64(5) {
			if n := reads[id+1]; n != 10 {
				t.Errorf("%d was read %d times of 50, want 10; all: %v", id+1, n, reads)
			}
		}
	})
}

func TestAcceptsABoundedNumberATurn(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		r := byHand(t, new(script), Config{Kind: k})
		for range 150 {
			r.dial()
		}
		for i, want := range []int{acceptsPerTurn, 2 * acceptsPerTurn, 150, 150} {
			r.oneTurn()
			if got := r.Stats().Open; got != want {
				t.Errorf("after %d turns %d are open, want %d", i+1, got, want)
			}
		}
	})
}

func TestStopAcceptingInOpened(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var r *rig
		h := &script{opened: func(*Conn) { r.StopAccepting() }}
		r = byHand(t, h, Config{Kind: k})
		r.dial()
		r.dial()
		r.turns("a connection", func() bool { return r.Stats().Open > 0 })
		r.oneTurn()
		if got := r.Stats().Open; got != 1 {
			t.Errorf("%d were let in, want one", got)
		}
		if c, err := net.Dial("tcp", r.addr); err == nil {
			c.Close()
			t.Error("it still listens")
		}
	})
}

// counting is a poller that counts what it is told, or refuses.
type counting struct {
	poller
	sets   int
	refuse error
}

func (p *counting) set(fd int, was, is interest) error {
	p.sets++
	if p.refuse != nil {
		return p.refuse
	}
	return p.poller.set(fd, was, is)
}

func TestInterestIsToldOnce(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var causes []error
		r := byHand(t, &script{gone: func(_ *Conn, cause error) { causes = append(causes, cause) }}, Config{Kind: k})
		p := &counting{poller: r.poller}
		r.poller = p
		r.dial()
		r.turns("a connection", func() bool { return r.Stats().Open == 1 })
		c := r.only()
		for _, step := range []struct {
			name string
			do   func()
			sets int
		}{
			{"nothing", func() {}, 0},
			{"there and back", func() { c.WantWrite(true); c.WantRead(false); c.WantWrite(false); c.WantRead(true) }, 0},
			{"two changes", func() { c.WantRead(false); c.WantWrite(true) }, 1},
			{"the same again", func() { c.WantRead(false); c.WantWrite(true) }, 0},
			{"to nothing", func() { c.WantWrite(false) }, 1},
			{"nothing and closed", func() { c.WantRead(true); c.WantRead(false) }, 0},
			{"from nothing", func() { c.WantRead(true) }, 1},
		} {
			p.sets = 0
			step.do()
			r.oneTurn()
			if p.sets != step.sets {
				t.Errorf("%s: the poller was told %d times, want %d", step.name, p.sets, step.sets)
			}
		}
		c.WantWrite(true)
		p.refuse = unix.ENOSPC
		r.oneTurn()
		p.refuse = nil
		if r.waitMillis(r.now) != 0 {
			t.Error("the next turn does not come at once")
		}
		r.oneTurn()
		if len(causes) != 1 || !errors.Is(causes[0], unix.ENOSPC) || c.state != closed {
			t.Errorf("the poller refused: got %v, want one ENOSPC", causes)
		}
	})
}
