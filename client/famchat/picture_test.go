package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"famchat/client/internal/terminaltest"

	"github.com/creack/pty"
)

var pictures = flag.Bool("pictures", false, "draw docs/pictures anew")

// A sitter is famchat in a pseudo-terminal, and what it shows.
type sitter struct {
	t   *testing.T
	tty *os.File

	mu     sync.Mutex
	screen *terminaltest.Screen
	more   chan struct{}
}

// sit starts famchat in a window of so many cells.
func sit(t *testing.T, width, height int, args ...string) *sitter {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "NO_COLOR=", "XDG_STATE_HOME="+t.TempDir())
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	s := &sitter{t: t, tty: tty, screen: terminaltest.New(width, height), more: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() { defer close(done); s.read() }()
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Error(err)
		}
		<-done
		tty.Close()
	})
	return s
}

// read shows what famchat writes until it ends. A character may be cut in two.
func (s *sitter) read() {
	b, n := make([]byte, 64<<10), 0
	for {
		more, err := s.tty.Read(b[n:])
		if err != nil {
			return
		}
		n += more
		whole := n
		for whole > 0 && n-whole < 4 && b[whole-1] >= 0x80 {
			whole--
		}
		if whole > 0 && b[n-1] < 0x80 {
			whole = n
		}
		s.mu.Lock()
		_, _ = s.screen.Write(b[:whole])
		s.mu.Unlock()
		n = copy(b, b[whole:n])
		select {
		case s.more <- struct{}{}:
		default:
		}
	}
}

func (s *sitter) types(text string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// sees waits until text is on the screen.
func (s *sitter) sees(text string) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		screen := strings.Join(s.screen.Lines(), "\n")
		s.mu.Unlock()
		if strings.Contains(screen, text) {
			return
		}
		select {
		case <-s.more:
		case <-deadline:
			s.t.Fatalf("%q did not come, but\n%s", text, screen)
		}
	}
}

// An evening at 80 and at 36 columns: what the pictures of the documentation show.
// With -pictures they are drawn anew.
func TestPictures(t *testing.T) {
	for _, size := range [][2]int{{80, 18}, {36, 24}} {
		h := open(t, "")
		mum, leo := h.join("mum"), h.join("leo")
		dad := h.join("dad")
		s := sit(t, size[0], size[1], h.addr)
		s.sees("Your name?")
		s.types("mum\r")
		s.sees("is taken")
		s.types("anna\r")
		s.sees("you joined.")
		mum.says("Dinner at eight?")
		s.sees("Dinner")
		dad.says("I'll be late, sorry. The 19:40 train is stuck outside the tunnel again")
		s.sees("tunnel again")
		mum.says("anna, can you bring the blue plates?")
		s.sees("plates?")
		s.types("of course 👍🏽\r")
		s.sees("you: of course")
		mum.says("@anna don't tell leo about the cake")
		s.sees("the cake")
		s.types("@mum my lips are sealed\r")
		s.sees("lips are sealed")
		leo.says("the list:\nmilk\nbread")
		s.sees("| bread")
		s.types("@dda see you at ten\r")
		s.sees("did you mean dad?")
		_ = leo.conn.(interface{ SetLinger(int) error }).SetLinger(0)
		leo.conn.Close()
		s.sees("leo was disconnected")
		s.types("日本語, half typed while others talk")
		s.sees("half typed")
		mum.says("see you all later")
		s.sees("see you all later")
		if !*pictures {
			continue
		}
		file := filepath.Join("..", "..", "docs", "pictures", fmt.Sprintf("famchat-%d.svg", size[0]))
		s.mu.Lock()
		err := os.WriteFile(file, []byte(s.screen.SVG()), 0o644)
		s.mu.Unlock()
		if err != nil {
			t.Error(err)
		}
	}
}

// famchat, on a terminal that is no good for drawing, is as in a pipe.
func TestDumbTerminal(t *testing.T) {
	addr, _ := serve(t, "")
	cmd := command(t, "--name", "anna", addr)
	cmd.Env = append(cmd.Env, "TERM=dumb")
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	if _, err := tty.WriteString("hello\n\x04"); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	b := make([]byte, 1024)
	for {
		n, err := tty.Read(b)
		out.Write(b[:n])
		if err != nil {
			break
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	if got := out.String(); !strings.Contains(got, "got anna\r\n") || !strings.Contains(got, "got hello\r\n") || strings.Contains(got, "\x1b") {
		t.Errorf("got %q", got)
	}
}
