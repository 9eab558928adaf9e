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
