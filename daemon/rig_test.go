package daemon_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/protocol"

	"go.uber.org/goleak"
)

// watchdog is how long a test waits for what must happen.
const watchdog = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(withFewDescriptors) != "" {
		os.Exit(fewDescriptors())
	}
	goleak.VerifyTestMain(m)
}

// withoutRates is a config for tests that are not about rates.
func withoutRates() daemon.Config {
	c := daemon.DefaultConfig()
	c.Listen = []string{"127.0.0.1:0"}
	c.Limits.MessageRate = 0
	return c
}

// eachLoop runs a test on every event loop.
func eachLoop(t *testing.T, test func(t *testing.T, c daemon.Config)) {
	for _, kind := range []string{"epoll", "poll"} {
		t.Run(kind, func(t *testing.T) {
			c := withoutRates()
			c.EventLoop = kind
			test(t, c)
		})
	}
}

// server is a server that runs.
type server struct {
	*daemon.Server
	t      *testing.T
	served chan error // what Serve returned
}

// start runs a server until the test ends.
func start(t *testing.T, c daemon.Config) *server {
	t.Helper()
	d, err := daemon.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{d, t, make(chan error, 1)}
	go func() { s.served <- s.Serve(t.Context()) }()
	t.Cleanup(s.stop)
	return s
}

// stop stops it at once and waits for it.
func (s *server) stop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Shutdown(ctx)
	if err := s.result(); err != nil {
		s.t.Errorf("Serve returned %v", err)
	}
}

// result waits for Serve.
func (s *server) result() error {
	s.t.Helper()
	select {
	case err := <-s.served:
		s.served <- err
		return err
	case <-time.After(watchdog):
		s.t.Fatal("Serve does not return")
		return nil
	}
}

// person is a client: it keeps all it reads.
type person struct {
	t    *testing.T
	name string
	net.Conn
	head []byte // what was read of it before reading

	mu      sync.Mutex
	changed chan struct{} // gets a token when something was read
	strings []string      // as they came
	drawn   int           // how many of them are in text
	text    []byte        // all of them, as a person reads it
	seen    int           // how much of text was waited for
	err     error         // how the connection ended
}

// plain is what a person reads: s without colours and without clearing of lines.
func plain(s string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(strings.ReplaceAll(text, "\r", ""))
		if !found {
			return b.String()
		}
		s = strings.TrimLeft(rest, "0123456789;")
		s = s[min(1, len(s)):] // m or K
	}
}

// connect makes a client that reads all the time.
func (s *server) connect() *person {
	s.t.Helper()
	p := s.dial()
	p.reading()
	return p
}

// dial makes a client that does not read.
func (s *server) dial() *person {
	s.t.Helper()
	a := s.Addr()
	conn, err := net.DialTimeout(a.Network(), a.String(), watchdog)
	if err != nil {
		s.t.Fatal(err)
	}
	return &person{t: s.t, Conn: conn, changed: make(chan struct{}, 1)}
}

// reading lets a client read until the connection ends; the test waits for that.
func (p *person) reading() {
	done := make(chan struct{})
	p.t.Cleanup(func() { p.Conn.Close(); <-done })
	go func() {
		defer close(done)
		r := protocol.NewReader(io.MultiReader(bytes.NewReader(p.head), p.Conn))
		for {
			s, err := r.ReadString()
			p.mu.Lock()
			if err != nil {
				p.err = err
			} else {
				p.strings = append(p.strings, string(s))
			}
			p.mu.Unlock()
			select {
			case p.changed <- struct{}{}:
			default:
			}
			if err != nil {
				p.Conn.Close()
				return
			}
		}
	}()
}

// join connects and takes a name.
func (s *server) join(name string) *person {
	s.t.Helper()
	p := s.connect()
	p.enter(name)
	return p
}

func (p *person) enter(name string) {
	p.t.Helper()
	p.name = name
	p.say(name)
	p.wait("you joined.")
}

// draw brings text up to date; p.mu is held.
func (p *person) draw() {
	for _, s := range p.strings[p.drawn:] {
		p.text = append(p.text, plain(s)...)
	}
	p.drawn = len(p.strings)
}

// say sends strings in one write.
func (p *person) say(strings ...string) {
	p.t.Helper()
	if _, err := p.Write(frames(strings...)); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// frames packs strings.
func frames(strings ...string) (b []byte) {
	for _, s := range strings {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	return b
}

// until waits for a condition of what was read.
func (p *person) until(what string, ok func() bool) {
	p.t.Helper()
	late := time.NewTimer(watchdog)
	defer late.Stop()
	for {
		p.mu.Lock()
		p.draw()
		done, err := ok(), p.err
		p.mu.Unlock()
		if done {
			return
		}
		if err != nil {
			p.t.Fatalf("%s waits for %s; the connection ended with %v; read\n%s", p.name, what, err, tail(string(p.text)))
		}
		select {
		case <-p.changed:
		case <-late.C:
			p.t.Fatalf("%s waits for %s in vain; read\n%s", p.name, what, tail(p.all()))
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// wait waits for a text behind what was waited for before, and returns what came
// between the two.
func (p *person) wait(text string) (before string) {
	p.t.Helper()
	p.until(text, func() bool {
		i := bytes.Index(p.text[p.seen:], []byte(text))
		if i >= 0 {
			before = string(p.text[p.seen : p.seen+i])
			p.seen += i + len(text)
		}
		return i >= 0
	})
	return before
}

// all is what was read so far.
func (p *person) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw()
	return string(p.text)
}

// end waits for the end of the connection and returns everything that was read.
func (p *person) end() string {
	p.t.Helper()
	p.until("the end", func() bool { return p.err != nil })
	return p.all()
}

// reset closes the connection with a reset.
func (p *person) reset() {
	_ = p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}

// eventually waits for a condition that nothing announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(watchdog)
	for tick := time.NewTicker(time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system does not list descriptors")
	}
	return len(files)
}
