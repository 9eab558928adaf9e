package loop

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestVanishedPeersAreAskedFor(t *testing.T) {
	r := byHand(t, new(script), Config{
		KeepaliveNanos: int64(30*time.Second) - 1, UserTimeoutNanos: int64(45 * time.Second),
	})
	r.dial()
	r.turns("a connection", func() bool { return r.Stats().Open == 1 })
	fd := int(r.only().fd)
	for _, o := range []struct {
		name         string
		option, want int
	}{
		{"TCP_KEEPIDLE", unix.TCP_KEEPIDLE, 30},
		{"TCP_KEEPINTVL", unix.TCP_KEEPINTVL, 10},
		{"TCP_KEEPCNT", unix.TCP_KEEPCNT, keepaliveProbes},
		{"TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, 45_000},
	} {
		if got, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, o.option); got != o.want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", o.name, got, err, o.want)
		}
	}
	ep := r.poller.(*epoll).fd
	if flags, err := unix.FcntlInt(uintptr(ep), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("epoll's flags are %x, %v: not close-on-exec", flags, err)
	}
}
