package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// inCI is set where everything that a test wants is installed.
const inCI = "FAMCHAT_CI"

// lookEvery is how often a screen is looked at while something is waited for.
const lookEvery = 20 * time.Millisecond

// patience is how long something is waited for on a screen.
const patience = 20 * time.Second

// An emulator is a real terminal with a shell in it that does not mark its prompt:
// what it shows is what programs write.
type emulator interface {
	// capture returns all lines of the scrollback and the screen, each of as many
	// rows as it was wrapped into.
	capture() string
	// shown returns what capture returns for text.
	shown(text string) string
	// types types text, keys presses keys as tmux names them, and paste pastes as a
	// person does, bracketed where famchat asked for it.
	types(text string)
	keys(keys ...string)
	paste(text string)
	setSize(width, height int)
	// wipe empties the scrollback and the screen, forget the scrollback.
	wipe()
	forget()
	// shell returns the process of the shell, and tty its terminal.
	shell() (pid, tty string)
}

// A pane is what a person has in front of them: an emulator, and ways to look at it.
type pane struct {
	emulator
	t *testing.T
	// state is the folder that is home for the programs in it.
	state string
}

// An opener opens a pane of so many cells.
type opener func(t *testing.T, width, height int) *pane

// eachTerminal runs a test in each emulator.
func eachTerminal(t *testing.T, test func(t *testing.T, newPane opener)) {
	t.Run("tmux", func(t *testing.T) { test(t, newPane) })
	t.Run("xterm", func(t *testing.T) { test(t, newXterm) })
}

// needs skips the test where a program is missing, and fails it in CI.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv(inCI) != "" {
			t.Fatalf("there is no %s to run famchat in, and CI must have it", program)
		}
		t.Skipf("SKIPPED: there is no %s to run famchat in (.ci/run lists the packages)", program)
	}
}

// bash is the shell in every emulator.
var bash = []string{"bash", "--norc", "--noprofile", "-i"}

// environment is what the programs in an emulator find in theirs.
func environment(home string) []string {
	return append(os.Environ(), asFamchat+"=1", "PS1=", "LC_ALL=C.UTF-8", "HISTFILE=", "HOME="+home, "XDG_STATE_HOME="+home, "famchat="+os.Args[0],
		"TMUX=", "STY=", "VTE_VERSION=", "KONSOLE_VERSION=", "KITTY_WINDOW_ID=", "TERM_PROGRAM=", "WT_SESSION=")
}

// guarded starts a program that ends when the test does, however the test ends: what
// guards it reads from a pipe that nobody else has the other end of. extra is its
// descriptor 3.
func guarded(t *testing.T, env []string, extra *os.File, command ...string) {
	t.Helper()
	guard := exec.Command("sh", append([]string{"-c", `"$@" & child=$!; exec 3>&-; cat >/dev/null; kill $child; wait $child`, "sh"}, command...)...)
	guard.Env = env
	if extra != nil {
		guard.ExtraFiles = []*os.File{extra}
	}
	alive, err := guard.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := guard.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		alive.Close()
		_ = guard.Wait() // whatever the program makes of being ended
	})
}

// until waits for something to be so.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	look(time.Millisecond, ok, func() { t.Fatalf("waiting for %s", what) })
}

// look looks every so often until ok, or lost when it has looked in vain for long.
func look(every time.Duration, ok func() bool, lost func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for begin := time.Now(); ; <-tick.C {
		// A machine may stand still for longer than that: the last look comes after it.
		late := time.Since(begin) > patience
		if ok() {
			return
		}
		if late {
			lost()
		}
	}
}

// begin wipes away what the shell echoes at first.
func (p *pane) begin() {
	p.t.Helper()
	p.enter("bind 'set enable-bracketed-paste off'; clear; echo rea''dy")
	p.sees("ready")
	p.wipe()
}

// resize makes the window another size, and waits until the programs in it can know:
// tmux tells them up to a quarter of a second after it has broken the rows anew.
func (p *pane) resize(width, height int) {
	p.t.Helper()
	p.setSize(width, height)
	_, name := p.shell()
	tty, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer tty.Close()
	p.await(fmt.Sprintf("a window of %d x %d", width, height), func([]string) bool {
		rows, columns, err := pty.Getsize(tty)
		return err == nil && rows == height && columns == width
	})
}

// enter types a command, and Enter.
func (p *pane) enter(command string) {
	p.t.Helper()
	p.types(command)
	p.keys("Enter")
}

// write writes to the terminal behind the back of the programs in it.
func (p *pane) write(text string) {
	p.t.Helper()
	_, name := p.shell()
	writeTo(p.t, name, text)
}

func writeTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

var (
	clock = regexp.MustCompile(`\b\d\d:\d\d\b`)
	date  = regexp.MustCompile(`--- [A-Z][a-z]+day \d+ [A-Z][a-z]+ \d{4}`)
	space = regexp.MustCompile(`\s+`)
	// lineBegins is how what famchat prints begins.
	lineBegins = regexp.MustCompile(`^(Famchat$|\d\d:\d\d |> |>$|--|      \|)`)
)

// lines returns all lines of the scrollback and the screen, each of as many rows
// as it was wrapped into, white space squeezed, without what changes from one run
// to the next. The shell's echo of the command that began it is not among them.
func (p *pane) lines() []string {
	p.t.Helper()
	var lines []string
	for l := range strings.Lines(p.capture()) {
		l = date.ReplaceAllString(clock.ReplaceAllString(strings.TrimSpace(l), "TT:TT"), "--- DATE")
		l = space.ReplaceAllString(l, " ")
		if !strings.HasPrefix(strings.TrimPrefix(l, "("), "$famchat") {
			lines = append(lines, l)
		}
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// await looks until ok says that what is shown is right.
func (p *pane) await(what string, ok func(lines []string) bool) {
	p.t.Helper()
	var lines []string
	look(lookEvery, func() bool {
		lines = p.lines()
		return ok(lines)
	}, func() {
		p.t.Helper()
		screen := strings.Join(lines, "\n")
		same := 0
		for same < min(len(what), len(screen)) && what[same] == screen[same] {
			same++
		}
		from := strings.LastIndexByte(screen[:same], '\n') + 1
		p.t.Fatalf("the first %d bytes of what was waited for are there; then the screen shows\n%.2000s\nwant\n%.2000s\nit ends in\n%s",
			from, screen[from:], what[min(from, len(what)):], screen[max(0, len(screen)-1000):])
	})
}

// sees waits until text is on the screen or has been.
func (p *pane) sees(text string) {
	p.t.Helper()
	text = p.shown(text)
	p.await(text, func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), text) })
}

// shows waits until the whole scrollback is as it must be.
func (p *pane) shows(want ...string) {
	p.t.Helper()
	for i, w := range want {
		want[i] = strings.TrimSpace(space.ReplaceAllString(p.shown(w), " "))
	}
	p.await(strings.Join(want, "\n"), func(lines []string) bool { return strings.Join(lines, "\n") == strings.Join(want, "\n") })
}

// showsInput waits until the whole scrollback is lines, and then the input, in as
// many rows as it takes.
func (p *pane) showsInput(lines []string, input string) {
	p.t.Helper()
	want := strings.ReplaceAll(p.shown(input), " ", "")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(space.ReplaceAllString(p.shown(l), " "))
	}
	above := strings.Join(lines, "\n") + "\n"
	p.await(above+want, func(got []string) bool {
		rest, ok := strings.CutPrefix(strings.Join(got, "\n"), above)
		return ok && unspaced.Replace(rest) == want
	})
}

// welcome is what somebody reads who is the first in the room after others.
func welcome(others string) []string {
	return []string{"Famchat", "--- DATE", "TT:TT * you joined. Here: " + others + ". /help lists the commands"}
}

// enters starts famchat in the pane and waits until it is in the room.
func (p *pane) enters(h *house, flags string) {
	p.t.Helper()
	p.enter("$famchat " + flags + " " + h.addr + "; echo status $?")
	p.sees("you joined.")
}

// child returns the process that the pane's shell has started.
func (p *pane) child() int {
	p.t.Helper()
	shell, _ := p.shell()
	out, err := exec.Command("pgrep", "-P", shell).Output()
	if err != nil {
		p.t.Fatalf("looking for the child of %s: %v", shell, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		p.t.Fatal(err)
	}
	return pid
}

// givenBack checks that the terminal is as it was.
func (p *pane) givenBack() {
	p.t.Helper()
	p.enter("stty -a | tr -s ' ;' '\\n' | grep -xE -- '-?(icanon|echo|isig|opost|icrnl)' | sort | tr '\\n' ' '; echo end")
	p.sees("echo icanon icrnl isig opost end")
}
