package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// eachWidth runs a test in panes of 20, 36 and 80 columns of each terminal, with mum
// in the room.
func eachWidth(t *testing.T, test func(t *testing.T, p *pane, mum *guest, width int)) {
	eachTerminal(t, func(t *testing.T, newPane opener) {
		for _, width := range []int{20, 36, 80} {
			t.Run(fmt.Sprintf("%d columns", width), func(t *testing.T) {
				t.Parallel()
				h := open(t, "")
				mum := h.join("mum")
				p := newPane(t, width, 12)
				p.enters(h, "--name anna")
				test(t, p, mum, width)
			})
		}
	})
}

// all joins lists of lines.
func all(lists ...[]string) []string { return slices.Concat(lists...) }

// What is half typed stays whole, on a nearly empty screen and on a full one, and
// nothing of it is left behind.
func TestHalfTypedStaysWhole(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		seen := welcome("mum")
		for _, draft := range []string{"日本語 half typed", "a line in ASCII, half typed", "👨‍👩‍👧 and ❤️, नि, 🇫🇷"} {
			p.types(draft)
			mum.says("first")
			seen = append(seen, "TT:TT   mum: first")
			p.showsInput(seen, "> "+draft)
			for range 3 {
				seen = append(seen, mum.chatter("mum", 33)...)
				p.showsInput(seen, "> "+draft)
			}
			p.types(" X")
			p.keys("Enter")
			mum.hears("anna: " + draft + " X")
			seen = append(seen, "TT:TT   you: "+draft+" X")
			p.shows(append(seen, ">")...)
		}
	})
}

// The window may change its size at any time; tmux breaks the rows anew.
func TestResizeWhileTyping(t *testing.T) {
	h := open(t, "")
	mum := h.join("mum")
	p := newPane(t, 80, 15)
	p.enters(h, "--name anna")
	seen := welcome("mum")
	text := ""
	for i, size := range [][2]int{{20, 15}, {80, 15}, {33, 10}, {50, 20}, {20, 12}, {60, 9}, {21, 24}, {80, 24}} {
		word := fmt.Sprintf("word%d日本 ", i)
		p.types(word)
		text += word
		mum.says(word)
		seen = append(seen, "TT:TT   mum: "+word)
		p.sees("mum: " + strings.TrimSpace(word))
		p.resize(size[0], size[1])
		if i%3 == 1 {
			p.keys("Home")
			p.keys("End")
		}
	}
	p.showsInput(seen, "> "+text)
	p.keys("Enter")
	mum.hears("anna: " + strings.TrimSpace(text))
	p.shows(all(seen, []string{"TT:TT   you: " + text, ">"})...)
}

// Lines that fill the row to its last cell, and input that does.
func TestRowsThatAreJustFull(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, width int) {
		seen := welcome("mum")
		prefix := len("21:04   mum: ")
		for _, cells := range []int{width, 2 * width, width - 1, width + 1, 3 * width} {
			text := strings.Repeat("x", cells-prefix)
			mum.says(text)
			seen = append(seen, "TT:TT   mum: "+text)
		}
		mum.says("x" + strings.Repeat("日", width))
		seen = append(seen, "TT:TT   mum: x"+strings.Repeat("日", width))
		p.shows(append(seen, ">")...)
		for _, cells := range []int{width - 6, width - 5, width - 4, width - 3, width - 2, width - 1, width, width + 1, 2*width - 1, 2 * width, 2*width + 1} {
			text := strings.Repeat("y", cells-3) + "z"
			p.types(text)
			p.sees("z")
			mum.says("meanwhile")
			p.keys("Left")
			p.keys("End")
			p.keys("Enter")
			mum.hears("anna: " + text)
			seen = append(seen, "TT:TT   mum: meanwhile", "TT:TT   you: "+text)
			p.shows(append(seen, ">")...)
		}
	})
}

// Every cluster is one step for the cursor.
func TestTheCursorGoesByClusters(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		clusters := []string{"👨‍👩‍👧", "👍🏽", "❤️", "é", "🇫🇷", "नि", "日"}
		p.types(strings.Join(clusters, ""))
		want := ""
		for _, c := range clusters {
			want += "x" + c
		}
		p.keys("Home")
		for range clusters {
			p.types("x")
			p.keys("Right")
		}
		p.keys("Enter")
		mum.hears("anna: " + want)
		p.types("ab👨‍👩‍👧")
		p.keys("BSpace", "BSpace")
		p.types("c")
		p.keys("Enter")
		mum.hears("anna: ac")
		p.shows(append(welcome("mum"), "TT:TT   you: "+want, "TT:TT   you: ac", ">")...)
	})
}

// ESC alone does not swallow what follows it.
func TestEscapeFollowedByText(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		p.keys("Escape")
		p.types("text")
		p.keys("Escape", "x", "Enter")
		mum.hears("anna: textx")
		p.shows(append(welcome("mum"), "TT:TT   you: textx", ">")...)
	})
}

// A paste of several lines is one message, and is not sent by itself.
func TestPaste(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		p.paste("the list:\nmilk\n\tbread\n\n")
		p.shows(append(welcome("mum"), "> the list:↵", "milk↵", "bread")...)
		mum.says("go on")
		seen := append(welcome("mum"), "TT:TT   mum: go on")
		p.shows(append(seen, "> the list:↵", "milk↵", "bread")...)
		p.types("!")
		p.keys("Enter")
		mum.hears("anna: the list:\n      | milk\n      |     bread!\n")
		p.shows(append(seen, "TT:TT   you: the list:", "| milk", "| bread!", ">")...)
	})
}

// Whatever ends it, the terminal is given back.
func TestTheTerminalIsGivenBack(t *testing.T) {
	signal := func(sig syscall.Signal) func(p *pane, h *house) {
		return func(p *pane, _ *house) {
			if err := syscall.Kill(p.child(), sig); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		end  func(p *pane, h *house)
		last []string
	}{
		"Ctrl-D":  {func(p *pane, _ *house) { p.keys("C-d") }, []string{"TT:TT * you left. Bye!", "status 0"}},
		"Ctrl-C":  {func(p *pane, _ *house) { p.types("draft"); p.keys("C-c", "C-c") }, []string{"TT:TT * you left. Bye!", "status 0"}},
		"/quit":   {func(p *pane, _ *house) { p.enter("/quit") }, []string{"TT:TT * you left. Bye!", "status 0"}},
		"SIGTERM": {signal(syscall.SIGTERM), []string{"TT:TT * you left. Bye!", "status 0"}},
		"SIGHUP":  {signal(syscall.SIGHUP), []string{"TT:TT * you left. Bye!", "status 0"}},
		"SIGTERM with a draft": {func(p *pane, h *house) { p.types("draft"); p.sees("> draft"); signal(syscall.SIGTERM)(p, h) },
			[]string{"TT:TT * you left. Bye!", "> draft", "status 0"}},
		"the server goes": {func(p *pane, h *house) { h.stop(); p.sees("Enter quits"); p.keys("Enter") },
			[]string{"TT:TT # The server is closing. Bye!", "-- the server closed the connection. Enter quits, r reconnects", "status 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachTerminal(t, func(t *testing.T, newPane opener) {
				t.Parallel()
				h := open(t, "")
				p := newPane(t, 80, 12)
				p.enters(h, "--name anna")
				test.end(p, h)
				p.shows(append([]string{"Famchat", "--- DATE", "TT:TT * you joined. Nobody else is here yet. /help lists the commands"}, test.last...)...)
				p.givenBack()
			})
		})
	}
}

// Ctrl-Z gives the terminal back, fg goes on with what was typed.
func TestSuspend(t *testing.T) {
	eachTerminal(t, func(t *testing.T, newPane opener) {
		h := open(t, "")
		mum := h.join("mum")
		p := newPane(t, 80, 30)
		p.enter("$famchat --name anna " + h.addr)
		p.sees("you joined.")
		p.types("half 日本")
		p.keys("Left", "C-z")
		p.sees("Stopped")
		p.givenBack()
		mum.says("while it is stopped")
		p.enter("fg")
		p.sees("mum: while it is stopped")
		p.types("x")
		p.await("> half 日x本", func(lines []string) bool { return lines[len(lines)-1] == "> half 日x本" })
		p.keys("Enter")
		mum.hears("anna: half 日x本")
		p.keys("C-d")
		p.sees("you left.")
		p.givenBack()
	})
}
