package hub_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/hub"
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/screen"
)

// ready is a connection that takes everything.
type ready struct{ taken int }

func (c *ready) Write(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		n += len(b)
	}
	c.taken += n
	return n, nil
}
func (c *ready) WantRead(bool)    {}
func (c *ready) WantWrite(bool)   {}
func (c *ready) SetReadBytes(int) {}
func (c *ready) Unread() int      { return 0 }
func (c *ready) Finish([]byte)    {}
func (c *ready) Close()           {}

// nobody answers nothing.
type nobody struct{}

func (nobody) AskName(uint64, hooks.NameRequest) {}
func (nobody) AskMessage(uint64, *hooks.Message) {}
func (nobody) AskCommand(uint64, *hooks.Call)    {}
func (nobody) CountedDown()                      {}
func (nobody) Happened(*hooks.Event)             {}
func (nobody) Ended(room.ID, room.Reason)        {}

// frame packs a string.
func frame(s string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(len(s))), s...)
}

// A public message costs as many allocations on the loop with two hundred members
// as with ten, be it plain or one that mentions somebody.
func TestAPublicMessageAllocatesAConstant(t *testing.T) {
	for _, text := range []string{"hello everybody, dinner is ready", "p3: dinner is ready"} {
		allocations := func(members int) float64 {
			h := hub.New(room.New(room.Config{
				Name: "Test", History: 50, HistoryBytes: 1 << 16,
				Limits: room.Limits{MessageBurst: 1, MessageLines: 10, Mentions: 10, Pending: 10},
			}), hub.Config{
				BacklogBytes: 1 << 20, LaggingNanos: int64(time.Second), OwnBacklogBytes: 1 << 16,
				OwnTotalBytes: 1 << 20, CloseNanos: int64(time.Second),
			}, nobody{})
			h.SetNow(room.Now{Nanos: 1, Stamp: screen.Stamp{Date: screen.Date{Year: 2026, Month: 11, Day: 24}}})
			conns := make([]*ready, members)
			var first *hub.Session
			for i := range conns {
				conns[i] = new(ready)
				s := h.Open(room.ID(i+1), conns[i], "")
				h.Received(s, frame(fmt.Sprint("p", i)))
				if first == nil {
					first = s
				}
			}
			h.EndTurn()
			said := frame(text)
			post := func() {
				h.Received(first, said)
				h.EndTurn()
			}
			for range 200 { // buffers find their size, the history fills
				post()
			}
			last := conns[members-1]
			before := last.taken
			n := testing.AllocsPerRun(500, post)
			if got, least := last.taken-before, 500*len(text); got < least {
				t.Fatalf("the last of %d members read %d bytes, not even %d", members, got, least)
			}
			return n
		}
		few, many := allocations(10), allocations(200)
		t.Logf("%q: %v allocations with 10 members, %v with 200", text, few, many)
		if many > few {
			t.Errorf("%q: %v allocations with 10 members, %v with 200", text, few, many)
		}
	}
}
