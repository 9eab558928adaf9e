package plugins

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

// By hand a plugin says what it would do, and its exit code whether it failed.
func TestByHand(t *testing.T) {
	newPlugin := func(h *Host, c struct{ Words []string }) (*Hooks, error) {
		return &Hooks{
			FilterMessage: func(_ context.Context, m Message) Verdict {
				if m.Text == "panic" {
					panic("a message")
				}
				return Replace(m.Text + "!")
			},
			Commands: []Command{
				{Name: "hug", Help: "hug", Run: func(_ context.Context, c Call) Result {
					return Result{Reply: "done", Effects: []Effect{Act("hugs " + c.Args), Tell(c.Caller.ID, "you hugged")}}
				}},
				{Name: "no", Help: "no", Run: func(context.Context, Call) Result { return Fail("never") }},
				{Name: "quiet", Help: "quiet", Run: func(context.Context, Call) Result { return Result{} }},
				{Name: "boom", Help: "boom", Run: func(context.Context, Call) Result { panic("a command") }},
			},
		}, nil
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"--try hello", 0, "message: replace: hello!\n"},
		{"--try \x1b[2J\u202e日👨\u200d👩'", 0, "message: replace: \\x1b[2J\\u202e日👨\u200d👩'!\n"},
		{"--try panic", 1, "message: no verdict, which is a failure\n"},
		{"--try /hug,leo", 0, "/hug: reply: done\n/hug: act: hugs leo\n/hug: tell 1: you hugged\n"},
		{"--try /no", 0, "/no: fail: never\n"},
		{"--try /quiet", 0, "/quiet: nothing: neither a reply nor an effect\n"},
		{"--try /boom", 1, "/boom: it failed: it panicked\n"},
		{"--try /unknown", 0, "message: replace: /unknown!\n"},
		{"--version", 0, "test 1.0\n"},
		{"--config {\"wrods\":1} --try x", 2, `test: config: unknown key "wrods"; did you mean words?; there are words` + "\n"},
		{"--tyr x", 2, "test: there is no --tyr; did you mean --try?\nfamchat-plugin-test --help tells how it is used\n"},
		{"hello", 2, "TEXT is one argument"},
		{"", 2, "TEXT is one argument"},
	} {
		var out bytes.Buffer
		args := strings.Fields(tt.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], ",", " ")
		}
		s := newService("test", "1.0", slog.New(slog.DiscardHandler), newPlugin)
		if code := byHand(t.Context(), s, args, &out, &out); code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: got %d and\n%s\nwant %d and\n%s", tt.args, code, &out, tt.code, tt.want)
		}
	}
}
