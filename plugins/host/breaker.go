package host

import (
	"math/rand/v2"
	"time"
)

// The breaker's limits.
const (
	maxFailures  = 5 // in a row
	maxCrashes   = 3 // in crashWindow
	crashWindow  = time.Minute
	maxOpenings  = 3 // in openWindow: then the plugin is disabled
	openWindow   = time.Hour
	minBackoff   = 100 * time.Millisecond
	maxBackoff   = 30 * time.Second
	jitterPart   = 4 // a wait is up to a quarter longer
	settledAfter = time.Minute
)

// breaker decides when a plugin that fails is left alone, and for how long. Time is
// given to it.
type breaker struct {
	random *rand.Rand

	failures int
	crashes  []time.Time
	openings []time.Time
	backoff  time.Duration
	closedAt time.Time

	isOpen, isDisabled bool
}

// open reports whether the plugin is left alone.
func (b *breaker) open() bool { return b.isOpen || b.isDisabled }

// succeeded notes a call that went well.
func (b *breaker) succeeded() { b.failures = 0 }

// failed notes a call that did not. It reports whether the breaker opens.
func (b *breaker) failed(now time.Time) bool {
	if b.open() {
		return false
	}
	b.failures++
	return b.failures >= maxFailures && b.trip(now)
}

// crashed notes that the plugin has ended by itself. It reports whether the
// breaker opens.
func (b *breaker) crashed(now time.Time) bool {
	if b.open() {
		return false
	}
	b.crashes = recent(b.crashes, now, crashWindow)
	b.crashes = append(b.crashes, now)
	return len(b.crashes) >= maxCrashes && b.trip(now)
}

// trip opens the breaker.
func (b *breaker) trip(now time.Time) bool {
	b.isOpen = true
	b.openings = append(recent(b.openings, now, openWindow), now)
	b.isDisabled = len(b.openings) >= maxOpenings
	if now.Sub(b.closedAt) >= settledAfter {
		b.backoff = 0
	}
	return true
}

// wait is how long an open breaker waits before the plugin is tried again, each
// time longer.
func (b *breaker) wait() time.Duration {
	b.backoff = min(max(2*b.backoff, minBackoff), maxBackoff)
	return b.backoff + time.Duration(b.random.Int64N(int64(b.backoff)/jitterPart))
}

// close notes that the plugin works again.
func (b *breaker) close(now time.Time) {
	b.isOpen, b.failures, b.crashes, b.closedAt = false, 0, nil, now
}

// recent drops what was before a window.
func recent(times []time.Time, now time.Time, window time.Duration) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= window {
		times = times[1:]
	}
	return times
}
