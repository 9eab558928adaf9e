package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"famchat/daemon"
	"famchat/daemon/hooks"
)

func TestACountdownStopsTheServer(t *testing.T) {
	s := start(t, withoutRates())
	mum := s.join("mum")
	if err := s.CancelCountDown(t.Context()); !errors.Is(err, daemon.ErrNoCountdown) {
		t.Errorf("got %v", err)
	}
	if err := s.CountDown(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	mum.wait("# The server closes in 1 hour\n")
	if stats, err := s.Stats(t.Context()); err != nil || stats.ClosesIn <= 59*time.Minute || stats.ClosesIn > time.Hour {
		t.Errorf("got %v, %v", stats.ClosesIn, err)
	}
	if err := s.CancelCountDown(t.Context()); err != nil {
		t.Error(err)
	}
	mum.wait("# The server stays after all\n")
	select {
	case <-s.Stopping():
		t.Error("it stops")
	default:
	}
	if err := s.CountDown(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	mum.wait("# The server is closing. Bye!\n")
	mum.end()
	if err := s.result(); err != nil {
		t.Error(err)
	}
	<-s.Stopping()
	if err := s.CountDown(t.Context(), 0); !errors.Is(err, daemon.ErrStopped) {
		t.Errorf("got %v", err)
	}
}

func TestWhoWatchesLearnsWhatWasLost(t *testing.T) {
	s := start(t, withoutRates())
	events, err := s.Events(t.Context(), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := s.Events(t.Context(), 100, false)
	if err != nil {
		t.Fatal(err)
	}
	s.join("p0")
	_, err = s.Kick(t.Context(), s.id("p0"), daemon.Removal{Reason: "enough"})
	if err != nil {
		t.Fatal(err)
	}
	s.join("p1")
	for range 3 {
		<-seen // so all of them came to the other one, too, or are under way
	}
	s.join("p2")
	<-seen
	if e := <-events; e.Kind != hooks.Joined || e.Member.Name != "p0" || e.Lost != 0 {
		t.Errorf("got %+v", e)
	}
	s.join("p3")
	if e := <-events; e.Kind != hooks.Joined || e.Lost == 0 || e.Lost > 3 {
		t.Errorf("got %+v", e)
	}
}

func TestWhatPeopleWriteIsReadOnlyWhereEverybodyKnows(t *testing.T) {
	c := withoutRates()
	s := start(t, c)
	mum := s.join("mum")
	if _, err := s.Events(t.Context(), 1, true); !errors.Is(err, daemon.ErrMayNotRead) {
		t.Errorf("got %v", err)
	}
	c.MayRead = true
	if _, err := s.Reconfigure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	mum.wait("# Whoever looks after this room may read what is written here, in private too\n")
	leo := s.connect()
	leo.wait("Famchat\nWhoever looks after this room may read what is written here, in private too\nYour name? ")
	leo.enter("leo")
	events, err := s.Events(t.Context(), 10, true)
	if err != nil {
		t.Fatal(err)
	}
	leo.say("@mum psst")
	if e := <-events; e.Kind != hooks.Posted || e.Message.Text != "psst" || e.Message.To.Name != "mum" {
		t.Errorf("got %+v", e)
	}
	// Who was allowed to is not any more.
	c.MayRead = false
	if _, err := s.Reconfigure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	mum.wait("# Whoever looks after this room no longer reads what is written here\n")
	leo.say("secret", "")
	if e := <-events; e.Kind != hooks.Left {
		t.Errorf("got %+v", e)
	}
}

// A server of many members is asked about them in several turns.
func TestMembersOfManyAreListedInTurns(t *testing.T) {
	s := start(t, withoutRates())
	const many = 600
	names := map[string]bool{}
	for i := range many {
		p := s.dial()
		p.t.Cleanup(func() { p.Close() })
		name := fmt.Sprintf("p%03d", i)
		names[name] = true
		p.say(name)
	}
	eventually(t, "all have joined", func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Members == many && stats.Peak == many
	})
	before, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	members, err := s.Members(t.Context())
	if err != nil || len(members) != many {
		t.Fatalf("got %d, %v", len(members), err)
	}
	for i, m := range members {
		if !names[m.Name] || i > 0 && m.ID <= members[i-1].ID {
			t.Fatalf("%d: %+v", i, m)
		}
		delete(names, m.Name)
	}
	after, err := s.Stats(t.Context())
	if err != nil || after.Turns-before.Turns < 3 {
		t.Errorf("it took %d turns, %v", after.Turns-before.Turns, err)
	}
}

func TestStatsCountMessagesAndDeliveries(t *testing.T) {
	s := start(t, withoutRates())
	mum, anna, leo := s.join("mum"), s.join("anna"), s.join("leo")
	mum.say("hello")
	leo.wait("mum: hello")
	mum.say("@anna psst", "@mum note")
	anna.wait("psst")
	mum.wait("note")
	leo.say("")
	mum.wait("leo left")
	got, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Messages != 3 || got.Deliveries != 3+2+1 || got.Members != 2 || got.Peak != 3 || got.Choosing != 0 {
		t.Errorf("got %+v", got)
	}
	if read := uint64(len(frames("mum", "anna", "leo", "hello", "@anna psst", "@mum note", ""))); got.BytesRead != read {
		t.Errorf("%d bytes were read, want %d", got.BytesRead, read)
	}
	if got.Uptime <= 0 || time.Since(got.Started) > time.Minute {
		t.Errorf("got %v, %v", got.Started, got.Uptime)
	}
}

// Who gives up waiting can rely on it that nothing happens any more.
func TestWhatWasGivenUpDoesNotHappen(t *testing.T) {
	s := start(t, withoutRates())
	mum := s.join("mum")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Kick(ctx, s.id("mum"), daemon.Removal{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	mum.say("still here")
	mum.wait("you: still here")
}

// The room tells of messages only while somebody wants to know.
func TestMessagesAreObservedOnlyWhileSomebodyWatchesThem(t *testing.T) {
	c := withoutRates()
	c.MayRead = true
	s := start(t, c)
	observes := func() bool {
		t.Helper()
		observes, err := s.ObservesPosts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return observes
	}
	if _, err := s.Events(t.Context(), 1, false); err != nil || observes() {
		t.Errorf("%v; messages are observed for one who does not want them", err)
	}
	var ends []context.CancelFunc
	for range 2 {
		ctx, end := context.WithCancel(t.Context())
		if _, err := s.Events(ctx, 1, true); err != nil || !observes() {
			t.Errorf("%v; messages are not observed", err)
		}
		ends = append(ends, end)
	}
	ends[0]()
	if !observes() {
		t.Error("the end of one watcher is the end of both")
	}
	ends[1]()
	eventually(t, "nobody watches any more", func() bool { return !observes() })
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := s.Events(over, 1, true); err == nil || observes() {
		t.Errorf("got %v; messages are observed for one who has gone", err)
	}
}

// What is kept for lists goes with those whom it is about.
func TestAddressesAreKeptOnlyOfWhoIsHere(t *testing.T) {
	s := start(t, withoutRates())
	mum := s.join("mum")
	for i := range 20 {
		name := fmt.Sprint("p", i)
		p := s.join(name)
		s.connect().wait("Your name? ")
		if _, err := s.Members(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			p.say("")
		} else {
			p.reset()
		}
		mum.wait("* " + name + " ")
	}
	members, err := s.Members(t.Context())
	if err != nil || len(members) != 21 || members[0].Addr != mum.LocalAddr().String() {
		t.Fatalf("got %+v, %v", members, err)
	}
	if n, err := s.KnownPeers(t.Context()); err != nil || n != 21 {
		t.Errorf("%d addresses are kept, %v; 21 are here", n, err)
	}
}
