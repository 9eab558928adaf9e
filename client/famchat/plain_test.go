package main

import (
	"net"
	"slices"
	"strings"
	"testing"

	"famchat/client/internal/terminaltest"
	"famchat/protocol"
)

// An oldClient is a client that prints what it gets as it comes, on a terminal in
// cooked mode: the kernel echoes what is typed.
type oldClient struct {
	t      *testing.T
	r      *protocol.Reader
	w      *protocol.Writer
	screen terminaltest.Cooked
}

func (h *house) oldClient(width, height int) *oldClient {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	return &oldClient{h.t, protocol.NewReader(conn), protocol.NewWriter(conn), terminaltest.Cooked{Screen: terminaltest.New(width, height)}}
}

// prints prints strings of the server until the screen is as it must be, white space
// squeezed.
func (c *oldClient) prints(want ...string) {
	c.t.Helper()
	for {
		got := c.lines()
		if slices.Equal(got, want) {
			return
		}
		if len(got) > len(want)+2 {
			c.t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		s, err := c.r.ReadString()
		if err != nil {
			c.t.Fatalf("%v after\n%s\nwant\n%s", err, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		_, _ = c.screen.Write(s)
	}
}

func (c *oldClient) lines() []string {
	lines := c.screen.Lines()
	for i, l := range lines {
		l = date.ReplaceAllString(clock.ReplaceAllString(strings.TrimSpace(l), "TT:TT"), "--- DATE")
		lines[i] = space.ReplaceAllString(l, " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// enters types a line and sends it.
func (c *oldClient) enters(text string) {
	c.t.Helper()
	c.screen.Type(text + "\n")
	if err := c.w.WriteString(text); err != nil {
		c.t.Fatal(err)
	}
}

// A client that only prints shows every line whole and one prompt, at any width;
// what was half typed is written over when somebody speaks, and never in the way.
func TestTheOldClientShowsEveryLine(t *testing.T) {
	for _, width := range []int{20, 80} {
		h := open(t, "")
		mum := h.join("mum")
		c := h.oldClient(width, 10)
		c.prints("Famchat", "Your name?")
		c.enters("mum")
		seen := []string{"Famchat", "Your name? mum", `! "mum" is taken, by somebody who is here. Another name?`}
		c.prints(append(seen, "Your name?")...)
		c.enters("anna")
		seen = append(seen, "Your name? anna", "--- DATE", "TT:TT * you joined. Here: mum. /help lists the commands")
		c.prints(append(seen, ">")...)

		long := strings.Repeat("x", 2*width-len("21:04   mum: "))
		mum.says(long)
		mum.says("日本語 日本語 日本語")
		seen = append(seen, "TT:TT mum: "+long, "TT:TT mum: 日本語 日本語 日本語")
		c.prints(append(seen, ">")...)

		c.screen.Type("half typed")
		mum.says("anna, one\ntwo\x1b[2J\x1b[1;1Hthree")
		seen = append(seen, "TT:TT @ mum: anna, one", "| two␛[2J␛[1;1Hthree")
		c.prints(append(seen, ">")...)
		if n := c.screen.Bells(); n != 1 {
			t.Errorf("the bell rang %d times", n)
		}

		c.enters("hello 👨‍👩‍👧")
		seen = append(seen, "> hello 👨‍👩‍👧", "TT:TT you: hello 👨‍👩‍👧")
		c.prints(append(seen, ">")...)
		c.enters("   ")
		seen = append(seen, ">")
		for !strings.HasPrefix(c.lines()[len(c.lines())-2], "TT:TT !") {
			s, err := c.r.ReadString()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.screen.Write(s)
		}
		seen = append(seen, c.lines()[len(seen)], ">")
		c.prints(seen...)
		h.stop()
		seen[len(seen)-1] = "TT:TT # The server is closing. Bye!"
		c.prints(seen...)
		if row, column := c.screen.Cursor(); column != 0 {
			t.Errorf("in the end the cursor is in row %d, column %d", row, column)
		}
	}
}
