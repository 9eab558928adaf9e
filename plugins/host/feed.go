package host

import (
	"context"
	"sync"

	"famchat/daemon/hooks"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// maxEvents is how many events wait for a plugin that observes; more are dropped
// and counted.
const maxEvents = 4096

// feed tells a plugin what happened, so that one that is slow delays no other.
type feed struct {
	u    *unit
	mu   sync.Mutex
	wait []*pluginpb.Event
	bell chan struct{}
	stop chan struct{}
	done chan struct{}
	once sync.Once
}

func newFeed(u *unit) *feed {
	f := &feed{u: u, bell: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go f.run()
	return f
}

// put queues events. It never blocks.
func (f *feed) put(events []hooks.Event) {
	f.mu.Lock()
	for i := range events {
		e := &events[i]
		if e.Kind == hooks.Posted && !f.u.offer.wants(e.Message.Kind) {
			continue
		}
		if len(f.wait) >= maxEvents {
			f.u.counts.unseen.Add(1)
			continue
		}
		f.wait = append(f.wait, pbEvent(e))
	}
	f.mu.Unlock()
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

func (f *feed) take() []*pluginpb.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(len(f.wait), contract.MaxBatch)
	events := f.wait[:n:n]
	f.wait = f.wait[n:]
	return events
}

func (f *feed) run() {
	defer close(f.done)
	for {
		select {
		case <-f.stop:
			return
		case <-f.bell:
		}
		for events := f.take(); len(events) > 0; events = f.take() {
			f.tell(events)
		}
	}
}

// tell tells the plugin. What it does not take in time is lost to it.
func (f *feed) tell(events []*pluginpb.Event) {
	ctx, cancel := context.WithTimeout(f.u.running, contract.ObserveTimeout)
	defer cancel()
	i, err := f.u.acquire(ctx)
	if err != nil {
		f.u.counts.unseen.Add(int64(len(events)))
		return
	}
	defer i.calls.Done()
	if _, err := i.Observe(ctx, &pluginpb.ObserveRequest{Events: events}); err != nil && f.u.running.Err() == nil {
		f.u.counts.unseen.Add(int64(len(events)))
		f.u.failed(i, "observe", "the events are lost to it", err)
	}
}

// close ends the feed; what waits is dropped.
func (f *feed) close() {
	f.once.Do(func() { close(f.stop) })
	<-f.done
}
