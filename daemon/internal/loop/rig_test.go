package loop

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watchdog is how long a test waits for what must happen.
const watchdog = 30 * time.Second

// script is a handler made of functions; those that are nil do nothing.
type script struct {
	opened   func(*Conn)
	wants    func() bool
	received func(*Conn, []byte)
	writable func(*Conn)
	gone     func(*Conn, error)
	posted   func(any)
	endTurn  func(now int64) int64
}

func (s *script) Opened(c *Conn) {
	if s.opened != nil {
		s.opened(c)
	}
}

func (s *script) Wants() bool { return s.wants == nil || s.wants() }

func (s *script) Received(c *Conn, b []byte) {
	if s.received != nil {
		s.received(c, b)
	}
}

func (s *script) Writable(c *Conn) {
	if s.writable != nil {
		s.writable(c)
	}
}

func (s *script) Gone(c *Conn, cause error) {
	if s.gone != nil {
		s.gone(c, cause)
	}
}

// Posted runs a function that was posted, so that a test can look at what belongs
// to the loop's thread.
func (s *script) Posted(m any) {
	if f, ok := m.(func()); ok {
		f()
	} else if s.posted != nil {
		s.posted(m)
	}
}

func (s *script) EndTurn(now int64) int64 {
	if s.endTurn != nil {
		return s.endTurn(now)
	}
	return Never
}

// rig is a loop, and where it listens.
type rig struct {
	*Loop
	t       *testing.T
	network string
	addr    string
	done    chan error // what Run returned
}

// each runs a test on every poller there is.
func each(t *testing.T, test func(*testing.T, Kind)) {
	kinds := []Kind{Poll}
	if hasEpoll {
		kinds = append(kinds, Epoll)
	}
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) { test(t, k) })
	}
}

// byHand makes a loop that the test turns itself, and ends at the end of the test.
func byHand(t *testing.T, h Handler, c Config) *rig {
	t.Helper()
	r := newRig(t, "tcp", h, c)
	t.Cleanup(func() {
		if r.poller != nil {
			r.end()
		}
	})
	return r
}

// running makes a loop that runs, and stops it at the end of the test.
func running(t *testing.T, network string, h Handler, c Config) *rig {
	t.Helper()
	r := newRig(t, network, h, c)
	r.run()
	t.Cleanup(r.stop)
	return r
}

func newRig(t *testing.T, network string, h Handler, c Config) *rig {
	t.Helper()
	fd, addr := listenOn(t, network)
	c.Listeners = []Listener{{FD: fd, Network: network}}
	l, err := New(h, c)
	if err != nil {
		unix.Close(fd)
		t.Fatal(err)
	}
	return &rig{Loop: l, t: t, network: network, addr: addr, done: make(chan error, 1)}
}

// listenOn opens a listening socket that is ours alone.
func listenOn(t *testing.T, network string) (fd int, addr string) {
	t.Helper()
	addr = "127.0.0.1:0"
	if network == "unix" {
		// t.TempDir has the test's name in it, and a path here has 104 bytes at most.
		dir, err := os.MkdirTemp("", "loop")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		addr = filepath.Join(dir, "s")
	}
	n, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if u, ok := n.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	f, err := n.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if fd, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	return fd, n.Addr().String()
}

func (r *rig) run() { go func() { r.done <- r.Run() }() }

func (r *rig) stop() {
	// Post, for the mailbox may be full of what nobody waited for; and not with the
	// test's context, which is over when its clean-up begins.
	ctx, cancel := context.WithTimeout(context.Background(), watchdog)
	defer cancel()
	if err := r.Post(ctx, func() { r.Stop() }); err != nil {
		r.t.Errorf("posting Stop: %v", err)
	}
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Errorf("Run: %v", err)
		}
	case <-time.After(watchdog):
		r.t.Error("Run does not return")
	}
}

// ask runs f on the loop's thread and waits for it.
func (r *rig) ask(f func()) {
	r.t.Helper()
	done := make(chan struct{})
	if err := r.Post(r.t.Context(), func() { defer close(done); f() }); err != nil {
		r.t.Fatal(err)
	}
	await(r.t, done)
}

// turns turns a loop by hand until something holds; the turns do not wait.
func (r *rig) turns(what string, holds func() bool) {
	r.t.Helper()
	for begun := time.Now(); !holds(); {
		if time.Since(begun) > watchdog {
			r.t.Fatalf("waited in vain for: %s", what)
		}
		r.oneTurn()
		runtime.Gosched()
	}
}

// oneTurn is one turn that does not wait.
func (r *rig) oneTurn() {
	r.t.Helper()
	r.again = true
	if err := r.turn(); err != nil {
		r.t.Fatal(err)
	}
}

// mustBeQuiet says that the loop would wait, whatever is open: it does not spin.
func (r *rig) mustBeQuiet() {
	r.t.Helper()
	ready, err := r.poller.wait(0, nil)
	if err != nil || len(ready) > 0 {
		r.t.Fatalf("the poller found %v, %v; want nothing", ready, err)
	}
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := net.DialTimeout(r.network, r.addr, watchdog)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(watchdog)); err != nil {
		r.t.Fatal(err)
	}
	return c
}

func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(watchdog):
		t.Fatal("waited in vain")
	}
	return v
}

func send(t *testing.T, c io.Writer, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// reset ends a connection with a reset.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	if err := errors.Join(c.(*net.TCPConn).SetLinger(0), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// pattern is n bytes of which no two stretches look alike.
func pattern(n int, seed uint32) []byte {
	b := make([]byte, n)
	x := seed | 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// echo sends back what comes, as a handler should: in EndTurn, and with WantWrite
// only for a remainder. What is left when the peer closes its direction are last
// words.
type echo struct {
	script
	dirty []*Conn
}

func newEcho() *echo {
	e := new(echo)
	e.opened = func(c *Conn) { c.Owner = new([]byte) }
	e.received = func(c *Conn, b []byte) {
		out := c.Owner.(*[]byte)
		*out = append(*out, b...)
		e.dirty = append(e.dirty, c)
	}
	e.writable = e.flush
	e.gone = func(c *Conn, cause error) {
		if cause == io.EOF {
			c.Finish(*c.Owner.(*[]byte))
		}
	}
	e.endTurn = func(int64) int64 {
		for _, c := range e.dirty {
			e.flush(c)
		}
		e.dirty = e.dirty[:0]
		return Never
	}
	return e
}

func (e *echo) flush(c *Conn) {
	out := c.Owner.(*[]byte)
	one := [1][]byte{*out}
	n, err := c.Write(one[:])
	if err == ErrClosed {
		return
	}
	if err != nil {
		c.Close()
		return
	}
	*out = append((*out)[:0], (*out)[n:]...)
	c.WantWrite(len(*out) > 0)
}
