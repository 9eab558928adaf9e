package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"famchat/client/internal/terminaltest"
	"famchat/protocol"
)

// A fakeTerminal is a terminal whose screen can be read.
type fakeTerminal struct {
	screen    *terminaltest.Screen
	signals   chan os.Signal
	suspended int
	closed    int
	stays     bool          // it cannot be stopped
	stopped   chan struct{} // closed when it goes on; nil is at once
	// failing is what Write returns, panics what it panics with.
	failing error
	panics  bool
}

func (f *fakeTerminal) Write(b []byte) (int, error) {
	if f.panics {
		panic("a test")
	}
	if f.failing != nil {
		return 0, f.failing
	}
	return f.screen.Write(b)
}
func (f *fakeTerminal) Size() (int, int)          { return f.screen.Size() }
func (f *fakeTerminal) Signals() <-chan os.Signal { return f.signals }
func (f *fakeTerminal) Stops() bool               { return !f.stays }
func (f *fakeTerminal) Suspend() error {
	f.suspended++
	if f.stopped != nil {
		<-f.stopped
	}
	return nil
}
func (f *fakeTerminal) Resume() error { return nil }
func (f *fakeTerminal) Close()        { f.closed++ }

// A seat is a session on a terminal under test, in a bubble of synctest: after
// each step everybody has done what there is to do.
type seat struct {
	t      *testing.T
	term   *fakeTerminal
	keys   *io.PipeWriter
	server net.Conn
	// dials are what the next dials get.
	dials chan net.Conn
	done  chan error
	stop  context.CancelFunc
}

// sit begins a session; change may change its options.
func sit(t *testing.T, change func(o *Options)) *seat {
	t.Helper()
	near, far := net.Pipe()
	in, keys := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	s := &seat{
		t: t, keys: keys, server: far, stop: stop, done: make(chan error, 1), dials: make(chan net.Conn, 10),
		term: &fakeTerminal{screen: terminaltest.New(60, 12), signals: make(chan os.Signal, 4)},
	}
	o := Options{Conn: near, In: in, Terminal: s.term, Color: true, Bell: true, Redial: s.dial}
	if change != nil {
		change(&o)
	}
	go func() { s.done <- Run(ctx, o) }()
	t.Cleanup(func() { stop(); s.server.Close(); keys.Close(); in.Close() })
	return s
}

func (s *seat) dial(context.Context) (net.Conn, error) {
	select {
	case conn := <-s.dials:
		return conn, nil
	default:
		return nil, errors.New("nobody listens")
	}
}

// says has the server say something.
func (s *seat) says(text string) {
	s.t.Helper()
	if err := protocol.NewWriter(s.server).WriteString(erase + text); err != nil {
		s.t.Error(err)
	}
	synctest.Wait()
}

// goes has the server close the connection.
func (s *seat) goes() {
	s.server.Close()
	synctest.Wait()
}

// gets waits for what the server is sent.
func (s *seat) gets(want string) {
	s.t.Helper()
	if got, err := protocol.NewReader(s.server).ReadString(); string(got) != want || err != nil {
		s.t.Errorf("the server was sent %q, %v; want %q", got, err, want)
	}
	synctest.Wait()
}

func (s *seat) types(keys string) {
	s.t.Helper()
	_, _ = io.WriteString(s.keys, keys)
	synctest.Wait()
}

// shows compares the screen, without what is empty below.
func (s *seat) shows(want string) {
	s.t.Helper()
	synctest.Wait()
	if got := strings.TrimRight(strings.Join(s.term.screen.Lines(), "\n"), "\n"); got != want {
		s.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// ends waits for the end of the session.
func (s *seat) ends(want error) {
	s.t.Helper()
	if err := <-s.done; !errors.Is(err, want) {
		s.t.Errorf("got error %v, want %v", err, want)
	}
	if s.term.closed == 0 {
		s.t.Error("the terminal was not given back")
	}
}

// joins gets anna into the room.
func (s *seat) joins() {
	s.t.Helper()
	s.says("famchat\nYour name? ")
	s.types("anna\r")
	s.gets("anna")
	s.says("* you joined\n> ")
}

func TestTerminal(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, s *seat){
		"what is half typed stays whole": func(t *testing.T, s *seat) {
			s.types("日本語 half ")
			s.says("  mum: hi\n\a> ")
			s.types("typed")
			s.shows("famchat\n* you joined\n  mum: hi\n> 日本語 half typed")
			s.types("\r")
			s.gets("日本語 half typed")
			s.shows("famchat\n* you joined\n  mum: hi\n>")
			if n := s.term.screen.Bells(); n != 1 {
				t.Errorf("the bell rang %d times", n)
			}
			s.types("\x04")
			s.gets("")
			s.says("Bye!\n")
			s.server.Close()
			s.ends(nil)
			s.shows("famchat\n* you joined\n  mum: hi\nBye!")
		},
		"Ctrl-C throws away, then leaves": func(t *testing.T, s *seat) {
			s.types("draft\x03")
			s.types("\x03")
			s.gets("")
			s.server.Close()
			s.ends(nil)
		},
		"who leaves waits for a server that hangs no longer than two seconds": func(t *testing.T, s *seat) {
			start := time.Now()
			s.types("\x04")
			s.gets("")
			s.ends(nil)
			if took := time.Since(start); took != leaveGrace {
				t.Errorf("it took %v", took)
			}
		},
		"a server that reads nothing holds up nobody": func(t *testing.T, s *seat) {
			s.types("one\rtwo\r")
			s.stop()
			s.ends(nil)
		},
		"told to end with something typed: it is left to be read": func(t *testing.T, s *seat) {
			s.types("draft")
			s.stop()
			s.gets("")
			s.says("Bye!\n")
			s.server.Close()
			s.ends(nil)
			s.shows("famchat\n* you joined\nBye!\n> draft")
		},
		"hung up": func(t *testing.T, s *seat) {
			_ = s.keys.CloseWithError(syscall.EIO)
			s.gets("")
			s.server.Close()
			s.ends(nil)
		},
		"the terminal cannot be written to": func(t *testing.T, s *seat) {
			s.term.failing = syscall.EIO
			s.says("  mum: hi\n> ")
			s.gets("")
			s.server.Close()
			s.ends(nil)
		},
		"nothing is sent for an empty line, nor one too long": func(t *testing.T, s *seat) {
			s.types("\r\r")
			s.types("\x1b[200~" + strings.Repeat("x", maxLine+1) + "\x1b[201~\r")
			s.types("\x15ok\r")
			s.gets("ok")
		},
		"a name is no line to come back to": func(t *testing.T, s *seat) {
			s.types("\x1b[A")
			s.shows("famchat\n* you joined\n>")
			s.types("one\r\x1b[A")
			s.shows("famchat\n* you joined\n> one")
		},
		"ESC alone, then text": func(t *testing.T, s *seat) {
			s.types("\x1b")
			time.Sleep(2 * keyWait)
			s.types("[Ab")
			s.shows("famchat\n* you joined\n> [Ab")
			s.types("\x1b")
			s.types("[D")
			s.types("x")
			s.shows("famchat\n* you joined\n> [Axb")
		},
		"a paste that does not end": func(t *testing.T, s *seat) {
			s.types("\x1b[200~one\ntwo")
			time.Sleep(2 * pasteWait)
			s.types("!")
			s.shows("famchat\n* you joined\n> one↵\n  two!")
		},
		"Ctrl-Z": func(t *testing.T, s *seat) {
			s.types("draft\x1a")
			s.shows("famchat\n* you joined\n> draft\n> draft")
			if s.term.suspended != 1 {
				t.Errorf("it was suspended %d times", s.term.suspended)
			}
		},
		"what is typed behind Ctrl-Z is the shell's": func(t *testing.T, s *seat) {
			s.term.stopped = make(chan struct{})
			s.types("draft\x1afg\r\x1b[A\x1b")
			s.types("ls\r")
			close(s.term.stopped)
			synctest.Wait()
			s.shows("famchat\n* you joined\n> draft\n> draft")
			s.types("!\r")
			s.gets("draft!")
		},
		"Ctrl-Z where no shell would continue it": func(t *testing.T, s *seat) {
			s.term.stays = true
			s.types("draft\x1a")
			s.shows("famchat\n* you joined\n> draft")
			if s.term.suspended != 0 {
				t.Error("it was suspended")
			}
		},
		"stopped from outside and continued": func(t *testing.T, s *seat) {
			s.types("draft")
			_, _ = s.term.screen.Write([]byte("\r\n$ fg\r\n"))
			s.term.signals <- syscall.SIGCONT
			s.shows("famchat\n* you joined\n> draft\n$ fg\n> draft")
		},
		"the size is seen before the signal comes": func(t *testing.T, s *seat) {
			s.term.screen.Reflows = true
			s.types(strings.Repeat("x", 50))
			s.term.screen.Resize(40, 12)
			s.says("  mum: hi\n> ")
			s.term.signals <- syscall.SIGWINCH
			s.shows("famchat\n* you joined\n  mum: hi\n> " + strings.Repeat("x", 37) + "\n  " + strings.Repeat("x", 13))
		},
		"much at once": func(t *testing.T, s *seat) {
			want := "famchat\n* you joined\n"
			for i := range 200 {
				line := fmt.Sprintf("  mum: line %d\n", i)
				if err := protocol.NewWriter(s.server).WriteString(erase + line + "> "); err != nil {
					t.Fatal(err)
				}
				want += line
			}
			s.shows(want + ">")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := sit(t, nil)
				s.joins()
				test(t, s)
			})
		})
	}
}

func TestTheBellCanBeTurnedOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sit(t, func(o *Options) { o.Bell = false })
		s.says("@ mum: anna!\n\a> ")
		if n := s.term.screen.Bells(); n != 0 {
			t.Errorf("it rang %d times", n)
		}
	})
}

// A defect of the client's own gives the terminal back and says goodbye.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		in, keys := io.Pipe()
		term := &fakeTerminal{screen: terminaltest.New(60, 12), panics: true}
		panicked := make(chan any)
		go func() {
			defer func() { panicked <- recover() }()
			_ = Run(t.Context(), Options{Conn: near, In: in, Terminal: term})
		}()
		_ = protocol.NewWriter(far).WriteString("> ")
		if got, err := protocol.NewReader(far).ReadString(); len(got) > 0 || err != nil {
			t.Errorf("got %q, %v; want the goodbye", got, err)
		}
		if p := <-panicked; p != "a test" || term.closed == 0 {
			t.Errorf("got %v, and the terminal was closed %d times", p, term.closed)
		}
		far.Close()
		keys.Close()
		in.Close()
	})
}

// A session of days costs no more memory than one of minutes.
func TestMemoryIsBounded(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	term := newTerminal(Options{Conn: near, Terminal: discarding{}, Color: true}, nil)
	d := decoder{color: true}
	day := func(lines int) uint64 {
		for i := range lines {
			frame := fmt.Appendf(nil, "%s\x1b[2m21:04\x1b[0m   \x1b[35mmum\x1b[0m: line %d, as long as people write\n\a> ", erase, i)
			if err := term.show(d.next(frame)); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				term.typed(fmt.Appendf(nil, "typed %d\t\x1b[200~a\nb\x1b[201~\r\x12t\x07", i), false)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := day(10_500)
	if more := int64(day(20_000)) - int64(first); more > 1<<20 {
		t.Errorf("it took %d bytes more", more)
	}
}

// discarding is a terminal that nobody looks at.
type discarding struct{ Terminal }

func (discarding) Write(b []byte) (int, error) { return len(b), nil }
func (discarding) Size() (int, int)            { return 80, 24 }
