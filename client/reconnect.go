package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"famchat/protocol"
)

const (
	// firstRetry is how long after the server went it is tried again, and
	// maxRetry what that time doubles to.
	firstRetry = time.Second
	maxRetry   = 30 * time.Second
	// goodbyeWait is how long the last goodbye of a session that broke may take.
	goodbyeWait = 100 * time.Millisecond
)

// A redial is how a terminal comes back to a server that has gone.
type redial struct {
	// name is the last that the server accepted; tried was sent and not yet answered.
	name, tried string
	// delay is how long was waited last. timer runs while waiting, and dialed has
	// what came of dialing; nil is not.
	delay  time.Duration
	timer  <-chan time.Time
	dialed chan dialed
	cancel context.CancelFunc
}

type dialed struct {
	conn net.Conn
	err  error
}

// stop ends dialing and waiting.
func (r *redial) stop() {
	r.timer = nil
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
		if late := <-r.dialed; late.conn != nil {
			late.conn.Close()
		}
		r.dialed = nil
	}
}

// sentName notes a line that was sent while a name was asked for.
func (s *session) sentName(l line) {
	s.redial.tried = ""
	if l.isName() || s.prompt == s.askName {
		s.redial.tried = l.text
	}
}

// noteName notes whether the server still asks for a name.
func (s *session) noteName(prompt string) {
	asked := prompt == s.askName
	if !asked && prompt != "" && s.redial.tried != "" {
		s.redial.name = s.redial.tried
		s.redial.tried = ""
		s.redial.delay = 0
	}
	s.term.editor.Private = asked
}

// lose takes the end of the connection on a terminal. It returns whether the
// session is over: where the server closed in answer to what was typed last
// (/quit), it is.
func (s *session) lose(err error) bool {
	sent := s.redial.tried != "" || s.redial.name != ""
	if err == io.EOF && s.answers == 1 && sent && s.prompt == "" && len(s.queue) == 0 && s.term.editor.Draft() == "" {
		return true
	}
	s.gone = true
	s.grace = nil
	// The server waits for our end before it stops.
	s.link.close()
	s.term.leave()
	for _, l := range s.queue {
		if !l.isName() {
			s.screen.say("-- not sent: " + l.text)
		}
	}
	s.queue = nil
	if err != nil && err != io.EOF {
		s.screen.say("-- the connection broke: " + err.Error())
	}
	if s.o.Reconnect {
		s.screen.say("-- " + ErrServerClosed.Error())
	}
	s.offer(ErrServerClosed.Error())
	return false
}

// offer says what can be done now that what happened, or what will be.
func (s *session) offer(what string) {
	switch {
	case s.o.Redial == nil:
		s.screen.say("-- " + what + ". Enter quits")
	case !s.o.Reconnect:
		s.screen.say("-- " + what + ". Enter quits, r reconnects")
	default:
		s.redial.delay = min(max(firstRetry, 2*s.redial.delay), maxRetry)
		s.redial.timer = time.After(s.redial.delay)
		s.term.status(fmt.Sprintf("-- trying again in %v. Enter quits, r tries now ", s.redial.delay))
	}
}

// answered takes what the person says while the server is gone. It returns whether
// the session is over.
func (s *session) answered(leave bool) bool {
	again := s.term.again
	s.term.again = false
	if leave {
		s.redial.stop()
		return true
	}
	if again && s.o.Redial != nil && s.redial.cancel == nil {
		s.redial.timer = time.After(0)
	}
	return false
}

// dial begins to dial.
func (s *session) dial(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	result := make(chan dialed, 1)
	s.redial.timer, s.redial.dialed, s.redial.cancel = nil, result, cancel
	s.term.status("-- connecting ... ")
	go func() {
		defer s.guard()
		conn, err := s.o.Redial(ctx)
		result <- dialed{conn, err}
	}()
}

// dialed takes what came of dialing. The name is said again; what was half typed
// comes back.
func (s *session) dialed(d dialed) {
	s.redial.cancel()
	s.redial.cancel, s.redial.dialed = nil, nil
	if d.err != nil {
		if !s.o.Reconnect {
			s.term.status("")
		}
		s.offer(d.err.Error())
		return
	}
	s.gone = false
	s.connect(d.conn)
	if s.redial.name != "" {
		s.queue = append(s.queue, line{text: s.redial.name})
	}
	s.screen.say("-- connected again")
	s.term.back()
}

// sayGoodbye says goodbye on a connection that nobody else will write to.
func sayGoodbye(conn net.Conn) {
	// Nobody is left to be told where it does not work.
	_ = conn.SetWriteDeadline(time.Now().Add(goodbyeWait))
	_ = errors.Join(protocol.NewWriter(conn).WriteString(""), conn.Close())
}
