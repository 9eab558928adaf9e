package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"
)

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	ctrlR = "\x12"
	tab   = "\t"
	enter = "\r"
)

// tester is a test, or a script.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// terminal is famchat-admin on a terminal, as a person has it.
type terminal struct {
	t      tester
	cmd    *exec.Cmd
	pty    *os.File // the person's side
	tty    *os.File // famchat-admin's side
	before *term.State
	ended  chan struct{}
	read   chan struct{} // closed when all that it showed has been read

	mu   sync.Mutex
	out  []byte
	seen int // so much of out has been waited for
	more chan struct{}
}

// home is the folder of a person: the socket of the daemon is in it, and their history.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fct")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// open starts famchat-admin on a terminal, with variables added to its environment.
func open(t *testing.T, home string, env []string, args ...string) *terminal {
	t.Helper()
	path, err := exec.LookPath(name) // TestMain has put it there
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR=", "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), socketEnv+"="+socketIn(home))
	cmd.Env = append(cmd.Env, env...)
	return onTerminal(t, cmd)
}

// onTerminal starts a program on a terminal of 24 rows and 80 columns.
func onTerminal(t tester, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, cmd: cmd, pty: master, tty: slave, ended: make(chan struct{}), read: make(chan struct{}), more: make(chan struct{}, 1)}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	if x.before, err = term.GetState(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(x.ended)
	}()
	go x.readAll()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-x.ended
		slave.Close()
		<-x.read
		master.Close()
	})
	return x
}

// readAll reads what is shown, until nobody has the other side open any more.
func (x *terminal) readAll() {
	defer close(x.read)
	b := make([]byte, 4096)
	for {
		n, err := x.pty.Read(b)
		x.mu.Lock()
		x.out = append(x.out, b[:n]...)
		x.mu.Unlock()
		select {
		case x.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// types types keys.
func (x *terminal) types(keys string) {
	x.t.Helper()
	if _, err := x.pty.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// sees waits until texts appear, in order, after what was seen before.
func (x *terminal) sees(texts ...string) {
	x.t.Helper()
	timeout := time.After(watchdog)
	for _, text := range texts {
		for {
			x.mu.Lock()
			at := strings.Index(string(x.out[x.seen:]), text)
			if at >= 0 {
				x.seen += at + len(text)
			}
			x.mu.Unlock()
			if at >= 0 {
				break
			}
			select {
			case <-x.more:
			case <-timeout:
				x.t.Fatalf("it never showed %q after\n%q\nbut\n%q", text, x.out[:x.seen], x.out[x.seen:])
			}
		}
	}
}

// all is all that was shown.
func (x *terminal) all() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(x.out)
}

// exits waits until it has ended, with a code, and the terminal is as it was.
func (x *terminal) exits(want int) {
	x.t.Helper()
	x.waits()
	if got := x.cmd.ProcessState.ExitCode(); got != want {
		x.t.Errorf("it exited with %d, want %d; it showed\n%q", got, want, x.all())
	}
}

// waits waits until it has ended and all that it showed is read, and the terminal is as it was.
func (x *terminal) waits() {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(watchdog):
		x.t.Fatalf("it has not ended; it showed\n%q", x.all())
	}
	x.restored()
	x.tty.Close()
	<-x.read
}

// restored checks that the terminal is as it was before.
func (x *terminal) restored() {
	x.t.Helper()
	after, err := term.GetState(int(x.tty.Fd()))
	if err != nil {
		x.t.Fatal(err)
	}
	if !reflect.DeepEqual(after, x.before) {
		x.t.Errorf("the terminal is %+v, and was %+v", after, x.before)
	}
}

// eventual waits until ok is true.
func eventual(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(watchdog); !ok(); pause() {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

func TestTopLeavesTheTerminalAsItWas(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(x *terminal, stopDaemon func())
		code int
	}{
		{"q", func(x *terminal, _ func()) { x.types("q") }, exitDone},
		{"Ctrl-C", func(x *terminal, _ func()) { x.types(ctrlC) }, exitDone},
		{"Ctrl-D", func(x *terminal, _ func()) { x.types("zz" + ctrlD) }, exitDone},
		{"SIGINT", func(x *terminal, _ func()) { _ = x.cmd.Process.Signal(syscall.SIGINT) }, exitDone},
		{"SIGTERM", func(x *terminal, _ func()) { _ = x.cmd.Process.Signal(syscall.SIGTERM) }, exitDone},
		{"SIGHUP", func(x *terminal, _ func()) { _ = x.cmd.Process.Signal(syscall.SIGHUP) }, exitDone},
		{"the daemon goes", func(_ *terminal, stopDaemon func()) { stopDaemon() }, exitNoDaemon},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := home(t)
			stopDaemon := family().serve(t, socketIn(dir))
			x := open(t, dir, nil, "top", "--interval", "200ms")
			// The second drawing is in place of the first.
			x.sees(enterScreen, "\x1b[H", "anna (#1)", "\x1b[H", "anna (#1)")
			test.end(x, stopDaemon)
			x.exits(test.code)
			x.sees(leaveScreen)
			if after := x.all()[strings.Index(x.all(), leaveScreen)+len(leaveScreen):]; strings.Contains(after, "\x1b[H") {
				t.Errorf("it drew after it had left: %q", after)
			}
			if test.code == exitNoDaemon {
				x.sees("famchat-admin: the daemon has ended")
			}
		})
	}
}

func TestTopIsDrawnAnewWhenTheTerminalIsResized(t *testing.T) {
	dir := home(t)
	family().serve(t, socketIn(dir))
	x := open(t, dir, nil, "top", "--interval", "1h")
	x.sees("anna (#1)", "leo (#2)")
	if err := pty.Setsize(x.pty, &pty.Winsize{Rows: 5, Cols: 20}); err != nil {
		t.Fatal(err)
	}
	x.sees("more; q ends this")
	x.types("q")
	x.exits(exitDone)
}

func TestAQuestionIsAskedOnATerminal(t *testing.T) {
	for _, test := range []struct {
		answer string
		code   int
		asked  []string
	}{
		{"y\r", exitDone, []string{"shutdown 1m0s"}},
		{"YES\r", exitDone, []string{"shutdown 1m0s"}},
		{"n\r", exitRefused, nil},
		{"\r", exitRefused, nil},
		{"yellow\r", exitRefused, nil},
		{ctrlD, exitRefused, nil},
		{ctrlC, exitFailed, nil},
	} {
		dir := home(t)
		m := family()
		m.serve(t, socketIn(dir))
		x := open(t, dir, nil, "shutdown", "--in", "60s")
		x.sees("Stop the daemon in 1m? [y/N] ")
		x.types(test.answer)
		x.exits(test.code)
		if got := m.requests(); !reflect.DeepEqual(got, test.asked) {
			t.Errorf("%q: it was asked %q, want %q", test.answer, got, test.asked)
		}
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	dir := home(t)
	family().serve(t, socketIn(dir))
	for _, test := range []struct {
		env  []string
		want bool
	}{{nil, true}, {[]string{"NO_COLOR=1"}, false}, {[]string{"TERM=dumb"}, false}} {
		x := open(t, dir, test.env, "list")
		x.sees("leo")
		x.exits(exitDone)
		if got := strings.Contains(x.all(), "\x1b["); got != test.want {
			t.Errorf("%v: coloured is %v, want %v: %q", test.env, got, test.want, x.all())
		}
		x = open(t, dir, test.env, "nonsense")
		x.exits(exitUsage)
		if got := strings.Contains(x.all(), red); got != test.want {
			t.Errorf("an error with %v: coloured is %v, want %v: %q", test.env, got, test.want, x.all())
		}
	}
	out, err := command(t, dir, "list")
	if err != nil || strings.ContainsAny(out, "\x1b") || strings.Count(out, "\n") != 2 {
		t.Errorf("in a pipe: %q, %v", out, err)
	}
}

// command runs famchat-admin with its output in a pipe.
func command(t *testing.T, home string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), socketEnv+"="+socketIn(home))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAnAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("there is no /dev/full")
	} else if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	dir := home(t)
	family().serve(t, socketIn(dir))
	var stderr strings.Builder
	cmd := exec.Command(name, "list")
	cmd.Env = append(os.Environ(), socketEnv+"="+socketIn(dir))
	cmd.Stdout, cmd.Stderr = full, &stderr
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stderr.String(), "the answer cannot be written") {
		t.Errorf("exit %d, %q", code, fmt.Sprint(&stderr))
	}
}
