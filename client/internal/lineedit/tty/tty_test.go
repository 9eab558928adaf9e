package tty

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// open returns both ends of a pseudo-terminal.
func open(t *testing.T) (far, near *os.File) {
	t.Helper()
	far, near, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close(); near.Close() })
	return far, near
}

func TestIs(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Is(null) || Is(strings.NewReader("")) || Is(nil) {
		t.Error("what is no terminal is taken for one")
	}
	_, near := open(t)
	if !Is(near) {
		t.Error("a pseudo-terminal is not taken for a terminal")
	}
	near.Close()
	if Is(near) {
		t.Error("a closed file is taken for a terminal")
	}
}

// state returns how a terminal is set.
func state(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

func TestTheTerminalIsGivenBackAsItWas(t *testing.T) {
	far, near := open(t)
	before := state(t, near)
	terminal, err := Open(near, near)
	if err != nil {
		t.Fatal(err)
	}
	if raw := state(t, near); raw.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 || raw.Oflag&unix.OPOST != 0 {
		t.Errorf("it is not in raw mode: %+v", raw)
	}
	if err := terminal.Resume(); err != nil {
		t.Error(err)
	}
	terminal.Close()
	terminal.Close()
	if after := state(t, near); after != before {
		t.Errorf("got %+v after it, want %+v", after, before)
	}
	if err := terminal.Resume(); err != nil {
		t.Error(err)
	}
	if after := state(t, near); after != before {
		t.Error("it was taken again after it was closed")
	}
	want := pasteOn + pasteOn + pasteOff
	got := make([]byte, len(want))
	if _, err := io.ReadFull(far, got); string(got) != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestSize(t *testing.T) {
	far, near := open(t)
	terminal, err := Open(near, near)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	if err := pty.Setsize(far, &pty.Winsize{Rows: 12, Cols: 34}); err != nil {
		t.Fatal(err)
	}
	if w, h := terminal.Size(); w != 34 || h != 12 {
		t.Errorf("got %d, %d; want 34, 12", w, h)
	}
}

func TestWhichTerminalsTruncate(t *testing.T) {
	for _, test := range []struct {
		env  string
		want bool
	}{
		{"TERM=xterm-256color XTERM_VERSION=XTerm(379)", true},
		{"TERM=xterm-256color", false},
		{"TERM=xterm-256color XTERM_VERSION=XTerm(379) VTE_VERSION=7006", false},
		{"TERM=screen-256color TMUX=/tmp/tmux,1,0 XTERM_VERSION=XTerm(379)", false},
		{"TERM=screen STY=1.tty", true},
		{"TERM=xterm STY=1.tty", true},
		{"TERM=st-256color", true},
		{"TERM=rxvt-unicode-256color", true},
		{"TERM=linux", true},
		{"TERM=stterm", false},
		{"TERM=xterm-kitty KITTY_WINDOW_ID=1", false},
		{"", false},
	} {
		getenv := func(name string) string {
			for _, assignment := range strings.Fields(test.env) {
				if value, ok := strings.CutPrefix(assignment, name+"="); ok {
					return value
				}
			}
			return ""
		}
		if got := Truncates(getenv); got != test.want {
			t.Errorf("%s: got %v, want %v", test.env, got, test.want)
		}
	}
}

// A read that waits takes nothing that is typed while the process is stopped, when the
// shell has the terminal, nor after it was closed.
func TestWhatIsTypedForTheShellStays(t *testing.T) {
	far, near := open(t)
	terminal, err := Open(near, near)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		defer close(read)
		for b := make([]byte, 100); ; {
			n, err := terminal.Read(b)
			if err != nil {
				return
			}
			read <- string(b[:n])
		}
	}()
	// types types something, and takes it as a shell does.
	takes := func(typed string) {
		t.Helper()
		if _, err := far.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(typed))
		if _, err := io.ReadFull(near, got); string(got) != typed || err != nil {
			t.Errorf("the shell got %q, %v; want %q", got, err, typed)
		}
	}
	for range 100 {
		if _, err := far.WriteString("hello"); err != nil {
			t.Fatal(err)
		}
		if got := <-read; got != "hello" {
			t.Fatalf("got %q", got)
		}
		terminal.taking.Lock()
		takes("fg")
		terminal.taking.Unlock()
	}
	terminal.Close()
	if _, err := far.WriteString("ls\n"); err != nil {
		t.Fatal(err)
	}
	if got, more := <-read; more {
		t.Errorf("got %q after it was closed", got)
	}
	got := make([]byte, len("ls\n"))
	if _, err := io.ReadFull(near, got); string(got) != "ls\n" || err != nil {
		t.Errorf("the shell got %q, %v", got, err)
	}
}
