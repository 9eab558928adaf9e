package main

import (
	"context"
	"slices"
	"sync"

	"famchat/admin"
	"famchat/plugins/host"
)

// feedBuffer is how many events about plugins wait for who watches.
const feedBuffer = 64

// feed tells who watches what becomes of plugins. Its zero value has nobody to tell.
type feed struct {
	mu       sync.Mutex
	watchers []*feedWatcher
}

// feedWatcher is somebody who watches.
type feedWatcher struct {
	events chan admin.Event
	lost   int64 // events since the last that it took
}

// tell tells everybody what became of a plugin, and blocks for nobody.
func (f *feed) tell(happened host.Event) {
	e := admin.Event{Time: happened.Time, Kind: admin.EventPlugin, Plugin: happened.Plugin, Text: happened.What}
	if happened.Detail != "" {
		e.Text += ": " + happened.Detail
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.watchers {
		e.Lost = w.lost
		select {
		case w.events <- e:
			w.lost = 0
		default:
			w.lost++
		}
	}
}

// watch returns what is told from now on, until ctx ends.
func (f *feed) watch(ctx context.Context) <-chan admin.Event {
	w := &feedWatcher{events: make(chan admin.Event, feedBuffer)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers = append(f.watchers, w)
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.watchers = slices.DeleteFunc(f.watchers, func(other *feedWatcher) bool { return other == w })
	})
	return w.events
}
