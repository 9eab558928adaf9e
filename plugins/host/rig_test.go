package host_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"famchat/daemon/hooks"
	"famchat/plugins/host"
	"famchat/plugins/internal/contract"
)

// watchdog ends a test that hangs; no test waits for it otherwise.
const watchdog = 60 * time.Second

// The test binary is every plugin: a host starts it with the cookie in its
// environment, and config says how it behaves.
func TestMain(m *testing.M) {
	if os.Getenv("FAMCHAT_PLUGIN") != "" {
		servePlugin()
		return
	}
	if folder := os.Getenv(asDaemon); folder != "" {
		runDaemon(folder)
		return
	}
	goleak.VerifyTestMain(m)
}

// self is the plugin's file.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// behaving is a plugin that behaves so.
func behaving(t testing.TB, name string, b behaviour) host.Plugin {
	t.Helper()
	config, err := contract.ConfigJSON(b)
	if err != nil {
		t.Fatal(err)
	}
	p := host.Plugin{
		Name: name, Path: self(t), ConfigJSON: config, Timeout: 5 * time.Second,
		Env: []string{"GORACE", "GOCOVERDIR"},
	}
	if raceEnabled {
		p.MemoryBytes = 4 << 30 // the detector's shadow counts too
	}
	return p
}

// rig is a host under test and what it logs.
type rig struct {
	*host.Host
	t   testing.TB
	log *logBuffer
	ids uint64
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// folder makes one whose path is short enough for sockets.
func folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("", "fc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	return path
}

func tryStart(t testing.TB, plugins ...host.Plugin) (*rig, error) {
	t.Helper()
	r := &rig{t: t, log: &logBuffer{}}
	var err error
	r.Host, err = host.New(t.Context(), host.Config{
		Plugins: plugins, Version: "test", Folder: folder(t),
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err == nil {
		t.Cleanup(r.Close)
	}
	return r, err
}

func start(t testing.TB, plugins ...host.Plugin) *rig {
	t.Helper()
	r, err := tryStart(t, plugins...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// messages makes public messages of texts.
func (r *rig) messages(texts ...string) []hooks.Message {
	all := make([]hooks.Message, len(texts))
	for i, text := range texts {
		r.ids++
		all[i] = hooks.Message{ID: r.ids, Kind: hooks.Public, From: hooks.Member{ID: 1, Name: "anna"}, Text: text, Time: time.Now()}
	}
	return all
}

// filter says what becomes of texts, in short.
func (r *rig) filter(texts ...string) string {
	ctx, cancel := context.WithTimeout(r.t.Context(), watchdog)
	defer cancel()
	return short(r.FilterMessages(ctx, r.messages(texts...)))
}

// names says what becomes of names, in short.
func (r *rig) names(names ...string) string {
	ctx, cancel := context.WithTimeout(r.t.Context(), watchdog)
	defer cancel()
	requests := make([]hooks.NameRequest, len(names))
	for i, n := range names {
		requests[i] = hooks.NameRequest{Member: hooks.ID(i + 1), Name: n, Time: time.Now()}
	}
	return short(r.ValidateNames(ctx, requests))
}

func short(verdicts []hooks.Verdict) string {
	var b strings.Builder
	for i, v := range verdicts {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString([]string{"none", "allow", "replace", "reject", "drop", "fail"}[v.Action])
		if v.Text != "" {
			fmt.Fprintf(&b, " %q", v.Text)
		}
	}
	return b.String()
}

// run runs a command.
func (r *rig) run(command, args string, members ...hooks.Member) hooks.Result {
	ctx, cancel := context.WithTimeout(r.t.Context(), watchdog)
	defer cancel()
	return r.RunCommand(ctx, hooks.Call{
		Caller: hooks.Member{ID: 1, Name: "anna"}, Command: command, Args: args, Members: members, Time: time.Now(),
	})
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(watchdog); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: in vain", what)
		}
	}
}

// state waits until the only plugin is in a state.
func (r *rig) state(want string) {
	r.t.Helper()
	eventually(r.t, "the plugin is "+want, func() bool { return r.Status()[0].State == want })
}
