package host_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins"
	"famchat/plugins/pluginpb"
)

// behaviour is how the plugin that the test binary is behaves, as its config.
type behaviour struct {
	// Mark is appended to every message.
	Mark string
	// Grant is asked for: what is granted is what the commands may do.
	Commands []string
	Names    bool
	Observe  string // a file to which events are written
	Kinds    []plugins.Kind
	Crash    bool   // at once
	Stderr   int    // lines at start
	Stdout   int    // lines after the handshake
	Fork     bool   // a child that holds the pipes
	Escape   bool   // a child in a session of its own
	Eat      bool   // memory, at "eat"
	Deaf     bool   // to SIGTERM and to the end of stdin
	Gate     string // a file without which it does not come to run
	Raw      string
}

// servePlugin is the plugin. Some kinds of trouble need no SDK.
func servePlugin() {
	if raw := os.Getenv("FAMCHAT_TEST_RAW"); raw != "" {
		serveRaw(raw)
		return
	}
	fmt.Println("this is printed before the handshake")
	plugins.Serve("test", "1.2.3", newTestPlugin)
}

// awaitFile waits until there is a file.
func awaitFile(name string) {
	for range time.Tick(time.Millisecond) {
		if _, err := os.Stat(name); err == nil {
			return
		}
	}
}

func newTestPlugin(h *plugins.Host, b behaviour) (*plugins.Hooks, error) {
	if b.Crash {
		fmt.Fprintln(os.Stderr, "no word list")
		os.Exit(3)
	}
	if b.Gate != "" {
		awaitFile(b.Gate)
	}
	for n := range b.Stderr {
		h.Log.Info("line", "n", n)
	}
	for range b.Stdout {
		fmt.Println("this is printed after the handshake")
	}
	if b.Fork {
		child := exec.Command("/bin/sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return nil, err
		}
	}
	if b.Escape {
		child := exec.Command("/bin/sleep", "1000")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := child.Start(); err != nil {
			return nil, err
		}
	}
	if b.Deaf {
		signal.Ignore(syscall.SIGTERM)
	}
	hooks := &plugins.Hooks{Kinds: b.Kinds}
	if b.Mark != "" {
		hooks.FilterMessage = func(_ context.Context, m plugins.Message) plugins.Verdict {
			return filter(b, m)
		}
	}
	if b.Names {
		hooks.ValidateName = func(_ context.Context, n plugins.Name) plugins.Verdict {
			switch n.Name {
			case "bad":
				return plugins.Reject("it is bad")
			case "panic":
				panic("a name")
			}
			return plugins.Allow()
		}
	}
	if b.Observe != "" {
		f, err := os.OpenFile(b.Observe, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		hooks.Observe = func(_ context.Context, e plugins.Event) {
			fmt.Fprintln(f, e.Kind, e.Member, e.Message.Text)
		}
	}
	for _, name := range b.Commands {
		hooks.Commands = append(hooks.Commands, plugins.Command{Name: name, Help: "does " + name, Run: run})
	}
	return hooks, nil
}

// filter does what a message says.
func filter(b behaviour, m plugins.Message) plugins.Verdict {
	switch {
	case m.Text == "kill yourself":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case m.Text == "panic":
		panic("a message")
	case m.Text == "hang":
		select {}
	case m.Text == "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {} // it takes effect a moment later
	case m.Text == "drop":
		return plugins.Drop()
	case m.Text == "reject":
		return plugins.Reject("no")
	case m.Text == "empty":
		return plugins.Replace("")
	case m.Text == "invalid":
		return plugins.Replace("\xff")
	case m.Text == "long":
		return plugins.Replace(strings.Repeat("x", 5000))
	case m.Text == "eat":
		eat()
	}
	return plugins.Replace(m.Text + b.Mark)
}

// eat takes memory until there is none.
func eat() {
	var all [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		_ = all
	}
}

// run is every command.
func run(_ context.Context, c plugins.Call) plugins.Result {
	switch c.Args {
	case "all":
		return plugins.Result{Reply: fmt.Sprintf("%d members", len(c.Members)), Effects: []plugins.Effect{
			plugins.Say("say"), plugins.Act("act"), plugins.WriteTo(2, "private"), plugins.Tell(2, "tell"), plugins.TellAll("all"),
		}}
	case "act":
		return plugins.Do(plugins.Act("waves"))
	case "about":
		return plugins.Reply(fmt.Sprintf("%s %v", c.About.Version, c.About.Plugins))
	case "panic":
		panic("a command")
	case "wait":
		select {} // an answer at the context's end may be just in time
	case "environment":
		return plugins.Reply(strings.Join(os.Environ(), "\n"))
	case "descriptors":
		entries, _ := os.ReadDir("/proc/self/fd")
		var all []string
		for _, e := range entries {
			target, _ := os.Readlink("/proc/self/fd/" + e.Name())
			all = append(all, target)
		}
		return plugins.Reply(strings.Join(all, "\n"))
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "long":
		return plugins.Reply(strings.Repeat("x", 100<<10))
	}
	return plugins.Fail("no")
}

// serveRaw is a plugin that does not keep to the contract. It is not made with the
// SDK, which would see to that.
func serveRaw(how string) {
	stdout := os.NewFile(1, "stdout") // package plugins has taken os.Stdout
	switch how {
	case "nonsense":
		fmt.Fprintln(stdout, "hello, I am no plugin")
		time.Sleep(time.Hour)
	case "silent":
		time.Sleep(time.Hour)
	case "exits":
		return
	}
	l, err := net.Listen("unix", os.Getenv("PLUGIN_UNIX_SOCKET_DIR")+"/raw")
	if err != nil {
		os.Exit(1)
	}
	s := grpc.NewServer(grpc.MaxSendMsgSize(64 << 20))
	pluginpb.RegisterPluginServer(s, &raw{how: how})
	fmt.Fprintf(stdout, "1|1|unix|%s|grpc\n", l.Addr())
	if how == "floods" {
		go func() {
			for {
				fmt.Fprintln(os.Stderr, strings.Repeat("flood ", 100))
				fmt.Fprintln(stdout, strings.Repeat("flood ", 100))
			}
		}()
	}
	_ = s.Serve(l)
}

type raw struct {
	pluginpb.UnimplementedPluginServer
	how   string
	calls atomic.Int64
}

func (r *raw) Init(context.Context, *pluginpb.InitRequest) (*pluginpb.InitResponse, error) {
	a := &pluginpb.InitResponse{Name: "raw", Version: "1", Hooks: []pluginpb.Hook{pluginpb.Hook_HOOK_FILTER_MESSAGE}}
	switch r.how {
	case "version":
		a.Version = "1\x1b[31m\n"
	case "hook":
		a.Hooks = []pluginpb.Hook{99}
	case "command":
		a.Commands = []*pluginpb.Command{{Name: "quit", Help: "mine"}}
	case "help":
		a.Commands = []*pluginpb.Command{{Name: "x", Help: "two\nlines"}}
	}
	return a, nil
}

func (r *raw) FilterMessages(stream grpc.BidiStreamingServer[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse]) error {
	for {
		q, err := stream.Recv()
		if err != nil {
			return err
		}
		a := &pluginpb.FilterMessagesResponse{}
		for _, m := range q.Messages {
			a.Verdicts = append(a.Verdicts, &pluginpb.Verdict{Id: m.Id, Action: pluginpb.Action_ACTION_ALLOW})
		}
		if r.calls.Add(1) > 1 { // after the canary
			if err := r.spoil(stream, a); err != nil {
				return err
			}
		}
		if err := stream.Send(a); err != nil {
			return err
		}
	}
}

// spoil makes an answer what it must not be.
func (r *raw) spoil(stream grpc.BidiStreamingServer[pluginpb.FilterMessagesRequest, pluginpb.FilterMessagesResponse], a *pluginpb.FilterMessagesResponse) error {
	switch r.how {
	case "twice":
		a.Verdicts = append(a.Verdicts, a.Verdicts[0])
	case "two answers":
		return stream.Send(a)
	case "ends the stream":
		return status.Error(codes.Aborted, "enough")
	case "missing":
		a.Verdicts = a.Verdicts[1:]
	case "strange":
		a.Verdicts[0].Id = 1 << 60
	case "unknown":
		a.Verdicts[0].Action = 99
	case "huge":
		a.Verdicts[0].Action = pluginpb.Action_ACTION_REPLACE
		a.Verdicts[0].Text = strings.Repeat("x", 32<<20)
	case "slow":
		time.Sleep(time.Second)
	}
	return nil
}
