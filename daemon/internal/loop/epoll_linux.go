package loop

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const hasEpoll = true

// firstEvents is how many events a wait returns at first.
const firstEvents = 128

// epoll is epoll(7).
type epoll struct {
	fd     int
	events []unix.EpollEvent
}

func newEpoll() (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("opening epoll: %w", err)
	}
	return &epoll{fd: fd, events: make([]unix.EpollEvent, firstEvents)}, nil
}

func (p *epoll) set(fd int, was, is interest) error {
	op := unix.EPOLL_CTL_MOD
	switch {
	case was == is:
		return nil
	case was == 0:
		op = unix.EPOLL_CTL_ADD
	case is == 0:
		op = unix.EPOLL_CTL_DEL
	}
	e := unix.EpollEvent{Fd: int32(fd)}
	if is&readable != 0 {
		e.Events |= unix.EPOLLIN
	}
	if is&writable != 0 {
		e.Events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(p.fd, op, fd, &e)
}

func (p *epoll) wait(millis int, ready []event) ([]event, error) {
	n, err := unix.EpollWait(p.fd, p.events, millis)
	if err == unix.EINTR {
		return ready, nil
	}
	if err != nil {
		return ready, err
	}
	for _, e := range p.events[:n] {
		var is interest
		if e.Events&unix.EPOLLIN != 0 {
			is |= readable
		}
		if e.Events&unix.EPOLLOUT != 0 {
			is |= writable
		}
		if e.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			is |= broken
		}
		ready = append(ready, event{e.Fd, is})
	}
	// All that is ready has to fit, or whoever is left unread may stay so.
	if n == len(p.events) {
		p.events = make([]unix.EpollEvent, 2*n)
	}
	return ready, nil
}

func (p *epoll) close() { unix.Close(p.fd) }
