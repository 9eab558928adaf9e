package daemon

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/room"
)

// maxRecords is how many records wait for the log; more are dropped and counted,
// so that a log whose disk is full never holds up the chat.
const maxRecords = 4096

// journal tells the log and those who watch what happened, off the loop.
type journal struct {
	log     *slog.Logger
	records chan record
	last    int64        // the number of the last record, of the loop's thread
	lost    atomic.Int64 // records
	said    int64        // how many of them the log knows of

	mu       sync.Mutex
	watchers []*watcher
	closed   bool
}

// watcher is somebody who watches what happens.
type watcher struct {
	events chan Event
	posts  bool         // what people write, too
	after  atomic.Int64 // the number of the last record that it does not want
	lost   int64        // events since the last that it took
}

// record is an event, or the end of a connection.
type record struct {
	number int64
	event  hooks.Event
	id     room.ID
	why    room.Reason
}

func newJournal(log *slog.Logger) *journal {
	return &journal{log: log, records: make(chan record, maxRecords)}
}

func (j *journal) happened(e hooks.Event)            { j.put(record{event: e}) }
func (j *journal) ended(id room.ID, why room.Reason) { j.put(record{id: id, why: why}) }

// put never blocks.
func (j *journal) put(r record) {
	j.last++
	r.number = j.last
	select {
	case j.records <- r:
	default:
		j.lost.Add(1)
	}
}

// run writes until ctx is done and nothing is left.
func (j *journal) run(ctx context.Context) {
	defer j.close()
	for {
		select {
		case r := <-j.records:
			j.write(r)
		case <-ctx.Done():
			for len(j.records) > 0 {
				j.write(<-j.records)
			}
			return
		}
	}
}

func (j *journal) write(r record) {
	lost := j.lost.Load() - j.said
	if lost > 0 {
		j.said += lost
		j.log.Warn("records lost, the log is too slow", "count", lost)
	}
	j.record(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, w := range j.watchers {
		if r.number > w.after.Load() {
			w.lost += lost // of any kind: nobody knows any more
			w.tell(r.event)
		}
	}
}

// tell hands an event to a watcher whom it concerns, unless that is too slow.
func (w *watcher) tell(e hooks.Event) {
	if e.Kind == 0 || e.Kind == hooks.Posted && !w.posts {
		return
	}
	select {
	case w.events <- Event{Event: e, Lost: w.lost}:
		w.lost = 0
	default:
		w.lost++
	}
}

// record writes a record to the log.
func (j *journal) record(r record) {
	e := r.event
	switch e.Kind {
	case hooks.Joined:
		j.log.Info("joined", "id", uint64(e.Member.ID), "name", e.Member.Name)
	case hooks.Left:
		j.log.Info("left", "id", uint64(e.Member.ID), "name", e.Member.Name, "reason", e.Reason)
	case hooks.Posted:
	default:
		j.log.Debug("connection ended", "id", uint64(r.id), "reason", r.why.String())
	}
}

// watch adds a watcher, who is told nothing before begin.
func (j *journal) watch(buffer int, posts bool) *watcher {
	w := &watcher{events: make(chan Event, buffer), posts: posts}
	w.after.Store(math.MaxInt64)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		close(w.events)
		return w
	}
	j.watchers = append(j.watchers, w)
	return w
}

// begin lets a watcher be told what happens from now on. It is called on the loop's
// thread, as put is: what is still to be written has happened before.
func (j *journal) begin(w *watcher) { w.after.Store(j.last) }

func (j *journal) unwatch(w *watcher) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := slices.Index(j.watchers, w); i >= 0 {
		j.watchers = slices.Delete(j.watchers, i, i+1)
		close(w.events)
	}
}

func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, w := range j.watchers {
		close(w.events)
	}
	j.watchers, j.closed = nil, true
}
