package main

import (
	"context"
	"testing"

	"famchat/plugins/host"
)

func TestAFeedSaysWhatWasLost(t *testing.T) {
	var f feed
	f.tell(host.Event{Plugin: "names", What: host.Crashed}) // to nobody
	ctx, cancel := context.WithCancel(t.Context())
	events := f.watch(ctx)
	for range feedBuffer + 3 {
		f.tell(host.Event{Plugin: "names", What: host.Crashed, Detail: "signal: killed"})
	}
	if e := <-events; e.Plugin != "names" || e.Text != "crashed: signal: killed" || e.Lost != 0 {
		t.Errorf("got %+v", e)
	}
	f.tell(host.Event{Plugin: "names", What: host.Restarted})
	var last int64
	for range feedBuffer {
		last = (<-events).Lost
	}
	if last != 3 {
		t.Errorf("the last says that %d were lost", last)
	}
	cancel()
	for left := 1; left > 0; {
		f.mu.Lock()
		left = len(f.watchers)
		f.mu.Unlock()
	}
}
