package loop

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// pairing is a loop turned by hand, one client that writes and reads without
// allocating, and others that are only there.
type pairing struct {
	*rig
	client int
	buf    [64]byte
}

func newPairing(t testing.TB, k Kind, idle int) *pairing {
	h := newEcho()
	fds, addr := listenTB(t)
	l, err := New(h, Config{Kind: k, Listeners: []Listener{{FD: fds, Network: "tcp"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := &pairing{rig: &rig{Loop: l}}
	t.Cleanup(func() { l.end() })
	for i := range idle + 1 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		if err := unix.Connect(fd, addr); err != nil {
			t.Fatal(err)
		}
		for l.Stats().Open <= i {
			if err := l.turn(); err != nil {
				t.Fatal(err)
			}
		}
		p.client = fd
	}
	return p
}

func listenTB(t testing.TB) (fd int, addr unix.Sockaddr) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 128); err != nil {
		t.Fatal(err)
	}
	if addr, err = unix.Getsockname(fd); err != nil {
		t.Fatal(err)
	}
	return fd, addr
}

// echo is one message there and back, and one from the mailbox.
func (p *pairing) echo(t testing.TB) {
	if _, err := unix.Write(p.client, p.buf[:]); err != nil {
		t.Fatal(err)
	}
	p.TryPost(nil)
	before := p.stats.Wakeups
	for p.stats.Wakeups == before {
		if err := p.turn(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := unix.Read(p.client, p.buf[:]); n != len(p.buf) || err != nil {
		t.Fatal(n, err)
	}
}

func TestATurnAllocatesNothing(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		p := newPairing(t, k, 10)
		p.echo(t)
		if got := testing.AllocsPerRun(500, func() { p.echo(t) }); got != 0 {
			t.Errorf("got %v allocations a turn, want none", got)
		}
	})
}

func BenchmarkEcho(b *testing.B) {
	for _, idle := range []int{0, 1000, 5000} {
		for _, k := range []Kind{Epoll, Poll} {
			if k == Epoll && !hasEpoll {
				continue
			}
			b.Run(fmt.Sprintf("%s/idle=%d", k, idle), func(b *testing.B) {
				p := newPairing(b, k, idle)
				b.ReportAllocs()
				for b.Loop() {
					p.echo(b)
				}
			})
		}
	}
}
