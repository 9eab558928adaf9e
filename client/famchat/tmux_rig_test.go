package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// inCI is set where everything that a test wants is installed.
const inCI = "FAMCHAT_CI"

// look is how often a screen is looked at while something is waited for.
const look = 20 * time.Millisecond

// patience is how long something is waited for on a screen.
const patience = 20 * time.Second

var panes atomic.Int32

// A pane is a window of a tmux of its own.
type pane struct {
	t      *testing.T
	socket string
	// env is what the programs in it find in their environment.
	state string
}

// newPane opens a pane of so many cells with a shell in it, which does not mark its
// prompt: what it shows is what programs write.
func newPane(t *testing.T, width, height int) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv(inCI) != "" {
			t.Fatal("there is no tmux to run famchat in, and CI must have it")
		}
		t.Skip("SKIPPED: there is no tmux to run famchat in")
	}
	folder := t.TempDir()
	conf := filepath.Join(folder, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g history-limit 100000\nset -g status off\nset -g escape-time 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &pane{t: t, socket: filepath.Join(folder, fmt.Sprintf("s%d", panes.Add(1))), state: folder}
	shell := exec.Command("tmux", "-u", "-S", p.socket, "-f", conf, "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"bash", "--norc", "--noprofile", "-i")
	shell.Env = append(os.Environ(), asFamchat+"=1", "PS1=", "LC_ALL=C.UTF-8", "HISTFILE=", "HOME="+folder, "XDG_STATE_HOME="+folder, "famchat="+os.Args[0], "TMUX=")
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("starting tmux: %v: %s", err, out)
	}
	t.Cleanup(func() { p.tmux("kill-server") })
	p.resize(width, height)
	// What the shell echoes is wiped away with the history.
	p.enter("bind 'set enable-bracketed-paste off'; clear; echo rea''dy")
	p.sees("ready")
	p.tmux("send-keys", "-R")
	p.tmux("clear-history")
	return p
}

// tmux runs a command of tmux and returns what it printed.
func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// resize makes the window another size, and waits until the programs in it can know:
// tmux tells them up to a quarter of a second after it has broken the rows anew.
func (p *pane) resize(width, height int) {
	p.t.Helper()
	p.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
	tty, err := os.OpenFile(strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_tty}")), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer tty.Close()
	p.await(fmt.Sprintf("a window of %d x %d", width, height), func([]string) bool {
		rows, columns, err := pty.Getsize(tty)
		return err == nil && rows == height && columns == width
	})
}

// types types text, and keys named as tmux names them.
func (p *pane) types(text string) { p.t.Helper(); p.tmux("send-keys", "-l", text) }

func (p *pane) keys(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

func (p *pane) enter(command string) {
	p.t.Helper()
	p.types(command)
	p.keys("Enter")
}

// paste pastes as a person does, bracketed where famchat asked for it.
func (p *pane) paste(text string) {
	p.t.Helper()
	file := filepath.Join(p.state, "paste")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.tmux("load-buffer", file)
	p.tmux("paste-buffer", "-p", "-r")
}

var (
	clock = regexp.MustCompile(`\b\d\d:\d\d\b`)
	date  = regexp.MustCompile(`--- [A-Z][a-z]+day \d+ [A-Z][a-z]+ \d{4}`)
	space = regexp.MustCompile(`\s+`)
)

// lines returns all lines of the scrollback and the screen, each of as many rows
// as it was wrapped into, white space squeezed, without what changes from one run
// to the next. The shell's echo of the command that began it is not among them.
func (p *pane) lines() []string {
	p.t.Helper()
	var lines []string
	for l := range strings.Lines(p.tmux("capture-pane", "-p", "-J", "-S", "-")) {
		l = date.ReplaceAllString(clock.ReplaceAllString(strings.TrimSpace(l), "TT:TT"), "--- DATE")
		l = space.ReplaceAllString(l, " ")
		if !strings.HasPrefix(l, "$famchat") {
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
	deadline := time.After(patience)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		lines := p.lines()
		if ok(lines) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			screen := strings.Join(lines, "\n")
			same := 0
			for same < min(len(what), len(screen)) && what[same] == screen[same] {
				same++
			}
			from := strings.LastIndexByte(screen[:same], '\n') + 1
			p.t.Fatalf("the first %d bytes of what was waited for are there; then the screen shows\n%.2000s\nwant\n%.2000s", from, screen[from:], what[min(from, len(what)):])
		}
	}
}

// sees waits until text is on the screen or has been.
func (p *pane) sees(text string) {
	p.t.Helper()
	p.await(text, func(lines []string) bool { return strings.Contains(strings.Join(lines, "\n"), text) })
}

// shows waits until the whole scrollback is as it must be.
func (p *pane) shows(want ...string) {
	p.t.Helper()
	for i, w := range want {
		want[i] = strings.TrimSpace(space.ReplaceAllString(w, " "))
	}
	p.await(strings.Join(want, "\n"), func(lines []string) bool { return strings.Join(lines, "\n") == strings.Join(want, "\n") })
}

// showsInput waits until the whole scrollback is lines, and then the input, in as
// many rows as it takes.
func (p *pane) showsInput(lines []string, input string) {
	p.t.Helper()
	want := strings.ReplaceAll(input, " ", "")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(space.ReplaceAllString(l, " "))
	}
	above := strings.Join(lines, "\n") + "\n"
	p.await(above+want, func(got []string) bool {
		rest, ok := strings.CutPrefix(strings.Join(got, "\n"), above)
		return ok && strings.NewReplacer(" ", "", "\n", "").Replace(rest) == want
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
	shell := strings.TrimSpace(p.tmux("display-message", "-p", "#{pane_pid}"))
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
