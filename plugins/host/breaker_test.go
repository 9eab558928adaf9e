package host

import (
	"math/rand/v2"
	"testing"
	"time"
)

func newBreaker() *breaker { return &breaker{random: rand.New(rand.NewPCG(1, 2))} }

func TestTheBreakerOpensAfterFailuresInARowOrCrashesInAMinute(t *testing.T) {
	now := time.Unix(1e9, 0)
	b := newBreaker()
	for n := range maxFailures - 1 {
		if b.failed(now) {
			t.Fatalf("it opens after %d failures", n+1)
		}
	}
	b.succeeded()
	for n := range maxFailures {
		if got, want := b.failed(now), n == maxFailures-1; got != want {
			t.Errorf("after a success, failure %d: opens %v, want %v", n+1, got, want)
		}
	}
	b = newBreaker()
	for range 5 { // far enough from each other
		if now = now.Add(crashWindow/2 + time.Second); b.crashed(now) {
			t.Fatal("it opens after crashes that are not within a minute")
		}
	}
	if b.crashed(now) != true {
		t.Error("it does not open after three crashes in a minute")
	}
}

func TestTheBreakerWaitsLongerEachTimeAndThenGivesUp(t *testing.T) {
	now := time.Unix(1e9, 0)
	b := newBreaker()
	b.trip(now)
	last := time.Duration(0)
	for range 20 {
		wait := b.wait()
		if most := maxBackoff + maxBackoff/jitterPart; wait < min(last, maxBackoff) || wait > most {
			t.Errorf("after %v it waits %v", last, wait)
		}
		last = wait
	}
	b.close(now)
	if b.open() || b.isDisabled {
		t.Error("it is open when the plugin works again")
	}
	b.trip(now.Add(time.Minute))
	if wait := b.wait(); wait > 2*minBackoff {
		t.Errorf("after a minute of working it waits %v", wait)
	}
	b.close(now)
	b.trip(now.Add(2 * time.Minute))
	if !b.isDisabled {
		t.Error("three openings in an hour do not disable the plugin")
	}
	b = newBreaker()
	for n := range 5 {
		b.trip(now.Add(time.Duration(n) * openWindow / 2))
		b.close(now)
	}
	if b.isDisabled {
		t.Error("openings over hours disable the plugin")
	}
}
