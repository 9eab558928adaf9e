package client

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	// maxReceived is how many strings of the server wait to be shown on a terminal
	// before no more is read.
	maxReceived = 64
	// inputGrace is how long the end of a script may come after the server's, who
	// closed in answer to its last line.
	inputGrace = 100 * time.Millisecond
	// maxShownBytes is how much of what waits is shown at once: little enough for a
	// key to be shown soon after.
	maxShownBytes = 16 << 10
)

// A session is the state of one conversation with a server. The goroutine that
// called Run owns all of it but the channels.
type session struct {
	o      Options
	screen screen
	// term is the screen where that is a terminal, or nil.
	term  *terminal
	link  *link
	typed chan typed
	conversation

	// queue holds what is to be sent, the oldest first.
	queue []line
	// pace says when a script's line was answered; pause ends then.
	pace  pace
	pause *time.Timer

	// leaving says that a goodbye follows the queue, abandoned that whatever
	// else there was is no longer of interest.
	leaving, abandoned bool
	// dark says that nothing can be shown any more.
	dark bool
	// gone says that the connection has ended and only the person is waited for.
	gone   bool
	redial redial
	// grace ends the wait for the server to close; nil waits for ever.
	grace <-chan time.Time
	// refused is how many lines were too long.
	refused int
	// err is the first thing that went wrong.
	err error
}

// A conversation is what is known of one connection.
type conversation struct {
	// heard says that the server has spoken at all, clear that it has since
	// something was last sent; answers is how often.
	heard, clear bool
	answers      int
	// prompt is the server's last, askName its first: the question for a name.
	prompt, askName string
	// naming says that Options.Name was sent and not yet answered.
	naming bool

	saidGoodbye bool
	// inFlight says that a string was handed over and not yet written.
	inFlight bool
	// sendErr is why nothing can be sent any more, and endErr how the server's
	// side of the connection ended.
	sendErr, endErr error
}

func newSession(o Options) *session {
	s := &session{o: o, typed: make(chan typed), pause: time.NewTimer(0)}
	if o.Terminal != nil {
		s.term = newTerminal(o, s.typed)
		s.screen = s.term
	} else {
		s.screen = &plain{out: o.Out, err: o.Err}
	}
	if o.Name != "" {
		s.queue = append(s.queue, line{text: o.Name})
	}
	s.connect(o.Conn)
	return s
}

// connect begins a conversation.
func (s *session) connect(conn net.Conn) {
	waiting := 0
	if s.term != nil {
		waiting = maxReceived
		s.term.editor.Private = true // a name is no line to come back to
	}
	s.conversation = conversation{}
	s.link = newLink(conn, waiting, s.term != nil, s.guard)
}

// guard is deferred by every goroutine of the session. On a panic it gives the
// terminal back and says goodbye first.
func (s *session) guard() {
	if s.term == nil {
		return
	}
	if p := recover(); p != nil {
		s.term.Terminal.Close()
		sayGoodbye(s.link.conn)
		panic(p)
	}
}

// run is the loop of the session: whatever happens, happens here, until one of
// its steps says that it is over.
func (s *session) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cancelled := ctx.Done()
	for over := false; !over; {
		// Keys come before what others say, and the end of a script before that of
		// the server, which may be the answer to its last line.
		select {
		case in := <-s.input():
			over = s.takeInput(in)
			continue
		default:
		}
		text, outgoing := s.next()
		select {
		case outgoing <- text:
			s.sent()
		case err := <-s.link.written:
			over = s.wrote(err)
		case in := <-s.input():
			over = s.takeInput(in)
		case <-s.screen.timer():
			over = s.take(s.screen.expired())
		case sig := <-s.screen.signals():
			s.screen.signal(sig)
		case ev := <-s.link.received:
			over = s.receive(ev)
		case <-s.pause.C: // next looks whether the line was answered
		case <-s.redial.timer:
			s.dial(ctx)
		case r := <-s.redial.dialed:
			s.dialed(r)
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
	if s.err == nil && s.refused > 0 && !s.abandoned && s.term == nil {
		return fmt.Errorf("%w: lines too long: %d", ErrNotSent, s.refused)
	}
	return s.err
}

// next returns what is to be sent now, and where it goes; the channel is nil
// where that is nothing.
func (s *session) next() (string, chan<- string) {
	switch {
	case s.gone || s.inFlight || s.saidGoodbye || s.sendErr != nil || s.endErr != nil:
		return "", nil
	case len(s.queue) > 0 && s.ready():
		return s.queue[0].text, s.link.outgoing
	case len(s.queue) > 0:
		return "", nil
	case s.leaving && !s.naming:
		return "", s.link.outgoing
	}
	return "", nil
}

// ready tells whether the server is ready for a line. It speaks first. It
// answers every line, but reads a member no faster than its rate and cuts off
// who never pauses: a script, which types faster than any person, waits for the
// answer to every line.
func (s *session) ready() bool {
	if s.term != nil {
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
	s.naming = s.queue[0].isName() && s.term == nil
	if s.term == nil {
		s.pace.send(s.queue[0].text, time.Now())
	} else {
		s.sentName(s.queue[0])
	}
	s.queue = s.queue[1:]
	s.clear, s.answers = false, 0
}

// wrote notes how a write went. After one that failed the server may have had a
// last word, which is read before the session ends. wrote returns whether it is
// over.
func (s *session) wrote(err error) bool {
	s.inFlight = false
	if s.gone {
		return false
	}
	if err != nil {
		s.sendErr = err
		s.startGrace()
	}
	return s.endErr != nil && s.ended(s.endErr)
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

// takeInput takes a piece of the input. A terminal that was hung up is no error. It
// returns whether the session is over.
func (s *session) takeInput(in typed) bool {
	over := s.take(s.screen.typed(in.bytes, in.err != nil))
	if in.err != nil && in.err != io.EOF && s.term == nil {
		s.fail(fmt.Errorf("reading the input: %w", in.err))
	}
	if s.endErr != nil && !s.gone && !s.inFlight {
		return s.closed(s.endErr)
	}
	return over
}

// take takes lines of the input, and whether the person leaves. It returns
// whether the session is over.
func (s *session) take(lines []line, leave bool) bool {
	if s.gone {
		return s.answered(leave)
	}
	for _, l := range lines {
		switch {
		case l.tooLong:
			s.refused++
			s.screen.say(fmt.Sprintf("line %d is longer than %d bytes and was not sent", l.number, maxLine))
		case l.text != "": // which would be the goodbye
			s.queue = append(s.queue, l)
		}
	}
	s.leaving = s.leaving || leave
	if leave && s.term != nil {
		// The person has nothing more to say, and does not wait long.
		s.abandoned = true
		s.startGrace()
	}
	return false
}

// receive takes what came from the server, on a terminal all that has come, to be
// shown in one go. It returns whether the session is over.
func (s *session) receive(ev received) bool {
	if s.term == nil {
		if ev.err != nil {
			return s.ended(ev.err)
		}
		s.hear(ev.update)
		return false
	}
	var all update
	for size := 0; ev.err == nil; {
		size += all.add(ev.update)
		s.note(ev.update)
		if size > maxShownBytes {
			s.show(all)
			return false
		}
		select {
		case ev = <-s.link.received:
			continue
		default:
		}
		s.show(all)
		return false
	}
	if len(all.lines) > 0 || all.bell {
		s.show(all)
	}
	return s.ended(ev.err)
}

// hear takes what one string of the server says to a script.
func (s *session) hear(u update) {
	now := time.Now()
	// Before the name is accepted nobody else is heard.
	s.pace.hear(u, !s.heard || s.prompt == s.askName, now)
	s.pause.Reset(s.pace.wait(now))
	s.show(u)
	s.note(u)
}

// note notes what one string of the server says of where the conversation stands.
func (s *session) note(u update) {
	s.clear = true
	s.answers++
	s.prompt = u.prompt
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
	if s.term != nil {
		s.noteName(u.prompt)
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

// leave ends the session with a goodbye, for which it does not wait long.
func (s *session) leave() {
	s.queue = nil
	s.redial.stop()
	s.naming = false
	s.leaving = true
	s.abandoned = true
	s.startGrace()
}

// fail notes what went wrong, where nothing did before.
func (s *session) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
