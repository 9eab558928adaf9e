package host

import (
	"context"
	"time"
)

// Event is that something became of a plugin.
type Event struct {
	Time   time.Time
	Plugin string
	What   string // one of the words below
	Detail string // how it crashed, for how long it is left alone; may be empty
}

// What becomes of plugins.
const (
	Crashed    = "crashed"
	Restarted  = "restarted"      // after a crash, or when it was enabled
	NotStarted = "does not start" // when it was to run again
	LeftAlone  = "left alone"     // it failed too often, and is tried again after a while
	Recovered  = "works again"    // after it was left alone
	GivenUp    = "given up"       // it was left alone too often within an hour
	TurnedOff  = "disabled"       // by the admin
	TurnedOn   = "enabled"        // by the admin
	Reloaded   = "reloaded"       // another process has taken over
	Ungranted  = "not granted"    // it tried what its grants do not have
)

// maxNotices is how many events wait for who is told; more are dropped.
const maxNotices = 256

// notices tells Config.Notify, one event after the other and holding no lock.
type notices struct{ queue chan Event }

func newNotices() *notices { return &notices{make(chan Event, maxNotices)} }

// tell never blocks.
func (n *notices) tell(plugin, what, detail string) {
	select {
	case n.queue <- Event{time.Now(), plugin, what, detail}:
	default:
	}
}

// run tells until ctx is done.
func (n *notices) run(ctx context.Context, notify func(Event)) {
	for {
		select {
		case e := <-n.queue:
			notify(e)
		case <-ctx.Done():
			return
		}
	}
}
