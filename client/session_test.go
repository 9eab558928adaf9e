package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"famchat/protocol"
)

const (
	erase = "\r\x1b[K"
	ask   = erase + "Your name? "
)

// A script is what a server does, in order: "<text" it sends, ">text" it waits
// for, and a lone ">" is the goodbye. After the last step it closes.
type script []string

// play runs the script on conn. Everything that came is in order, or it fails.
func (s script) play(t *testing.T, conn net.Conn) {
	t.Helper()
	defer conn.Close()
	r, w := protocol.NewReader(conn), protocol.NewWriter(conn)
	for i, step := range s {
		if text, ok := strings.CutPrefix(step, "<"); ok {
			if err := w.WriteString(text); err != nil {
				t.Errorf("step %d, sending %q: %v", i, text, err)
				return
			}
			continue
		}
		got, err := r.ReadString()
		if err != nil || string(got) != step[1:] {
			t.Errorf("step %d: got %.80q, %v; want %.80q", i, got, err, step[1:])
			return
		}
	}
}

// A talk is a session under test, in a bubble of synctest: time moves only when
// everybody waits.
type talk struct {
	script script
	in     io.Reader
	name   string
	// out replaces the buffer that takes the output.
	out io.Writer
	ctx context.Context
}

func (k talk) run(t *testing.T) (out, errs string, err error) {
	t.Helper()
	near, far := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		k.script.play(t, far)
	}()
	var outBuf, errBuf bytes.Buffer
	o := Options{Conn: near, In: k.in, Out: &outBuf, Err: &errBuf, Name: k.name}
	if k.out != nil {
		o.Out = k.out
	}
	if k.ctx == nil {
		k.ctx = t.Context()
	}
	err = Run(k.ctx, o)
	<-served
	return outBuf.String(), errBuf.String(), err
}

func TestSession(t *testing.T) {
	longest := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		name     string
		talk     talk
		out, err string
		want     error
	}{
		{
			name: "a script",
			talk: talk{in: strings.NewReader("bot\nhello\n"), script: script{"<" + erase + "famchat\nYour name? ", ">bot", "<" + erase + "* you joined\n> ", ">hello", ">", "<" + erase + "  you: \x1b[1mhello\x1b[m\a\n> ", "<" + erase + "bye\n"}},
			out:  "famchat\n* you joined\n  you: hello\nbye\n",
		},
		{
			name: "no input",
			talk: talk{in: strings.NewReader(""), script: script{">", "<" + ask}},
		},
		{
			name: "empty lines, CR LF and no last line break",
			talk: talk{in: strings.NewReader("\nbot\r\n\r\n \nhello"), script: script{"<" + ask, ">bot", "<> ", "> ", "<> ", ">hello", ">"}},
		},
		{
			name: "a line that is too long",
			talk: talk{in: strings.NewReader("bot\n" + longest + "y\n" + longest + "\n"), script: script{"<" + ask, ">bot", "<> ", ">" + longest, ">"}},
			err:  "famchat: line 2 is longer than 4096 bytes and was not sent\n",
			want: ErrNotSent,
		},
		{
			name: "the server goes first",
			talk: talk{in: strings.NewReader("bot\na\nb\n"), script: script{"<" + ask, ">bot", "<> ", ">a", "<" + erase + "! you were removed\n"}},
			out:  "! you were removed\n",
			want: ErrServerClosed,
		},
		{
			name: "the server closes in answer to the last line",
			talk: talk{in: strings.NewReader("bot\n/quit\n"), script: script{"<" + ask, ">bot", "<> ", ">/quit", "<" + erase + "bye\n"}},
			out:  "bye\n",
		},
		{
			name: "the server closes without an answer to the last line",
			talk: talk{in: strings.NewReader("bot\na\n"), script: script{"<" + ask, ">bot", "<> ", ">a"}},
			want: ErrServerClosed,
		},
		{
			name: "the server reads the goodbye without a word",
			talk: talk{in: strings.NewReader("bot\n"), script: script{"<" + ask, ">bot", ">"}},
		},
		{
			name: "the server breaks off within a string",
			talk: talk{in: strings.NewReader("bot\n"), script: script{"<" + ask, ">bot", ">", "raw"}},
			want: io.ErrUnexpectedEOF,
		},
		{
			name: "the name is taken from the command line",
			talk: talk{in: strings.NewReader("hi\n"), name: "anna", script: script{"<" + ask, ">anna", "<" + erase + "* you joined\n> ", ">hi", ">"}},
			out:  "* you joined\n",
		},
		{
			name: "the name is refused",
			talk: talk{in: strings.NewReader("hi\n"), name: "anna", script: script{"<" + ask, ">anna", "<" + erase + "! taken\nYour name? ", ">"}},
			out:  "! taken\n",
			want: ErrNameRefused,
		},
		{
			name: "the name is refused, and nothing more to say",
			talk: talk{in: strings.NewReader(""), name: "anna", script: script{"<" + ask, ">anna", "<" + ask, ">"}},
			want: ErrNameRefused,
		},
		{
			name: "the name is not answered",
			talk: talk{in: strings.NewReader(""), name: "anna", script: script{"<" + ask, ">anna", "<" + erase + "! the room is full\n"}},
			out:  "! the room is full\n",
			want: ErrServerClosed,
		},
		{
			name: "the input breaks",
			talk: talk{in: io.MultiReader(strings.NewReader("bot\n"), iotest.ErrReader(syscall.EISDIR)), script: script{"<" + ask, ">bot", ">"}},
			want: syscall.EISDIR,
		},
		{
			name: "nobody reads the output",
			talk: talk{in: strings.NewReader("bot\na\nb\n"), out: failing{syscall.EPIPE}, script: script{"<" + ask, ">bot", "<" + erase + "* you joined\n> ", ">"}},
		},
		{
			name: "the output is full",
			talk: talk{in: strings.NewReader("bot\na\nb\n"), out: failing{syscall.ENOSPC}, script: script{"<" + ask, ">bot", "<" + erase + "* you joined\n> ", ">"}},
			want: syscall.ENOSPC,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if n := len(test.talk.script); test.talk.script[n-1] == "raw" {
					test.talk.script = test.talk.script[:n-1]
					test.talk.brokenRun(t, test.want)
					return
				}
				out, errs, err := test.talk.run(t)
				if out != test.out || errs != test.err {
					t.Errorf("got output %q and errors %q; want %q and %q", out, errs, test.out, test.err)
				}
				if !errors.Is(err, test.want) {
					t.Errorf("got error %v, want %v", err, test.want)
				}
			})
		})
	}
}

// brokenRun is run with a server that closes within its last string.
func (k talk) brokenRun(t *testing.T, want error) {
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.script.play(t, unclosed{far})
		_, _ = far.Write([]byte{0, 0, 0})
		far.Close()
	}()
	err := Run(t.Context(), Options{Conn: near, In: k.in, Out: io.Discard, Err: io.Discard})
	<-done
	if !errors.Is(err, want) || !errors.Is(err, ErrServerClosed) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

type unclosed struct{ net.Conn }

func (unclosed) Close() error { return nil }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A file is sent no faster than the server answers, and every line arrives.
func TestSessionIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		const lines = 500
		done := make(chan error)
		go func() {
			done <- Run(t.Context(), Options{Conn: near, In: strings.NewReader(strings.Repeat("line\n", lines)), Out: io.Discard, Err: io.Discard})
		}()
		got := make(chan string)
		go func() {
			defer close(got)
			r := protocol.NewReader(far)
			for {
				s, err := r.ReadString()
				if err != nil {
					return
				}
				got <- string(s)
			}
		}()
		w := protocol.NewWriter(far)
		for i := range lines {
			synctest.Wait()
			select {
			case s := <-got:
				t.Fatalf("line %d, %q, came before the server spoke", i, s)
			default:
			}
			if err := w.WriteString("> "); err != nil {
				t.Fatal(err)
			}
			if s := <-got; s != "line" {
				t.Fatalf("line %d is %q", i, s)
			}
		}
		if s, ok := <-got; s != "" || !ok {
			t.Errorf("got %q, %v; want the goodbye", s, ok)
		}
		far.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		<-got
	})
}

// In a room where others talk without a pause, a script takes their lines for no
// answers: few of its lines wait unread at a server that is slow, however many it
// sends.
func TestSessionIsPacedInABusyRoom(t *testing.T) {
	for name, test := range map[string]struct {
		every, reads time.Duration // others talk, the server reads
		answer       string        // with what, %s is the line
	}{
		"echoed":                {7 * time.Millisecond, 500 * time.Millisecond, "21:05   you: %s\n> "},
		"quoted in an error":    {7 * time.Millisecond, 500 * time.Millisecond, "21:05 ! nobody here. Not sent: %s\n> "},
		"neither, at the rate":  {7 * time.Millisecond, 100 * time.Millisecond, "21:05 ! blank\n> "},
		"others pause a little": {150 * time.Millisecond, 400 * time.Millisecond, "21:05   you: %s\n> "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { busyRoom(t, test.every, test.reads, test.answer) })
		})
	}
}

func busyRoom(t *testing.T, every, reads time.Duration, answer string) {
	const lines = 40
	near, far := net.Pipe()
	in := "bot\n"
	for i := range lines {
		in += fmt.Sprintf("line %d\n", i)
	}
	done := make(chan error)
	go func() {
		done <- Run(t.Context(), Options{Conn: near, In: strings.NewReader(in), Out: io.Discard, Err: io.Discard})
	}()
	came := make(chan string, lines+1)
	go func() {
		defer close(came)
		for r := protocol.NewReader(far); ; {
			s, err := r.ReadString()
			if err != nil {
				return
			}
			came <- string(s)
		}
	}()
	says := make(chan string)
	stop := make(chan struct{})
	go func() {
		for w := protocol.NewWriter(far); ; {
			var text string
			select {
			case text = <-says:
			case <-time.After(every):
				text = "21:05   mum: and another thing\n> "
			case <-stop:
				return
			}
			if w.WriteString(erase+text) != nil {
				return
			}
		}
	}()
	_ = protocol.NewWriter(far).WriteString(ask)
	<-came
	says <- "21:05 * you joined\n> "
	for i := range lines {
		time.Sleep(reads)
		line, ok := <-came
		if !ok {
			t.Errorf("line %d did not come", i)
			break
		}
		if n := len(came); n > 4 {
			t.Errorf("%d lines wait unread behind line %d", n, i)
			break
		}
		says <- strings.ReplaceAll(answer, "%s", line)
	}
	close(stop)
	if !t.Failed() {
		<-came
	}
	far.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for range came {
		// until it is closed
	}
}

// A session that is told to end says goodbye and waits two seconds, by a clock
// that only moves when nothing else does.
func TestCancelledSession(t *testing.T) {
	for name, closes := range map[string]bool{"the server closes": true, "the server hangs": false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			near, far := net.Pipe()
			in, keys := io.Pipe()
			start := time.Now()
			done := make(chan error)
			go func() { done <- Run(ctx, Options{Conn: near, In: in, Out: io.Discard, Err: io.Discard}) }()
			_ = protocol.NewWriter(far).WriteString("> ")
			synctest.Wait()
			cancel()
			if s, err := protocol.NewReader(far).ReadString(); len(s) > 0 || err != nil {
				t.Errorf("%s: got %q, %v; want the goodbye", name, s, err)
			}
			if closes {
				far.Close()
			}
			if err := <-done; err != nil {
				t.Errorf("%s: got error %v, want none", name, err)
			}
			want := leaveGrace
			if closes {
				want = 0
			}
			if took := time.Since(start); took != want {
				t.Errorf("%s: it took %v, want %v", name, took, want)
			}
			far.Close()
			keys.Close()
			in.Close()
		})
	}
}

func TestServerThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		go func() { _, _ = io.WriteString(far, "HTTP/1.1 400 Bad Request\r\n\r\n"); far.Close() }()
		err := Run(t.Context(), Options{Conn: near, In: strings.NewReader("bot\n"), Out: io.Discard, Err: io.Discard})
		if !errors.Is(err, protocol.ErrTooLong) || !errors.Is(err, ErrServerClosed) {
			t.Errorf("got %v", err)
		}
	})
}
