package main

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/protocol"
)

// A house is a daemon that runs.
type house struct {
	t    *testing.T
	addr string
	stop func()
}

// open starts a daemon at addr, "" for a free port, until the test ends or stop.
func open(t *testing.T, addr string) *house {
	t.Helper()
	c := daemon.DefaultConfig()
	c.Listen = []string{"127.0.0.1:0"}
	if addr != "" {
		c.Listen = []string{addr}
	}
	c.Room.History = 0
	c.Limits.MessageRate = 0
	c.Limits.Backlog = 64 << 20
	d, err := daemon.New(c)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(context.Background()) }()
	h := &house{t: t, addr: d.Addr().String()}
	h.stop = sync.OnceFunc(func() {
		if err := d.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// A guest is somebody in the room with a client of three lines.
type guest struct {
	t    *testing.T
	conn net.Conn
	w    *protocol.Writer

	mu   sync.Mutex
	read string // all that came, without styles
	more chan struct{}
}

var style = regexp.MustCompile("\x1b\\[[0-9;]*[mK]|\r|\a")

// join lets somebody in.
func (h *house) join(name string) *guest {
	h.t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	g := &guest{t: h.t, conn: conn, w: protocol.NewWriter(conn), more: make(chan struct{}, 1)}
	done := make(chan struct{})
	h.t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		for r := protocol.NewReader(conn); ; {
			s, err := r.ReadString()
			if err != nil {
				return
			}
			g.mu.Lock()
			g.read += style.ReplaceAllString(string(s), "")
			g.mu.Unlock()
			select {
			case g.more <- struct{}{}:
			default:
			}
		}
	}()
	g.says(name)
	g.hears("you joined.")
	return g
}

func (g *guest) says(text string) {
	g.t.Helper()
	if err := g.w.WriteString(text); err != nil {
		g.t.Fatal(err)
	}
}

// hears waits until the guest has read text.
func (g *guest) hears(text string) {
	g.t.Helper()
	deadline := time.After(watchdog)
	for {
		g.mu.Lock()
		read := g.read
		g.mu.Unlock()
		if strings.Contains(read, text) {
			return
		}
		select {
		case <-g.more:
		case <-deadline:
			g.t.Fatalf("%q did not come, but\n%s", text, read)
		}
	}
}

// chatter has the guest say n lines, and returns them as others see them.
func (g *guest) chatter(name string, n int) (lines []string) {
	for i := range n {
		g.says(fmt.Sprintf("line %d", i))
		lines = append(lines, fmt.Sprintf("TT:TT   %s: line %d", name, i))
	}
	return lines
}
