package admin

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(strangerEnv) != "" {
		os.Exit(stranger(os.Getenv(strangerEnv)))
	}
	goleak.VerifyTestMain(m)
}

// watchdog is how long a test waits for what must happen.
const watchdog = 20 * time.Second

// fake is a Backend that does what a test says, and remembers what it was asked.
type fake struct {
	mu    sync.Mutex
	asked []any

	members  []Member
	outcomes []Outcome
	bans     []Ban
	stats    Stats
	plugins  []Plugin
	answer   ReloadAnswer
	err      error
	// before is called by each method, with its context.
	before func(context.Context) error
	events chan Event
}

func (f *fake) called(ctx context.Context, what ...any) error {
	f.mu.Lock()
	f.asked = append(f.asked, what...)
	f.mu.Unlock()
	if f.before != nil {
		if err := f.before(ctx); err != nil {
			return err
		}
	}
	return f.err
}

// requests returns what it was asked, in order.
func (f *fake) requests() []any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func (f *fake) Members(ctx context.Context) ([]Member, error) {
	return f.members, f.called(ctx, "members")
}

func (f *fake) Kick(ctx context.Context, r KickRequest) ([]Outcome, error) {
	return f.outcomes, f.called(ctx, r)
}

func (f *fake) Bans(ctx context.Context) ([]Ban, error) { return f.bans, f.called(ctx, "bans") }

func (f *fake) Unban(ctx context.Context, r WhoRequest) ([]Outcome, error) {
	return f.outcomes, f.called(ctx, "unban", r)
}

func (f *fake) Mute(ctx context.Context, r MuteRequest) ([]Outcome, error) {
	return f.outcomes, f.called(ctx, r)
}

func (f *fake) Unmute(ctx context.Context, r WhoRequest) ([]Outcome, error) {
	return f.outcomes, f.called(ctx, "unmute", r)
}

func (f *fake) Broadcast(ctx context.Context, r TextRequest) error { return f.called(ctx, r) }
func (f *fake) Tell(ctx context.Context, r TellRequest) error      { return f.called(ctx, r) }
func (f *fake) Stats(ctx context.Context) (Stats, error)           { return f.stats, f.called(ctx, "stats") }

func (f *fake) Watch(ctx context.Context, messages bool) (<-chan Event, error) {
	return f.events, f.called(ctx, "watch", messages)
}

func (f *fake) Plugins(ctx context.Context) ([]Plugin, error) {
	return f.plugins, f.called(ctx, "plugins")
}

func (f *fake) ReloadPlugin(ctx context.Context, name string) error {
	return f.called(ctx, "reload plugin", name)
}

func (f *fake) DisablePlugin(ctx context.Context, name string) error {
	return f.called(ctx, "disable plugin", name)
}

func (f *fake) EnablePlugin(ctx context.Context, name string) error {
	return f.called(ctx, "enable plugin", name)
}

func (f *fake) Reload(ctx context.Context, r ReloadRequest) (ReloadAnswer, error) {
	return f.answer, f.called(ctx, r)
}

func (f *fake) Shutdown(ctx context.Context, r ShutdownRequest) error { return f.called(ctx, r) }
func (f *fake) CancelShutdown(ctx context.Context) error              { return f.called(ctx, "cancel") }

// rig is a server over a fake.
type rig struct {
	t      testing.TB
	server *Server
	client *Client
	log    *buffer
	stop   context.CancelFunc
	done   chan error
}

func serve(t testing.TB, f *fake) *rig {
	t.Helper()
	log := new(buffer)
	return serveWith(t, NewServer(f, slog.New(slog.NewTextHandler(log, nil))), log)
}

func serveWith(t testing.TB, s *Server, log *buffer) *rig {
	t.Helper()
	l, err := Listen(filepath.Join(shortFolder(t), "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &rig{t: t, server: s, client: &Client{Socket: l.Path()}, log: log, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx, l) }()
	t.Cleanup(func() { r.end() })
	return r
}

// end stops the server and returns what Serve did.
func (r *rig) end() error {
	r.stop()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(watchdog):
		r.t.Error("the server did not end")
		return nil
	}
}

// do sends a request as any program could, and returns the answer and its body.
func (r *rig) do(request *http.Request) (*http.Response, string) {
	r.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", r.client.Socket)
	}}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		r.t.Fatal(err)
	}
	return answer, body.String()
}

// send sends a request with a body of JSON, or without one.
func (r *rig) send(method, path, body string) (*http.Response, string) {
	r.t.Helper()
	request, err := http.NewRequest(method, "http://famchat"+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body == "" {
		request.Body, request.ContentLength = nil, 0
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	return r.do(request)
}

// shortFolder is a folder of a test whose path leaves room for a socket's.
func shortFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// buffer is a bytes.Buffer that several may use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
