package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/daemon/hooks"
)

func TestMembersFindKickAndAnnounce(t *testing.T) {
	s := start(t, withoutRates())
	ctx := t.Context()
	mum, anna := s.join("mum"), s.join("Anna")
	s.connect().wait("Your name? ")
	mum.say("hello")
	mum.wait("you: hello")
	members, err := s.Members(ctx)
	if err != nil || len(members) != 3 {
		t.Fatalf("members are %+v, %v", members, err)
	}
	if m := members[0]; m.Name != "mum" || m.Messages != 1 || m.Addr != mum.LocalAddr().String() || m.Idle < 0 || m.Since.IsZero() {
		t.Errorf("mum is %+v", m)
	}
	if m := members[2]; m.Name != "" {
		t.Errorf("who has no name is %+v", m)
	}
	id, err := s.Find(ctx, "anna")
	if err != nil || id != members[1].ID {
		t.Errorf("anna is %d, %v", id, err)
	}
	if _, err := s.Find(ctx, "nobody"); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("nobody is %v", err)
	}
	if name, err := s.Kick(ctx, id, daemon.Removal{Reason: "enough"}); err != nil || name != "Anna" {
		t.Error(name, err)
	}
	if _, err := s.Find(ctx, "anna"); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("after the kick anna is %v", err)
	}
	if got := anna.end(); !strings.HasSuffix(got, "! you were removed by the admin: enough\n") {
		t.Errorf("anna reads %q", tail(got))
	}
	mum.wait("* Anna was removed: enough\n")
	if _, err := s.Kick(ctx, id, daemon.Removal{}); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("the second kick: %v", err)
	}
	if err := s.Announce(ctx, "dinner\nis ready"); err != nil {
		t.Error(err)
	}
	mum.wait("# dinner\n      | is ready\n> ")
	for _, text := range []string{"", " \n", strings.Repeat("x", 4097), strings.Repeat("x\n", 101)} {
		if err := s.Announce(ctx, text); !errors.Is(err, daemon.ErrNotShown) {
			t.Errorf("announcing %.10q: %v", text, err)
		}
	}
}

// Somebody who has left and does not read its last words is nobody to be kicked.
func TestWhoHasLeftCannotBeKicked(t *testing.T) {
	c := withoutRates()
	c.Limits.SendBuffer = 4 << 10
	s := start(t, c)
	mum := s.join("mum")
	p := s.dial()
	defer p.Close()
	p.say("anna")
	mum.wait("* anna joined")
	id, err := s.Find(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	p.say("")
	mum.wait("* anna left")
	if _, err := s.Kick(t.Context(), id, daemon.Removal{}); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("got %v", err)
	}
}

func TestEventsTellWhatHappens(t *testing.T) {
	c := withoutRates()
	c.MayRead = true
	s := start(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	events, err := s.Events(ctx, 10, true)
	if err != nil {
		t.Fatal(err)
	}
	next := func() daemon.Event {
		t.Helper()
		select {
		case e := <-events:
			return e
		case <-time.After(watchdog):
			t.Fatal("no event")
			panic("unreachable")
		}
	}
	mum := s.join("mum")
	if e := next(); e.Kind != hooks.Joined || e.Member.Name != "mum" {
		t.Errorf("got %+v", e)
	}
	mum.say("hello")
	if e := next(); e.Kind != hooks.Posted || e.Message.Text != "hello" || e.Message.Kind != hooks.Public {
		t.Errorf("got %+v", e)
	}
	mum.reset()
	if e := next(); e.Kind != hooks.Left || e.Reason != "failed" && e.Reason != "lost" {
		t.Errorf("got %+v", e)
	}
	cancel()
	if e, open := <-events; open {
		t.Errorf("after the end came %+v", e)
	}
}

func TestReconfigureChangesWhatCanChange(t *testing.T) {
	c := withoutRates()
	s := start(t, c)
	mum := s.join("mum")
	bad := c
	bad.Limits.MessageLines = 0
	if _, err := s.Reconfigure(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "limits.message_lines") {
		t.Errorf("a wrong config: %v", err)
	}
	mum.say("a\nb\nc")
	mum.wait("you: a")
	n := c
	n.Room.Name, n.Limits.MessageLines, n.Limits.Clients, n.Limits.Mailbox = "Kitchen", 2, 1, 7
	for range 2 { // what needs a restart needs it the second time, too
		restart, err := s.Reconfigure(t.Context(), n)
		if err != nil || !slices.Equal(restart, []string{"limits.mailbox"}) {
			t.Errorf("needs a restart: %q, %v", restart, err)
		}
	}
	mum.say("a\nb\nc")
	mum.wait("! a message has at most 2 lines, this one has 3. Send it in pieces. Not sent: a\n")
	if got := s.connect().end(); !strings.Contains(got, "Kitchen is full") {
		t.Errorf("a newcomer reads %q", got)
	}
	if restart, err := s.Reconfigure(t.Context(), c); err != nil || len(restart) > 0 {
		t.Errorf("back again: %q, %v", restart, err)
	}
}

func TestShutdownUnderLoadEndsWithAGoodbyeForEveryone(t *testing.T) {
	for _, hooked := range []bool{false, true} {
		t.Run(fmt.Sprint("hooks=", hooked), func(t *testing.T) {
			eachLoop(t, func(t *testing.T, c daemon.Config) {
				c.ShutdownGrace = watchdog
				c.Limits.MessageRate, c.Limits.FloodTimeout = 300, time.Hour
				if hooked {
					// So slow that some message always waits for it.
					c.Hooks = timed{hooks.Funcs{FilterMessage: func(context.Context, hooks.Message) hooks.Verdict {
						<-time.After(2 * time.Millisecond)
						return hooks.Allow()
					}}, time.Hour}
				}
				s := start(t, c)
				var here []*person
				for i := range 10 {
					here = append(here, s.join(fmt.Sprint("p", i)))
				}
				var posting sync.WaitGroup
				t.Cleanup(posting.Wait)
				for _, p := range here[:3] {
					posting.Go(func() {
						for i := 0; ; i++ {
							if _, err := p.Write(frames(fmt.Sprint("m", i))); err != nil {
								return
							}
						}
					})
				}
				for _, p := range here {
					p.wait(": m5\n")
				}
				down := make(chan error, 1)
				go func() { down <- s.Shutdown(context.Background()) }()
				var longest []string
				for _, p := range here {
					got := p.end()
					p.Close()
					if !strings.HasSuffix(got, "# The server is closing. Bye!\n") {
						t.Errorf("%s reads at last %q", p.name, tail(got))
					}
					heard := p.heard()
					if n := min(len(heard), len(longest)); !slices.Equal(heard[len(heard)-n:], longest[len(longest)-n:]) {
						t.Errorf("%s misses something of the end", p.name)
					}
					if len(heard) > len(longest) {
						longest = heard
					}
				}
				if err := <-down; err != nil {
					t.Error(err)
				}
				if err := s.result(); err != nil {
					t.Errorf("Serve returned %v", err)
				}
				if _, err := s.Members(t.Context()); !errors.Is(err, daemon.ErrStopped) {
					t.Errorf("after the end Members says %v", err)
				}
			})
		})
	}
}

func TestTheEndOfServesContextStopsIt(t *testing.T) {
	s, err := daemon.New(withoutRates())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &server{s, t, make(chan error, 1)}
	go func() { r.served <- s.Serve(ctx) }()
	p := r.join("anna")
	cancel()
	p.wait("The server is closing. Bye!\n")
	p.end()
	p.Close()
	if err := r.result(); err != nil {
		t.Error(err)
	}
	if err := s.Serve(t.Context()); !errors.Is(err, daemon.ErrStopped) {
		t.Errorf("the second Serve: %v", err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown afterwards: %v", err)
	}
}

func TestShutdownBeforeServeClosesEverything(t *testing.T) {
	before := descriptors(t)
	for range 20 {
		s, err := daemon.New(withoutRates())
		if err != nil {
			t.Fatal(err)
		}
		addr := s.Addr().String()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Serve(t.Context()); !errors.Is(err, daemon.ErrStopped) {
			t.Errorf("Serve: %v", err)
		}
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Error("somebody still listens")
		}
	}
	if n := descriptors(t); n > before+2 { // Go's own poller opens some
		t.Errorf("%d descriptors more", n-before)
	}
}

func TestListenersHandedInAreServed(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ network, addr string }{{"tcp", "127.0.0.1:0"}, {"unix", filepath.Join(dir, "s")}} {
		l, err := net.Listen(tt.network, tt.addr)
		if err != nil {
			t.Fatal(err)
		}
		c := withoutRates()
		c.Listen, c.Listeners = nil, []net.Listener{l}
		s := start(t, c)
		a, b := s.join("anna"), s.join("bob")
		a.say("@bob hello")
		b.wait("hello")
		members, err := s.Members(t.Context())
		if err != nil || len(members) != 2 || members[0].Addr == "" {
			t.Errorf("members are %+v, %v", members, err)
		}
	}
}

func TestAStaleSocketIsReplacedAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	c := withoutRates()
	c.Listen = []string{"unix:" + path}
	s := start(t, c)
	s.join("anna")
	if _, err := daemon.New(c); err == nil || !strings.Contains(err.Error(), "somebody listens there already") {
		t.Errorf("a second server: %v", err)
	}
	s.join("bob")
	s.stop()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := daemon.New(c); err == nil || !strings.Contains(err.Error(), "is no socket; it is left alone") {
		t.Errorf("a regular file: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file holds %q", b)
	}
}

func TestListeningBeyondThisMachineMustBeAllowed(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.org:0"} {
		c := withoutRates()
		c.Listen = []string{addr}
		if _, err := daemon.New(c); err == nil || !strings.Contains(err.Error(), "allow_remote: true") {
			t.Errorf("%s: %v", addr, err)
		}
		c.AllowRemote = true
		if err := c.Validate(); err != nil {
			t.Errorf("%s, allowed: %v", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "127.9.9.9:0", "localhost:0", "[::1]:0", "unix:/x"} {
		c := withoutRates()
		c.Listen = []string{addr}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestValidateNamesTheSetting(t *testing.T) {
	if err := daemon.DefaultConfig().Validate(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	for _, tt := range []struct {
		key   string
		spoil func(*daemon.Config)
	}{
		{"listen", func(c *daemon.Config) { c.Listen = nil }},
		{"listen", func(c *daemon.Config) { c.Listen = []string{"nonsense"} }},
		{"listen", func(c *daemon.Config) { c.Listen = []string{"127.0.0.1:65536"} }},
		{"listen", func(c *daemon.Config) { c.Listen = []string{"unix:"} }},
		{"listen", func(c *daemon.Config) { c.Listen = []string{"unix:" + strings.Repeat("x", 104)} }},
		{"room.name", func(c *daemon.Config) { c.Room.Name = "" }},
		{"room.name", func(c *daemon.Config) { c.Room.Name = "a\nb" }},
		{"room.welcome", func(c *daemon.Config) { c.Room.Welcome = strings.Repeat("x", 4097) }},
		{"room.history", func(c *daemon.Config) { c.Room.History = -1 }},
		{"room.history_bytes", func(c *daemon.Config) { c.Room.HistoryBytes = 1 << 40 }},
		{"limits.clients", func(c *daemon.Config) { c.Limits.Clients = -1 }},
		{"limits.name_timeout", func(c *daemon.Config) { c.Limits.NameTimeout = -1 }},
		{"limits.names_tried", func(c *daemon.Config) { c.Limits.NamesTried = -1 }},
		{"limits.frame_timeout", func(c *daemon.Config) { c.Limits.FrameTimeout = -1 }},
		{"limits.message_rate", func(c *daemon.Config) { c.Limits.MessageRate = -1 }},
		{"limits.message_burst", func(c *daemon.Config) { c.Limits.MessageBurst = 0 }},
		{"limits.message_lines", func(c *daemon.Config) { c.Limits.MessageLines = 0 }},
		{"limits.flood_timeout", func(c *daemon.Config) { c.Limits.FloodTimeout = 0 }},
		{"limits.mentions", func(c *daemon.Config) { c.Limits.Mentions = 0 }},
		{"limits.pending", func(c *daemon.Config) { c.Limits.Pending = 0 }},
		{"limits.backlog", func(c *daemon.Config) { c.Limits.Backlog = 1 }},
		{"limits.lagging", func(c *daemon.Config) { c.Limits.Lagging = 0 }},
		{"limits.own_backlog", func(c *daemon.Config) { c.Limits.OwnBacklog = 1 }},
		{"limits.own_total", func(c *daemon.Config) { c.Limits.OwnTotal = 1 }},
		{"limits.send_buffer", func(c *daemon.Config) { c.Limits.SendBuffer = -1 }},
		{"limits.keepalive", func(c *daemon.Config) { c.Limits.Keepalive = -1 }},
		{"limits.dead_peer", func(c *daemon.Config) { c.Limits.DeadPeer = -1 }},
		{"limits.lingering", func(c *daemon.Config) { c.Limits.Lingering = 0 }},
		{"limits.mailbox", func(c *daemon.Config) { c.Limits.Mailbox = 0 }},
		{"shutdown_grace", func(c *daemon.Config) { c.ShutdownGrace = -1 }},
		{"event_loop", func(c *daemon.Config) { c.EventLoop = "select" }},
	} {
		c := daemon.DefaultConfig()
		tt.spoil(&c)
		_, err := daemon.New(c)
		var wrong *daemon.ConfigError
		if !errors.As(err, &wrong) || wrong.Key != tt.key || wrong.Setting() != tt.key {
			t.Errorf("%s: got %v", tt.key, err)
		}
	}
	c := daemon.DefaultConfig()
	c.Limits.Pending, c.EventLoop = -1, "x"
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two errors: %v", err)
	}
}
