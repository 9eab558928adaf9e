package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"famchat/admin"
)

// memory is a daemon in memory, for what the real one does not do when a test wants it.
type memory struct {
	mu      sync.Mutex
	members []admin.Member
	bans    []admin.Ban
	plugins []admin.Plugin
	events  chan admin.Event
	asked   []string
	// hang makes who asks for members wait until it has given up.
	hang bool
}

func (m *memory) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, fmt.Sprintf(format, args...))
}

// requests returns the changes that it was asked for, in order.
func (m *memory) requests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked)
}

func (m *memory) set(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

func (m *memory) Members(ctx context.Context) ([]admin.Member, error) {
	m.mu.Lock()
	hang, members := m.hang, slices.Clone(m.members)
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return members, nil
}

func (m *memory) all(who []string) (outcomes []admin.Outcome) {
	for _, w := range who {
		outcomes = append(outcomes, admin.Outcome{Who: w, ID: 7, Name: w})
	}
	return outcomes
}

func (m *memory) Kick(_ context.Context, r admin.KickRequest) ([]admin.Outcome, error) {
	m.note("kick %v", r.Who)
	return m.all(r.Who), nil
}

func (m *memory) Bans(context.Context) ([]admin.Ban, error) { return m.bans, nil }

func (m *memory) Unban(_ context.Context, r admin.WhoRequest) ([]admin.Outcome, error) {
	return m.all(r.Who), nil
}

func (m *memory) Mute(_ context.Context, r admin.MuteRequest) ([]admin.Outcome, error) {
	return m.all(r.Who), nil
}

func (m *memory) Unmute(_ context.Context, r admin.WhoRequest) ([]admin.Outcome, error) {
	return m.all(r.Who), nil
}

func (m *memory) Broadcast(_ context.Context, r admin.TextRequest) error {
	m.note("broadcast %s", r.Text)
	return nil
}

func (m *memory) Tell(_ context.Context, r admin.TellRequest) error {
	m.note("tell %s %s", r.Who, r.Text)
	return nil
}

func (m *memory) Stats(context.Context) (admin.Stats, error) {
	return admin.Stats{Version: "v1", Members: len(m.members), Closed: map[string]uint64{"left": 3}}, nil
}

func (m *memory) Watch(context.Context, bool) (<-chan admin.Event, error) { return m.events, nil }

func (m *memory) Plugins(context.Context) ([]admin.Plugin, error) { return m.plugins, nil }

func (m *memory) ReloadPlugin(_ context.Context, name string) error {
	m.note("reload %s", name)
	return nil
}

func (m *memory) DisablePlugin(context.Context, string) error { return nil }
func (m *memory) EnablePlugin(context.Context, string) error  { return nil }

func (m *memory) Reload(context.Context, admin.ReloadRequest) (admin.ReloadAnswer, error) {
	return admin.ReloadAnswer{}, nil
}

func (m *memory) Shutdown(_ context.Context, r admin.ShutdownRequest) error {
	m.note("shutdown %v", time.Duration(r.In))
	return nil
}

func (m *memory) CancelShutdown(context.Context) error { return nil }

// serve serves it at a socket until the test, or what is returned, ends it.
func (m *memory) serve(t *testing.T, socket string) (end func()) {
	t.Helper()
	l, err := admin.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- admin.NewServer(m, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	end = sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}

// family is a daemon with somebody there.
func family() *memory {
	return &memory{
		members: []admin.Member{{ID: 1, Name: "anna", Address: "127.0.0.1:1"}, {ID: 2, Name: "leo", Address: "127.0.0.1:2"}},
		plugins: []admin.Plugin{{Name: "names", State: admin.PluginRunning}, {Name: "profanity", State: admin.PluginRunning}},
		events:  make(chan admin.Event),
	}
}

func socketIn(dir string) string { return filepath.Join(dir, "admin.sock") }
