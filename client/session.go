package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// A session is the state of one conversation with a server. The goroutine that
// called Run owns all of it but the channels.
type session struct {
	o      Options
	screen screen

	received chan received
	typed    chan typed
	// outgoing hands over a string, and written tells how that went.
	outgoing chan string
	written  chan error

	// queue holds what is to be sent, the oldest first.
	queue []line
	// heard says that the server has spoken at all, clear that it has since
	// something was last sent.
	heard, clear bool
	// pace says when a script's line was answered; pause ends then.
	pace  pace
	pause *time.Timer
	// prompt is the server's last, askName its first: the question for a name.
	prompt, askName string
	// naming says that Options.Name was sent and not yet answered.
	naming bool

	// leaving says that a goodbye follows the queue, abandoned that whatever
	// else there was is no longer of interest.
	leaving, abandoned bool
	saidGoodbye        bool
	// inFlight says that a string was handed over and not yet written.
	inFlight bool
	// sendErr is why nothing can be sent any more, and endErr how the server's
	// side of the connection ended.
	sendErr, endErr error
	// dark says that nothing can be shown any more.
	dark bool
	// gone says that the connection has ended and only the person is waited for.
	gone bool
	// grace ends the wait for the server to close; nil waits for ever.
	grace <-chan time.Time
	// refused is how many lines were too long.
	refused int
	// err is the first thing that went wrong.
	err error
}

func newSession(o Options) *session {
	s := &session{
		o:        o,
		received: make(chan received),
		typed:    make(chan typed),
		outgoing: make(chan string),
		written:  make(chan error, 1),
		pause:    time.NewTimer(0),
	}
	if o.Terminal {
		s.screen = &cooked{out: o.Out}
	} else {
		s.screen = &plain{out: o.Out, err: o.Err}
	}
	if o.Name != "" {
		s.queue = append(s.queue, line{text: o.Name})
	}
	return s
}

// run is the loop of the session: whatever happens, happens here, until one of
// its steps says that it is over.
func (s *session) run(ctx context.Context) error {
	cancelled := ctx.Done()
	for over := false; !over; {
		text, outgoing := s.next()
		select {
		case outgoing <- text:
			s.sent()
		case err := <-s.written:
			over = s.wrote(err)
		case in := <-s.input():
			over = s.take(in)
		case ev := <-s.received:
			if ev.err == nil {
				s.update(ev.update)
			} else {
				over = s.ended(ev.err)
			}
		case <-s.pause.C: // next looks whether the line was answered
		case <-cancelled:
			cancelled = nil
			s.leave()
			over = s.gone
		case <-s.grace:
			s.grace = nil
			over = s.closed(cmp.Or(s.endErr, s.sendErr))
		}
	}
	s.pause.Stop()
	s.screen.close()
	if s.err == nil && s.refused > 0 && !s.abandoned && !s.o.Terminal {
		return fmt.Errorf("%w: lines too long: %d", ErrNotSent, s.refused)
	}
	return s.err
}

// next returns what is to be sent now, and where it goes; the channel is nil
// where that is nothing.
func (s *session) next() (string, chan<- string) {
	switch {
	case s.gone || s.inFlight || s.saidGoodbye || s.sendErr != nil:
		return "", nil
	case len(s.queue) > 0 && s.ready():
		return s.queue[0].text, s.outgoing
	case len(s.queue) > 0:
		return "", nil
	case s.leaving && !s.naming:
		return "", s.outgoing
	}
	return "", nil
}

// ready tells whether the server is ready for a line. It speaks first. It
// answers every line, but reads a member no faster than its rate and cuts off
// who never pauses: a script, which types faster than any person, waits for the
// answer to every line.
func (s *session) ready() bool {
	if s.o.Terminal {
		return s.heard
	}
	return s.clear && s.pace.wait(time.Now()) <= 0
}

// sent notes that what next returned was handed over.
func (s *session) sent() {
	s.inFlight = true
	if len(s.queue) == 0 {
		s.saidGoodbye = true
		return
	}
	// A script has no way to answer a refused name.
	s.naming = s.queue[0].isName() && !s.o.Terminal
	s.pace.send(s.queue[0].text, time.Now())
	s.queue = s.queue[1:]
	s.clear = false
}

// wrote notes how a write went. After one that failed the server may have had a
// last word, which is read before the session ends. wrote returns whether it is
// over.
func (s *session) wrote(err error) bool {
	s.inFlight = false
	if err != nil {
		s.sendErr = err
		s.startGrace()
	}
	return s.endErr != nil && !s.gone && s.closed(s.endErr)
}

// startGrace bounds the wait for the connection to end, if nothing else does.
func (s *session) startGrace() {
	if s.grace == nil {
		s.grace = time.After(leaveGrace)
	}
}

// input returns where the input comes from, nil where no more of it is wanted
// yet. It is read ahead of what is sent, so that its end is known in time: a
// server that closes in answer to the last line has not gone first.
func (s *session) input() <-chan typed {
	if !s.gone && (s.leaving || len(s.queue) >= maxQueued) {
		return nil
	}
	return s.typed
}

// take takes a piece of the input. It returns whether the session is over.
func (s *session) take(in typed) bool {
	lines, leave := s.screen.typed(in.bytes, in.err != nil)
	if s.gone {
		return leave || len(lines) > 0
	}
	for _, l := range lines {
		switch {
		case l.tooLong:
			s.refused++
			s.screen.say(fmt.Sprintf("line %d is longer than %d bytes and was not sent", l.number, maxLine))
			s.show(update{prompt: s.prompt})
		case l.text == "":
			// It would be the goodbye. On a terminal Enter has scrolled the prompt away.
			s.show(update{prompt: s.prompt})
		default:
			s.queue = append(s.queue, l)
		}
	}
	if in.err != nil && in.err != io.EOF && !s.o.Terminal {
		s.fail(fmt.Errorf("reading the input: %w", in.err))
	}
	s.leaving = s.leaving || leave
	return false
}

// update takes what one string of the server says.
func (s *session) update(u update) {
	if s.gone {
		return
	}
	s.clear = true
	if !s.o.Terminal {
		now := time.Now()
		// Before the name is accepted nobody else is heard.
		s.pace.hear(u, !s.heard || s.prompt == s.askName, now)
		s.pause.Reset(s.pace.wait(now))
	}
	s.prompt = u.prompt
	s.show(u)
	switch {
	case !s.heard:
		s.heard = true
		s.askName = u.prompt
	case s.naming && u.prompt != "":
		s.naming = false
		if u.prompt == s.askName {
			s.fail(fmt.Errorf("%w %q; choose another with --name", ErrNameRefused, s.o.Name))
			s.leave()
		}
	}
}

// show shows u. Where nobody reads what is shown, the session ends.
func (s *session) show(u update) {
	if s.dark {
		return
	}
	err := s.screen.show(u)
	if err == nil {
		return
	}
	s.dark = true
	if !readerGone(err) {
		s.fail(fmt.Errorf("writing what the server says: %w", err))
	}
	s.leave()
}

// readerGone tells whether err only says that nobody reads any more: a closed
// pipe, or a terminal that was hung up.
func readerGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) || errors.Is(err, io.ErrClosedPipe)
}

// leave ends the session with a goodbye, for which it does not wait long.
func (s *session) leave() {
	s.queue = nil
	s.naming = false
	s.leaving = true
	s.abandoned = true
	s.startGrace()
}

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
	case s.o.Terminal && !s.leaving:
		s.gone = true
		s.grace = nil
		// The server waits for our end before it stops.
		s.o.Conn.Close()
		if err != io.EOF {
			s.screen.say("-- the connection broke: " + err.Error())
		}
		s.screen.say("-- the server closed the connection. Enter quits")
		return false
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

// fail notes what went wrong, where nothing did before.
func (s *session) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
