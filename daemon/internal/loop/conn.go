package loop

import (
	"errors"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrClosed is what Write returns for a connection that has ended.
var ErrClosed = errors.New("the connection is closed")

// maxReadBytes is what fits into Conn's 32 bits.
const maxReadBytes = 1 << 30

// state is how far a connection's life has come. It only moves down this list.
type state uint8

const (
	open      state = iota // the handler's
	gone                   // Gone was called; closed at the end of the turn
	finishing              // Finish was called; its last words begin at the end of the turn
	lingering              // its last words are under way
	closing                // to be closed at the end of the turn
	closed                 // the descriptor is gone
)

// Conn is a connection. It belongs to the loop's thread and is small: ten thousand
// idle ones are half a megabyte.
type Conn struct {
	Owner     any // the handler's own
	loop      *Loop
	words     *lastWords // while finishing and lingering
	id        uint64
	fd        int32
	readBytes int32
	state     state
	want      interest // what it wants
	armed     interest // what the poller knows
	changed   bool     // is in loop.changed
}

// ID is never used again, as descriptors are.
func (c *Conn) ID() uint64 { return c.id }

// RemoteAddr is where the peer is: an address and a port, or a socket's path, or
// "unix" where that has no name, as clients have not. It asks the kernel, which
// no longer knows when the connection was reset: "" then.
func (c *Conn) RemoteAddr() string {
	if c.state == closed {
		return ""
	}
	sa, err := unix.Getpeername(int(c.fd))
	if err != nil {
		return ""
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)).String()
	case *unix.SockaddrInet6:
		a := netip.AddrFrom16(sa.Addr).Unmap()
		if sa.ZoneId != 0 {
			a = a.WithZone(strconv.FormatUint(uint64(sa.ZoneId), 10))
		}
		return netip.AddrPortFrom(a, uint16(sa.Port)).String()
	case *unix.SockaddrUnix:
		if sa.Name == "" || sa.Name == "@" { // as x/sys says it on Linux
			return "unix"
		}
		return sa.Name
	}
	return ""
}

// Write writes bufs in one system call and returns how many bytes the kernel
// took. Fewer than all, and no error, means that it takes no more now (or that
// there were more than MaxBuffers): WantWrite tells when it does. An error is the
// connection's end, but the handler's to deal with: the loop does not call Gone
// for it.
func (c *Conn) Write(bufs [][]byte) (n int, err error) {
	if c.state > gone {
		return 0, ErrClosed
	}
	n, err = c.loop.out.write(int(c.fd), bufs)
	if err == unix.EAGAIN {
		err = nil
	}
	return n, err
}

// WantRead says whether c is to be read; it is from the start. A connection that
// wants neither to be read nor to be written is not polled at all: that its peer
// hung up is found out when it wants something again.
func (c *Conn) WantRead(yes bool) { c.wantMore(readable, yes) }

// WantWrite says whether Writable is to be called as soon as c takes more.
func (c *Conn) WantWrite(yes bool) { c.wantMore(writable, yes) }

func (c *Conn) wantMore(i interest, yes bool) {
	if c.state != open {
		return
	}
	if yes {
		c.setWant(c.want | i)
	} else {
		c.setWant(c.want &^ i)
	}
}

// setWant notes an interest; the poller hears of it at the end of the turn.
func (c *Conn) setWant(i interest) {
	c.want = i
	if c.want != c.armed && !c.changed {
		c.changed = true
		c.loop.changed = append(c.loop.changed, c)
	}
}

// SetReadBytes sets the most that is read in a turn from now on, between 1 and
// Config.ReadBytes, which it is at first.
func (c *Conn) SetReadBytes(n int) {
	c.readBytes = int32(min(max(n, 1), len(c.loop.buf)))
}

// Close closes c at the end of the turn. What the peer sent and was not read
// makes the kernel send a reset, which may destroy what was written last: Finish
// is the polite way. Close also cuts a Finish short.
func (c *Conn) Close() {
	if c.state >= closing {
		return
	}
	if c.words != nil {
		c.loop.lingerers.remove(c.words)
		c.words = nil
	}
	c.state = closing
	c.loop.ended = append(c.loop.ended, c)
}

// conn is the connection that has fd now, or nil.
func (l *Loop) conn(fd int) *Conn {
	if fd >= len(l.conns) {
		return nil
	}
	return l.conns[fd]
}

// adopt makes a connection of fd, which the poller watches for reading.
func (l *Loop) adopt(fd int) *Conn {
	l.lastID++
	c := &Conn{
		loop: l, id: l.lastID, fd: int32(fd), readBytes: int32(len(l.buf)),
		want: readable, armed: readable,
	}
	for fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[fd] = c
	l.stats.Open++
	return c
}

// release closes c now. The poller is told first: closing alone would not do
// while a process that another thread is starting still holds a copy.
func (l *Loop) release(c *Conn) {
	if c.armed != 0 {
		_ = l.poller.set(int(c.fd), c.armed, 0) // whatever it says, c is gone
	}
	unix.Close(int(c.fd))
	l.conns[c.fd] = nil
	c.state, c.fd, c.want, c.armed = closed, -1, 0, 0
	l.stats.Open--
	l.freed = true
}

// Unread is how many bytes have come and have not been read.
func (c *Conn) Unread() int {
	if c.state > gone {
		return 0
	}
	n, err := unix.IoctlGetInt(int(c.fd), unreadRequest)
	if err != nil {
		return 0
	}
	return n
}
