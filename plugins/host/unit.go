package host

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// unit is one plugin with whatever becomes of its processes: it is started anew
// when it crashes, and left alone for a while when it fails too often.
type unit struct {
	h      *Host
	cfg    Plugin
	image  *image
	log    *slog.Logger
	offer  offer
	counts counts
	events *feed

	running context.Context // ends when the unit is closed
	cancel  context.CancelFunc
	starts  sync.WaitGroup // under way

	mu       sync.Mutex
	current  *instance     // nil while there is none
	changed  chan struct{} // closed when current, or what is hoped for, changes
	starting bool
	again    bool // once what is being started is there: it is not wanted any more
	epoch    int  // counts up where what is being started is not wanted any more
	breaker  breaker
	asking   int  // batches under way
	disabled bool // by the admin
	closed   bool
	retry    *time.Timer
	retryAt  time.Time       // when it is due
	said     map[string]bool // what was logged once
}

// newUnit makes a unit that runs nothing yet.
func (h *Host) newUnit(cfg Plugin, img *image) *unit {
	u := &unit{
		h: h, cfg: cfg, image: img, log: h.cfg.Log.With("plugin", cfg.Name),
		changed: make(chan struct{}), said: map[string]bool{},
		breaker: breaker{random: rand.New(rand.NewPCG(h.cfg.Seed, uint64(len(cfg.Name))))},
	}
	u.running, u.cancel = context.WithCancel(h.running)
	u.events = newFeed(u)
	return u
}

var (
	errOpen     = errors.New("the plugin failed too often and is left alone for a while")
	errDisabled = errors.New("the plugin is disabled")
)

// acquire returns the running instance, whose calls are counted until release. It
// waits for one that is being started.
func (u *unit) acquire(ctx context.Context) (*instance, error) {
	for {
		u.mu.Lock()
		i, changed := u.current, u.changed
		switch {
		case u.closed || u.disabled:
			u.mu.Unlock()
			return nil, errDisabled
		case u.breaker.open():
			u.mu.Unlock()
			return nil, errOpen
		case i != nil && !i.dead():
			i.calls.Add(1)
			u.mu.Unlock()
			return i, nil
		}
		u.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tell tells whoever watches what became of the plugin.
func (u *unit) tell(what, detail string) { u.h.notices.tell(u.cfg.Name, what, detail) }

// change lets those look again who wait in acquire. u.mu is held.
func (u *unit) change() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// begin takes the first instance, and watches it.
func (u *unit) begin(i *instance) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.current, u.offer = i, i.offer
	u.watch(i)
}

// watch waits for the end of an instance. u.mu is held.
func (u *unit) watch(i *instance) {
	u.h.background.Go(func() {
		<-i.ended()
		u.lost(i)
	})
}

// lost takes the end of an instance: where nobody ended it, it has crashed and is
// started anew.
func (u *unit) lost(i *instance) {
	how := i.process.how()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.current != i {
		return
	}
	u.current = nil
	u.change()
	u.counts.crashes.Add(1)
	u.log.Warn("the plugin crashed", "how", how)
	u.tell(Crashed, how)
	u.h.background.Go(func() { u.h.discard(i) })
	if u.asking == 0 && u.breaker.crashed(time.Now()) {
		u.opened()
		return
	}
	u.start()
}

// start starts a process in the background, unless there is one. u.mu is held.
func (u *unit) start() {
	if u.closed || u.disabled || u.current != nil {
		return
	}
	if u.starting {
		u.again = true
		return
	}
	u.starting, u.again = true, false
	epoch := u.epoch
	u.starts.Go(func() {
		i, err := u.h.launch(u.running, u.cfg, u.image)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.starting = false
		switch {
		case epoch == u.epoch:
			u.started(i, err)
		case err == nil:
			u.h.background.Go(func() { u.h.discard(i) })
		}
		if u.again {
			u.start()
		}
	})
}

// stop ends what runs, and what is being started. u.mu is held.
func (u *unit) stop() {
	u.epoch++
	u.again = false
	if u.retry != nil {
		u.retry.Stop()
	}
	if i := u.current; i != nil {
		u.current = nil
		u.h.background.Go(func() { u.h.discard(i) })
	}
	u.change()
}

// started takes what became of a start. u.mu is held.
func (u *unit) started(i *instance, err error) {
	defer u.change()
	now := time.Now()
	if err != nil {
		u.log.Warn("the plugin does not start", "err", err)
		u.tell(NotStarted, err.Error())
		if !u.breaker.open() {
			u.breaker.trip(now)
		}
		u.opened()
		return
	}
	u.counts.restarts.Add(1)
	u.current = i
	if u.breaker.isOpen {
		u.breaker.close(now)
		u.log.Info("the plugin works again")
		u.tell(Recovered, "")
	} else {
		u.tell(Restarted, "")
	}
	u.watch(i)
}

// opened takes that the breaker has opened: what runs is ended, and tried again
// after a while, unless it has come to that too often. u.mu is held.
func (u *unit) opened() {
	u.stop()
	if u.closed || u.disabled {
		return
	}
	if u.breaker.isDisabled {
		u.log.Error("the plugin failed too often within an hour and is given up until it is enabled or reloaded")
		u.tell(GivenUp, "it failed too often within an hour; it runs again when it is enabled or reloaded")
		return
	}
	wait := u.breaker.wait()
	u.retryAt = time.Now().Add(wait)
	u.log.Warn("the plugin failed too often and is left alone for a while", "for", wait)
	u.tell(LeftAlone, "for "+wait.Round(time.Millisecond).String())
	u.retry = time.AfterFunc(wait, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.start()
	})
}

// succeeded notes a call that went well.
func (u *unit) succeeded() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.breaker.succeeded()
}

// failed notes a call of i that did not, why, and what becomes of what it was about.
func (u *unit) failed(i *instance, what, so string, err error) {
	u.counts.failures.Add(1)
	u.log.Warn("the plugin failed", "hook", what, "err", err, "so", so)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.current != i && i != nil {
		return // it is another by now, whose fault this is not
	}
	if u.breaker.failed(time.Now()) {
		u.opened()
	}
}

// begins and ends note a batch: however often the plugin crashes over one, until
// the message is found that it cannot bear, that counts once.
func (u *unit) begins() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asking++
}

func (u *unit) ends(crashed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asking--
	if crashed && u.breaker.crashed(time.Now()) {
		u.opened()
	}
}

// once reports whether something is said for the first time.
func (u *unit) once(what string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	first := !u.said[what]
	u.said[what] = true
	return first
}

// isDisabled reports whether the admin has disabled the plugin.
func (u *unit) isDisabled() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.disabled
}

// disable ends the plugin until it is enabled.
func (u *unit) disable() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.disabled {
		u.tell(TurnedOff, "")
	}
	u.disabled = true
	u.stop()
}

// enable lets the plugin run, whatever it did before.
func (u *unit) enable() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tell(TurnedOn, "")
	u.disabled = false
	u.breaker = breaker{random: u.breaker.random}
	if u.retry != nil {
		u.retry.Stop()
	}
	u.start()
	u.change()
}

// close waits for the calls under way, for a while, and ends the plugin.
func (u *unit) close() {
	u.mu.Lock()
	u.closed = true
	i := u.current
	u.current = nil // it has calls to end
	u.stop()
	u.mu.Unlock()
	u.cancel()
	u.starts.Wait()
	u.events.close()
	if i != nil {
		done := make(chan struct{})
		go func() { i.calls.Wait(); close(done) }()
		select {
		case <-done:
		case <-i.ended():
		case <-time.After(drainTimeout):
		}
		u.h.discard(i)
	}
	u.image.close()
}
