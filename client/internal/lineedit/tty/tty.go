// Package tty is the terminal that a line editor works on: raw mode and back,
// bracketed paste, its size, job control. It must not know what is drawn.
//
// Whoever switches raw mode on MUST call Close on every way out; it may be called
// from any goroutine and more than once.
package tty

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
	// resumeWait is how long Suspend waits to be continued where the process could
	// not be stopped: nobody is there who could continue it.
	resumeWait = time.Second
)

// A Terminal is a terminal that is read from and written to.
type Terminal struct {
	in, out *os.File
	signals chan os.Signal
	// taking is held by who takes what is typed, and while the process is stopped.
	taking sync.Mutex

	mu sync.Mutex
	// saved is how the terminal was; raw says that it is in raw mode now.
	saved *term.State
	raw   bool
	// closed says that nothing may be switched on any more.
	closed bool
}

// Open switches the terminal that in and out are to raw mode and bracketed paste.
func Open(in, out *os.File) (*Terminal, error) {
	t := &Terminal{in: in, out: out, signals: make(chan os.Signal, 4)}
	var err error
	if t.saved, err = term.GetState(int(in.Fd())); err != nil {
		return nil, fmt.Errorf("asking the terminal how it is set: %w", err)
	}
	if err := t.enter(); err != nil {
		return nil, err
	}
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGCONT)
	return t, nil
}

// enter switches raw mode on.
func (t *Terminal) enter() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	if _, err := term.MakeRaw(int(t.in.Fd())); err != nil {
		return fmt.Errorf("switching the terminal to raw mode: %w", err)
	}
	t.raw = true
	if _, err := t.out.WriteString(pasteOn); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return nil
}

// leave gives the terminal back as it was.
func (t *Terminal) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restore()
}

func (t *Terminal) restore() {
	if !t.raw {
		return
	}
	t.raw = false
	// A terminal that was hung up cannot be given back.
	_, _ = t.out.WriteString(pasteOff)
	_ = term.Restore(int(t.in.Fd()), t.saved)
}

// Close gives the terminal back as it was, for good.
func (t *Terminal) Close() {
	signal.Stop(t.signals)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.restore()
}

// Read reads what is typed. It waits outside of the kernel's read, which would take
// what is typed for the shell when the process is being stopped, and leaves to the
// shell what is typed after Close: io.EOF then.
func (t *Terminal) Read(b []byte) (int, error) {
	for {
		if _, err := t.typed(nil); err != nil {
			return 0, err
		}
		if n, taken, err := t.take(b); taken {
			return n, err
		}
	}
}

// take takes what is typed, if it is still there.
func (t *Terminal) take(b []byte) (n int, taken bool, err error) {
	t.taking.Lock()
	defer t.taking.Unlock()
	if t.isClosed() {
		return 0, true, io.EOF
	}
	if there, err := t.typed(&unix.Timeval{}); !there || err != nil {
		return 0, err != nil, err
	}
	n, err = t.in.Read(b)
	return n, true, err
}

// typed waits for input at most so long, nil for ever, and tells whether there is some.
// It is select, as macOS has no poll for terminals.
func (t *Terminal) typed(wait *unix.Timeval) (bool, error) {
	fd := int(t.in.Fd())
	for {
		var in unix.FdSet
		in.Set(fd)
		n, err := unix.Select(fd+1, &in, nil, nil, wait)
		switch {
		case err == nil:
			return n > 0, nil
		case !errors.Is(err, unix.EINTR):
			return false, fmt.Errorf("waiting for the terminal: %w", err)
		}
	}
}

func (t *Terminal) isClosed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// Write writes to the terminal.
func (t *Terminal) Write(b []byte) (int, error) { return t.out.Write(b) }

// Size returns the terminal's size in cells; 0, 0 is not known.
func (t *Terminal) Size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// Signals delivers SIGWINCH when the size may have changed, and SIGCONT when the
// process was stopped from outside (call Resume). SIGTSTP is not among them: once
// caught, Go cannot give it its effect back, and SIGSTOP in its place would stop
// for good what no shell looks after.
func (t *Terminal) Signals() <-chan os.Signal { return t.signals }

// Stops tells whether Suspend stops the process. Where it was started by the terminal
// itself and not by a shell, nobody could continue it, and the kernel does not stop it.
func (t *Terminal) Stops() bool {
	session, err := unix.Getsid(0)
	return err == nil && session != unix.Getpid()
}

// Suspend gives the terminal back, stops the process group as Ctrl-Z does in
// cooked mode, and takes the terminal again when it is continued.
func (t *Terminal) Suspend() error {
	t.taking.Lock()
	defer t.taking.Unlock()
	t.leave()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return fmt.Errorf("stopping for Ctrl-Z: %w", err)
	}
	giveUp := time.After(resumeWait)
	for {
		select {
		case sig := <-t.signals:
			// The size is asked for anyway when it is over.
			if sig == syscall.SIGCONT {
				return t.enter()
			}
		case <-giveUp:
			return t.enter()
		}
	}
}

// Resume takes the terminal again after the process was stopped from outside.
func (t *Terminal) Resume() error { return t.enter() }

// Truncates tells whether a terminal cuts off what does not fit when it becomes
// narrower, by the environment that getenv looks into. Most break rows anew.
func Truncates(getenv func(string) string) bool {
	if getenv("TMUX") != "" {
		return false // whatever it runs in
	}
	kind := getenv("TERM")
	for _, cutting := range []string{"screen", "st", "rxvt", "linux"} {
		if kind == cutting || strings.HasPrefix(kind, cutting+"-") {
			return true
		}
	}
	if getenv("STY") != "" {
		return true // screen, whatever TERM says
	}
	for _, other := range []string{"VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "TERM_PROGRAM", "WT_SESSION"} {
		if getenv(other) != "" {
			return false // started from an xterm, whose environment it has
		}
	}
	return getenv("XTERM_VERSION") != ""
}

// Is tells whether f, a reader or a writer, is a file that is a terminal.
func Is(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	err = conn.Control(func(fd uintptr) { is = term.IsTerminal(int(fd)) })
	return err == nil && is
}
