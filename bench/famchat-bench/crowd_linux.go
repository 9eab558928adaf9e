package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"famchat/protocol"

	"golang.org/x/sys/unix"
)

const (
	readBytes      = 1 << 20 // the most that one read takes
	eventsMax      = 512     // the most that one wait returns
	connectTimeout = 5 * time.Second
	waitMillis     = 50 // the longest wait for events, so that an interrupt is seen
)

// member is one connection of the generator.
type member struct {
	id    int // its index in the crowd
	fd    int
	asked bool // has been asked for its name and has sent it
	named bool // has been welcomed

	rest []byte // of a frame that has not come whole
	got  int    // bytes received since the last reset
	sent int    // messages sent since the last reset
	left int    // bytes of its batch that the socket has not taken
}

// crowd are all connections to one server, driven by one thread with epoll. It is
// not safe for use by several goroutines.
type crowd struct {
	ep      int
	members []member // never grows past its capacity: pointers into it stay good
	format  format
	first   int // the number in the first member's name

	buf    []byte // shared by all reads
	events [eventsMax]unix.EpollEvent
}

// newCrowd makes a crowd for at most limit members.
func newCrowd(limit int, f format) (*crowd, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll: %w", err)
	}
	return &crowd{ep: ep, members: make([]member, 0, limit), format: f, buf: make([]byte, readBytes)}, nil
}

// close resets all connections, so that no port lingers in TIME_WAIT.
func (c *crowd) close() {
	for i := range c.members {
		fd := c.members[i].fd
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		_ = unix.Close(fd)
	}
	_ = unix.Close(c.ep)
}

// dial connects one more member.
func (c *crowd) dial(addr netip.AddrPort) (*member, error) {
	if len(c.members) == cap(c.members) {
		panic("famchat-bench: more members than the crowd was made for")
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("member %d: making a socket: %w", len(c.members), err)
	}
	// Appended first: close takes it along whatever happens.
	c.members = append(c.members, member{id: len(c.members), fd: fd})
	m := &c.members[len(c.members)-1]
	timeout := unix.NsecToTimeval(connectTimeout.Nanoseconds())
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(m.id)}
	for _, step := range []func() error{
		func() error { return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout) },
		func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) },
		func() error {
			return unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
		},
		func() error { return unix.SetNonblock(fd, true) },
		func() error { return unix.EpollCtl(c.ep, unix.EPOLL_CTL_ADD, fd, &event) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("member %d: connecting to %s: %w", m.id, addr, err)
		}
	}
	return m, nil
}

// wait returns how many events there are, waiting at most millis for one.
func (c *crowd) wait(millis int) (int, error) {
	return c.waitFew(millis, eventsMax)
}

// waitFew is wait for at most few events, from 1 to eventsMax.
func (c *crowd) waitFew(millis, few int) (int, error) {
	n, err := unix.EpollWait(c.ep, c.events[:few], millis)
	if errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("waiting: %w", err)
	}
	return n, nil
}

// ready returns the member of event i of the last wait.
func (c *crowd) ready(i int) *member {
	return &c.members[c.events[i].Fd]
}

// receive takes what has come for m into the shared buffer; with MSG_TRUNC in
// flags the kernel only drops and counts it. None is 0, without an error. The
// system call never blocks, so the scheduler need not know of it.
func (c *crowd) receive(m *member, flags int) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(m.fd),
			uintptr(unsafe.Pointer(&c.buf[0])), uintptr(len(c.buf)), uintptr(flags), 0, 0)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return 0, nil
		case errno != 0:
			return 0, fmt.Errorf("member %d: reading: %w", m.id, errno)
		case n == 0:
			return 0, fmt.Errorf("member %d: the server closed the connection: %w", m.id, io.ErrUnexpectedEOF)
		}
		m.got += int(n)
		return int(n), nil
	}
}

// discard drops what has come for m and returns how many bytes that was.
func (c *crowd) discard(m *member) (int, error) {
	return c.receive(m, unix.MSG_TRUNC)
}

// write writes what the socket takes of b and returns how much that was.
func (c *crowd) write(m *member, b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(m.fd),
			uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return 0, nil
		case errno != 0:
			return 0, fmt.Errorf("member %d: writing: %w", m.id, errno)
		}
		return int(n), nil
	}
}

// writeAll writes b, which is little, or fails.
func (c *crowd) writeAll(m *member, b []byte) error {
	n, err := c.write(m, b)
	if err == nil && n < len(b) {
		err = fmt.Errorf("member %d: the socket took %d of %d bytes", m.id, n, len(b))
	}
	return err
}

// readFrames reads once and hands every whole string to handle, which MUST NOT
// keep it.
func (c *crowd) readFrames(m *member, handle func(m *member, s []byte) error) error {
	n, err := c.receive(m, 0)
	if err != nil || n == 0 {
		return err
	}
	b := c.buf[:n]
	if len(m.rest) > 0 {
		m.rest = append(m.rest, b...)
		b = m.rest
	}
	for {
		s, rest, ok, err := protocol.Cut(b)
		if err != nil {
			return fmt.Errorf("member %d: %w", m.id, err)
		}
		if !ok {
			m.rest = append(m.rest[:0], rest...)
			return nil
		}
		if err := handle(m, s); err != nil {
			return err
		}
		b = rest
	}
}

// pump reads frames until done says so. After timeout it fails with
// os.ErrDeadlineExceeded.
func (c *crowd) pump(ctx context.Context, timeout time.Duration, handle func(m *member, s []byte) error, done func() bool) error {
	began := time.Now()
	for !done() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Since(began) > timeout {
			return os.ErrDeadlineExceeded
		}
		n, err := c.wait(waitMillis)
		if err != nil {
			return err
		}
		for i := range n {
			if err := c.readFrames(c.ready(i), handle); err != nil {
				return err
			}
		}
	}
	return nil
}
