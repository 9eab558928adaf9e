// Package plugintest tests plugins: Start runs one of Go in memory, over gRPC as
// the daemon speaks it, and Exec checks any binary, in any language.
package plugintest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"famchat/plugins"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// watchdog ends a call that hangs; no test waits for it otherwise.
const watchdog = 30 * time.Second

// Plugin is a plugin under test. A call that fails, as one does in which a hook
// panics, ends the test or is the zero Verdict, as its comment says.
type Plugin struct {
	t      testing.TB
	client pluginpb.PluginClient
	filter *contract.Filter
	// Offer is what the plugin said that it has.
	Offer *pluginpb.InitResponse
	seen  uint64
}

// Start runs the plugin that newPlugin makes of config until the test ends, with
// grants. It goes the way of the daemon's: config becomes JSON and is decoded
// strictly, and every call goes through gRPC.
func Start[C any](t testing.TB, newPlugin func(*plugins.Host, C) (*plugins.Hooks, error), config C, grants ...plugins.Grant) *Plugin {
	t.Helper()
	p, err := start(t, newPlugin, config, grants)
	if err != nil {
		t.Fatalf("the plugin does not start: %v", err)
	}
	return p
}

// StartError is the error with which the daemon's user is told that a plugin does
// not start with config, or nil if it does.
func StartError[C any](t testing.TB, newPlugin func(*plugins.Host, C) (*plugins.Hooks, error), config any) error {
	t.Helper()
	_, err := start(t, newPlugin, config, nil)
	return err
}

func start[C any](t testing.TB, newPlugin func(*plugins.Host, C) (*plugins.Hooks, error), config any, grants []plugins.Grant) (*Plugin, error) {
	t.Helper()
	data, err := contract.ConfigJSON(config)
	if err != nil {
		t.Fatalf("the config is no JSON: %v", err)
	}
	log := slog.New(slog.NewTextHandler(testOutput{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := grpc.NewServer()
	pluginpb.RegisterPluginServer(server, plugins.Service("test", "0", log, newPlugin))
	listener := bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); server.Stop(); <-served })
	p := &Plugin{t: t, client: pluginpb.NewPluginClient(conn)}
	p.filter = contract.NewFilter(p.client)
	r := &pluginpb.InitRequest{ConfigJson: data, HostVersion: "test"}
	for _, g := range grants {
		r.Grants = append(r.Grants, string(g))
	}
	ctx, cancel := p.context()
	defer cancel()
	p.Offer, err = p.client.Init(ctx, r)
	if err != nil {
		return nil, &startError{status.Convert(err).Message()}
	}
	return p, nil
}

type startError struct{ message string }

func (e *startError) Error() string { return e.message }

// testOutput is the log of a test.
type testOutput struct{ t testing.TB }

var _ io.Writer = testOutput{}

func (o testOutput) Write(b []byte) (int, error) {
	o.t.Logf("%s", b)
	return len(b), nil
}

func (p *Plugin) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.t.Context(), watchdog)
}

// ValidateName asks whether somebody may take a name. The zero Verdict is a hook
// that panicked.
func (p *Plugin) ValidateName(name string) plugins.Verdict {
	p.t.Helper()
	ctx, cancel := p.context()
	defer cancel()
	p.seen++
	r, err := p.client.ValidateNames(ctx, &pluginpb.ValidateNamesRequest{
		Names: []*pluginpb.Name{{Id: p.seen, Member: &pluginpb.Member{Id: 1}, Name: name}},
	})
	if err != nil {
		p.t.Fatalf("ValidateNames: %v", err)
	}
	return p.verdicts(r.Verdicts, []uint64{p.seen})[0]
}

// Filter asks what becomes of a public message of anna's. The zero Verdict is a
// hook that panicked.
func (p *Plugin) Filter(text string) plugins.Verdict {
	p.t.Helper()
	return p.FilterMessages(plugins.Message{Kind: plugins.Public, From: plugins.Member{ID: 1, Name: "anna"}, Text: text})[0]
}

// FilterMessages asks what becomes of messages, in one batch; an ID of 0 is
// chosen.
func (p *Plugin) FilterMessages(messages ...plugins.Message) []plugins.Verdict {
	p.t.Helper()
	ctx, cancel := p.context()
	defer cancel()
	var batch []*pluginpb.Message
	ids := make([]uint64, len(messages))
	for i, m := range messages {
		p.seen++
		ids[i] = p.seen
		if m.ID != 0 {
			ids[i] = m.ID
		}
		m.ID = ids[i]
		batch = append(batch, pbMessage(m))
	}
	verdicts, err := p.filter.Ask(ctx, batch)
	if err != nil {
		p.t.Fatalf("FilterMessages: %v", err)
	}
	return p.verdicts(verdicts, ids)
}

// verdicts are those about ids, in their order: one for each.
func (p *Plugin) verdicts(got []*pluginpb.Verdict, ids []uint64) []plugins.Verdict {
	p.t.Helper()
	of := map[uint64]plugins.Verdict{}
	for _, v := range got {
		if _, twice := of[v.Id]; twice {
			p.t.Errorf("there are two verdicts about %d", v.Id)
		}
		switch v.Action {
		case pluginpb.Action_ACTION_ALLOW:
			of[v.Id] = plugins.Allow()
		case pluginpb.Action_ACTION_REPLACE:
			of[v.Id] = plugins.Replace(v.Text)
		case pluginpb.Action_ACTION_REJECT:
			of[v.Id] = plugins.Reject(v.Text)
		case pluginpb.Action_ACTION_DROP:
			of[v.Id] = plugins.Drop()
		default:
			of[v.Id] = plugins.Verdict{}
		}
	}
	verdicts := make([]plugins.Verdict, len(ids))
	for i, id := range ids {
		v, there := of[id]
		if !there {
			p.t.Errorf("there is no verdict about %d", id)
		}
		verdicts[i] = v
	}
	return verdicts
}

// Run runs a command. A command that panics ends the test.
func (p *Plugin) Run(c plugins.Call) plugins.Result {
	p.t.Helper()
	ctx, cancel := p.context()
	defer cancel()
	r := &pluginpb.RunCommandRequest{
		Caller: pbMember(c.Caller), Command: c.Command, Args: c.Args, LastPrivate: pbMember(c.LastPrivate),
		UnixNanos: c.Time.UnixNano(),
		About:     &pluginpb.About{Version: c.About.Version, StartedUnixNanos: c.About.Started.UnixNano()},
	}
	for _, m := range c.Members {
		r.Members = append(r.Members, pbMember(m))
	}
	for _, i := range c.About.Plugins {
		r.About.Plugins = append(r.About.Plugins, &pluginpb.PluginInfo{
			Name: i.Name, Version: i.Version, SeesPublic: i.SeesPublic, SeesPrivate: i.SeesPrivate, Observes: i.Observes,
		})
	}
	answer, err := p.client.RunCommand(ctx, r)
	if err != nil {
		p.t.Fatalf("RunCommand /%s %s: %v", c.Command, c.Args, err)
	}
	result := plugins.Result{Reply: answer.Reply, Failed: answer.Failed}
	for _, e := range answer.Effects {
		result.Effects = append(result.Effects, p.effect(e))
	}
	return result
}

func (p *Plugin) effect(e *pluginpb.Effect) plugins.Effect {
	p.t.Helper()
	switch e.Kind {
	case pluginpb.EffectKind_EFFECT_KIND_SAY:
		return plugins.Say(e.Text)
	case pluginpb.EffectKind_EFFECT_KIND_ACT:
		return plugins.Act(e.Text)
	case pluginpb.EffectKind_EFFECT_KIND_PRIVATE:
		return plugins.WriteTo(plugins.ID(e.To), e.Text)
	case pluginpb.EffectKind_EFFECT_KIND_TELL:
		return plugins.Tell(plugins.ID(e.To), e.Text)
	case pluginpb.EffectKind_EFFECT_KIND_TELL_ALL:
		return plugins.TellAll(e.Text)
	}
	p.t.Errorf("there is no effect of kind %v", e.Kind)
	return plugins.Effect{}
}

// Observe tells the plugin what happened, and waits until it has heard it.
func (p *Plugin) Observe(events ...plugins.Event) {
	p.t.Helper()
	ctx, cancel := p.context()
	defer cancel()
	r := &pluginpb.ObserveRequest{}
	for _, e := range events {
		r.Events = append(r.Events, &pluginpb.Event{
			Kind: pluginpb.EventKind(e.Kind), Member: pbMember(e.Member), Reason: e.Reason,
			Message: pbMessage(e.Message), UnixNanos: e.Time.UnixNano(),
		})
	}
	if _, err := p.client.Observe(ctx, r); err != nil {
		p.t.Fatalf("Observe: %v", err)
	}
}

func pbMember(m plugins.Member) *pluginpb.Member {
	return &pluginpb.Member{Id: uint64(m.ID), Name: m.Name}
}

func pbMessage(m plugins.Message) *pluginpb.Message {
	return &pluginpb.Message{
		Id: m.ID, Kind: pluginpb.Kind(m.Kind), From: pbMember(m.From), To: pbMember(m.To),
		Text: m.Text, Action: m.Action, UnixNanos: m.Time.UnixNano(),
	}
}
