package plugins

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"famchat/internal/flags"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// Under a host stdout carries the handshake and nothing else. So before main runs,
// what a plugin prints goes to the log.
var handshakeOut, logOut = os.Stdout, os.Stderr

func init() {
	if underHost() {
		os.Stdout = os.Stderr
	}
}

func underHost() bool {
	return os.Getenv(contract.Handshake.MagicCookieKey) == contract.Handshake.MagicCookieValue
}

// Serve runs a plugin until the daemon is done with it. newPlugin makes its hooks
// of its config, which is C decoded strictly from config: in famchat.yaml; an
// error of newPlugin is read by who wrote that. Started by hand it describes
// itself, or tries a message:
//
//	famchat-plugin-NAME --describe [--config JSON]
//	famchat-plugin-NAME --try TEXT [--config JSON]   a message or a name, or "/command args"
func Serve[C any](name, version string, newPlugin func(*Host, C) (*Hooks, error)) {
	if !underHost() {
		s := newService(name, version, slog.New(slog.NewTextHandler(os.Stderr, nil)), newPlugin)
		os.Exit(byHand(context.Background(), s, os.Args[1:], os.Stdout, os.Stderr))
	}
	if os.Getenv(contract.EnvLifeline) == contract.LifelineStdin {
		go func() {
			// The host never writes: what ends is the host.
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	os.Stdout = handshakeOut
	made := newPlugin
	newPlugin = func(h *Host, c C) (*Hooks, error) {
		// go-plugin has both by now, and would lose what is said last.
		os.Stdout, os.Stderr = logOut, logOut
		return made(h, c)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: contract.Handshake,
		Plugins:         contract.Plugins(newService(name, version, newLog(logOut), newPlugin)),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(o, grpc.MaxRecvMsgSize(contract.MaxAnswerBytes)))
		},
		Logger: hclog.NewNullLogger(),
	})
}

// newLog makes the log of a plugin: JSON lines, which the host turns into its own
// records.
func newLog(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(os.Getenv(contract.EnvLogLevel))) // else info
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

const byHandUsage = `%[1]s is a plugin of famchat: famchatd starts it, where famchat.yaml has
it under plugins:. By hand it says what it does:

  famchat-plugin-%[1]s --describe [--config JSON]   what it offers, as JSON
  famchat-plugin-%[1]s --try TEXT [--config JSON]   what it does to a message, or to a name
  famchat-plugin-%[1]s --try "/COMMAND ARGS"        what its command does; all is granted, and
                                                who types it is "somebody"
  famchat-plugin-%[1]s --version

TEXT is one argument: put it in quotes. The exit code is 1 where the plugin failed,
2 where the arguments or its config are wrong.
`

// byHand is what a plugin does when a person starts it. It returns the exit code.
func byHand(ctx context.Context, s *service, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet(s.name, flag.ContinueOnError)
	describe := set.Bool("describe", false, "")
	try := set.String("try", "", "")
	config := set.String("config", "", "")
	showVersion := set.Bool("version", false, "")
	words, err := flags.Parse(set, args)
	tries := false
	set.Visit(func(f *flag.Flag) { tries = tries || f.Name == "try" })
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, byHandUsage, s.name)
		return 0
	case err == nil && *showVersion:
		fmt.Fprintln(stdout, s.name, s.version)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "%[1]s: %[2]v\nfamchat-plugin-%[1]s --help tells how it is used\n", s.name, err)
		return 2
	case len(words) > 0 || !*describe && !tries:
		fmt.Fprintf(stderr, byHandUsage, s.name)
		return 2
	}
	if os.Getenv(contract.EnvDir) == "" {
		if self, err := os.Executable(); err == nil {
			os.Setenv(contract.EnvDir, filepath.Dir(self)) // as under the daemon
		}
	}
	// By hand everything is granted: nothing comes of it.
	all := []string{string(GrantMembers), string(GrantSay), string(GrantAct), string(GrantPrivate), string(GrantTell)}
	offer, err := s.Init(ctx, &pluginpb.InitRequest{ConfigJson: []byte(*config), Grants: all})
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", s.name, messageOfError(err))
		return 2
	}
	if *describe {
		b, _ := protojson.MarshalOptions{Multiline: true}.Marshal(offer)
		fmt.Fprintf(stdout, "%s\n", b)
	}
	if tries && !s.try(ctx, *try, stdout) {
		return 1
	}
	return 0
}

// try says what the hooks make of a text. It reports whether none has failed.
func (s *service) try(ctx context.Context, text string, stdout io.Writer) bool {
	h := s.made()
	if word, args, _ := strings.Cut(text, " "); s.commands[strings.TrimPrefix(word, "/")] != nil && word[0] == '/' {
		return s.tryCommand(ctx, word[1:], strings.TrimSpace(args), stdout)
	}
	ok := true
	say := func(what string, v Verdict) {
		ok = ok && v != Verdict{}
		said(stdout, what, v.String())
	}
	if h.FilterMessage != nil {
		say("message", s.ask(func() Verdict {
			return h.FilterMessage(ctx, Message{ID: 1, Kind: Public, From: byHandCaller, Text: text, Time: time.Now()})
		}))
	}
	if h.ValidateName != nil {
		say("name", s.ask(func() Verdict { return h.ValidateName(ctx, Name{Member: 1, Name: text}) }))
	}
	if h.FilterMessage == nil && h.ValidateName == nil {
		fmt.Fprintf(stdout, "%s checks neither messages nor names; its commands are tried as /COMMAND\n", s.name)
	}
	return ok
}

// byHandCaller is who types what is tried by hand.
var byHandCaller = Member{ID: 1, Name: "somebody"}

func (s *service) tryCommand(ctx context.Context, command, args string, stdout io.Writer) bool {
	call := &pluginpb.RunCommandRequest{
		Caller: &pluginpb.Member{Id: uint64(byHandCaller.ID), Name: byHandCaller.Name}, Command: command, Args: args,
		UnixNanos: time.Now().UnixNano(), About: &pluginpb.About{StartedUnixNanos: time.Now().UnixNano()},
	}
	call.Members = []*pluginpb.Member{call.Caller}
	r, err := s.RunCommand(ctx, call)
	what := "/" + command
	switch {
	case err != nil:
		said(stdout, what, "it failed: "+messageOfError(err))
		return false
	case r.Failed != "":
		said(stdout, what, "fail: "+r.Failed)
		return true
	case r.Reply == "" && len(r.Effects) == 0:
		said(stdout, what, "nothing: neither a reply nor an effect")
	case r.Reply != "":
		said(stdout, what, "reply: "+r.Reply)
	}
	for _, e := range r.Effects {
		said(stdout, what, Effect{effectKind(e.Kind), ID(e.To), e.Text}.String())
	}
	return true
}

// said prints what a plugin said of something.
func said(stdout io.Writer, what, text string) {
	fmt.Fprintf(stdout, "%s: %s\n", what, printable(text))
}

// printable has what a terminal would not show in the notation of Go. The daemon makes
// text safe in its own way, by tables that would be two megabytes of every plugin.
func printable(text string) string {
	const joiner = '\u200d' // of emoji
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || r == joiner || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return b.String()
}
