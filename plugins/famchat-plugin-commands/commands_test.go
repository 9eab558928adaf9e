package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"famchat/plugins"
	"famchat/plugins/plugintest"
)

// withDice is newPlugin with dice that show what the test says, over and over.
func withDice(eyes ...int) func(*plugins.Host, config) (*plugins.Hooks, error) {
	return func(h *plugins.Host, c config) (*plugins.Hooks, error) {
		thrown := 0
		return newCommands(h, c, func(n int) int {
			eye := eyes[thrown%len(eyes)]
			thrown++
			if eye < 1 || eye > n {
				panic(fmt.Sprintf("a die with %d sides shows no %d", n, eye))
			}
			return eye - 1
		})
	}
}

var (
	anna = plugins.Member{ID: 1, Name: "anna"}
	dad  = plugins.Member{ID: 2, Name: "dad"}
	ivan = plugins.Member{ID: 3, Name: "ivan"}
	lvan = plugins.Member{ID: 4, Name: "lvan"}
	paul = plugins.Member{ID: 5, Name: "Paul"}
	here = []plugins.Member{anna, dad, ivan, lvan, paul}
)

var allGrants = []plugins.Grant{plugins.GrantMembers, plugins.GrantSay, plugins.GrantPrivate}

// check runs a command of anna's and compares what it comes to.
func check(t *testing.T, p *plugintest.Plugin, c plugins.Call, want plugins.Result) {
	t.Helper()
	c.Caller = anna
	if got := p.Run(c); got.Reply != want.Reply || got.Failed != want.Failed || !slices.Equal(got.Effects, want.Effects) {
		t.Errorf("/%s %s\n got %+v\nwant %+v", c.Command, c.Args, got, want)
	}
}

func TestWhatPeopleSay(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{}, allGrants...)
	fail, to := plugins.Fail, func(m plugins.Member, text string) plugins.Result { return plugins.Do(plugins.WriteTo(m.ID, text)) }
	const toWhom = "say to whom and what: /msg name text."
	for _, tt := range []struct {
		command, args string
		want          plugins.Result
	}{
		{"me", "waves", plugins.Do(plugins.Act("waves"))},
		{"me", "waves\nand leaves", plugins.Do(plugins.Act("waves\nand leaves"))},
		{"me", "", fail("say what you do: /me and the text, as in /me waves.")},

		{"msg", "dad see you at ten", to(dad, "see you at ten")},
		{"msg", "@dad hi", to(dad, "hi")},
		{"msg", "DAD, hi", to(dad, "hi")},
		{"msg", "ｄad: hi", to(dad, "hi")},
		{"msg", "dad\nthe list:\nmilk", to(dad, "the list:\nmilk")},
		{"msg", "dad   hi", to(dad, "hi")},
		{"msg", "dad; hi", to(dad, "hi")},
		{"msg", "dad. hi", to(dad, "hi")},
		{"msg", "dad! hi", to(dad, "hi")},
		{"msg", "dad? hi", to(dad, "hi")},
		{"msg", "dad... hi", to(dad, ".. hi")},
		{"msg", "dad ?", to(dad, "?")},
		{"msg", "anna buy milk", to(anna, "buy milk")},
		{"msg", "раul hi", to(paul, "hi")},
		{"msg", "pau1 hi", to(paul, "hi")},
		{"msg", "ivan hi", to(ivan, "hi")},
		{"msg", "lvan hi", to(lvan, "hi")},
		{"msg", "", fail(toWhom)},
		{"msg", "@", fail(toWhom + " Not sent: /msg @")},
		{"msg", ", hi", fail(toWhom + " Not sent: /msg , hi")},
		{"msg", "dad", fail("say what to tell dad: /msg dad and the text. Not sent: /msg dad")},
		{"msg", "paul:", fail("say what to tell Paul: /msg Paul and the text. Not sent: /msg paul:")},
		{"msg", "dda see you at ten", fail(`nobody here is called "dda"; did you mean dad? Not sent: /msg dda see you at ten`)},
		{"msg", "dda", fail(`nobody here is called "dda"; did you mean dad? Not sent: /msg dda`)},
		{"msg", "Pual hi", fail(`nobody here is called "Pual"; did you mean Paul? Not sent: /msg Pual hi`)},
		{"msg", "evan hi\nthere", fail("nobody here is called \"evan\"; did you mean ivan or lvan? Not sent: /msg evan hi\nthere")},
		{"msg", "Ivаn hi", fail(`nobody here is called "Ivаn"; did you mean ivan? Not sent: /msg Ivаn hi`)},
		{"msg", "zoe hi", fail(`nobody here is called "zoe". Not sent: /msg zoe hi`)},
		{"msg", "dad's hat", fail(`nobody here is called "dad's"; did you mean dad? Not sent: /msg dad's hat`)},

		{"reply", "ok", fail("there is nobody to reply to: nobody has written to you in private, or they have left. Not sent: /reply ok")},
		{"reply", "", fail("there is nobody to reply to: nobody has written to you in private, or they have left.")},
	} {
		check(t, p, plugins.Call{Command: tt.command, Args: tt.args, Members: here}, tt.want)
	}
	check(t, p, plugins.Call{Command: "reply", Args: "ok", LastPrivate: dad}, to(dad, "ok"))
	check(t, p, plugins.Call{Command: "reply", LastPrivate: dad}, fail("say what to reply to dad: /reply and the text."))
}

func TestWho(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{}, allGrants...)
	for _, tt := range []struct {
		here []plugins.Member
		want string
	}{
		{[]plugins.Member{anna}, "only you are here"},
		{here, "5 here: anna (you), dad, ivan, lvan, Paul"},
		{[]plugins.Member{dad}, "1 here: dad"},
	} {
		check(t, p, plugins.Call{Command: "who", Members: tt.here}, plugins.Reply(tt.want))
	}
}

func TestWhoOfManyFitsIntoAnAnswer(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{}, allGrants...)
	var many []plugins.Member
	for i := range 4096 {
		many = append(many, plugins.Member{ID: plugins.ID(i + 10), Name: fmt.Sprintf("%s%04d", strings.Repeat("語", 26), i)})
	}
	got := p.Run(plugins.Call{Caller: anna, Command: "who", Members: many}).Reply
	if len(got) > maxListBytes+200 {
		t.Errorf("got %d bytes, want about %d", len(got), maxListBytes)
	}
	shown := strings.Count(got, "語0") + strings.Count(got, "語1") + strings.Count(got, "語2") + strings.Count(got, "語3") + strings.Count(got, "語4")
	if want := fmt.Sprintf(" and %d more", 4096-shown); !strings.HasPrefix(got, "4096 here: ") || !strings.HasSuffix(got, want) || strings.Contains(got, ", and") {
		t.Errorf("got %.40s...%s, want the count and%s", got, got[len(got)-40:], want)
	}
}

func TestRoll(t *testing.T) {
	p := plugintest.Start(t, withDice(3, 5, 1), config{}, plugins.GrantAct)
	for _, tt := range []struct{ args, want string }{
		{"", "rolls d6: 3"},
		{"2d6", "rolls 2d6: 5 + 1 = 6"},
		{"3D8+2", "rolls 3d8+2: 3 + 5 + 1 + 2 = 11"},
		{"d20-1", "rolls d20-1: 3 - 1 = 2"},
		{" 1 d 1000 + 0 ", "rolls d1000: 5"},
		{"d6 + 1000", "rolls d6+1000: 1 + 1000 = 1001"},
		{"2d6-1000", "rolls 2d6-1000: 3 + 5 - 1000 = -992"},
	} {
		check(t, p, plugins.Call{Command: "roll", Args: tt.args}, plugins.Do(plugins.Act(tt.want)))
	}
	got := p.Run(plugins.Call{Caller: anna, Command: "roll", Args: "100d1000"})
	if want := plugins.Do(plugins.Act("rolls 100d1000: " + strings.Repeat("1 + 3 + 5 + ", 33) + "1 = 298")); !slices.Equal(got.Effects, want.Effects) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRollSaysWhatItUnderstands(t *testing.T) {
	p := plugintest.Start(t, withDice(1), config{}, plugins.GrantSay)
	const usage = "roll as in /roll 2d6 or /roll d20+3: 1 to 100 dice with 2 to 1000 sides, plus or minus up to 1000."
	for _, args := range []string{
		"6", "d", "2d", "0d6", "101d6", "2d1", "2d0", "2d1001", "-1d6", "2d-6", "2d+6", "2d6+", "2d6+1001", "2d6-1001", "2d6+1+1", "2d6 please", "2x6",
		"99999999999999999999d6", "2d99999999999999999999", "٢d٦", "d%", "2d6\n3d6",
	} {
		check(t, p, plugins.Call{Command: "roll", Args: args}, plugins.Fail(usage+" Not sent: /roll "+args))
	}
}

func TestDiceShowEveryNumberAndNoOther(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{}, plugins.GrantAct)
	seen := map[plugins.Effect]bool{}
	// That one of three is missing in 500 throws happens once in 10^87.
	for range 500 {
		seen[p.Run(plugins.Call{Caller: anna, Command: "roll", Args: "d3"}).Effects[0]] = true
	}
	for _, eyes := range []string{"1", "2", "3"} {
		if !seen[plugins.Act("rolls d3: "+eyes)] {
			t.Errorf("got %v, want a %s among them", seen, eyes)
		}
	}
	if len(seen) != 3 {
		t.Errorf("got %v, want 1, 2 and 3", seen)
	}
}

func FuzzThrow(f *testing.F) {
	for _, spec := range []string{"", "2d6", "d20+3", "3D8-2", "0d6", "101d6", "2d1001", "2d6+1001", " 1 d 6 ", "٢d٦", "\xff"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		got, ok := parseThrow(spec)
		if !ok {
			return
		}
		if got.dice < 1 || got.dice > maxDice || got.sides < minSides || got.sides > maxSides || max(got.modifier, -got.modifier) > maxModifier {
			t.Errorf("%q: got %+v, which is beyond the limits", spec, got)
		}
		if again, ok := parseThrow(got.String()); again != got || !ok {
			t.Errorf("%q: got %+v, and of its %q %+v", spec, got, got, again)
		}
		if text := got.outcome(func(n int) int { return n - 1 }); len(text) > 1000 {
			t.Errorf("%q: got %d bytes, want few enough for a message", spec, len(text))
		}
	})
}

func FuzzCutName(f *testing.F) {
	for _, s := range []string{"", "dad hi", "dad, hi", "dad's hat", "dad...", "@dad", "नीता हाय", "\xff hi", "dad\nhi"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, text := cutName(s)
		if rest, found := strings.CutPrefix(s, name); !found || !strings.HasSuffix(strings.Trim(rest, white), text) {
			t.Errorf("%q: got %q and %q, want the two ends of it", s, name, text)
		}
		called(here, name)
		unknownName(here, name)
	})
}

func TestAWrongConfigSaysWhatIsWrong(t *testing.T) {
	type yaml = map[string]any
	for _, tt := range []struct {
		config yaml
		want   string // "" is none
	}{
		{nil, ""}, {yaml{}, ""}, {yaml{"disabled": []string{"roll", "me"}}, ""},
		{yaml{"disable": []string{"roll"}}, `config: unknown key "disable"; did you mean disabled?; there are disabled`},
		{yaml{"disabled": "roll"}, "config: disabled: expected a list, found the string \"roll\""},
		{yaml{"disabled": []string{"/roll"}}, `config: disabled: there is no command "/roll"; there are about, me, msg, reply, roll, time, uptime, who`},
	} {
		got := ""
		if err := plugintest.StartError(t, newPlugin, tt.config); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.config, got, tt.want)
		}
	}
}

// offered are the names of what a plugin offers.
func offered(p *plugintest.Plugin) string {
	var all []string
	for _, c := range p.Offer.Commands {
		all = append(all, c.Name)
	}
	return strings.Join(all, " ")
}

func TestWhatIsOfferedGoesAsFarAsTheGrants(t *testing.T) {
	const members, say, act, private, tell = plugins.GrantMembers, plugins.GrantSay, plugins.GrantAct, plugins.GrantPrivate, plugins.GrantTell
	for _, tt := range []struct {
		grants   []plugins.Grant
		disabled []string
		want     string
	}{
		{nil, nil, "about time uptime"},
		{[]plugins.Grant{tell}, nil, "about time uptime"},
		{[]plugins.Grant{members}, nil, "about time uptime who"},
		{[]plugins.Grant{private}, nil, "about reply time uptime"},
		{[]plugins.Grant{members, private}, nil, "about msg reply time uptime who"},
		{[]plugins.Grant{say}, nil, "about me roll time uptime"},
		{[]plugins.Grant{act}, nil, "about me roll time uptime"},
		{[]plugins.Grant{members, say, private}, nil, "about me msg reply roll time uptime who"},
		{[]plugins.Grant{members, say, private}, []string{"roll", "about"}, "me msg reply time uptime who"},
		{nil, []string{"roll", "time"}, "about uptime"},
	} {
		p := plugintest.Start(t, newPlugin, config{Disabled: tt.disabled}, tt.grants...)
		if got := offered(p); got != tt.want {
			t.Errorf("with %v, without %v: got %s, want %s", tt.grants, tt.disabled, got, tt.want)
		}
	}
}

func TestTheLogSaysOnceWhatIsNotOffered(t *testing.T) {
	var log bytes.Buffer
	text := slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.MessageKey {
			return slog.Attr{}
		}
		return a
	}})
	if _, err := newPlugin(&plugins.Host{Log: slog.New(text)}, config{Disabled: []string{"roll"}}); err != nil {
		t.Fatal(err)
	}
	want := `level=INFO command=/me grants="say or act"
level=INFO command=/msg grants="members, private"
level=INFO command=/reply grants=private
level=INFO command=/who grants=members
`
	if got := log.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHelpIsOneLineOfASCII(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{}, allGrants...)
	for _, c := range p.Offer.Commands {
		for _, text := range append(c.Completions, c.Help) {
			if text == "" || strings.HasSuffix(text, ".") || strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
				t.Errorf("/%s: got %q, want a line of ASCII without a full stop", c.Name, text)
			}
		}
	}
}

func TestUptimeAndAbout(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{})
	now := time.Date(2026, 11, 24, 21, 3, 5, 0, time.Local)
	info := plugins.About{Version: "v1.2.0", Started: now.Add(-50*time.Hour - 5*time.Second), Plugins: []plugins.Info{
		{Name: "names", Version: "v1.2.0"},
		{Name: "profanity", Version: "v1.2.0", SeesPublic: true, SeesPrivate: true},
		{Name: "swear-jar", SeesPublic: true},
		{Name: "spy", Version: "0.1", SeesPrivate: true, Observes: true},
		{Name: "diary", Version: "2", Observes: true},
	}}
	for _, tt := range []struct{ command, want string }{
		{"time", "it is 21:03 on Tuesday 24 November 2026, " + zone(now)},
		{"uptime", "the server has been running for 2 days and 2 hours, since 19:03 on Sunday 22 November 2026"},
		{"about", `famchat v1.2.0, running for 2 days and 2 hours
plugin names v1.2.0: reads none of your messages
plugin profanity v1.2.0: reads all you write before it is posted, private messages included
plugin swear-jar: reads what you write to everyone before it is posted
plugin spy 0.1: reads your private messages before they are sent; is told who comes and goes and what was posted, which may include private messages
plugin diary 2: is told who comes and goes and what was posted, which may include private messages
a plugin that offers a /command also reads what you type after it`},
	} {
		check(t, p, plugins.Call{Command: tt.command, Args: "whatever", Time: now, About: info}, plugins.Reply(tt.want))
	}
}

func TestZone(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		hours float64
		want  string
	}{
		{"CET", 1, "CET (UTC+01:00)"}, {"UTC", 0, "UTC"}, {"GMT", 0, "GMT (UTC)"}, {"-03", -3, "UTC-03:00"}, {"+0545", 5.75, "UTC+05:45"}, {"NST", -3.5, "NST (UTC-03:30)"},
		{"", 2, "UTC+02:00"},
	} {
		if got := zone(at.In(time.FixedZone(tt.name, int(tt.hours*3600)))); got != tt.want {
			t.Errorf("%s %v: got %s, want %s", tt.name, tt.hours, got, tt.want)
		}
	}
}

func TestInWords(t *testing.T) {
	const s, m, h, d = time.Second, time.Minute, time.Hour, 24 * time.Hour
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{-5 * s, "less than a second"}, {0, "less than a second"}, {s - 1, "less than a second"}, {s, "1 second"}, {59*s + s - 1, "59 seconds"}, {m, "1 minute"}, {m + s, "1 minute and 1 second"},
		{59*m + 59*s, "59 minutes and 59 seconds"}, {h, "1 hour"}, {h + 59*s, "1 hour"}, {2*h + m, "2 hours and 1 minute"}, {d, "1 day"}, {d + 59*m, "1 day"},
		{400*d + 23*h + 59*m, "400 days and 23 hours"},
	} {
		if got := inWords(tt.d); got != tt.want {
			t.Errorf("%d: got %s, want %s", tt.d, got, tt.want)
		}
	}
}
