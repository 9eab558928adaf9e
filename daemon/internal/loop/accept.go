package loop

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// acceptsPerTurn keeps those who are here waiting for newcomers no longer
	// than a fraction of a millisecond.
	acceptsPerTurn = 64
	// restNanos is how long a listener is left alone that cannot accept.
	restNanos = int64(time.Second)
)

// listener is a listening socket.
type listener struct {
	fd      int // -1 when closed
	tcp     bool
	ready   bool
	resting bool // not polled: accepting would fail again at once
}

// listen takes a listener over.
func (l *Loop) listen(s Listener) error {
	if err := unix.SetNonblock(s.FD, true); err != nil {
		return err
	}
	unix.CloseOnExec(s.FD)
	if err := l.poller.set(s.FD, 0, readable); err != nil {
		return err
	}
	l.listeners = append(l.listeners, &listener{fd: s.FD, tcp: s.Network != "unix"})
	return nil
}

// StopAccepting closes the listeners now. It removes no socket's path.
func (l *Loop) StopAccepting() {
	for _, s := range l.listeners {
		if !s.resting {
			_ = l.poller.set(s.fd, readable, 0) // whatever it says, it is closed
		}
		unix.Close(s.fd)
		s.fd = -1
	}
	l.listeners = nil
	l.retryAt = Never
}

// acceptReady lets in who is waiting, a bounded number from each listener; the
// others are still waiting in the next turn.
func (l *Loop) acceptReady() {
	if l.now >= l.retryAt {
		l.resumeAccepting()
	}
	for _, s := range l.listeners {
		if s.ready {
			s.ready = false
			l.acceptFrom(s)
		}
	}
}

func (l *Loop) acceptFrom(s *listener) {
	for range acceptsPerTurn {
		if s.fd < 0 { // Opened stopped it
			return
		}
		fd, err := accept(s.fd)
		if err == unix.EMFILE || err == unix.ENFILE {
			err = l.turnAway(s)
		} else if err == nil {
			l.letIn(s, fd)
		}
		switch {
		case err == nil, isPeersFault(err):
		case err == unix.EAGAIN:
			return
		default:
			l.rest(s)
			return
		}
	}
}

// letIn makes a connection of fd.
func (l *Loop) letIn(s *listener, fd int) {
	if s.tcp {
		tuneTCP(fd, &l.config)
	}
	if n := l.config.SendBufferBytes; n > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, n)
	}
	if err := l.poller.set(fd, 0, readable); err != nil {
		l.refuse(fd) // the system's limit on watched descriptors is one on descriptors
		return
	}
	l.stats.Accepted++
	l.handler.Opened(l.adopt(fd))
}

// turnAway tells a newcomer that there is no descriptor for it, by lending it the
// spare. A connection that nobody accepts keeps its listener ready for ever, so
// it has to be accepted to be refused. The error is what keeps this from working
// again; EAGAIN says that nobody is there, for the kernel looks for a descriptor
// first.
func (l *Loop) turnAway(s *listener) error {
	if l.spare < 0 {
		return unix.EMFILE
	}
	unix.Close(l.spare)
	l.spare = -1
	fd, err := accept(s.fd)
	if err == nil {
		l.refuse(fd)
	}
	// Another thread may have been quicker.
	if spareErr := l.openSpare(); spareErr != nil {
		return spareErr
	}
	return err
}

// refuse tells whoever is at fd that there is no descriptor, and closes it. What
// it has sent already is read, so that no reset destroys the words.
func (l *Loop) refuse(fd int) {
	l.stats.Refused++
	if len(l.config.NoDescriptors) > 0 {
		_, _ = write(fd, l.config.NoDescriptors)
	}
	_ = unix.Shutdown(fd, unix.SHUT_WR)
	_, _ = read(fd, l.buf)
	unix.Close(fd)
}

func (l *Loop) openSpare() (err error) {
	l.spare, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		l.spare = -1
	}
	return err
}

// rest takes s out of the poller for a while, or it would be ready in every turn.
func (l *Loop) rest(s *listener) {
	_ = l.poller.set(s.fd, readable, 0)
	s.resting = true
	l.retryAt = min(l.retryAt, l.now+restNanos)
}

// resumeAccepting tries again, when a connection was closed or the time is over.
func (l *Loop) resumeAccepting() {
	l.retryAt = Never
	if l.spare < 0 {
		_ = l.openSpare() // without it the listener rests again
	}
	for _, s := range l.listeners {
		if !s.resting {
			continue
		}
		if err := l.poller.set(s.fd, 0, readable); err != nil {
			l.retryAt = l.now + restNanos
			continue
		}
		s.resting = false
	}
}

// isPeersFault says that this one connection failed while it waited, by itself or
// by its network: accept(2) asks to go on after these.
func isPeersFault(err error) bool {
	switch err {
	case unix.ECONNABORTED, unix.EPROTO, unix.ENETDOWN, unix.ENETUNREACH,
		unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENOPROTOOPT, unix.EOPNOTSUPP, unix.ETIMEDOUT:
		return true
	}
	return false
}
