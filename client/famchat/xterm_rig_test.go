package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// typable are the characters beyond ASCII that tests type into an xterm. They are put
// on the keyboard at the start: xdotool would change the keyboard for every one of
// them, and xterm would find out too late.
const typable = "日本語é\u0301👨👩👧\u200d👍\U0001f3fd❤\ufe0f🇫🇷नि"

// firstSpareKey is the code of the first key that is given to a typable character.
const firstSpareKey = 200

// hidden is what xterm prints for the second cell of a wide character.
const hidden = '\uffff'

// An xterm is an xterm on a display of its own that only exists in memory.
type xterm struct {
	t                     *testing.T
	display, folder       string
	pid, terminal, window string
	width                 int
}

// newXterm opens an xterm.
func newXterm(t *testing.T, width, height int) *pane {
	t.Helper()
	needs(t, "xterm", "Xvfb", "xdotool", "xmodmap", "xclip")
	x := &xterm{t: t, folder: t.TempDir(), width: width}
	x.open()
	x.keyboard()
	told := filepath.Join(x.folder, "shell")
	guarded(t, x.environment(), nil, append([]string{"xterm", "-u8", "-fn", "fixed", "-sl", "20000", "-geometry", fmt.Sprintf("%dx%d+0+0", width, height),
		"-xrm", "XTerm*printerCommand: cat >" + x.folder + "/part && mv " + x.folder + "/part " + x.folder + "/printed",
		"-xrm", "XTerm*printAttributes: 0",
		"-xrm", "XTerm*VT100.translations: #override <Key>F12: print-everything()",
		"-e", "sh", "-c", `echo "$$ $(tty) $WINDOWID" >"$0.part"; mv "$0.part" "$0"; exec "$@"`, told}, bash...)...)
	told = x.content(told, "the shell in xterm")
	if _, err := fmt.Sscan(told, &x.pid, &x.terminal, &x.window); err != nil {
		t.Fatalf("what the shell told of itself is %q: %v", told, err)
	}
	// Keys go to the window that the mouse is in.
	x.xdotool("mousemove", "5", "5")
	p := &pane{emulator: x, t: t, state: x.folder}
	p.begin()
	return p
}

// open starts a display. It must not start anew, and forget its keyboard, when
// nobody is left on it, and must not repeat a key that is let go late.
func (x *xterm) open() {
	x.t.Helper()
	number, told, err := os.Pipe()
	if err != nil {
		x.t.Fatal(err)
	}
	defer number.Close()
	guarded(x.t, os.Environ(), told, "Xvfb", "-displayfd", "3", "-screen", "0", "1000x800x24", "-noreset", "-r", "-nolisten", "tcp")
	told.Close()
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		x.t.Fatalf("starting Xvfb: %v", err)
	}
	x.display = ":" + strings.TrimSpace(line)
}

// keyboard puts what is typable on the keyboard.
func (x *xterm) keyboard() {
	x.t.Helper()
	var keys strings.Builder
	code := firstSpareKey
	for _, r := range typable {
		fmt.Fprintf(&keys, "keycode %d = U%04X\n", code, r)
		code++
	}
	x.run(strings.NewReader(keys.String()), "xmodmap", "-")
}

func (x *xterm) environment() []string {
	return append(environment(x.folder), "DISPLAY="+x.display)
}

// run runs a program on the display. It may leave a process behind, as xclip does,
// which ends with the display.
func (x *xterm) run(stdin io.Reader, command ...string) {
	x.t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Env, c.Stdin = x.environment(), stdin
	if err := c.Run(); err != nil {
		x.t.Fatalf("%q: %v", command, err)
	}
}

func (x *xterm) xdotool(args ...string) {
	x.t.Helper()
	x.run(nil, append([]string{"xdotool"}, args...)...)
}

// content waits until there is a file, and takes it.
func (x *xterm) content(name, what string) (content string) {
	x.t.Helper()
	until(x.t, what, func() bool {
		b, err := os.ReadFile(name)
		content = string(b)
		return err == nil
	})
	if err := os.Remove(name); err != nil {
		x.t.Fatal(err)
	}
	return content
}

// printed waits until xterm has printed all that it holds.
func (x *xterm) printed() string {
	x.t.Helper()
	return x.content(filepath.Join(x.folder, "printed"), "what xterm prints")
}

func (x *xterm) capture() string {
	x.t.Helper()
	x.xdotool("key", "F12")
	rows := strings.Split(x.printed(), "\n")
	var lines strings.Builder
	for i, row := range rows {
		lines.WriteString(row)
		if i+1 == len(rows) || !x.goesOn(row, rows[i+1]) {
			lines.WriteByte('\n')
		}
	}
	return x.shown(lines.String())
}

// goesOn tells whether next is the rest of row: xterm does not say. It is if row is
// full, and next does not begin like a line.
func (x *xterm) goesOn(row, next string) bool {
	cells := 0
	for _, r := range row {
		if r == hidden {
			cells++
		} else {
			cells += min(1, runewidth.RuneWidth(r))
		}
	}
	if rest := []rune(next); len(rest) > 1 && rest[1] == hidden {
		cells++
	}
	return cells >= x.width && next != "" && !lineBegins.MatchString(next)
}

// shown drops what xterm does not keep in its cells.
func (x *xterm) shown(text string) string {
	return strings.NewReplacer(string(hidden), "", "\u200d", "", "e\u0301", "é").Replace(text)
}

func (x *xterm) types(text string) {
	x.t.Helper()
	for _, r := range text {
		if r >= utf8.RuneSelf && !strings.ContainsRune(typable, r) {
			x.t.Fatalf("%q is not on the keyboard", r)
		}
	}
	x.xdotool("type", "--delay", "0", "--", text)
}

// keysyms are the names of keys in X that differ from those in tmux.
var keysyms = map[string]string{"BSpace": "BackSpace", "Enter": "Return"}

func (x *xterm) keys(keys ...string) {
	x.t.Helper()
	keys = slices.Clone(keys)
	for i, key := range keys {
		if letter, ok := strings.CutPrefix(key, "C-"); ok {
			keys[i] = "ctrl+" + letter
		} else if name, ok := keysyms[key]; ok {
			keys[i] = name
		}
	}
	x.xdotool(append([]string{"key", "--delay", "0"}, keys...)...)
}

// paste waits until the selection is there: xclip says so before the display knows.
func (x *xterm) paste(text string) {
	x.t.Helper()
	x.run(strings.NewReader(text), "xclip", "-selection", "primary", "-in")
	until(x.t, "xclip's selection", func() bool {
		c := exec.Command("xclip", "-selection", "primary", "-out")
		c.Env = x.environment()
		out, err := c.Output()
		return err == nil && string(out) == text
	})
	x.xdotool("key", "shift+Insert")
}

func (x *xterm) setSize(width, height int) {
	x.t.Helper()
	x.xdotool("windowsize", "--usehints", x.window, fmt.Sprint(width), fmt.Sprint(height))
	x.width = width
}

func (x *xterm) wipe() { x.t.Helper(); writeTo(x.t, x.terminal, "\x1b[H\x1b[2J\x1b[3J") }

// forget has it forget what has scrolled away, and waits until it has.
func (x *xterm) forget() {
	x.t.Helper()
	writeTo(x.t, x.terminal, "\x1b[3J\x1b[?11i")
	x.printed()
}

func (x *xterm) shell() (pid, tty string) { return x.pid, x.terminal }
