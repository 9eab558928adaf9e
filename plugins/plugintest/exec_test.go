//go:build unix

package plugintest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"famchat/plugins"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
	"famchat/plugins/plugintest"
)

// envWay makes the test's own program a plugin, good or bad in the way it names.
const envWay = "FAMCHAT_PLUGINTEST_WAY"

// envRun tells the plugins of one test from all others that run.
const envRun = "FAMCHAT_PLUGINTEST_RUN"

func runOf(t *testing.T) string { return fmt.Sprintf("%s=%d %s", envRun, os.Getpid(), t.Name()) }

// quickExit keeps the race detector, of which a plugin knows nothing, from waiting
// a second at the end of each.
const quickExit = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	if way := os.Getenv(envWay); way != "" {
		bePlugin(way)
		return
	}
	goleak.VerifyTestMain(m)
}

// stdout is the real one, which the SDK and go-plugin both take away.
var stdout = os.NewFile(1, "stdout")

// bePlugin is a plugin's main.
func bePlugin(way string) {
	switch way {
	case "good":
		plugins.Serve("good", "1.0.0", newGood)
	case "tcp", "no health", "takes anyone":
		serveTCP(way)
	case "nothing":
		time.Sleep(time.Minute)
	case "child":
		// Outlives its parent, and its parent's stdin.
		time.Sleep(time.Minute)
	case "dies":
		fmt.Fprintln(os.Stderr, "no word list")
		os.Exit(3)
	case "greets":
		fmt.Fprintln(stdout, "Hello, I am a plugin")
	case "version":
		fmt.Fprintln(stdout, "1|2|unix|/tmp/x|grpc|")
	case "elsewhere":
		fmt.Fprintln(stdout, "1|1|unix|/tmp/x|grpc|")
	case "open":
		fmt.Fprintln(stdout, "1|1|tcp|0.0.0.0:80|grpc|")
	case "nobody":
		fmt.Fprintf(stdout, "1|1|unix|%s|grpc|\n", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "socket"))
		time.Sleep(time.Minute)
	default:
		serveBadly(way)
	}
}

type goodConfig struct{ Words []string }

func newGood(_ *plugins.Host, _ goodConfig) (*plugins.Hooks, error) {
	return &plugins.Hooks{
		ValidateName: func(context.Context, plugins.Name) plugins.Verdict { return plugins.Allow() },
		FilterMessage: func(_ context.Context, m plugins.Message) plugins.Verdict {
			if m.Text == "hello" {
				fmt.Println("printing is allowed in Go")
				return plugins.Reject("not today")
			}
			return plugins.Allow()
		},
		Observe: func(context.Context, plugins.Event) {},
		Commands: []plugins.Command{{Name: "echo", Args: "text", Help: "says it", Run: func(_ context.Context, c plugins.Call) plugins.Result {
			if c.Args == "" {
				return plugins.Fail("say what")
			}
			return plugins.Do(plugins.Say(c.Args))
		}}},
	}, nil
}

// serveTCP is a plugin without go-plugin, as one in another language is.
func serveTCP(way string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var options []grpc.ServerOption
	cert := ""
	if way == "takes anyone" && os.Getenv("PLUGIN_CLIENT_CERT") != "" {
		c := selfSigned()
		cert = base64.RawStdEncoding.EncodeToString(c.Certificate[0])
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&c)))
	}
	s := grpc.NewServer(options...)
	if way != "no health" {
		h := health.NewServer()
		h.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(s, h)
	}
	pluginpb.RegisterPluginServer(s, plugins.Service("tcp", "1.0.0", slog.New(slog.DiscardHandler), newGood))
	go func() { _ = s.Serve(l) }()
	fmt.Fprintf(stdout, "1|1|tcp|%s|grpc|%s\n", l.Addr(), cert)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func selfSigned() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// bad is a plugin that does one thing wrong.
type bad struct {
	pluginpb.PluginServer
	way string
}

// serveBadly serves a bad plugin over go-plugin.
func serveBadly(way string) {
	b := &bad{plugins.Service("bad", "1.0.0", slog.New(slog.DiscardHandler), newGood), way}
	if way != "deaf" {
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
	}
	if way == "leaves a child" {
		c := exec.Command(os.Args[0])
		c.Env = []string{envWay + "=child", envRun + "=" + os.Getenv(envRun)}
		if err := c.Start(); err != nil {
			panic(err)
		}
	}
	if way == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
	}
	if way == "no TLS" {
		os.Unsetenv("PLUGIN_CLIENT_CERT")
	}
	os.Stdout = stdout
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		Plugins:         contract.Plugins(b),
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}

func (b *bad) Init(ctx context.Context, r *pluginpb.InitRequest) (*pluginpb.InitResponse, error) {
	switch b.way {
	case "prints":
		fmt.Fprintln(stdout, "now I am ready")
	case "takes any config":
		r.ConfigJson = nil
	case "refuses badly":
		if _, err := b.PluginServer.Init(ctx, r); err != nil {
			return nil, errors.New("no")
		}
		return &pluginpb.InitResponse{Name: "bad", Version: "1", Hooks: []pluginpb.Hook{pluginpb.Hook_HOOK_OBSERVE}}, nil
	}
	offer, err := b.PluginServer.Init(ctx, r)
	if err != nil {
		return nil, err
	}
	switch b.way {
	case "name":
		offer.Name = "Bad Plugin"
	case "offers nothing":
		return &pluginpb.InitResponse{Name: "bad", Version: "1"}, nil
	case "hooks":
		offer.Hooks = append(offer.Hooks, 9, pluginpb.Hook_HOOK_OBSERVE)
	case "commands":
		offer.Commands = append(offer.Commands, &pluginpb.Command{Name: "/x", Help: "two\nlines", Completions: []string{"a\nb"}}, offer.Commands[0])
	}
	return offer, nil
}

func (b *bad) ValidateNames(ctx context.Context, r *pluginpb.ValidateNamesRequest) (*pluginpb.ValidateNamesResponse, error) {
	answer, err := b.PluginServer.ValidateNames(ctx, r)
	if b.way == "replaces a name" && err == nil {
		answer.Verdicts[3] = &pluginpb.Verdict{Id: r.Names[3].Id, Action: pluginpb.Action_ACTION_REPLACE, Text: "x"}
	}
	return answer, err
}

func (b *bad) FilterMessages(stream grpc.BidiStreamingServer[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse]) error {
	return b.PluginServer.FilterMessages(&badStream{stream, b})
}

// badStream spoils the answers of a good plugin.
type badStream struct {
	grpc.BidiStreamingServer[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse]
	b *bad
}

func (s *badStream) Send(answer *pluginpb.FilterMessagesResponse) error {
	v := &answer.Verdicts
	switch s.b.way {
	case "twice":
		*v = append(*v, (*v)[0])
	case "misses one":
		*v = (*v)[1:]
	case "invents one":
		*v = append(*v, &pluginpb.Verdict{Id: 5, Action: pluginpb.Action_ACTION_ALLOW})
	case "unspecified":
		(*v)[0] = &pluginpb.Verdict{Id: (*v)[0].Id}
	case "action 9":
		(*v)[0].Action = 9
	case "no reason":
		(*v)[0].Action = pluginpb.Action_ACTION_REJECT
	case "long", "bytes", "control":
		text := map[string]string{"long": strings.Repeat("x", 4097), "bytes": "\xff", "control": "\x1b[2J"}[s.b.way]
		(*v)[0] = &pluginpb.Verdict{Id: (*v)[0].Id, Action: pluginpb.Action_ACTION_REPLACE, Text: text}
	case "two answers":
		if err := s.BidiStreamingServer.Send(answer); err != nil {
			return err
		}
	case "ends the stream":
		return status.Error(codes.Aborted, "enough")
	case "crashes":
		fmt.Fprintln(os.Stderr, "index out of range")
		time.Sleep(10 * time.Millisecond) // go-plugin hands stderr on by a goroutine
		os.Exit(2)
	case "hangs":
		<-s.Context().Done()
		time.Sleep(time.Minute)
	}
	return s.BidiStreamingServer.Send(answer)
}

func (b *bad) RunCommand(ctx context.Context, r *pluginpb.RunCommandRequest) (*pluginpb.RunCommandResponse, error) {
	switch {
	case b.way == "command hangs" && r.Args == "":
		time.Sleep(time.Minute)
	case b.way == "too many effects":
		return &pluginpb.RunCommandResponse{Effects: make([]*pluginpb.Effect, 65), Reply: strings.Repeat("x", 64<<10+1)}, nil
	case b.way == "fails and says":
		return &pluginpb.RunCommandResponse{Failed: "no", Reply: "yes"}, nil
	}
	return b.PluginServer.RunCommand(ctx, r)
}

// record is a test that keeps its errors to itself.
type record struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (r *record) Helper() {}

func (r *record) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// me is the program of the test.
func me(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExecPassesAGoodPlugin(t *testing.T) {
	for _, tt := range []struct {
		way string
		c   plugintest.ExecConfig
	}{
		{"good", plugintest.ExecConfig{Config: goodConfig{Words: []string{"x"}}, Grants: []plugins.Grant{plugins.GrantSay}}},
		{"good", plugintest.ExecConfig{}},
		{"tcp", plugintest.ExecConfig{NoMTLS: true}},
	} {
		t.Run(tt.way, func(t *testing.T) {
			t.Parallel()
			tt.c.Env = []string{envWay + "=" + tt.way, runOf(t), quickExit}
			plugintest.Exec(t, me(t), tt.c)
		})
	}
}

func TestExecSaysWhatIsWrong(t *testing.T) {
	program := me(t)
	config := goodConfig{Words: []string{"x"}}
	for _, tt := range []struct {
		way  string
		c    plugintest.ExecConfig
		want []string // in order, a part of each error; every start has its own
	}{
		{way: "nothing", c: plugintest.ExecConfig{Timeout: time.Second}, want: []string{"it wrote no handshake line to stdout within 1s"}},
		{way: "dies", want: []string{"it ended (exit status 3) before the handshake, stdout has \"\"; the first line on stdout must be 1|1|unix|PATH OF THE SOCKET|grpc| and nothing may come before it; the last it said on stderr is: no word list"}},
		{way: "greets", want: []string{`its first line on stdout is "Hello, I am a plugin\n"; the first line`}},
		{way: "version", want: []string{`field 2 is "2", and must be 1`}},
		{way: "elsewhere", want: []string{`the socket "/tmp/x" is not in the folder of the variable PLUGIN_UNIX_SOCKET_DIR`}},
		{way: "open", want: []string{`the address "0.0.0.0:80" is not of this machine alone`}},
		{way: "nobody", want: []string{"its first call fails"}},
		{way: "no TLS", want: []string{"the handshake line has no certificate in field 6; a plugin without TLS needs mtls: false in famchat.yaml, and ExecConfig.NoMTLS here"}},
		{way: "prints", want: []string{`it writes to stdout after the handshake: "now I am ready\n"`, `(started with mutual TLS): it writes to stdout`}},
		{way: "takes anyone", want: []string{`(started with mutual TLS): it takes a connection without the daemon's certificate`}},
		{way: "no health", c: plugintest.ExecConfig{NoMTLS: true}, want: []string{`it does not answer grpc.health.v1.Health/Check about the service "plugin"`}},
		{way: "deaf", want: []string{`after stdin ended; the daemon is gone then`}},
		{way: "stubborn", want: []string{`after it got SIGTERM; the daemon stops`}},
		{way: "leaves a child", want: []string{`it exits when stdin ended, but leaves plugintest.test running in its process group`, `it exits when it got SIGTERM, but leaves`}},
		{way: "takes any config", c: plugintest.ExecConfig{Config: config}, want: []string{`Init takes a config with the unknown key "famchat-has-no-such-key"`}},
		{way: "refuses badly", c: plugintest.ExecConfig{Config: config}, want: []string{`Init refuses a config with an unknown key with Unknown ("no"); it must be INVALID_ARGUMENT`}},
		{way: "good", c: plugintest.ExecConfig{Config: map[string]any{"wrods": 1}}, want: []string{`Init refuses the config: config: unknown key "wrods"; did you mean words?; there are words; give a valid one`}},
		{way: "name", want: []string{`Init says that its name is "Bad Plugin"; a name is`}},
		{way: "offers nothing", want: []string{`Init offers neither hooks nor commands`}},
		{way: "hooks", want: []string{`Init offers the hook 9`, `Init offers the hook HOOK_OBSERVE twice`}},
		{way: "commands", want: []string{`the command "/x"`, `the help of /` + `/x is "two\nlines"; say in one line`, `a completion of //x is "a\nb"`, `offers /echo twice`, `"//x " is UNIMPLEMENTED`}},
		{way: "replaces a name", want: []string{`is ACTION_REPLACE, which is not for names`}},
		{way: "twice", want: []string{`FilterMessages: there are two verdicts about 10995116`}},
		{way: "two answers", want: []string{`a verdict about 1099511627776, which nobody asked about`, `44 of 44 items have no verdict`}},
		{way: "ends the stream", want: []string{`FilterMessages about 256 odd texts (empty, 4096 bytes, emoji, right to left, several lines) fails: Aborted: enough`, `FilterMessages about 44 odd texts`}},
		{way: "misses one", want: []string{`items have no verdict, 10995116`}},
		{way: "invents one", want: []string{`a verdict about 5, which nobody asked about`}},
		{way: "unspecified", want: []string{`has no action, which is a failure`}},
		{way: "action 9", want: []string{`has the action 9, which there is not`}},
		{way: "no reason", want: []string{`rejects without a reason`}},
		{way: "long", want: []string{`has a text of more than 4096 bytes`}},
		{way: "bytes", want: []string{`a text in the answer is not valid UTF-8`}},
		{way: "control", want: []string{`has the control character U+001B in its text`}},
		{way: "crashes", want: []string{`FilterMessages about 256 odd texts (empty, 4096 bytes, emoji, right to left, several lines) fails: the process ended (exit status 2); the last it said on stderr is: `}},
		{way: "hangs", want: []string{`FilterMessages about 256 odd texts (empty, 4096 bytes, emoji, right to left, several lines) fails: no answer came within 10s`}},
		{way: "command hangs", want: []string{`"/echo ": no answer came within 10s`}},
		{way: "too many effects", want: []string{`the reply has 65537 bytes`, `there are 65 effects; at most 64`, `there is no effect of kind 0`}},
		{way: "fails and says", want: []string{`it failed, but has a reply or effects too`}},
	} {
		t.Run(tt.way, func(t *testing.T) {
			t.Parallel()
			r := &record{TB: t}
			tt.c.Env = []string{envWay + "=" + tt.way, runOf(t), quickExit}
			plugintest.Exec(r, program, tt.c)
			next := 0
			for _, e := range r.errors {
				if !slices.ContainsFunc(tt.want, func(want string) bool { return strings.Contains(e, want) }) {
					t.Errorf("there is an error that is none: %s", e)
				}
				if next < len(tt.want) && strings.Contains(e, tt.want[next]) {
					next++
				}
			}
			if next < len(tt.want) {
				t.Errorf("no error has %q; there are\n%s", tt.want[next], strings.Join(r.errors, "\n"))
			}
			if running := running(t); running != "" {
				t.Errorf("still running: %s", running)
			}
		})
	}
}

func TestExecOfNoProgram(t *testing.T) {
	script := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(script, []byte("echo hello\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), script} {
		r := &record{TB: t}
		plugintest.Exec(r, path)
		if len(r.errors) != 1 || !strings.Contains(r.errors[0], "it does not start") {
			t.Errorf("%s: got %q, want one error: it does not start", path, r.errors)
		}
	}
}

// running names the processes, if the system shows them, that this test started.
func running(t *testing.T) string {
	t.Helper()
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		env, _ := os.ReadFile(file)
		if slices.Contains(strings.Split(string(env), "\x00"), runOf(t)) {
			found = append(found, filepath.Dir(file))
		}
	}
	return strings.Join(found, ", ")
}
