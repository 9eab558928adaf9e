package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

const (
	// startTimeout is how long a plugin may take to start and to make itself.
	startTimeout = 10 * time.Second
	// canaryTimeout is how long it may take for the first call.
	canaryTimeout = 5 * time.Second
	// drainTimeout is how long calls under way are waited for when a plugin is
	// replaced.
	drainTimeout = 5 * time.Second
)

// canaryID is the ID of what nobody wrote and nobody reads: it tries a plugin.
const canaryID = math.MaxUint64

// instance is one process of a plugin that has been started and tried.
type instance struct {
	pluginpb.PluginClient
	filter  *contract.Filter
	process *process
	client  *plugin.Client
	offer   offer
	calls   sync.WaitGroup // under way
}

// configError is an Init that refused the config.
type configError struct{ message string }

func (e *configError) Error() string { return e.message }

// launch starts a plugin, makes it and tries it.
func (h *Host) launch(ctx context.Context, p Plugin, img *image) (*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	i, err := h.connect(ctx, p, img)
	if err != nil {
		return nil, err
	}
	if err := i.init(ctx, p, h.cfg.Version); err != nil {
		h.discard(i)
		return nil, err
	}
	if err := i.try(ctx); err != nil {
		h.discard(i)
		return nil, err
	}
	return i, nil
}

// connect starts the process and connects to it. go-plugin may block: it is waited
// for no longer than ctx.
func (h *Host) connect(ctx context.Context, p Plugin, img *image) (*instance, error) {
	cmd := img.command()
	cmd.Args = []string{img.path}
	if img.file != nil && len(cmd.ExtraFiles) == 0 { // not a script, which wants its own path
		defer h.folder.name(cmd, p.Name)()
	}
	cmd.Env = h.environment(p, img)
	log := newStderrLog(h.cfg.Log.With("plugin", p.Name))
	process, err := newProcess(cmd, h.spawner, h.guard, log, p.MemoryBytes)
	if err != nil {
		return nil, err
	}
	i := &instance{process: process}
	config := &plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake,
		Plugins:          contract.Plugins(nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !p.NoMTLS,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		SyncStdout:       log, // what an SDK of go-plugin's has taken off both
		SyncStderr:       log,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: h.folder.path},
		Logger:           hclog.NewNullLogger(), // what it knows is said in errors, and logged here
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithIdleTimeout(0),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxAnswerBytes), grpc.MaxCallSendMsgSize(contract.MaxAnswerBytes)),
		},
		RunnerFunc: func(_ hclog.Logger, made *exec.Cmd, _ string) (runner.Runner, error) {
			cmd.Env = append(cmd.Env, made.Env...)
			return process, nil
		},
	}
	i.client = plugin.NewClient(config)
	connected := make(chan error, 1)
	h.background.Go(func() { connected <- i.dial() })
	select {
	case err = <-connected:
	case <-ctx.Done():
		err = errors.New("it does not answer")
	}
	if err != nil {
		h.discard(i)
		return nil, i.explain(err)
	}
	return i, nil
}

// dial starts the process and connects.
func (i *instance) dial() error {
	protocol, err := i.client.Client()
	if err != nil {
		return err
	}
	service, err := protocol.Dispense(contract.Name)
	if err != nil {
		return err
	}
	i.PluginClient = service.(pluginpb.PluginClient)
	i.filter = contract.NewFilter(i.PluginClient)
	return nil
}

// explain makes a sentence of why a plugin does not start.
func (i *instance) explain(err error) error {
	text := err.Error()
	switch {
	case i.process.started() > 0 && strings.Contains(text, "Unrecognized remote plugin message"):
		return fmt.Errorf("it does not speak as a plugin does: it wrote no handshake on stdout (%s)", i.process.how())
	case i.process.started() > 0 && strings.Contains(text, "exited before"):
		return fmt.Errorf("it ended before it was ready (%s)", i.process.how())
	}
	return err
}

// init makes the plugin of its config.
func (i *instance) init(ctx context.Context, p Plugin, version string) error {
	r, err := i.Init(ctx, &pluginpb.InitRequest{ConfigJson: p.ConfigJSON, Grants: p.Grants, HostVersion: version})
	if err != nil {
		s := status.Convert(err)
		switch {
		case s.Code() == codes.InvalidArgument:
			return &configError{s.Message()}
		case late(ctx, err):
			return fmt.Errorf("it is not ready after %v; begin what takes long in a goroutine", startTimeout)
		case crash(i, err):
			return fmt.Errorf("it ended while it was made (%s)", i.process.how())
		case s.Code() == codes.Unavailable && !p.NoMTLS:
			return fmt.Errorf("it cannot be talked to; one in another language may need mtls: false (%s)", s.Message())
		}
		return fmt.Errorf("it does not start: %s", s.Message())
	}
	i.offer, err = newOffer(r)
	return err
}

// try asks a plugin about what nobody wrote.
func (i *instance) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, canaryTimeout)
	defer cancel()
	canary := &pluginpb.Member{Id: canaryID, Name: "canary"}
	if i.offer.filters {
		m := &pluginpb.Message{Id: canaryID, Kind: pluginpb.Kind_KIND_PUBLIC, From: canary, Text: "hello", UnixNanos: time.Now().UnixNano()}
		verdicts, err := i.filter.Ask(ctx, []*pluginpb.Message{m})
		if err := tried(verdicts, err); err != nil {
			return fmt.Errorf("it cannot filter a message: %w", err)
		}
	}
	if i.offer.names {
		n := &pluginpb.Name{Id: canaryID, Member: &pluginpb.Member{Id: canaryID}, Name: "canary"}
		r, err := i.ValidateNames(ctx, &pluginpb.ValidateNamesRequest{Names: []*pluginpb.Name{n}})
		if err := tried(r.GetVerdicts(), err); err != nil {
			return fmt.Errorf("it cannot check a name: %w", err)
		}
	}
	return nil
}

// tried says what is wrong with the answer to a canary.
func tried(verdicts []*pluginpb.Verdict, err error) error {
	switch {
	case err != nil:
		return errors.New(status.Convert(err).Message())
	case len(verdicts) != 1 || verdicts[0].GetId() != canaryID:
		return fmt.Errorf("it gave %d verdicts about one", len(verdicts))
	}
	if why := wrongWith(verdicts[0]); why != "" {
		return errors.New(why)
	}
	return nil
}

// discard ends an instance, and what go-plugin has of it, in the background. It
// returns when the process has ended.
func (h *Host) discard(i *instance) {
	i.process.end()
	h.background.Go(i.client.Kill)
}

// ended is closed when the process has ended.
func (i *instance) ended() <-chan struct{} { return i.process.ended }

// dead reports whether the process has ended.
func (i *instance) dead() bool {
	select {
	case <-i.process.ended:
		return true
	default:
		return false
	}
}

// environment is what a plugin gets of the daemon's environment, and what it is
// told.
func (h *Host) environment(p Plugin, img *image) []string {
	env := []string{
		h.mark(),
		contract.EnvLifeline + "=" + contract.LifelineStdin,
		contract.EnvLogLevel + "=" + levelOf(h.cfg.Log),
		contract.EnvDir + "=" + filepath.Dir(img.path),
	}
	for _, name := range p.Env {
		if value, there := os.LookupEnv(name); there {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// mark is what the environment of every plugin of this host has.
func (h *Host) mark() string { return contract.EnvHost + "=" + h.folder.path }

// levelOf is the least level that a log keeps.
func levelOf(l *slog.Logger) string {
	level := slog.LevelError
	for _, lower := range []slog.Level{slog.LevelWarn, slog.LevelInfo, slog.LevelDebug} {
		if l.Enabled(context.Background(), lower) {
			level = lower
		}
	}
	return level.String()
}
