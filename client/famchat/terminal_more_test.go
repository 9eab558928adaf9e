package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"famchat/daemon"
)

// While thousands of lines scroll by, what is typed is typed.
func TestTypingWhileLinesScrollBy(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		const lines = 3000
		done := make(chan []string)
		go func() { done <- mum.chatter("mum", lines) }()
		want := ""
		for i := range 10 {
			word := fmt.Sprintf("wo%d ", i)
			p.types(word)
			want += word
		}
		p.keys("BSpace")
		seen := append(welcome("mum"), <-done...)
		p.showsInput(seen, "> "+want)
		p.keys("Enter")
		mum.hears("anna: " + strings.TrimSpace(want))
		p.shows(append(seen, "TT:TT   you: "+want, ">")...)
	})
}

// Ctrl-L takes away what others wrote on the screen, and nothing else.
func TestPaintAgain(t *testing.T) {
	eachWidth(t, func(t *testing.T, p *pane, mum *guest, _ int) {
		seen := append(welcome("mum"), mum.chatter("mum", 4)...)
		p.types("draft")
		p.shows(append(seen, "> draft")...)
		p.write("\x1b[3;2Hgarbage\x1b[6;1Hgarbage")
		p.sees("garbage")
		p.keys("C-l")
		p.shows(append(seen, "> draft")...)
	})
}

func TestCompletionAndSearchAndHistory(t *testing.T) {
	eachTerminal(t, func(t *testing.T, newPane opener) {
		h := open(t, "")
		marmalade := h.join("marmalade")
		p := newPane(t, 80, 20)
		p.enters(h, "--name anna")
		marmalade.says("who has the plates?")
		p.sees("plates?")
		p.types("@ma")
		p.keys("Tab")
		p.types(" psst")
		p.keys("Enter")
		marmalade.hears("~ anna -> you: psst")
		p.types("/he")
		p.keys("Tab")
		p.sees("> /help")
		p.keys("C-c")
		p.enter("the blue plates")
		marmalade.hears("the blue plates")
		p.keys("C-d")
		p.sees("status 0")

		p.enter("$famchat " + h.addr)
		p.sees("Your name?")
		p.keys("Up") // what was said, not the name
		p.sees("Your name? the blue plates")
		p.keys("C-u")
		p.enter("anna")
		p.sees("you joined. Here: marmalade. /help lists the commands\n>")
		p.keys("C-r")
		p.types("pss")
		p.sees("(search: pss) @marmalade psst")
		marmalade.says("meanwhile")
		p.sees("marmalade: meanwhile\n(search: pss) @marmalade psst")
		p.keys("C-e")
		p.types("!")
		p.keys("Enter")
		marmalade.hears("~ anna -> you: psst!")
		p.keys("C-d")

		kept, err := os.ReadFile(filepath.Join(p.state, "famchat", "history"))
		if want := "@marmalade psst\n/help\nthe blue plates\n@marmalade psst!\n"; string(kept) != want || err != nil {
			t.Errorf("kept %q, %v; want %q", kept, err, want)
		}
	})
}

func TestNoHistory(t *testing.T) {
	h := open(t, "")
	mum := h.join("mum")
	p := newPane(t, 80, 20)
	p.enters(h, "--no-history --name anna")
	p.enter("secret")
	mum.hears("anna: secret")
	p.keys("Up")
	p.shows(append(welcome("mum"), "TT:TT   you: secret", "> secret")...)
	if _, err := os.Stat(filepath.Join(p.state, "famchat")); err == nil {
		t.Error("something was kept")
	}
}

// NO_COLOR drops every style; without it there are some.
func TestNoColor(t *testing.T) {
	for env, want := range map[string]bool{"NO_COLOR=1": false, "NO_COLOR=": true} {
		h := open(t, "")
		mum := h.join("mum")
		p := newPane(t, 80, 20)
		p.enter(env + " \"$famchat\" --name anna " + h.addr)
		p.sees("you joined.")
		mum.says("anna!")
		p.sees("anna!")
		p.paste("a\nb")
		p.sees("a↵")
		screen := p.emulator.(*tmux).styled()
		if got := strings.Contains(screen, "\x1b["); got != want {
			t.Errorf("%s: got styles %v in %q", env, got, screen)
		}
	}
}

// With --reconnect it comes back by itself when the server does, with the name and
// what was typed.
func TestComesBack(t *testing.T) {
	eachTerminal(t, func(t *testing.T, newPane opener) {
		h := open(t, "")
		p := newPane(t, 80, 20)
		p.enters(h, "--reconnect --name anna")
		p.types("draft")
		p.sees("> draft")
		h.stop()
		p.sees("-- trying again in")
		h = open(t, h.addr)
		mum := h.join("mum")
		mum.hears("anna joined")
		p.sees("-- connected again")
		p.types("!")
		p.keys("Enter")
		mum.hears("anna: draft!")
		alone := "TT:TT * you joined. Nobody else is here yet. /help lists the commands"
		p.await("the conversation before and after", func(lines []string) bool {
			screen := strings.Join(lines, "\n")
			return strings.HasPrefix(screen, "Famchat\n--- DATE\n"+alone+"\nTT:TT # The server is closing. Bye!\n> draft\n-- the server closed the connection\n-- connected again\nFamchat\n") &&
				strings.HasSuffix(screen, "TT:TT you: draft!\n>") && !strings.Contains(screen, "trying")
		})
	})
}

// Where a server may listen, people come from.
func TestEveryKindOfAddress(t *testing.T) {
	listen := []string{"127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		listen = append(listen, "[::1]:0")
	} else if os.Getenv(inCI) != "" {
		t.Logf("there is no IPv6 here: %v", err)
	}
	c := daemon.DefaultConfig()
	c.Listen = listen
	d, err := daemon.New(c)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(t.Context()) }()
	for _, a := range d.Addrs() {
		addr := a.String()
		if a.Network() == "unix" {
			addr = "unix:" + addr
		}
		p := newPane(t, 80, 12)
		p.enter("$famchat --name anna " + addr + "; echo status $?")
		p.sees("you joined.")
		p.keys("C-d")
		p.sees("status 0")
	}
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
