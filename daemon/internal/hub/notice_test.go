package hub_test

import (
	"fmt"
	"testing"
	"time"

	"famchat/daemon/internal/hub"
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/screen"
)

// Everyone is told at once who came when nobody was lately, and otherwise with
// the next message or by the time that EndTurn asks for; who came is welcomed at
// once whatever happens.
func TestARushIsToldWithTheNextMessageOrSoon(t *testing.T) {
	const members = 50
	now := room.Now{Nanos: int64(time.Second), Stamp: screen.Stamp{Date: screen.Date{Year: 2026, Month: 11, Day: 24}}}
	h := hub.New(room.New(room.Config{
		Name: "Test", Limits: room.Limits{MessageBurst: 1, MessageLines: 10, Mentions: 10, Pending: 10},
	}), hub.Config{
		BacklogBytes: 1 << 20, LaggingNanos: int64(time.Second), OwnBacklogBytes: 1 << 16,
		OwnTotalBytes: 1 << 20, CloseNanos: int64(time.Second),
	}, nobody{})
	var people []*ready
	var sessions []*hub.Session
	join := func() {
		people = append(people, new(ready))
		sessions = append(sessions, h.Open(room.ID(len(people)), people[len(people)-1], ""))
		h.Received(sessions[len(people)-1], frame(fmt.Sprint("p", len(people))))
	}
	// read ends a turn after pause and returns what the first member read in it.
	read := func(pause time.Duration) (n int, next time.Duration) {
		before := people[0].taken
		by := h.EndTurn()
		now.Nanos += int64(pause)
		h.SetNow(now)
		return people[0].taken - before, time.Duration(by - now.Nanos)
	}
	h.SetNow(now)
	for range members {
		join()
	}
	read(time.Second)

	join()
	if n, _ := read(time.Microsecond); n == 0 {
		t.Error("after a silence the first was not told at once who came")
	}
	join()
	n, next := read(0)
	if n != 0 {
		t.Errorf("right after it the first read %d bytes of who came, want none yet", n)
	}
	if people[len(people)-1].taken == 0 {
		t.Error("who came was not welcomed at once")
	}
	if next <= 0 || next > 100*time.Millisecond {
		t.Errorf("the next turn is wanted in %v, want soon", next)
	}
	now.Nanos += int64(next)
	h.SetNow(now)
	if n, _ := read(0); n == 0 {
		t.Error("when it was time the first was not told who came")
	}
	h.Received(sessions[0], frame("hello"))
	echo, _ := read(0)
	join()
	h.Received(sessions[0], frame("hello"))
	if n, _ := read(0); n <= echo {
		t.Errorf("with a message the first read %d bytes, want its %d and who came", n, echo)
	}
}
