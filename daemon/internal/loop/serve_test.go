package loop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// echoes checks that what is written in chunks of size comes back whole.
func echoes(t *testing.T, c net.Conn, text []byte, size int) {
	t.Helper()
	wrote := make(chan error, 1)
	go func() {
		for chunk := range slices.Chunk(text, size) {
			if _, err := c.Write(chunk); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, text) {
		t.Errorf("chunks of %d: got %d bytes and %v, want the %d sent", size, len(got), err, len(text))
	}
	if err := await(t, wrote); err != nil {
		t.Error(err)
	}
}

func TestEchoInOddChunks(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		for _, network := range []string{"tcp", "unix"} {
			for _, reads := range []int{0, 1, 17} {
				r := running(t, network, newEcho(), Config{Kind: k, ReadBytes: reads})
				for _, size := range []int{1, 7, 4096, 70_001} {
					length := min(size*3_000, 600_001)
					if reads == 1 {
						length = min(length, 9_001)
					}
					echoes(t, r.dial(), pattern(length, uint32(size)), size)
				}
			}
		}
	})
}

func TestReadBytesOfOne(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var sizes []int
		h := &script{
			opened: func(c *Conn) { c.SetReadBytes(3) },
			received: func(c *Conn, b []byte) {
				sizes = append(sizes, len(b))
				c.SetReadBytes([]int{1 << 30, 0}[len(sizes)%2])
			},
		}
		r := byHand(t, h, Config{Kind: k, ReadBytes: 5})
		send(t, r.dial(), []byte("0123456789"))
		r.turns("four reads", func() bool { return len(sizes) == 4 })
		if want := []int{3, 1, 5, 1}; !slices.Equal(sizes, want) {
			t.Errorf("got reads of %v, want %v", sizes, want)
		}
	})
}

func TestThousandConnections(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		r := running(t, "tcp", newEcho(), Config{Kind: k})
		conns := make([]net.Conn, 1000)
		for i := range conns {
			conns[i] = r.dial()
		}
		for round := range 3 {
			for i, c := range conns {
				send(t, c, binary.BigEndian.AppendUint32(nil, uint32(round<<16|i)))
			}
			for i, c := range conns {
				var got [4]byte
				if _, err := io.ReadFull(c, got[:]); err != nil {
					t.Fatal(err)
				}
				if got := binary.BigEndian.Uint32(got[:]); got != uint32(round<<16|i) {
					t.Fatalf("connection %d got %x", i, got)
				}
			}
		}
		var s Stats
		r.ask(func() { s = r.Stats() })
		if s.Accepted != 1000 || s.Open != 1000 {
			t.Errorf("accepted %d, open %d; want 1000 of both", s.Accepted, s.Open)
		}
	})
}

func TestHalfCloseStillReads(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		for _, network := range []string{"tcp", "unix"} {
			h := &script{gone: func(c *Conn, cause error) {
				if cause != io.EOF {
					t.Errorf("gone: got %v, want EOF", cause)
				}
				if n, err := c.Write([][]byte{[]byte("one "), nil, []byte("two ")}); n != 8 || err != nil {
					t.Errorf("writing in Gone: got %d, %v; want 8", n, err)
				}
				c.Finish([]byte("three"))
				c.Finish([]byte("four"))
			}}
			r := running(t, network, h, Config{Kind: k})
			c := r.dial()
			if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(c); string(got) != "one two three" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		}
	})
}

func TestResetIsReportedOnce(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var causes []error
		received := 0
		h := &script{
			received: func(_ *Conn, b []byte) { received += len(b) },
			gone:     func(_ *Conn, cause error) { causes = append(causes, cause) },
		}
		r := byHand(t, h, Config{Kind: k})
		for range 100 {
			c := r.dial()
			causes, received = nil, 0
			send(t, c, []byte("half a fra"))
			r.turns("ten bytes", func() bool { return received == 10 })
			reset(t, c)
			r.turns("the end", func() bool { return r.Stats().Open == 0 })
			r.oneTurn()
			if len(causes) != 1 || !errors.Is(causes[0], unix.ECONNRESET) {
				t.Fatalf("got %v, want one reset", causes)
			}
		}
	})
}

func TestWriterThatFillsTheSocketGoesOn(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		text := pattern(8<<20, 1)
		writables := 0
		flush := func(c *Conn) {
			rest := c.Owner.([]byte)
			n, err := c.Write([][]byte{rest[:len(rest)/2], rest[len(rest)/2:]})
			if err != nil {
				t.Error(err)
			}
			c.Owner = rest[n:]
			c.WantWrite(n < len(rest))
		}
		h := &script{
			opened:   func(c *Conn) { c.Owner = text; flush(c) },
			writable: func(c *Conn) { writables++; flush(c) },
		}
		r := byHand(t, h, Config{Kind: k, SendBufferBytes: 64 << 10})
		c := r.dial()
		r.turns("a full socket", func() bool {
			return r.Stats().Accepted == 1 && r.isQuiet() && r.isQuiet()
		})
		before := writables
		got := make(chan []byte, 1)
		go func() {
			b := make([]byte, len(text))
			n, _ := io.ReadFull(c, b)
			got <- b[:n]
		}()
		r.turns("all written", func() bool { return len(r.only().Owner.([]byte)) == 0 })
		if got := await(t, got); !bytes.Equal(got, text) {
			t.Errorf("got %d bytes that differ from the %d written", len(got), len(text))
		}
		if writables == before {
			t.Error("the socket was never full: this test shows nothing")
		}
		r.oneTurn()
		r.mustBeQuiet() // WantWrite(false) is in force
	})
}

// isQuiet says that nothing is ready.
func (r *rig) isQuiet() bool {
	ready, err := r.poller.wait(0, nil)
	return err == nil && len(ready) == 0
}

// only is the one connection there is.
func (r *rig) only() (only *Conn) {
	r.t.Helper()
	for _, c := range r.conns {
		if c != nil && only != nil {
			r.t.Fatal("there are two connections")
		}
		if c != nil {
			only = c
		}
	}
	if only == nil {
		r.t.Fatal("there is no connection")
	}
	return only
}

// hungUp waits until the kernel knows that c's peer is gone.
func (r *rig) hungUp(c *Conn) {
	r.t.Helper()
	fds := []unix.PollFd{{Fd: c.fd, Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(watchdog/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			r.t.Fatalf("no hang-up: %v", err)
		}
		return
	}
}

func TestPausedHangUpDoesNotSpin(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		for _, how := range []string{"close", "reset"} {
			var causes []error
			h := &script{
				opened: func(c *Conn) { c.WantRead(false) },
				gone:   func(_ *Conn, cause error) { causes = append(causes, cause) },
			}
			r := byHand(t, h, Config{Kind: k})
			peer := r.dial()
			r.turns("a connection", func() bool { return r.Stats().Open == 1 })
			c := r.only()
			if how == "reset" {
				reset(t, peer)
			} else {
				peer.Close()
			}
			r.hungUp(c)
			r.mustBeQuiet()
			if causes != nil {
				t.Fatalf("%s: a paused connection ended: %v", how, causes)
			}
			c.WantRead(true)
			r.turns("its end", func() bool { return causes != nil })
			if c.state != closed {
				t.Errorf("%s: it is not closed at the end of the turn", how)
			}
		}
	})
}

// A connection that is only written to has no read that reports what broke.
func TestResetWhileOnlyWriting(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var causes []error
		h := &script{
			opened: func(c *Conn) {
				for {
					if n, err := c.Write([][]byte{make([]byte, 1<<20)}); n == 0 || err != nil {
						break
					}
				}
				c.WantRead(false)
				c.WantWrite(true)
			},
			gone: func(_ *Conn, cause error) { causes = append(causes, cause) },
		}
		r := byHand(t, h, Config{Kind: k, SendBufferBytes: 64 << 10})
		peer := r.dial()
		r.turns("a connection", func() bool { return r.Stats().Open == 1 })
		reset(t, peer)
		r.turns("its end", func() bool { return causes != nil })
		if len(causes) != 1 || !errors.Is(causes[0], unix.ECONNRESET) {
			t.Errorf("got %v, want one reset", causes)
		}
	})
}

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

func TestWriteTakesManyBuffers(t *testing.T) {
	var bufs [][]byte
	var want []byte
	for i := range MaxBuffers + 5 {
		b := fmt.Appendf(nil, "%d,", i)
		bufs = append(bufs, b, nil)
		want = append(want, b...)
	}
	each(t, func(t *testing.T, k Kind) {
		opened := false
		h := &script{opened: func(c *Conn) {
			opened = true
			if n, err := c.Write(nil); n != 0 || err != nil {
				t.Errorf("nothing: got %d, %v", n, err)
			}
			if n, err := c.Write([][]byte{nil, {}}); n != 0 || err != nil {
				t.Errorf("empty buffers: got %d, %v", n, err)
			}
			for rest := bufs; len(rest) > 0; {
				n, err := c.Write(rest)
				if n == 0 || err != nil {
					t.Errorf("got %d, %v", n, err)
					return
				}
				for len(rest) > 0 && n >= len(rest[0]) {
					n -= len(rest[0])
					rest = rest[1:]
				}
				if n > 0 {
					t.Errorf("a buffer was cut at %d though there is room", n)
					return
				}
			}
		}}
		r := byHand(t, h, Config{Kind: k})
		c := r.dial()
		r.turns("a connection", func() bool { return opened })
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestConnIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(Conn{}); got > 64 {
		t.Errorf("a Conn has %d bytes, want at most 64", got)
	}
}

func TestRemoteAddr(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		for _, network := range []string{"tcp", "unix"} {
			addr := make(chan string, 1)
			h := &script{opened: func(c *Conn) { addr <- c.RemoteAddr() }}
			r := running(t, network, h, Config{Kind: k})
			want := r.dial().LocalAddr().String()
			if network == "unix" {
				want = "unix"
			}
			if got := await(t, addr); got != want {
				t.Errorf("%s: got %q, want %q", network, got, want)
			}
		}
	})
}
