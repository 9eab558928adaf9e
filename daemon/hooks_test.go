package daemon_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"famchat/daemon/hooks"
)

func TestHooksDecide(t *testing.T) {
	c := withoutRates()
	observed := make(chan hooks.Event, 100)
	c.Hooks = hooks.Funcs{
		ValidateName: func(_ context.Context, n hooks.NameRequest) hooks.Verdict {
			switch n.Name {
			case "boss":
				return hooks.Reject("there is no boss here")
			case "broken":
				panic("a bug in a hook")
			}
			return hooks.Allow()
		},
		FilterMessage: func(_ context.Context, m hooks.Message) hooks.Verdict {
			switch m.Text {
			case "damn":
				return hooks.Replace("d***")
			case "reject":
				return hooks.Reject("not here")
			case "drop":
				return hooks.Drop()
			case "fail":
				return hooks.Fail("the list is lost")
			case "panic":
				panic("a bug in a hook")
			case "nothing":
				return hooks.Verdict{}
			case "empty":
				return hooks.Replace(" ")
			}
			return hooks.Allow()
		},
		OnEvent: func(_ context.Context, e hooks.Event) {
			observed <- e
			panic("a bug in a hook")
		},
		Commands: []hooks.CommandFunc{
			{Command: hooks.Command{Name: "me", Args: "text", Help: "what you do"}, Run: func(_ context.Context, c hooks.Call) hooks.Result {
				return hooks.Result{Effects: []hooks.Effect{{Kind: hooks.Act, Text: c.Args}}}
			}},
			{Command: hooks.Command{Name: "all"}, Run: func(_ context.Context, c hooks.Call) hooks.Result {
				var to hooks.ID
				for _, m := range c.Members {
					if m.Name == c.Args {
						to = m.ID
					}
				}
				return hooks.Result{Reply: "reply", Effects: []hooks.Effect{
					{Kind: hooks.Say, Text: "damn"}, {Kind: hooks.Whisper, To: to, Text: "whispered"},
					{Kind: hooks.Tell, To: to, Text: "told"}, {Kind: hooks.TellAll, Text: "told all"},
					{Kind: hooks.Tell, To: 12345, Text: "lost"},
				}}
			}},
			{Command: hooks.Command{Name: "bad"}, Run: func(context.Context, hooks.Call) hooks.Result { panic("a bug in a hook") }},
		},
	}
	s := start(t, c)
	mum := s.join("mum")
	anna := s.connect()
	anna.say("boss")
	anna.wait(`! "boss" is refused: there is no boss here`)
	anna.say("broken")
	anna.wait(`! "broken" could not be checked; try again in a moment`)
	anna.enter("anna")
	for _, tt := range []struct{ typed, anna, mum string }{
		{"hello", "you: hello\n> ", "anna: hello\n"},
		{"damn", "you: d***\n> ", "anna: d***\n"},
		{"@mum damn", "~ you -> mum: d***\n> ", "~ anna -> you: d***\n"},
		{"reject", "! not here. Not sent: reject\n> ", ""},
		{"@mum reject", "! not here. Not sent: @mum reject\n> ", ""},
		{"drop", "> ", ""},
		{"fail", "! the list is lost. Not sent: fail\n> ", ""},
		{"panic", "! the check failed. Not sent: panic\n> ", ""},
		{"nothing", "! your message could not be checked; try again in a moment. Not sent: nothing\n> ", ""},
		{"empty", "! your message could not be checked; try again in a moment. Not sent: empty\n> ", ""},
		{"/me waves", "- anna waves\n> ", "- anna waves\n"},
		{"/all mum", "* reply\n> ", ""},
		{"/bad", "! /bad failed\n> ", ""},
		{"end", "you: end\n> ", "anna: end\n"},
	} {
		anna.say(tt.typed)
		anna.wait(tt.anna)
		mum.wait(tt.mum)
	}
	for _, want := range []string{"~ anna -> you: whispered\n", "* told\n", "# told all\n"} {
		if strings.Count(mum.all(), want) != 1 {
			t.Errorf("mum read %q, without %q", mum.all(), want)
		}
	}
	for _, never := range []string{"reject", "drop", "fail", "panic", "nothing", "empty", "lost", "damn"} {
		if strings.Contains(mum.all(), never) {
			t.Errorf("mum read of %q", never)
		}
	}
	anna.say("")
	anna.end()
	var texts []string
	for late := time.After(watchdog); ; {
		select {
		case e := <-observed:
			switch e.Kind {
			case hooks.Posted:
				texts = append(texts, e.Message.Command+":"+e.Message.Text)
				continue
			case hooks.Joined:
				continue
			}
			if e.Member.Name != "anna" || e.Reason != "left" {
				t.Errorf("observed %+v", e)
			}
		case <-late:
			t.Fatal("nobody was seen to leave")
		}
		break
	}
	if got, want := strings.Join(texts, " "), ":hello :d*** :d*** me:waves all:d*** all:whispered :end"; got != want {
		t.Errorf("observed %q, want %q", got, want)
	}
}

func TestAHookThatNeverAnswersHoldsUpNoChat(t *testing.T) {
	blocked := make(chan struct{}, 100)
	block := func(ctx context.Context) {
		blocked <- struct{}{}
		<-ctx.Done()
	}
	f := hooks.Funcs{
		ValidateName: func(ctx context.Context, n hooks.NameRequest) hooks.Verdict {
			if n.Name == "blocked" {
				block(ctx)
			}
			return hooks.Allow()
		},
		FilterMessage: func(ctx context.Context, m hooks.Message) hooks.Verdict {
			if m.Text == "block" {
				block(ctx)
			}
			return hooks.Allow()
		},
		Commands: []hooks.CommandFunc{{Command: hooks.Command{Name: "block"}, Run: func(ctx context.Context, _ hooks.Call) hooks.Result {
			block(ctx)
			return hooks.Result{}
		}}},
	}
	c := withoutRates()
	c.Hooks = timed{f, 100 * time.Millisecond}
	s := start(t, c)
	mum, anna := s.join("mum"), s.join("anna")
	anna.say("block")
	anna.wait("could not be checked; try again in a moment. Not sent: block\n")
	anna.say("after")
	anna.wait("you: after")
	mum.wait("anna: after")
	anna.say("/block", "later")
	mum.say("meanwhile")
	anna.wait("mum: meanwhile")
	anna.wait("! /block failed: it took too long")
	anna.wait("you: later")
	p := s.connect()
	p.say("blocked")
	p.wait(`"blocked" could not be checked; try again in a moment`)
	p.enter("dad")
	if len(blocked) < 3 {
		t.Error("nothing blocked")
	}
}

// timed are hooks that may take so long.
type timed struct {
	hooks.Funcs
	timeout time.Duration
}

func (h timed) Offers() hooks.Offers {
	o := h.Funcs.Offers()
	o.NameTimeout, o.MessageTimeout, o.CommandTimeout = h.timeout, h.timeout, h.timeout
	return o
}

func TestAHookThatIgnoresItsEndDoesNotKeepTheServer(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	c := withoutRates()
	c.ShutdownGrace = 50 * time.Millisecond
	c.Hooks = hooks.Funcs{FilterMessage: func(context.Context, hooks.Message) hooks.Verdict {
		close(asked)
		<-release
		return hooks.Allow()
	}}
	s := start(t, c)
	mum := s.join("mum")
	mum.say("hello")
	<-asked
	s.stop() // fails the test where Serve does not return
	close(release)
}
