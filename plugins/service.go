package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins/pluginpb"
)

// service answers the daemon's calls with a plugin's hooks.
type service struct {
	pluginpb.UnimplementedPluginServer
	name, version string
	log           *slog.Logger
	make          func(h *Host, config []byte) (*Hooks, error)

	mu       sync.RWMutex
	hooks    *Hooks
	commands map[string]*Command

	// One item after the other, even where the daemon has given up one call and
	// begun another.
	naming, filtering, observing sync.Mutex
}

var errNotInitialised = status.Error(codes.FailedPrecondition, "Init has not been called")

// Service is a plugin as the daemon calls it, for tests and for who serves one in
// another way than Serve does. What the plugin logs goes to log.
func Service[C any](name, version string, log *slog.Logger, newPlugin func(*Host, C) (*Hooks, error)) pluginpb.PluginServer {
	return newService(name, version, log, newPlugin)
}

// newService makes the service of a plugin whose config is a C.
func newService[C any](name, version string, log *slog.Logger, newPlugin func(*Host, C) (*Hooks, error)) *service {
	return &service{name: name, version: version, log: log, make: func(h *Host, data []byte) (*Hooks, error) {
		c, err := decodeConfig[C](data)
		if err != nil {
			return nil, err
		}
		return newPlugin(h, c)
	}}
}

// Init implements the contract.
func (s *service) Init(_ context.Context, r *pluginpb.InitRequest) (_ *pluginpb.InitResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("making the plugin", p)
			err = status.Error(codes.Internal, "it panicked when it was made; its log says where")
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hooks != nil {
		return nil, status.Error(codes.FailedPrecondition, "Init has been called before")
	}
	h := &Host{Log: s.log, Version: r.HostVersion, grants: map[Grant]bool{}}
	for _, g := range r.Grants {
		h.grants[Grant(g)] = true
	}
	hooks, err := s.make(h, r.ConfigJson)
	if err == nil && hooks == nil {
		return nil, status.Error(codes.Internal, "newPlugin returned no hooks")
	}
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	commands := map[string]*Command{}
	for i, c := range hooks.Commands {
		if c.Run == nil || commands[c.Name] != nil {
			return nil, status.Errorf(codes.Internal, "/%s has no function, or is there twice", c.Name)
		}
		commands[c.Name] = &hooks.Commands[i]
	}
	s.hooks, s.commands = hooks, commands
	return s.describe(), nil
}

// describe is what the plugin offers.
func (s *service) describe() *pluginpb.InitResponse {
	d := &pluginpb.InitResponse{Name: s.name, Version: s.version}
	for _, h := range []struct {
		there bool
		hook  pluginpb.Hook
	}{
		{s.hooks.ValidateName != nil, pluginpb.Hook_HOOK_VALIDATE_NAME},
		{s.hooks.FilterMessage != nil, pluginpb.Hook_HOOK_FILTER_MESSAGE},
		{s.hooks.Observe != nil, pluginpb.Hook_HOOK_OBSERVE},
	} {
		if h.there {
			d.Hooks = append(d.Hooks, h.hook)
		}
	}
	for _, k := range s.hooks.Kinds {
		d.Kinds = append(d.Kinds, pluginpb.Kind(k))
	}
	for _, c := range s.hooks.Commands {
		d.Commands = append(d.Commands, &pluginpb.Command{Name: c.Name, Args: c.Args, Help: c.Help, Completions: c.Completions})
	}
	return d
}

// made returns the hooks once Init has made them.
func (s *service) made() *Hooks {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.hooks
}

// ValidateNames implements the contract.
func (s *service) ValidateNames(ctx context.Context, r *pluginpb.ValidateNamesRequest) (*pluginpb.ValidateNamesResponse, error) {
	h := s.made()
	if h == nil {
		return nil, errNotInitialised
	}
	if h.ValidateName == nil {
		return nil, status.Error(codes.Unimplemented, "the plugin checks no names")
	}
	verdicts, err := each(ctx, s, &s.naming, r.Names, func(n *pluginpb.Name) Verdict {
		return h.ValidateName(ctx, Name{Member: ID(n.GetMember().GetId()), Name: n.Name})
	})
	return &pluginpb.ValidateNamesResponse{Verdicts: verdicts}, err
}

// FilterMessages implements the contract.
func (s *service) FilterMessages(stream grpc.BidiStreamingServer[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse]) error {
	h := s.made()
	if h == nil {
		return errNotInitialised
	}
	if h.FilterMessage == nil {
		return status.Error(codes.Unimplemented, "the plugin filters no messages")
	}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		verdicts, err := s.filter(stream.Context(), h, r)
		if err != nil {
			return err
		}
		if err := stream.Send(&pluginpb.FilterMessagesResponse{Verdicts: verdicts}); err != nil {
			return err
		}
	}
}

// filter asks about one batch.
func (s *service) filter(ctx context.Context, h *Hooks, r *pluginpb.FilterMessagesRequest) ([]*pluginpb.Verdict, error) {
	if r.TimeoutNanos > 0 {
		within, cancel := context.WithTimeout(ctx, time.Duration(r.TimeoutNanos))
		defer cancel()
		ctx = within
	}
	return each(ctx, s, &s.filtering, r.Messages, func(m *pluginpb.Message) Verdict {
		return h.FilterMessage(ctx, messageOf(m))
	})
}

// each asks about one item after the other.
func each[T interface{ GetId() uint64 }](ctx context.Context, s *service, one *sync.Mutex, items []T, ask func(T) Verdict) ([]*pluginpb.Verdict, error) {
	one.Lock()
	defer one.Unlock()
	all := make([]pluginpb.Verdict, len(items))
	verdicts := make([]*pluginpb.Verdict, len(items))
	for i, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, status.FromContextError(err).Err()
		}
		v := s.ask(func() Verdict { return ask(item) })
		if !utf8.ValidString(v.text) {
			// gRPC would refuse the whole batch.
			s.log.Error("a hook answered with text that is not UTF-8, which is a failure")
			v = Verdict{}
		}
		all[i].Id, all[i].Action, all[i].Text = item.GetId(), pluginpb.Action(v.action), v.text
		verdicts[i] = &all[i]
	}
	return verdicts, nil
}

// ask asks about one item. A panic is no verdict.
func (s *service) ask(f func() Verdict) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("a hook", p)
			v = Verdict{}
		}
	}()
	return f()
}

// panicked logs where a hook panicked.
func (s *service) panicked(where string, p any) {
	s.log.Error("panic", "at", panickedAt(), "in", where, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// panickedAt is the place in the plugin's own code where a panic came from, as
// main.go:24; it is called while the panic is handled.
func panickedAt() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "?"
		}
	}
}

// RunCommand implements the contract.
func (s *service) RunCommand(ctx context.Context, r *pluginpb.RunCommandRequest) (out *pluginpb.RunCommandResponse, err error) {
	if s.made() == nil {
		return nil, errNotInitialised
	}
	c := s.commands[r.Command]
	if c == nil {
		return nil, status.Errorf(codes.Unimplemented, "the plugin has no /%s", r.Command)
	}
	defer func() {
		if p := recover(); p != nil {
			s.panicked("/"+r.Command, p)
			err = status.Error(codes.Internal, "it panicked")
		}
	}()
	result := c.Run(ctx, callOf(r))
	out = &pluginpb.RunCommandResponse{Reply: strings.ToValidUTF8(result.Reply, "\uFFFD"), Failed: strings.ToValidUTF8(result.Failed, "\uFFFD")}
	for _, e := range result.Effects {
		text := strings.ToValidUTF8(e.text, "\uFFFD")
		out.Effects = append(out.Effects, &pluginpb.Effect{Kind: pluginpb.EffectKind(e.kind), To: uint64(e.to), Text: text})
	}
	return out, nil
}

// Observe implements the contract.
func (s *service) Observe(ctx context.Context, r *pluginpb.ObserveRequest) (*pluginpb.ObserveResponse, error) {
	h := s.made()
	if h == nil {
		return nil, errNotInitialised
	}
	if h.Observe == nil {
		return nil, status.Error(codes.Unimplemented, "the plugin observes nothing")
	}
	s.observing.Lock()
	defer s.observing.Unlock()
	for _, e := range r.Events {
		s.ask(func() Verdict {
			h.Observe(ctx, Event{
				Kind: EventKind(e.Kind), Member: memberOf(e.Member), Reason: e.Reason,
				Message: messageOf(e.Message), Time: time.Unix(0, e.UnixNanos),
			})
			return Verdict{}
		})
	}
	return &pluginpb.ObserveResponse{}, nil
}

func memberOf(m *pluginpb.Member) Member { return Member{ID(m.GetId()), m.GetName()} }

func messageOf(m *pluginpb.Message) Message {
	if m == nil {
		return Message{}
	}
	return Message{
		ID: m.Id, Kind: Kind(m.Kind), From: memberOf(m.From), To: memberOf(m.To),
		Text: m.Text, Action: m.Action, Time: time.Unix(0, m.UnixNanos),
	}
}

func callOf(r *pluginpb.RunCommandRequest) Call {
	c := Call{
		Caller: memberOf(r.Caller), Command: r.Command, Args: r.Args,
		LastPrivate: memberOf(r.LastPrivate), Time: time.Unix(0, r.UnixNanos),
		About: About{Version: r.GetAbout().GetVersion(), Started: time.Unix(0, r.GetAbout().GetStartedUnixNanos())},
	}
	c.Members = slices.Grow(c.Members, len(r.Members))
	for _, m := range r.Members {
		c.Members = append(c.Members, memberOf(m))
	}
	for _, p := range r.GetAbout().GetPlugins() {
		c.About.Plugins = append(c.About.Plugins, Info{p.Name, p.Version, p.SeesPublic, p.SeesPrivate, p.Observes})
	}
	return c
}

// messageOfError is what an error of a call says, without its code.
func messageOfError(err error) string { return status.Convert(err).Message() }
