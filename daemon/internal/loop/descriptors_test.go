package loop

import (
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childKind tells the test that it is in a process of its own, and which poller
// to try, so that other tests keep their descriptors.
const childKind = "FAMCHAT_LOOP_DESCRIPTORS"

func TestDescriptorsRunOut(t *testing.T) {
	if k := os.Getenv(childKind); k != "" {
		runOut(t, Kind(k))
		return
	}
	each(t, func(t *testing.T, k Kind) {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDescriptorsRunOut$", "-test.v")
		child.Env = append(os.Environ(), childKind+"="+string(k))
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// shortage is a loop whose process has few descriptors left. Its clients' sockets
// are there already: to connect takes none.
type shortage struct {
	*rig
	clients []int
	hoard   []int // descriptors that can be given back one by one
}

const full = "the room is full"

// startShortage leaves so many descriptors free.
func startShortage(t *testing.T, k Kind, clients, free int) *shortage {
	s := &shortage{rig: byHand(t, new(script), Config{Kind: k, NoDescriptors: []byte(full)})}
	for range clients {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.clients = append(s.clients, fd)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	setCount(&limit.Cur, s.clients[clients-1]+20)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for s.take() {
	}
	for range free {
		s.giveBack()
	}
	return s
}

// setCount sets a limit, which is signed on some systems.
func setCount[T int64 | uint64](limit *T, n int) { *limit = T(n) }

// take takes a descriptor away and reports whether there was one.
func (s *shortage) take() bool {
	fd, err := unix.Dup(s.clients[0])
	if err == nil {
		s.hoard = append(s.hoard, fd)
	}
	return err == nil
}

func (s *shortage) giveBack() {
	last := len(s.hoard) - 1
	unix.Close(s.hoard[last])
	s.hoard = s.hoard[:last]
}

// connect connects a client and lets it say something at once.
func (s *shortage) connect(client int) {
	s.t.Helper()
	addr := netip.MustParseAddrPort(s.addr)
	sa := &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	if err := unix.Connect(s.clients[client], sa); err != nil {
		s.t.Fatal(err)
	}
	if _, err := unix.Write(s.clients[client], []byte("hello")); err != nil {
		s.t.Fatal(err)
	}
}

// mustRead checks that a client reads the words and then the end.
func (s *shortage) mustRead(client int) {
	s.t.Helper()
	timeout := unix.NsecToTimeval(int64(watchdog))
	if err := unix.SetsockoptTimeval(s.clients[client], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		s.t.Fatal(err)
	}
	var got []byte
	for {
		var b [64]byte
		n, err := unix.Read(s.clients[client], b[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			s.t.Fatalf("client %d: %v after %q", client, err, got)
		}
		if n == 0 {
			break
		}
		got = append(got, b[:n]...)
	}
	if string(got) != full {
		s.t.Fatalf("client %d reads %q, want %q", client, got, full)
	}
}

func (s *shortage) accepted(n int) {
	s.t.Helper()
	s.turns("a newcomer to be let in", func() bool { return s.Stats().Accepted == uint64(n) })
}

func (s *shortage) refused(n int) {
	s.t.Helper()
	s.turns("a newcomer to be refused", func() bool { return s.Stats().Refused == uint64(n) })
}

func runOut(t *testing.T, k Kind) {
	s := startShortage(t, k, 10, 2)
	s.connect(0)
	s.connect(1)
	s.accepted(2)

	// The newcomers are told, and then the loop is quiet.
	s.connect(2)
	s.connect(3)
	s.refused(2)
	s.mustRead(2)
	s.mustRead(3)
	s.drain()
	s.mustBeQuiet()

	// One leaves, the next is let in.
	s.oldest().Close()
	s.oneTurn()
	s.connect(4)
	s.accepted(3)

	// The spare is lost to another thread: the listener rests, although someone is
	// waiting, and a connection that closes wakes it; the spare comes first.
	s.loseSpare()
	s.connect(5)
	s.turns("the listener to rest", func() bool { return s.listeners[0].resting })
	s.drain()
	s.mustBeQuiet()
	if wait := s.waitMillis(s.now); wait < 1 || wait > int(restNanos/int64(time.Millisecond)) {
		t.Fatalf("it rests for %d ms", wait)
	}
	s.oldest().Close()
	s.oneTurn()
	if s.listeners[0].resting {
		t.Fatal("it still rests though a connection was closed")
	}
	s.refused(3)
	s.mustRead(5)
	if s.spare < 0 || s.listeners[0].resting || s.retryAt != Never {
		t.Fatal("the spare is not back")
	}

	runOutUnseen(t, s)
}

// runOutUnseen goes on where a connection that closes is of no help.
func runOutUnseen(t *testing.T, s *shortage) {
	// What the loop cannot see being freed it finds by and by.
	s.loseSpare()
	s.connect(6)
	s.turns("the listener to rest", func() bool { return s.listeners[0].resting })
	rested, due := s.Stats().Turns, s.retryAt
	s.giveBack()
	s.giveBack()
	s.again = false
	for s.Stats().Accepted < 4 {
		if err := s.turn(); err != nil { // waits
			t.Fatal(err)
		}
	}
	if s.now < due {
		t.Fatalf("it was tried again %d ns early", due-s.now)
	}
	if took := s.Stats().Turns - rested; took > 20 {
		t.Fatalf("it went round %d times meanwhile", took)
	}

	// A listener that stops while it rests leaves nothing behind.
	s.loseSpare()
	s.connect(7)
	s.turns("the listener to rest", func() bool { return s.listeners[0].resting })
	s.StopAccepting()
	if wait := s.waitMillis(s.now); s.retryAt != Never || wait > 0 {
		t.Fatalf("it is to be tried again in %d ms", wait)
	}
	for i := range s.hoard {
		unix.Close(s.hoard[i])
	}
}

// drain turns until what the clients have sent is read.
func (s *shortage) drain() { s.t.Helper(); s.turns("silence", s.isQuiet) }

// oldest is the connection with the lowest descriptor.
func (s *shortage) oldest() *Conn {
	for _, c := range s.conns {
		if c != nil {
			return c
		}
	}
	s.t.Fatal("nobody is connected")
	return nil
}

// loseSpare lets someone else have the spare, and all that is free.
func (s *shortage) loseSpare() {
	unix.Close(s.spare)
	s.spare = -1
	for s.take() {
	}
}
