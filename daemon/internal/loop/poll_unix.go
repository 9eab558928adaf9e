//go:build unix

package loop

import "golang.org/x/sys/unix"

// poll is poll(2). Its array is dense and changed in place, never built anew.
type poll struct {
	fds   []unix.PollFd
	slots []int32 // by descriptor: its place in fds plus one; 0 for none
	first int     // where the next scan begins
}

func newPoll() poller { return new(poll) }

func (p *poll) set(fd int, _, is interest) error {
	for fd >= len(p.slots) {
		p.slots = append(p.slots, 0)
	}
	slot := int(p.slots[fd]) - 1
	switch {
	case slot < 0 && is != 0:
		p.fds = append(p.fds, unix.PollFd{Fd: int32(fd), Events: pollEvents(is)})
		p.slots[fd] = int32(len(p.fds))
	case slot >= 0 && is != 0:
		p.fds[slot].Events = pollEvents(is)
	case slot >= 0:
		last := p.fds[len(p.fds)-1]
		p.fds[slot] = last
		p.slots[last.Fd] = int32(slot + 1)
		p.slots[fd] = 0
		p.fds = p.fds[:len(p.fds)-1]
	}
	return nil
}

func pollEvents(is interest) (e int16) {
	if is&readable != 0 {
		e |= unix.POLLIN
	}
	if is&writable != 0 {
		e |= unix.POLLOUT
	}
	return e
}

func (p *poll) wait(millis int, ready []event) ([]event, error) {
	n, err := unix.Poll(p.fds, millis)
	if err == unix.EINTR || err == unix.EAGAIN { // EAGAIN: short of memory, try again
		return ready, nil
	}
	if err != nil {
		return ready, err
	}
	return p.scan(n, ready), nil
}

// scan appends the n that are ready. It begins behind the one it found first the
// last time, so that nobody is always the first to be served.
func (p *poll) scan(n int, ready []event) []event {
	at := p.first
	for range p.fds {
		if n == 0 {
			break
		}
		if at >= len(p.fds) {
			at = 0
		}
		f := p.fds[at]
		at++
		if f.Revents == 0 {
			continue
		}
		if len(ready) == 0 {
			p.first = at
		}
		ready = append(ready, event{f.Fd, pollFound(f.Revents)})
		n--
	}
	return ready
}

func pollFound(e int16) (is interest) {
	if e&unix.POLLIN != 0 {
		is |= readable
	}
	if e&unix.POLLOUT != 0 {
		is |= writable
	}
	if e&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		is |= broken
	}
	return is
}

func (p *poll) close() {}
