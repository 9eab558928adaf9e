package host_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/plugins/host"
	"famchat/protocol"
)

const (
	people = 20
	each   = 5000 // messages of one
)

// A hundred thousand messages pass through a daemon with a plugin that is reloaded,
// killed and given what kills it: each arrives once, in its author's order.
func TestNoMessageIsLostDoubledOrReordered(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "!"}))
	c := daemon.DefaultConfig()
	c.Listen = []string{"127.0.0.1:0"}
	c.Limits.MessageRate = 0
	c.Limits.Backlog, c.Limits.Lagging = 64<<20, time.Hour // nobody is to be cut off
	c.Hooks = r.Host
	server, err := daemon.New(c)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), watchdog)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-served
	})

	reader := enter(t, server, "reader")
	var all sync.WaitGroup
	for n := range people {
		w := enter(t, server, fmt.Sprintf("p%02d", n))
		all.Go(func() { go drain(w); say(t, w, n) })
	}
	seen := read(t, r, reader)
	all.Wait()
	for n, count := range seen {
		if count != each {
			t.Errorf("of p%02d's messages %d arrived, want %d", n, count, each)
		}
	}
	if s := r.Status()[0].State; s == host.GivenUp {
		t.Errorf("the plugin ended %s", s)
	}
}

// person is a client.
type person struct {
	net.Conn
	*protocol.Reader
	*protocol.Writer
}

func enter(t *testing.T, s *daemon.Server, name string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := &person{conn, protocol.NewReader(conn), protocol.NewWriter(conn)}
	if err := p.WriteString(name); err != nil {
		t.Fatal(err)
	}
	for {
		text, err := p.ReadString()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "you joined") {
			return p
		}
	}
}

func drain(p *person) {
	for {
		if _, err := p.ReadString(); err != nil {
			return
		}
	}
}

// say says numbered lines, and in between what kills the plugin.
func say(t *testing.T, p *person, n int) {
	for i := range each {
		text := fmt.Sprintf("number %d %d", n, i)
		if n == 0 && i == each/2 {
			if err := p.WriteString("kill yourself"); err != nil {
				t.Error(err)
				return
			}
		}
		if err := p.WriteString(text); err != nil {
			t.Error(err)
			return
		}
	}
}

// read reads until all has arrived, and reloads and kills the plugin meanwhile. It
// returns how many arrived of each author.
func read(t *testing.T, r *rig, reader *person) [people]int {
	t.Helper()
	var seen [people]int
	poisons, marked := 0, 0
	deadline := time.Now().Add(5 * watchdog)
	trouble := make(chan func(), 8)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f := range trouble {
			f()
		}
	}()
	reload := func() {
		if err := r.ReloadOne(context.Background(), "one"); err != nil {
			t.Errorf("reloading: %v", err)
		}
	}
	kill := func() {
		if pid := r.Status()[0].PID; pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	troubles := []func(){reload, kill, reload, reload, reload}
	for total := 0; total < people*each || poisons < 1; {
		_ = reader.SetDeadline(deadline)
		text, err := reader.ReadString()
		if err != nil {
			t.Fatalf("after %d messages: %v", total, err)
		}
		for line := range strings.Lines(string(text)) {
			_, said, found := strings.Cut(line, "number ")
			if strings.Contains(line, "kill yourself") {
				poisons++
			}
			var n, i int
			if _, err := fmt.Sscanf(said, "%d %d", &n, &i); !found || err != nil {
				continue
			}
			if i != seen[n] {
				t.Fatalf("of p%02d's messages the %dth came where the %dth was due", n, i, seen[n])
			}
			seen[n]++
			total++
			if strings.HasSuffix(line, "!\n") {
				marked++
			}
			if len(troubles) > 0 && total%(people*each/6) == 0 {
				trouble <- troubles[0]
				troubles = troubles[1:]
			}
		}
	}
	close(trouble)
	<-done
	if marked < people*each/2 {
		t.Errorf("%d messages went through the plugin, want most", marked)
	}
	if poisons != 1 {
		t.Errorf("the message that kills the plugin arrived %d times, want once, by its policy", poisons)
	}
	return seen
}
