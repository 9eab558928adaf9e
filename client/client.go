// Package client is a session with a famchat server, and the terminal it is
// held at. It must not know the chat's rules: what a string means is the
// server's business, and what the server draws is shown, not understood.
//
// Dial connects and Run holds the session. Three goroutines serve it: one
// receives what the server sends, one sends, one reads what is typed. The
// goroutine that called Run owns everything else, the screen included: it selects
// over keys, strings of the server, signals and timers, and every change of the
// screen is one write.
//
// A screen is where what is typed comes from and what the server draws goes to.
// There are two: plain, where a script or a pipe is on one side, and terminal,
// which edits the line itself (package lineedit).
package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
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

// A History is what was typed before.
type History interface {
	// Lines are the lines, the oldest first; one may have line breaks.
	Lines() []string
	// Add keeps more lines.
	Add(lines []string) error
}

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

	// Terminal is the terminal that In reads from; nil is none. Run closes it, and
	// the fields below are for it only.
	Terminal Terminal
	// Color lets the server's colours through, and Bell the bell.
	Color, Bell bool
	// Truncates says that the terminal cuts off what does not fit when it becomes
	// narrower, and does not break the rows anew.
	Truncates bool
	// History keeps what was typed from one session to the next; nil is none.
	History History
	// Redial connects to the server once more; nil cannot.
	Redial func(context.Context) (net.Conn, error)
	// Reconnect uses Redial by itself when the server has gone.
	Reconnect bool
}

// A Terminal is a terminal in raw mode.
type Terminal interface {
	io.Writer
	// Size returns its size in cells; 0, 0 is not known.
	Size() (width, height int)
	// Signals delivers SIGWINCH and SIGCONT.
	Signals() <-chan os.Signal
	// Stops tells whether Suspend stops the process.
	Stops() bool
	// Suspend gives it back, stops the process and takes it again when that goes on.
	Suspend() error
	// Resume takes it again after the process was stopped from outside.
	Resume() error
	// Close gives it back for good. Any goroutine may call it, more than once.
	Close()
}

// Run holds a session until it ends, on a terminal until the person has read
// that it did. At the end of the input or of ctx the server is sent a goodbye,
// and Run reads on until it closes, after the end of ctx and on a terminal for two
// seconds at most.
//
// Without a terminal a line is sent when the server has said something since the
// line before, so that a file of any length is not too fast for it. The error
// is then ErrServerClosed where the server ended the session before the input
// did, ErrNameRefused, or ErrNotSent; an Out that nobody reads any more ends
// the session without an error.
func Run(ctx context.Context, o Options) error {
	s := newSession(o)
	quit := make(chan struct{})
	defer func() { close(quit); s.link.close() }()
	defer s.guard()
	go func() { defer s.guard(); s.read(quit) }()
	return s.run(ctx)
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
