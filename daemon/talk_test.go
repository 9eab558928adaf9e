package daemon_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"famchat/daemon"
)

var timeOfDay = regexp.MustCompile(`(?m)^(> )?\d\d:\d\d`)

func TestFirstConversationReadsAsPromised(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		s := start(t, c)
		mum := s.connect()
		mum.wait("Famchat\nYour name? ")
		mum.enter("mum")
		mum.wait("Nobody else is here yet. /help lists the commands\n> ")
		anna := s.join("anna\r\n")
		anna.wait("Here: mum. /help")
		mum.wait("* anna joined\n> ")

		mum.say("Dinner at eight?")
		mum.wait("  you: Dinner at eight?\n> ")
		anna.wait("  mum: Dinner at eight?\n> ")
		anna.say("of course, Mum!")
		mum.wait("@ anna: of course, Mum!\n\a> ")
		anna.say("  @MUM: my lips are sealed\n")
		anna.wait("~ you -> mum: my lips are sealed\n> ")
		mum.wait("~ anna -> you: my lips are sealed\n> ")
		mum.say("@mum buy milk")
		mum.wait("~ you -> you: buy milk\n> ")
		mum.say("//quit is what you type")
		anna.wait("  mum: /quit is what you type\n> ")
		mum.say("a list:\r\nmilk\neggs\n")
		anna.wait("  mum: a list:\n      | milk\n      | eggs\n> ")

		for _, tt := range []struct{ typed, want string }{
			{" \t\n", "! a blank line is not sent. /help says how to talk\n> "},
			{"@ana see you", `! nobody here is called "ana"; did you mean anna? Not sent: @ana see you` + "\n> "},
			{"@anna", "Not sent: @anna\n> "},
			{"@ hello", "! say to whom: @name and the text. Not sent: @ hello\n> "},
			{"/hepl me", "! there is no /hepl; did you mean /help? Not sent: /hepl me\n> "},
			{"/xyzzy", "! there is no /xyzzy; /help lists the commands. Not sent: /xyzzy\n> "},
			{"/bell maybe", "! type /bell on or /bell off. Not sent: /bell maybe\n> "},
			{"/help", "/quit: leave\n> "},
		} {
			mum.say(tt.typed)
			mum.wait(tt.want)
		}
		mum.say("/quit")
		if got := mum.end(); !strings.HasSuffix(got, "* you left. Bye!\n") {
			t.Errorf("the last words are %q", tail(got))
		}
		between := anna.wait("* mum left\n> ")
		if between = timeOfDay.ReplaceAllString(between, "$1"); between != " " {
			t.Errorf("anna read %q of what was not hers", between)
		}
	})
}

func TestANameIsAskedForUntilOneIsFree(t *testing.T) {
	s := start(t, withoutRates())
	s.join("mum")
	p := s.connect()
	for _, tt := range []struct{ typed, want string }{
		{"MUM", `! "MUM" is taken, by somebody who is here. Another name?`},
		{"a b", `! "a b" is no name: `},
		{"you", `! "you" is no name: `},
		{strings.Repeat("x", 31), "is no name: "},
		{strings.Repeat("x", 4096), "is no name: "},
		{"x\x1b[2J", "is no name: "},
	} {
		p.say(tt.typed)
		p.wait(tt.want)
		p.wait("\nYour name? ")
	}
	p.enter("mum2")
}

func TestTooManyNamesEndTheConnection(t *testing.T) {
	c := withoutRates()
	c.Limits.NamesTried = 3
	s := start(t, c)
	p := s.connect()
	p.say("!", "!", "!", "good")
	if got := p.end(); !strings.HasSuffix(got, "too many names were refused. Connect again to go on trying\n") || strings.Count(got, "Another name?") != 2 {
		t.Errorf("read %q", got)
	}
}

func TestWhoFindsNoNameInTimeIsCutOff(t *testing.T) {
	c := withoutRates()
	c.Limits.NameTimeout = 20 * time.Millisecond
	s := start(t, c)
	p := s.connect()
	p.wait("you chose no name in time. Connect again when you have one\n")
	p.end()
}

func TestHowSomebodyWentIsTold(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		s := start(t, c)
		mum := s.join("mum")
		for _, tt := range []struct {
			how  func(*person)
			want string
		}{
			{func(p *person) { p.say("") }, "* anna left\n"},
			{func(p *person) { p.say("/quit") }, "* anna left\n"},
			{func(p *person) { p.Close() }, "* anna was disconnected\n"},
			{func(p *person) { p.reset() }, "* anna was disconnected\n"},
			{func(p *person) { p.Write(frames("half")[:10]); p.reset() }, "* anna was disconnected\n"},
		} {
			anna := s.join("anna") // free again at once, each time
			mum.wait("* anna joined\n")
			tt.how(anna)
			if between := mum.wait(tt.want); strings.Contains(between, "anna") {
				t.Errorf("%q was told as well as %q", between, tt.want)
			}
		}
		nameless := s.connect()
		nameless.wait("Your name? ")
		nameless.say("")
		if got := nameless.end(); !strings.HasSuffix(got, "Bye!\n") {
			t.Errorf("who never had a name reads %q", got)
		}
		s.join("last")
		if between := mum.wait("* last joined"); strings.Contains(between, "*") {
			t.Errorf("who never had a name was announced: %q", between)
		}
	})
}

func TestNewcomersReadWhatWasSaidBefore(t *testing.T) {
	c := withoutRates()
	c.Room.Welcome = "be kind"
	s := start(t, c)
	mum := s.join("mum")
	mum.say("one", "@mum secret", "two")
	mum.wait("you: two")
	anna := s.connect()
	anna.enter("anna")
	anna.wait("# be kind\n")
	anna.wait("--- earlier\n")
	earlier := timeOfDay.ReplaceAllString(anna.wait("--- now\n"), "")
	if want := "   mum: one\n   mum: two\n"; earlier != want {
		t.Errorf("read %q, want %q", earlier, want)
	}
}
