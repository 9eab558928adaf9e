//go:build unix

package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"famchat/plugins"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// ExecConfig is how Exec starts a plugin. The zero value is a plugin without
// config and grants that speaks mutual TLS, as one made with package plugins does.
type ExecConfig struct {
	// Config is what famchat.yaml has under config:, as a value that becomes
	// JSON. nil is a plugin that has no config; of one that has, Exec checks that
	// it refuses a key that it does not know.
	Config any
	Grants []plugins.Grant
	// NoMTLS is for a plugin whose entry in famchat.yaml has mtls: false.
	NoMTLS bool
	Args   []string
	// Env are variables ("NAME=value") besides those that every plugin gets.
	Env []string
	// Timeout is how long the start and each call may take, 0 for 10 s. The
	// daemon is stricter; a test on a busy machine must not be.
	Timeout time.Duration
}

const defaultTimeout = 10 * time.Second

// unknownKey is a key that no config has.
const unknownKey = "famchat-has-no-such-key"

// Exec checks the program at path as the daemon will use it, whatever language it
// is written in: that it starts, answers every question once and in a valid way,
// keeps quiet on stdout, and goes when the daemon does. What is wrong is an error
// of the test that says what to do. It takes at most one config, and leaves no
// process behind.
func Exec(t testing.TB, path string, config ...ExecConfig) {
	t.Helper()
	x := &examiner{t: t, path: path, timeout: defaultTimeout}
	switch {
	case len(config) > 1:
		t.Errorf("plugintest.Exec takes one ExecConfig, not %d", len(config))
		return
	case len(config) == 1:
		x.ExecConfig = config[0]
	}
	if x.Timeout > 0 {
		x.timeout = x.Timeout
	}
	data, err := contract.ConfigJSON(x.Config)
	switch {
	case err != nil:
		t.Errorf("ExecConfig.Config is no JSON: %v", err)
		return
	case x.Config != nil:
		x.configJSON = data
	}
	if !x.whole() {
		return // the rest would say the same again
	}
	x.again()
	if x.Config != nil {
		x.wrongConfig()
	}
}

// examiner checks one plugin.
type examiner struct {
	ExecConfig
	t          testing.TB
	path       string
	timeout    time.Duration
	configJSON []byte
	// answersWell says that the answers have been found good: what is wrong with
	// them is not said again.
	answersWell bool
}

func (x *examiner) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), x.timeout)
}

// whole checks all that a plugin does, from its start to the end of stdin. It
// reports whether the plugin came so far.
func (x *examiner) whole() bool {
	x.t.Helper()
	p := x.start(false)
	if p == nil {
		return false
	}
	defer p.destroy()
	if !p.health() {
		return false
	}
	offer := p.init()
	if offer == nil {
		return false
	}
	p.checkOffer(offer)
	p.checkHooks(offer)
	for _, c := range offer.Commands {
		p.checkCommand(c.Name)
	}
	x.answersWell = p.errors == 0
	if p.hung || p.deathSaid {
		return false
	}
	p.checkExit("stdin ended",
		"the daemon is gone then: where FAMCHAT_PLUGIN_LIFELINE is \"stdin\", read stdin in a thread of its own and exit at its end", p.closeStdin)
	return true
}

// again starts the plugin once more, with mutual TLS where it has it, and ends it
// with SIGTERM.
func (x *examiner) again() {
	x.t.Helper()
	p := x.start(!x.NoMTLS)
	if p == nil {
		return
	}
	defer p.destroy()
	if !p.health() {
		return
	}
	offer := p.init()
	if offer == nil {
		return
	}
	if x.answersWell {
		p.checkHooks(offer)
	}
	p.checkExit("it got SIGTERM", "the daemon stops plugins with it and kills them soon after: exit when it comes",
		func() { p.signal(syscall.SIGTERM) })
}

// wrongConfig checks that a key that a plugin does not know is an error: a typing
// error in famchat.yaml would go unseen.
func (x *examiner) wrongConfig() {
	x.t.Helper()
	keys := map[string]any{}
	if err := json.Unmarshal(x.configJSON, &keys); err != nil {
		x.t.Errorf("ExecConfig.Config must become a JSON object, not %s", x.configJSON)
		return
	}
	keys[unknownKey] = true
	wrong, err := json.Marshal(keys)
	if err != nil {
		x.t.Errorf("ExecConfig.Config is no JSON: %v", err)
		return
	}
	p := x.start(false)
	if p == nil {
		return
	}
	defer p.destroy()
	ctx, cancel := x.context()
	defer cancel()
	_, err = p.client.Init(ctx, &pluginpb.InitRequest{ConfigJson: wrong, Grants: x.grants(), HostVersion: hostVersion})
	switch {
	case err == nil:
		x.t.Errorf("Init takes a config with the unknown key %q; refuse it with INVALID_ARGUMENT and a message that names the key, else a typing error in famchat.yaml goes unseen", unknownKey)
	case status.Code(err) != codes.InvalidArgument:
		x.t.Errorf("Init refuses a config with an unknown key with %v (%q); it must be INVALID_ARGUMENT, which says that famchat.yaml is to be mended", status.Code(err), status.Convert(err).Message())
	case status.Convert(err).Message() == "":
		x.t.Errorf("Init refuses a config with an unknown key without a word; say which key, the person who wrote it reads the message")
	}
}

const hostVersion = "plugintest"

func (x *examiner) grants() []string {
	var grants []string
	for _, g := range x.Grants {
		grants = append(grants, string(g))
	}
	return grants
}

// health asks what go-plugin asks to learn whether a plugin is well.
func (p *process) health() bool {
	p.x.t.Helper()
	ctx, cancel := p.x.context()
	defer cancel()
	r, err := grpc_health_v1.NewHealthClient(p.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: healthService})
	p.startTook = time.Since(p.began)
	switch {
	case status.Code(err) == codes.Unimplemented, status.Code(err) == codes.NotFound:
		p.errorf("it does not answer grpc.health.v1.Health/Check about the service %q; answer SERVING, it is how go-plugin asks whether a plugin is well", healthService)
	case err != nil:
		p.errorf("its first call fails: %s; serve gRPC at the address of the handshake line before you print that line%s", p.why(err), p.hintTLS())
		return false
	case r.Status != grpc_health_v1.HealthCheckResponse_SERVING:
		p.errorf("its health is %v; answer SERVING about the service %q", r.Status, healthService)
	}
	return true
}

// healthService is what go-plugin asks about.
const healthService = "plugin"

func (p *process) init() *pluginpb.InitResponse {
	p.x.t.Helper()
	ctx, cancel := p.x.context()
	defer cancel()
	offer, err := p.client.Init(ctx, &pluginpb.InitRequest{ConfigJson: p.x.configJSON, Grants: p.x.grants(), HostVersion: hostVersion})
	switch status.Code(err) {
	case codes.OK:
		return offer
	case codes.InvalidArgument:
		p.errorf("Init refuses the config: %s; give a valid one in ExecConfig.Config", status.Convert(err).Message())
	case codes.Unimplemented:
		p.errorf("there is no Init; serve famchat.plugin.v1.Plugin of plugin.proto: %s", p.why(err))
	default:
		p.errorf("Init fails: %s", p.why(err))
	}
	return nil
}

// checkExit does what must end the plugin, and waits for that.
func (p *process) checkExit(when, todo string, end func()) {
	p.x.t.Helper()
	if p.gone() {
		if !p.deathSaid {
			p.errorf("it ended by itself (%s); run until stdin ends or SIGTERM comes%s", p.state(), p.lastWords())
		}
		return
	}
	end()
	bound := max(exitBound, p.startTook*busyFactor).Round(time.Second)
	select {
	case <-p.exited:
	case <-time.After(bound):
		p.errorf("it still runs %v after %s; %s", bound, when, todo)
		return
	}
	if left := p.leftBehind(); left != "" {
		p.errorf("it exits when %s, but leaves %s running in its process group; end and wait for what you start", when, left)
	}
}

// exitBound is how long a plugin may take to go, on a machine that is not busy: one
// on which to go may not take busyFactor times as long as the start took.
const (
	exitBound  = 2 * time.Second
	busyFactor = 10
)

// errorf is an error of this start of the plugin.
func (p *process) errorf(format string, args ...any) {
	p.x.t.Helper()
	p.errors++
	with := ""
	if p.mtls {
		with = " (started with mutual TLS)"
	}
	p.x.t.Errorf("%s%s: %s", p.name, with, fmt.Sprintf(format, args...))
}

func (p *process) hintTLS() string {
	if !p.mtls {
		return ""
	}
	return "; a plugin without TLS needs mtls: false in famchat.yaml, and ExecConfig.NoMTLS here"
}

// why says why a call failed, so that an author can find the place.
func (p *process) why(err error) string {
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		p.hung = true
		return fmt.Sprintf("no answer came within %v", p.x.timeout)
	case codes.Unavailable:
		select {
		case <-p.exited:
			p.deathSaid = true
			return "the process ended (" + p.state() + ")" + p.lastWords()
		case <-time.After(settleTime):
		}
	case codes.ResourceExhausted:
		return "the answer is too long, at most 4 MiB may be: " + status.Convert(err).Message()
	}
	return status.Code(err).String() + ": " + status.Convert(err).Message()
}

// settleTime is how long a process that has cut its connection may take to end.
const settleTime = time.Second
