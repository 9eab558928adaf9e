package loop

import (
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// keepaliveProbes is how many unanswered questions a silent peer is given up
// after.
const keepaliveProbes = 3

// tuneTCP sets what a chat wants of TCP. It fails where the peer has reset
// meanwhile, which the first read finds out, so nothing here is an error.
func tuneTCP(fd int, c *Config) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if c.KeepaliveNanos > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
		idle := roundUp(c.KeepaliveNanos, time.Second)
		interval := roundUp(c.KeepaliveNanos/keepaliveProbes, time.Second)
		setKeepalive(fd, idle, max(interval, 1), keepaliveProbes)
	}
	if c.UserTimeoutNanos > 0 {
		setUserTimeout(fd, roundUp(c.UserTimeoutNanos, time.Millisecond))
	}
}

// roundUp is how many units nanos are, rounded up, for an int's worth of them.
func roundUp(nanos int64, unit time.Duration) int {
	const most = 1<<31 - 1
	return int(min((nanos-1)/int64(unit)+1, most))
}

// socketError is why fd is broken, and the peer's end where it does not say.
func socketError(fd int) error {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return err
	case errno != 0:
		return unix.Errno(errno)
	}
	return io.EOF
}
