package client

import (
	"fmt"
	"io"
	"time"
)

// ended takes the end of what the server sends. Whether the server went first
// depends on what was still being written then. ended returns whether the
// session is over.
func (s *session) ended(err error) bool {
	s.endErr = err
	switch {
	case s.gone:
		return false
	case s.inFlight && !s.abandoned:
		s.startGrace()
		return false
	case s.term == nil && !s.leaving && err == io.EOF && len(s.queue) == 0 && s.clear:
		// All was answered: it is no loss if the input ends here, too.
		s.grace = time.After(inputGrace)
		return false
	}
	return s.closed(err)
}

// lost tells whether what was sent may not have reached the server. A goodbye
// that did not is no loss where the line before it was answered: the server
// closed because of that line.
func (s *session) lost() bool {
	unwritten := s.inFlight || s.sendErr != nil
	if s.saidGoodbye && !unwritten {
		return false
	}
	return !s.clear || unwritten && !s.saidGoodbye
}

// closed takes the end of the connection. It returns whether that is the end
// of the session, too.
func (s *session) closed(err error) bool {
	finished := s.leaving && len(s.queue) == 0 && !s.naming && !s.lost()
	switch {
	case s.abandoned || finished && err == io.EOF:
		return true
	case s.term != nil:
		return s.lose(err)
	}
	s.fail(s.cutOff(err))
	return true
}

// cutOff is the error for a server that went first: with what was not sent, as
// far as that is known, and why, unless it closed in good order.
func (s *session) cutOff(err error) error {
	cutOff := ErrServerClosed
	if len(s.queue) > 0 && !s.queue[0].isName() {
		cutOff = fmt.Errorf("%w before line %d was sent", cutOff, s.queue[0].number)
	}
	if err != io.EOF {
		cutOff = fmt.Errorf("%w: %w", cutOff, err)
	}
	return cutOff
}
