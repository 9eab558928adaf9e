// Package client is a session with a famchat server, and the terminal it is
// held at. It must not know the chat's rules: what a string means is the
// server's business, and what the server draws is shown, not understood.
//
// Dial connects and Run holds the session. Three goroutines serve it: one
// receives what the server sends, one sends, one reads what is typed. The
// goroutine that called Run owns everything else, the screen included.
//
// A screen is where what is typed comes from and what the server draws goes to.
// There are two: plain, where a script or a pipe is on one side, and cooked, a
// terminal that edits its line itself.
package client

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"famchat/protocol"
)

// Errors that Run returns, wrapped in what is known besides.
var (
	// ErrServerClosed says that the server ended the session first.
	ErrServerClosed = errors.New("the server closed the connection")
	// ErrNameRefused says that the server asked for a name again after
	// Options.Name was sent.
	ErrNameRefused = errors.New("the server refused the name")
	// ErrNotSent says that lines of the input were too long to be sent.
	ErrNotSent = errors.New("not everything was sent")
)

const (
	// leaveGrace is how long a session that was told to end waits for the
	// server to close the connection after the goodbye.
	leaveGrace = 2 * time.Second
	// inputBytes is how much of the input is read at once.
	inputBytes = 4096
	// maxQueued is how many lines wait to be sent before no more input is read.
	maxQueued = 64
)

// Options are what a session needs.
type Options struct {
	// Conn is the connection to the server. Run closes it.
	Conn net.Conn
	// In is where what is to be sent is read from. Run does not wait for a
	// Read that is under way when the session ends, so In is not to be used
	// after it.
	In io.Reader
	// Out takes what the server says, and Err what the client itself has to say
	// where there is no terminal.
	Out, Err io.Writer
	// Name is sent as the first string where it is not empty.
	Name string
	// Terminal says that In and Out are both a terminal.
	Terminal bool
	// Color lets the server's colours through.
	Color bool
}

// Run holds a session until it ends, on a terminal until the person has read
// that it did. At the end of the input or of ctx the server is sent a goodbye,
// and Run reads on until it closes, after the end of ctx for two seconds at
// most.
//
// Without a terminal a line is sent when the server has said something since the
// line before, so that a file of any length is not too fast for it. The error
// is then ErrServerClosed where the server ended the session before the input
// did, ErrNameRefused, or ErrNotSent; an Out that nobody reads any more ends
// the session without an error.
func Run(ctx context.Context, o Options) error {
	s := newSession(o)
	quit := make(chan struct{})
	var pumps sync.WaitGroup
	pumps.Go(func() { s.receive(quit) })
	pumps.Go(func() { s.transmit(quit) })
	go s.read(quit)
	err := s.run(ctx)
	close(quit)
	s.o.Conn.Close()
	pumps.Wait()
	return err
}

// received is what came from the server: an update, or how the connection ended.
type received struct {
	update update
	err    error
}

// receive hands on what the server sends until the connection ends.
func (s *session) receive(quit <-chan struct{}) {
	r := protocol.NewReader(s.o.Conn)
	d := decoder{color: s.o.Color}
	for {
		frame, err := r.ReadString()
		ev := received{err: err}
		if err == nil {
			ev.update = d.next(frame)
		}
		select {
		case s.received <- ev:
		case <-quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// transmit writes what it is handed, one string at a time, so that a server
// that does not read holds up nothing else.
func (s *session) transmit(quit <-chan struct{}) {
	w := protocol.NewWriter(s.o.Conn)
	for {
		select {
		case text := <-s.outgoing:
			// There is room: the next is handed over when this is known.
			err := w.WriteString(text)
			s.written <- err
			if err != nil {
				return
			}
		case <-quit:
			return
		}
	}
}

// typed is a piece of the input, and how the input ended where it did.
type typed struct {
	bytes []byte
	err   error
}

// read hands on what is typed until the input ends.
func (s *session) read(quit <-chan struct{}) {
	for {
		b := make([]byte, inputBytes)
		n, err := s.o.In.Read(b)
		select {
		case s.typed <- typed{b[:n], err}:
		case <-quit:
			return
		}
		if err != nil {
			return
		}
	}
}
