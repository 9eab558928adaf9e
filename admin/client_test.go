package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheClientAsksWhatItsMethodsSay(t *testing.T) {
	at := time.Date(2026, 11, 24, 21, 0, 0, 0, time.UTC)
	f := &fake{
		members:  []Member{{ID: 17, Name: "leo", Address: "127.0.0.1:9", Since: at, Idle: Duration(1500 * time.Millisecond), Messages: 4, Backlog: 5, Muted: true}},
		outcomes: []Outcome{{Who: "leo", ID: 17, Name: "leo"}, {Who: "x", Error: Errorf(CodeNoMember, "nobody")}},
		bans:     []Ban{{Name: "leo", Since: at, Until: at.Add(time.Hour), Reason: "cake"}},
		stats:    Stats{Version: "v1", Closed: map[string]uint64{"goodbye": 1}, LongestTurn: Duration(time.Millisecond)},
		plugins:  []Plugin{{Name: "names", State: PluginRunning, Hooks: []string{"names"}, P99: Duration(time.Millisecond)}},
		answer:   ReloadAnswer{Changed: []Change{{"limits.backlog", "1MiB", "2MiB"}}, Restart: []string{"listen"}},
	}
	c, ctx := serve(t, f).client, t.Context()
	for _, test := range []struct {
		call  func() (any, error)
		want  any
		asked string
	}{
		{func() (any, error) { return c.Members(ctx) }, f.members, "[members]"},
		{func() (any, error) { return c.Kick(ctx, KickRequest{Who: []string{"leo"}, For: Duration(time.Minute)}) }, f.outcomes, "[{[leo] false 60000000000 false }]"},
		{func() (any, error) { return c.Bans(ctx) }, f.bans, "[bans]"},
		{func() (any, error) { return c.Unban(ctx, "leo", "x") }, f.outcomes, "[unban {[leo x]}]"},
		{func() (any, error) { return c.Mute(ctx, MuteRequest{Who: []string{"leo"}}) }, f.outcomes, "[{[leo] 0 }]"},
		{func() (any, error) { return c.Unmute(ctx, "leo") }, f.outcomes, "[unmute {[leo]}]"},
		{func() (any, error) { return nil, c.Broadcast(ctx, "now") }, nil, "[{now}]"},
		{func() (any, error) { return nil, c.Tell(ctx, "leo", "now") }, nil, "[{leo now}]"},
		{func() (any, error) { return c.Stats(ctx) }, f.stats, "[stats]"},
		{func() (any, error) { return c.Plugins(ctx) }, f.plugins, "[plugins]"},
		{func() (any, error) { return nil, c.ReloadPlugin(ctx, "a/b?c") }, nil, "[reload plugin a/b?c]"},
		{func() (any, error) { return nil, c.DisablePlugin(ctx, "names") }, nil, "[disable plugin names]"},
		{func() (any, error) { return nil, c.EnablePlugin(ctx, "names") }, nil, "[enable plugin names]"},
		{func() (any, error) { return c.Reload(ctx, ReloadRequest{DryRun: true}) }, f.answer, "[{true}]"},
		{func() (any, error) { return nil, c.Shutdown(ctx, time.Minute) }, nil, "[{60000000000}]"},
		{func() (any, error) { return nil, c.CancelShutdown(ctx) }, nil, "[cancel]"},
	} {
		f.mu.Lock()
		f.asked = nil
		f.mu.Unlock()
		got, err := test.call()
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, %v", test.asked, got, err)
		}
		if asked := fmt.Sprint(f.requests()); asked != test.asked {
			t.Errorf("it was asked %s, want %s", asked, test.asked)
		}
	}
	if text, err := c.Metrics(ctx); err != nil || !strings.Contains(text, "\nfamchat_uptime_seconds 0\n") {
		t.Errorf("the metrics are %s, %v", text, err)
	}
	if err := c.ReloadPlugin(ctx, ".."); !hasCode(err, CodeNoPlugin) {
		t.Errorf("plugin ..: got %v", err)
	}
}

func TestTheZeroClientAsksTheDefaultSocket(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root's default is the system's, which a test leaves alone.
		var c Client
		if got, want := c.socket(), DefaultSocket(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	t.Setenv("XDG_RUNTIME_DIR", shortFolder(t))
	l, err := Listen("")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var c Client
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhereNoDaemonIsTheClientSaysHowToStartOne(t *testing.T) {
	dir := shortFolder(t)
	inside := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(inside("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: inside("stale"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	for _, name := range []string{"none", "no/folder", "file", "file/inside", "stale"} {
		c := Client{Socket: inside(name)}
		for what, err := range map[string]error{
			"Ping": c.Ping(t.Context()), "Broadcast": c.Broadcast(t.Context(), "now"),
			"Watch": func() error { _, err := c.Watch(t.Context(), false); return err }(),
		} {
			none := (*NoDaemonError)(nil)
			if !errors.As(err, &none) || none.Socket != c.Socket || !strings.Contains(err.Error(), "start one with famchatd -c famchat.yaml") {
				t.Errorf("%s of %s: got %v", what, name, err)
			}
		}
	}
}

func TestWhoTrustsWhom(t *testing.T) {
	const root, anna, leo = 0, 1000, 1001
	for _, test := range []struct {
		caller, daemon    int
		admitted, trusted bool
	}{
		{anna, anna, true, true}, {root, root, true, true}, {root, anna, true, true},
		{anna, root, false, true}, {leo, anna, false, false}, {nobody.uid, anna, false, false},
	} {
		if got := admitted(test.caller, test.daemon); got != test.admitted {
			t.Errorf("user %d is admitted by a daemon of %d: got %v", test.caller, test.daemon, got)
		}
		if got := trusted(test.daemon, test.caller); got != test.trusted {
			t.Errorf("user %d trusts a daemon of %d: got %v", test.caller, test.daemon, got)
		}
	}
	denied := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}
	if err := new(Client).explain(denied); !hasCode(err, CodeForbidden) {
		t.Errorf("where the socket cannot be opened: got %v", err)
	}
}

func TestADaemonThatEndsBeforeItAnswersIsNoDaemon(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	err = (&Client{Socket: path}).Broadcast(t.Context(), "now")
	if !errors.As(err, new(*NoDaemonError)) || !strings.Contains(err.Error(), "ended before it had answered") {
		t.Errorf("got %v", err)
	}
}

func TestADaemonThatDoesNotAnswerIsATimeout(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := (&Client{Socket: path}).Stats(ctx); !hasCode(err, CodeTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoFamchatdIsASentence(t *testing.T) {
	path := filepath.Join(shortFolder(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4096))
		fmt.Fprint(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope")
	}()
	if _, err := (&Client{Socket: path}).Stats(t.Context()); err == nil || !strings.Contains(err.Error(), "is no famchatd: 404 Not Found") {
		t.Errorf("got %v", err)
	}
}
