package daemon_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"famchat/daemon"
	"famchat/daemon/hooks"
)

// hostile is what no terminal must read (safety.md, row 13).
var hostile = []string{
	"\x00", "\x07", "\x08", "\x0b", "\x0c", "\r", "\x0e", "\x1b", "\x7f",
	"\x85", "\x9b2J", "\u0085", "\u0090q", "\u009b31m", "\u009d0;t\u009c",
	"\x1b[2J", "\x1b[31m", "\x1b]0;title\a", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;ZXZpbA==\a", "\x1bP$q\x1b\\", "\x1bc",
	"\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c",
	"\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\U000e0041",
	"\u2028", "\u2029", "\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\ufff9", "\ue000",
	"e" + strings.Repeat("\u0301", 50),
	"\n12:00   mum: forged",
}

var (
	update  = regexp.MustCompile(`^\r\x1b\[K((?:[^\r]*\n)?)\a?(> |Your name\? |)$`)
	colours = regexp.MustCompile(`\x1b\[[0-9]+m`)
)

// unsafe returns what in a string from the server is neither text nor one of the
// few sequences that updates consist of.
func unsafe(s string) string {
	m := update.FindStringSubmatch(s)
	if m == nil {
		return "it is no update"
	}
	lines := colours.ReplaceAllString(m[1], "")
	marks := 0
	for i, r := range lines {
		switch {
		case r == '\n':
		case r == utf8.RuneError && !strings.HasPrefix(lines[i:], "\ufffd"):
			return "invalid UTF-8"
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
			return "it has " + string(r)
		case r == '\u034f' || r == '\u115f' || r == '\u3164':
			return "it has a filler"
		}
		if marks++; !unicode.Is(unicode.Mn, r) {
			marks = 0
		}
		if marks > 4 {
			return "marks are stacked"
		}
	}
	return ""
}

func TestHostileTextReachesNobodyInAnyField(t *testing.T) {
	if unsafe("\r\x1b[K12:00 a\x1b[2J\n> ") == "" || unsafe("\r\x1b[Ka\u202e\n> ") == "" || unsafe("\r\x1b[K\x1b[2ma\x1b[0m\n\a> ") != "" {
		t.Fatal("this test finds nothing")
	}
	all := strings.Join(hostile, "x")
	c := withoutRates()
	c.Limits.NamesTried = 0
	c.Room.Name = "Room" + strings.NewReplacer("\r", "", "\n", "").Replace(strings.Join(hostile[:18], "x"))
	c.Room.Welcome = "welcome " + all
	verdicts := map[string]func(string) hooks.Verdict{"replace": hooks.Replace, "reject": hooks.Reject, "fail": hooks.Fail}
	c.Hooks = hooks.Funcs{
		ValidateName: func(_ context.Context, n hooks.NameRequest) hooks.Verdict {
			if n.Name == "refused" {
				return hooks.Reject("not " + all)
			}
			return hooks.Allow()
		},
		FilterMessage: func(_ context.Context, m hooks.Message) hooks.Verdict {
			word, rest, _ := strings.Cut(m.Text, " ")
			if verdict := verdicts[word]; verdict != nil {
				return verdict(rest + " " + all)
			}
			return hooks.Allow()
		},
		Commands: []hooks.CommandFunc{{
			Command: hooks.Command{Name: "all", Args: "<" + all + ">", Help: "help " + all},
			Run: func(_ context.Context, call hooks.Call) hooks.Result {
				if call.Args == "failed" {
					return hooks.Result{Failed: "because " + all}
				}
				r := hooks.Result{Reply: "reply " + all}
				for kind := hooks.Say; kind <= hooks.TellAll; kind++ {
					r.Effects = append(r.Effects, hooks.Effect{Kind: kind, To: call.Caller.ID, Text: "effect " + all})
				}
				return r
			},
		}},
	}
	s := start(t, c)
	mum := s.join("mum")
	anna := s.connect()
	for _, h := range hostile {
		anna.say("an" + h + "na") // some are the name anna: what they hold is dropped
		anna.until("an answer", func() bool {
			return strings.HasSuffix(string(anna.text), "> ") || strings.HasSuffix(string(anna.text), "? ")
		})
		if strings.Contains(anna.all(), "you joined") {
			t.Fatalf("%q became a name", "an"+h+"na")
		}
		anna.wait("Your name? ")
	}
	anna.say("refused")
	anna.wait(`"refused" is refused: not `)
	anna.enter("anna")
	for _, h := range hostile {
		anna.say("public "+h+" mum", "@mum private "+h, "@"+h+" nobody", "/"+h, "/me"+h)
	}
	anna.say("public "+all, "replace it", "reject it", "fail it", "@mum replace it", "/all", "/all failed", "/help", "done")
	anna.wait("you: done")
	mum.wait("anna: done")
	if err := s.Announce(t.Context(), "announced "+all); err != nil {
		t.Error(err)
	}
	mum.wait("# announced")
	for _, name := range []string{"anna", "mum"} {
		who, err := s.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Tell(t.Context(), who, "told "+all); err != nil {
			t.Error(err)
		}
		if _, err := s.Mute(t.Context(), who, time.Hour, "muted "+all); err != nil {
			t.Error(err)
		}
	}
	anna.say("muted " + all)
	anna.wait("Not sent: muted")
	id, err := s.Find(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Kick(t.Context(), id, daemon.Removal{Reason: "kicked " + all, For: time.Hour}); err != nil {
		t.Fatal(err)
	}
	mum.wait("* anna was removed: kicked")
	anna.end()
	out := s.connect()
	out.say("anna")
	out.wait(`"anna" is kept out for 1 hour: kicked`)
	late := s.join("late") // reads the history
	late.wait("--- now")
	for _, p := range []*person{mum, anna, out, late} {
		for _, field := range []string{"welcome", "announced"} {
			if p != anna && p != out && !strings.Contains(p.all(), field) {
				t.Errorf("%s never read of %q", p.name, field)
			}
		}
		p.mu.Lock()
		for _, got := range p.strings {
			if why := unsafe(got); why != "" {
				t.Errorf("%s read %q: %s", p.name, got, why)
			}
		}
		p.mu.Unlock()
	}
	for _, want := range []string{"reply x", "effect x", "because x"} {
		if !strings.Contains(anna.all(), want[:len(want)-2]) {
			t.Errorf("anna never read %q", want)
		}
	}
	for _, line := range strings.Split(mum.all(), "\n") {
		if strings.HasPrefix(strings.TrimPrefix(line, "> "), "12:00   mum: forged") {
			t.Errorf("a line was forged: %q", line)
		}
	}
}
