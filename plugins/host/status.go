package host

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// keptCalls is over how many of the last calls the percentiles are.
const keptCalls = 1024

// counts is what has been counted of a plugin.
type counts struct {
	calls, items, failures, crashes, restarts, ungranted, unseen atomic.Int64

	mu   sync.Mutex
	last []time.Duration
	next int
}

// took notes a call about some items.
func (c *counts) took(d time.Duration, items int) {
	c.calls.Add(1)
	c.items.Add(int64(items))
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) < keptCalls {
		c.last = append(c.last, d)
		return
	}
	c.last[c.next] = d
	c.next = (c.next + 1) % keptCalls
}

func (c *counts) percentiles() (p50, p99 time.Duration) {
	c.mu.Lock()
	last := slices.Clone(c.last)
	c.mu.Unlock()
	if len(last) == 0 {
		return 0, 0
	}
	slices.Sort(last)
	return last[len(last)/2], last[len(last)*99/100]
}

// The states of a plugin.
const (
	Running  = "running"
	Starting = "starting"
	Open     = "left alone" // the breaker is open: it is tried again after a while
	Disabled = "disabled"   // by the admin
	// and GivenUp, where it failed too often within an hour.
)

// Status is what there is to know of a plugin.
type Status struct {
	Name, Version, Path string
	State               string
	PID                 int           // 0 where it does not run
	RetryIn             time.Duration // of one that is left alone

	Names, Filters, Observes, Public, Private bool
	Commands, Grants                          []string

	Calls, Items int64 // and how many names, messages and commands they were about
	Failures     int64 // answers that were none, or came too late
	Crashes      int64
	Restarts     int64
	Ungranted    int64         // effects that were not granted
	Unseen       int64         // events that were dropped
	P50, P99     time.Duration // of the last 1,024 calls
}

// Status is what there is to know of the plugins, in their order.
func (h *Host) Status() []Status {
	chain := h.chain()
	all := make([]Status, 0, len(chain))
	for _, u := range chain {
		all = append(all, u.status())
	}
	return all
}

func (u *unit) status() Status {
	o, c := &u.offer, &u.counts
	s := Status{
		Name: u.cfg.Name, Version: o.version, Path: u.image.path, Grants: slices.Clone(u.cfg.Grants),
		Names: o.names, Filters: o.filters, Observes: o.events, Public: o.public, Private: o.private,
		Calls: c.calls.Load(), Items: c.items.Load(), Failures: c.failures.Load(), Crashes: c.crashes.Load(),
		Restarts: c.restarts.Load(), Ungranted: c.ungranted.Load(), Unseen: c.unseen.Load(),
	}
	s.P50, s.P99 = c.percentiles()
	for _, command := range o.commands {
		s.Commands = append(s.Commands, command.Name)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	switch i := u.current; {
	case u.closed || u.disabled:
		s.State = Disabled
	case u.breaker.isDisabled:
		s.State = GivenUp
	case u.breaker.isOpen:
		s.State, s.RetryIn = Open, max(0, time.Until(u.retryAt))
	case i == nil:
		s.State = Starting
	default:
		s.State, s.PID = Running, i.process.started()
	}
	return s
}
