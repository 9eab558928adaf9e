package room

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/protocol"
)

var update = flag.Bool("update", false, "write what the scripts came to into them")

// TestScripts plays the conversations in testdata. A script's lines that are not
// indented are events; the indented ones below an event are what came of it: who
// read which string, quoted, and what was asked of the shell. Every event is a
// turn of its own, but for those between begin and end.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s came out differently; go test -run Scripts -update shows how\n%s", file, firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			theirs := "(nothing)"
			if i < len(w) {
				theirs = w[i]
			}
			return fmt.Sprintf("line %d: got  %s\n         want %s", i+1, g[i], theirs)
		}
	}
	return "it ends early"
}

// stagehand is the shell of a room in a script.
type stagehand struct {
	t        *testing.T
	room     *Room
	now      Now
	cfg      Config
	attached map[ID]bool
	skips    map[ID][]byte
	order    []ID
	out      strings.Builder
	grouped  bool
	asked    uint64 // the last request
}

// scriptConfig is what a room in a script is like at first.
func scriptConfig() Config {
	return Config{
		Name: "Famchat", History: 3, HistoryBytes: 4096,
		Limits: Limits{
			Clients: 100, NameNanos: 120e9, NamesTried: 3, MessageRate: 10, MessageBurst: 30,
			MessageLines: 4, FloodNanos: 30e9, Mentions: 50, Pending: 8,
		},
	}
}

func play(t *testing.T, script string) string {
	s := &stagehand{
		t: t, cfg: scriptConfig(), attached: map[ID]bool{}, skips: map[ID][]byte{},
		now: Now{Nanos: 1e9, Stamp: screen.Stamp{Date: screen.Date{Year: 2026, Month: 11, Day: 24}, Minute: 21 * 60}},
	}
	s.room = New(s.cfg)
	for _, line := range strings.Split(strings.TrimRight(script, "\n"), "\n") {
		if strings.HasPrefix(line, "    ") {
			continue
		}
		s.out.WriteString(line + "\n")
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			s.line(line)
		}
	}
	return s.out.String()
}

// line does what a line of a script says.
func (s *stagehand) line(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "begin":
		s.grouped = true
	case "end":
		s.grouped = false
		s.step(Event{Kind: TurnEnd})
	case "connect":
		who, address, _ := strings.Cut(rest, " ")
		s.order = append(s.order, s.id(who))
		s.event(Event{Kind: Opened, Member: s.id(who), Address: address})
	case "lost":
		delete(s.attached, s.id(rest))
		s.event(Event{Kind: Gone, Member: s.id(rest), Reason: Lost})
	case "cut":
		who, why, _ := strings.Cut(rest, " ")
		for r := Reason(1); r < reasons; r++ {
			if r.String() == why {
				s.event(Event{Kind: Cut, Member: s.id(who), Reason: r})
			}
		}
	case "drained":
		s.event(Event{Kind: Drained, Member: s.id(rest)})
	case "clock":
		s.clock(rest)
	case "after":
		d, err := time.ParseDuration(rest)
		s.check(err)
		s.now.Nanos += int64(d)
		s.event(Event{Kind: Tick})
	case "kick":
		who, why, _ := strings.Cut(rest, " ")
		kick := Event{Kind: Kick, Member: s.id(who), Text: []byte(why)}
		if long, found := strings.CutPrefix(why, "for "); found {
			long, why, _ = strings.Cut(long, " ")
			kick.Text, kick.Sanction = []byte(why), &Sanction{UntilNanos: s.in(long)}
		}
		s.event(kick)
	case "ban", "unban", "mute", "unmute":
		s.sanction(word, rest)
	case "tell":
		who, what, _ := strings.Cut(rest, " ")
		s.event(Event{Kind: Tell, Member: s.id(who), Text: []byte(what)})
	case "countdown":
		until := int64(0)
		if rest != "cancel" {
			until = s.in(rest)
		}
		s.event(Event{Kind: CountDown, Nanos: until})
	case "mayread":
		s.cfg.MayRead = rest == "on"
		s.event(Event{Kind: Configure, Config: &s.cfg})
	case "announce":
		s.event(Event{Kind: Announce, Text: []byte(rest)})
	case "shutdown":
		s.event(Event{Kind: Shutdown})
	case "hooks":
		s.hooks(rest)
	case "answer":
		s.answer(rest)
	default:
		s.said(line)
	}
}

// sanction takes "ban NAME 10m why", where an address stands for a name too, and a
// mute's time may be "on" for one without an end; "unban NAME"; and the same of
// mutes.
func (s *stagehand) sanction(word, text string) {
	name, rest, _ := strings.Cut(text, " ")
	n := &Sanction{Name: name}
	if strings.Count(name, ".") == 3 {
		n = &Sanction{Address: name}
	}
	kind := map[string]EventKind{"ban": Ban, "unban": Unban, "mute": Mute, "unmute": Unmute}[word]
	if kind == Ban || kind == Mute {
		long, why, _ := strings.Cut(rest, " ")
		if n.UntilNanos = Never; long != "on" {
			n.UntilNanos = s.in(long)
		}
		n.Reason = why
	}
	s.event(Event{Kind: kind, Sanction: n})
}

// in is the time so long from now.
func (s *stagehand) in(long string) int64 {
	d, err := time.ParseDuration(long)
	s.check(err)
	return s.now.Nanos + int64(d)
}

// said takes "1: text", or a quoted text for one with escapes.
func (s *stagehand) said(line string) {
	who, text, found := strings.Cut(line, ":")
	if !found {
		s.t.Fatalf("what is %q?", line)
	}
	text = strings.TrimPrefix(text, " ")
	if strings.HasPrefix(text, `"`) {
		var err error
		text, err = strconv.Unquote(text)
		s.check(err)
	}
	s.event(Event{Kind: Received, Member: s.id(who), Text: []byte(text)})
}

func (s *stagehand) clock(text string) {
	at, err := time.Parse("2006-01-02 15:04", text)
	s.check(err)
	s.now.Stamp = screen.Stamp{
		Date:   screen.Date{Year: int16(at.Year()), Month: uint8(at.Month()), Day: uint8(at.Day())},
		Minute: int16(at.Hour()*60 + at.Minute()),
	}
}

func (s *stagehand) hooks(text string) {
	s.cfg.Offers = hooks.Offers{}
	for _, word := range strings.Fields(text) {
		switch word {
		case "names":
			s.cfg.Offers.Names = true
		case "public":
			s.cfg.Offers.Public = true
		case "private":
			s.cfg.Offers.Private = true
		case "observe":
			s.cfg.ObservePosts = true
		default:
			s.cfg.Offers.Commands = append(s.cfg.Offers.Commands, hooks.Command{Name: word, Args: "what", Help: "does " + word})
		}
	}
	s.event(Event{Kind: Configure, Config: &s.cfg})
}

// answer takes "last allow|reject TEXT|replace TEXT|drop|fail TEXT|none" or
// "last ran REPLY|say TEXT|act TEXT|tell ID TEXT|whisper ID TEXT|all TEXT|failed TEXT";
// last-1 is the request before the last.
func (s *stagehand) answer(text string) {
	number, rest, _ := strings.Cut(text, " ")
	before, err := strconv.ParseUint("0"+strings.TrimPrefix(strings.TrimPrefix(number, "last"), "-"), 10, 64)
	s.check(err)
	request := s.asked - before
	word, rest, _ := strings.Cut(rest, " ")
	e := Event{Kind: Answered, Request: request}
	switch word {
	case "allow":
		e.Verdict = hooks.Allow()
	case "reject":
		e.Verdict = hooks.Reject(rest)
	case "replace":
		e.Verdict = hooks.Replace(rest)
	case "drop":
		e.Verdict = hooks.Drop()
	case "fail":
		e.Verdict = hooks.Fail(rest)
	case "ran":
		e.Result = s.result(rest)
	}
	s.event(e)
}

func (s *stagehand) result(text string) *hooks.Result {
	r := &hooks.Result{}
	for _, part := range strings.Split(text, "|") {
		word, rest, _ := strings.Cut(part, " ")
		e := hooks.Effect{Text: rest}
		switch word {
		case "failed":
			r.Failed = rest
			continue
		case "say":
			e.Kind = hooks.Say
		case "act":
			e.Kind = hooks.Act
		case "all":
			e.Kind = hooks.TellAll
		case "tell", "whisper":
			e.Kind = map[string]hooks.EffectKind{"tell": hooks.Tell, "whisper": hooks.Whisper}[word]
			who, what, _ := strings.Cut(rest, " ")
			e.To, e.Text = s.id(who), what
		default:
			r.Reply = part
			continue
		}
		r.Effects = append(r.Effects, e)
	}
	return r
}

// event is a turn, unless it is grouped with others.
func (s *stagehand) event(e Event) {
	s.step(e)
	if !s.grouped {
		s.step(Event{Kind: TurnEnd})
	}
}

// step carries out what comes of an event, and notes it.
func (s *stagehand) step(e Event) {
	for _, f := range s.room.Step(s.now, e) {
		s.asked = max(s.asked, f.Request)
		switch f.Kind {
		case ToAll:
			for _, id := range s.order {
				if own, ok := s.skips[id]; ok {
					s.read(id, own)
				} else if s.attached[id] {
					s.read(id, f.Frames)
				}
			}
			clear(s.skips)
		case ToOne:
			if f.Skip > 0 {
				s.skips[f.Member] = append(s.skips[f.Member], f.Frames...)
				continue
			}
			s.read(f.Member, f.Frames)
		case Attach:
			s.attached[f.Member] = true
		case Close:
			s.read(f.Member, f.Frames)
			delete(s.attached, f.Member)
			s.note("%d closed: %v", f.Member, f.Reason)
		case Hold:
			s.note("%d held", f.Member)
		case Resume:
			s.note("%d resumed", f.Member)
		case AskName:
			s.note("ask %d: name %q of %d", f.Request, f.Name.Name, f.Name.Member)
		case AskMessage:
			m := f.Message
			s.note("ask %d: kind %d from %s to %s: %q", f.Request, m.Kind, m.From.Name, m.To.Name, m.Text)
		case AskCommand:
			c := f.Call
			s.note("ask %d: /%s %q of %s, last %d, here %d", f.Request, c.Command, c.Args, c.Caller.Name, c.LastPrivate.ID, len(c.Members))
		case CountedDown:
			s.note("counted down")
		case Happened:
			s.note("event %d of %s %s%s", f.Event.Kind, f.Event.Member.Name, f.Event.Reason, f.Event.Message.Text)
		}
	}
}

// read notes the strings in frames, each of which must keep the rules of a
// frame.
func (s *stagehand) read(id ID, frames []byte) {
	for len(frames) > 0 {
		text, rest, ok, err := protocol.Cut(frames)
		if err != nil || !ok {
			s.t.Fatalf("%d read half a frame: %q", id, frames)
		}
		if !bytes.HasPrefix(text, []byte("\r\x1b[K")) {
			s.t.Errorf("%d read a string that does not clear the prompt: %q", id, text)
		}
		s.note("%d %q", id, text[len("\r\x1b[K"):])
		frames = rest
	}
}

func (s *stagehand) note(format string, args ...any) {
	fmt.Fprintf(&s.out, "    "+format+"\n", args...)
}

func (s *stagehand) id(text string) ID {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	s.check(err)
	return ID(n)
}

func (s *stagehand) check(err error) {
	if err != nil {
		s.t.Helper()
		s.t.Fatal(err)
	}
}
