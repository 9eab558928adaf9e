package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/daemon/hooks"
)

// id is the ID of who is here by a name.
func (s *server) id(name string) daemon.ID {
	s.t.Helper()
	id, err := s.Find(s.t.Context(), name)
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return id
}

func TestWhoIsKickedForATimeStaysOutOverARestart(t *testing.T) {
	s := start(t, withoutRates())
	mum, leo := s.join("mum"), s.join("leo")
	name, err := s.Kick(t.Context(), s.id("leo"), daemon.Removal{Reason: "enough cake talk", For: time.Hour})
	if name != "leo" || err != nil {
		t.Fatalf("got %q, %v", name, err)
	}
	if got := leo.end(); !strings.HasSuffix(got, "! you were removed by the admin for 1 hour: enough cake talk\n") {
		t.Errorf("leo reads %q", tail(got))
	}
	mum.wait("* leo was removed: enough cake talk\n")
	again := s.connect()
	again.say("LEO")
	again.wait("\"LEO\" is kept out for 1 hour: enough cake talk. Another name?\n")
	bans, err := s.Bans(t.Context())
	if err != nil || len(bans) != 1 {
		t.Fatalf("got %+v, %v", bans, err)
	}
	if b := bans[0]; b.Name != "leo" || b.Reason != "enough cake talk" || time.Until(b.Until) > time.Hour || time.Until(b.Until) < 59*time.Minute || b.Since.After(time.Now()) {
		t.Errorf("got %+v", b)
	}
	s.stop()
	if after, err := s.Bans(context.Background()); err != nil || len(after) != 1 {
		t.Errorf("after it has stopped: got %+v, %v", after, err)
	}

	c := withoutRates()
	c.Bans = append(bans, daemon.Ban{Name: "over", Since: bans[0].Since, Until: time.Now().Add(-time.Second)})
	s = start(t, c)
	s.join("over")
	leo = s.connect()
	leo.say("leo")
	leo.wait("\"leo\" is kept out for ")
	if lifted, err := s.Unban(t.Context(), "Leo"); err != nil || !slices.Equal(lifted, []string{"leo"}) {
		t.Error(lifted, err)
	}
	if _, err := s.Unban(t.Context(), "leo"); !errors.Is(err, daemon.ErrNoBan) {
		t.Errorf("the second time: %v", err)
	}
	leo.enter("leo")
}

func TestAnAddressOfThisMachineIsNeverKeptOut(t *testing.T) {
	c := withoutRates()
	c.Listen = append(c.Listen, "unix:"+filepath.Join(t.TempDir(), "s"), "[::1]:0")
	s, err := daemon.New(c)
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	running := &server{s, t, make(chan error, 1)}
	go func() { running.served <- s.Serve(t.Context()) }()
	t.Cleanup(running.stop)
	for i, a := range s.Addrs() {
		conn, err := net.Dial(a.Network(), a.String())
		if err != nil {
			t.Fatal(err)
		}
		p := &person{t: t, Conn: conn, changed: make(chan struct{}, 1)}
		p.reading()
		name := fmt.Sprint("p", i)
		p.enter(name)
		if _, err := s.Kick(t.Context(), running.id(name), daemon.Removal{For: time.Hour, Address: true}); !errors.Is(err, daemon.ErrLoopback) {
			t.Errorf("%s: got %v", a, err)
		}
		p.end()
	}
	bans, err := s.Bans(t.Context())
	if err != nil || len(bans) != 3 {
		t.Fatalf("got %+v, %v; want the three names", bans, err)
	}
	// Who has no name: it is removed, and nothing of it can stay out.
	running.connect().wait("Your name? ")
	members, _ := s.Members(t.Context())
	if _, err := s.Kick(t.Context(), members[0].ID, daemon.Removal{For: time.Hour}); !errors.Is(err, daemon.ErrNoName) {
		t.Errorf("without a name: %v", err)
	}
}

// A machine's own address that is not loopback's is one like another's.
func TestAnAddressIsTurnedAwayBeforeItIsGreeted(t *testing.T) {
	own := ownAddress()
	if own == "" {
		t.Skip("this machine has no IPv4 address but loopback's")
	}
	c := withoutRates()
	c.Listen = []string{"127.0.0.1:0", own + ":0"}
	c.AllowRemote = true
	s := start(t, c)
	from := func() *person {
		conn, err := net.Dial("tcp", s.Addrs()[1].String())
		if err != nil {
			t.Fatal(err)
		}
		p := &person{t: t, Conn: conn, changed: make(chan struct{}, 1)}
		p.reading()
		return p
	}
	mum, leo := s.join("mum"), from()
	leo.enter("leo")
	if _, err := s.Kick(t.Context(), s.id("leo"), daemon.Removal{For: time.Hour, Address: true, Reason: "enough"}); err != nil {
		t.Fatal(err)
	}
	mum.wait("leo was removed: enough")
	if got := from().end(); got != "! you are kept out for 1 hour: enough\n" {
		t.Errorf("it reads %q", got)
	}
	s.join("anna") // from elsewhere
	bans, err := s.Bans(t.Context())
	if err != nil || len(bans) != 2 || bans[0].Name+bans[1].Name != "leo" || bans[0].Address+bans[1].Address != own {
		t.Errorf("got %+v, %v", bans, err)
	}
	if lifted, err := s.Unban(t.Context(), own); err != nil || !slices.Equal(lifted, []string{own}) {
		t.Error(lifted, err)
	}
	from().enter("somebody")
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Ended["banned"] != 1 || stats.Ended["removed"] != 1 {
		t.Errorf("got %v, %v", stats.Ended, err)
	}
}

// ownAddress is an IPv4 address of this machine that is not loopback's, or "".
func ownAddress() string {
	all, _ := net.InterfaceAddrs() // none are none
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}

// What somebody wrote into the file by hand is read again, too, once it was in force.
func TestTimesOfAnotherAgeAreBroughtNearer(t *testing.T) {
	c := withoutRates()
	far := time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Bans = []daemon.Ban{{Name: "leo", Until: far}}
	c.Mutes = []daemon.Mute{{Name: "mum", Since: far, Until: far}}
	s := start(t, c)
	bans, err := s.Bans(t.Context())
	if err != nil || len(bans) != 1 || bans[0].Validate() != nil || bans[0].Until.Before(time.Now()) || bans[0].Until.After(time.Now().Add(daemon.MaxSanction)) || bans[0].Since.After(time.Now()) {
		t.Errorf("got %+v, %v", bans, err)
	}
	mutes, err := s.Mutes(t.Context())
	if err != nil || len(mutes) != 1 || mutes[0].Until.IsZero() || mutes[0].Until.After(time.Now().Add(daemon.MaxSanction)) || mutes[0].Since.After(time.Now()) {
		t.Errorf("got %+v, %v", mutes, err)
	}
}

// patient are hooks that may take their time.
type patient struct{ hooks.Funcs }

func (p patient) Offers() hooks.Offers {
	o := p.Funcs.Offers()
	o.MessageTimeout = watchdog
	return o
}

// Who is lost while what they sent is still with a filter is here until that is posted.
func TestWhoIsLostAlreadyCanBeKeptOut(t *testing.T) {
	c := withoutRates()
	asked, answer := make(chan struct{}), make(chan struct{})
	c.Hooks = patient{hooks.Funcs{FilterMessage: func(context.Context, hooks.Message) hooks.Verdict {
		asked <- struct{}{}
		<-answer
		return hooks.Allow()
	}}}
	s := start(t, c)
	mum, leo := s.join("mum"), s.join("leo")
	id := s.id("leo")
	leo.say("last words")
	<-asked
	leo.reset()
	eventually(t, "the connection has ended", func() bool {
		m, err := s.Member(t.Context(), id)
		return err == nil && m.Addr == ""
	})
	if _, err := s.Kick(t.Context(), id, daemon.Removal{For: time.Hour, Address: true}); !errors.Is(err, daemon.ErrNoAddr) {
		t.Errorf("got %v", err)
	}
	close(answer)
	if before := mum.wait("* leo was removed\n"); strings.Contains(before, "last words") {
		t.Errorf("mum reads %q", before)
	}
	bans, err := s.Bans(t.Context())
	if err != nil || len(bans) != 1 || bans[0].Name != "leo" {
		t.Errorf("got %+v, %v", bans, err)
	}
}

func TestBansAreChecked(t *testing.T) {
	until := time.Now().Add(time.Hour)
	for _, b := range []daemon.Ban{
		{Name: "leo"}, {Until: until}, {Name: "x", Until: until}, {Name: "leo", Address: "192.0.2.1", Until: until},
		{Address: "127.0.0.1", Until: until}, {Address: "::1", Until: until}, {Address: "192.0.2.1:80", Until: until},
		{Address: "::ffff:192.0.2.1", Until: until}, {Address: "nowhere", Until: until},
		{Name: "leo", Until: until, Reason: strings.Repeat("x", daemon.MaxReason+1)},
	} {
		c := withoutRates()
		c.Bans = []daemon.Ban{b}
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", b)
		}
	}
	for _, b := range []daemon.Ban{{Name: "leo", Until: until}, {Address: "192.0.2.1", Until: until}, {Address: "2001:db8::1", Until: until}} {
		c := withoutRates()
		c.Bans = []daemon.Ban{b}
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", b, err)
		}
	}
}

func TestThereAreOnlySoManyBansAndMutes(t *testing.T) {
	c := withoutRates()
	c.Limits.Bans, c.Limits.Mutes = 1, 1
	s := start(t, c)
	mum := s.join("mum")
	for i, want := range []error{nil, daemon.ErrTooMany} {
		name := fmt.Sprint("p", i)
		p := s.join(name)
		if _, err := s.Mute(t.Context(), s.id(name), 0, ""); !errors.Is(err, want) {
			t.Errorf("muting %s: got %v, want %v", name, err, want)
		}
		if got, err := s.Kick(t.Context(), s.id(name), daemon.Removal{For: time.Hour}); !errors.Is(err, want) || got != name {
			t.Errorf("keeping out %s: got %q, %v, want %v", name, got, err, want)
		}
		p.end() // removed it is in any case
		mum.wait("* " + name + " was removed\n")
	}
	// One in place of another is not one more.
	if _, err := s.Unban(t.Context(), "p0"); err != nil {
		t.Error(err)
	}
	s.join("p0")
	if _, err := s.Mute(t.Context(), s.id("p0"), time.Hour, "again"); err != nil {
		t.Error(err)
	}
}

func TestAReasonAndATimeHaveLimits(t *testing.T) {
	s := start(t, withoutRates())
	s.join("leo")
	id := s.id("leo")
	long := strings.Repeat("x", daemon.MaxReason+1)
	if _, err := s.Kick(t.Context(), id, daemon.Removal{Reason: long}); !errors.Is(err, daemon.ErrReason) {
		t.Errorf("got %v", err)
	}
	// What is safe to show may be longer than what was typed.
	if _, err := s.Kick(t.Context(), id, daemon.Removal{Reason: strings.Repeat("\x1b", daemon.MaxReason/2)}); !errors.Is(err, daemon.ErrReason) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Kick(t.Context(), id, daemon.Removal{For: -1}); !errors.Is(err, daemon.ErrDuration) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Mute(t.Context(), id, daemon.MaxSanction+1, ""); !errors.Is(err, daemon.ErrDuration) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Mute(t.Context(), id, 0, long); !errors.Is(err, daemon.ErrReason) {
		t.Errorf("got %v", err)
	}
	if err := s.CountDown(t.Context(), daemon.MaxCountdown+1); err == nil {
		t.Error("a countdown of more than a week is taken")
	}
}

func TestWhoIsMutedReachesNobody(t *testing.T) {
	c := withoutRates()
	c.Mutes = []daemon.Mute{{Name: "Leo", Reason: "still"}}
	s := start(t, c)
	mum, leo := s.join("mum"), s.join("leo")
	leo.wait("! you are muted: still. What you send comes back to you until then\n")
	leo.say("cake")
	leo.wait("! you are muted: still. Not sent: cake\n")
	members, err := s.Members(t.Context())
	if err != nil || members[0].Muted || !members[1].Muted {
		t.Errorf("got %+v, %v", members, err)
	}
	mutes, err := s.Mutes(t.Context())
	if err != nil || len(mutes) != 1 || mutes[0].Name != "Leo" || !mutes[0].Until.IsZero() {
		t.Errorf("got %+v, %v", mutes, err)
	}
	if lifted, err := s.Unmute(t.Context(), "leo"); err != nil || !slices.Equal(lifted, []string{"Leo"}) {
		t.Error(lifted, err)
	}
	if _, err := s.Unmute(t.Context(), "leo"); !errors.Is(err, daemon.ErrNotMuted) {
		t.Errorf("the second time: %v", err)
	}
	leo.wait("* you are no longer muted\n")
	leo.say("dinner?")
	if before := mum.wait("leo: dinner?\n"); strings.Contains(before, "cake") {
		t.Errorf("mum reads %q", before)
	}
	if _, err := s.Mute(t.Context(), 99, 0, ""); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("nobody: %v", err)
	}
	// It ends by itself.
	if _, err := s.Mute(t.Context(), s.id("leo"), time.Millisecond, ""); err != nil {
		t.Error(err)
	}
	leo.wait("* you are no longer muted\n")
}

func TestTellReachesOne(t *testing.T) {
	s := start(t, withoutRates())
	mum, leo := s.join("mum"), s.join("leo")
	if err := s.Tell(t.Context(), s.id("leo"), "dinner\nis ready"); err != nil {
		t.Error(err)
	}
	leo.wait("# dinner\n      | is ready\n> ")
	leo.say("coming")
	if before := mum.wait("leo: coming"); strings.Contains(before, "dinner") {
		t.Errorf("mum reads %q", before)
	}
	if err := s.Tell(t.Context(), 99, "x"); !errors.Is(err, daemon.ErrNoMember) {
		t.Errorf("got %v", err)
	}
	if err := s.Tell(t.Context(), s.id("leo"), " "); !errors.Is(err, daemon.ErrNotShown) {
		t.Errorf("got %v", err)
	}
}
