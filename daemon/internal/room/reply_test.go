package room

import (
	"bytes"
	"strings"
	"testing"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
)

// A list of a thousand people is longer than a message may be.
func TestACommandsAnswerMayBeLongerThanAMessage(t *testing.T) {
	for _, test := range []struct {
		reply string
		want  []string
	}{
		{strings.Repeat("somebody\n", 2000) + "the last", []string{"somebody", "the last"}},
		{strings.Repeat("x", maxReplyBytes+1), []string{"the command's answer is too long to be shown"}},
	} {
		cfg := scriptConfig()
		cfg.Offers.Commands = []hooks.Command{{Name: "who"}}
		r := New(cfg)
		now := Now{Nanos: 1, Stamp: screen.Stamp{Date: screen.Date{Year: 2026, Month: 11, Day: 24}}}
		r.Step(now, Event{Kind: Opened, Member: 1})
		r.Step(now, Event{Kind: Received, Member: 1, Text: []byte("mum")})
		r.Step(now, Event{Kind: TurnEnd})
		asked := r.Step(now, Event{Kind: Received, Member: 1, Text: []byte("/who")})
		r.Step(now, Event{Kind: Answered, Request: asked[len(asked)-1].Request, Result: &hooks.Result{Reply: test.reply}})
		var read []byte
		for _, e := range r.Step(now, Event{Kind: TurnEnd}) {
			read = append(read, e.Frames...)
		}
		for _, want := range test.want {
			if !bytes.Contains(read, []byte(want)) {
				t.Errorf("an answer of %d bytes: %d bytes were read, without %q", len(test.reply), len(read), want)
			}
		}
	}
}
