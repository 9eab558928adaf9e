package daemon

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/room"
)

const (
	// maxBatch is how many items a hook is asked about at once.
	maxBatch = 256
	// maxCalls is how many commands run at once.
	maxCalls = 64
	// maxObserved is how many events wait for a hook that observes; more are
	// dropped and counted.
	maxObserved = 4096
)

// pumps call the hooks, off the loop: one batch is under way for each hook, and
// what is asked meanwhile is the next.
type pumps struct {
	hooks  hooks.Hooks
	offers hooks.Offers                        // of the loop's thread
	answer func(context.Context, []room.Event) // hands answers to the loop

	names    queue[request[hooks.NameRequest]]
	messages queue[request[hooks.Message]]
	calls    queue[request[hooks.Call]]
	observed queue[hooks.Event]
	unseen   atomic.Int64 // events that were dropped
}

// request is something that a hook is asked.
type request[T any] struct {
	id       uint64
	deadline time.Time
	item     T
}

// late reports whether the deadline has passed: the request has failed in the
// room then, and no answer to it counts.
func (r *request[T]) late(now time.Time) bool { return !r.deadline.After(now) }

// queue hands items from the loop to a pump. Its lock is held for a few
// instructions only.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	bell  chan struct{}
}

// put adds an item, unless limit of them are there already; 0 is no limit. It
// never blocks.
func (q *queue[T]) put(item T, limit int) bool {
	q.mu.Lock()
	full := limit > 0 && len(q.items) >= limit
	if !full {
		q.items = append(q.items, item)
	}
	q.mu.Unlock()
	select {
	case q.bell <- struct{}{}:
	default:
	}
	return !full
}

// take waits for items and returns the first of them, up to most; nil when ctx is
// done.
func (q *queue[T]) take(ctx context.Context, most int) []T {
	for {
		q.mu.Lock()
		n := min(len(q.items), most)
		taken := q.items[:n:n]
		q.items = q.items[n:]
		q.mu.Unlock()
		if n > 0 {
			return taken
		}
		select {
		case <-q.bell:
		case <-ctx.Done():
			return nil
		}
	}
}

func newPumps(h hooks.Hooks, answer func(context.Context, []room.Event)) *pumps {
	p := &pumps{hooks: h, offers: h.Offers(), answer: answer}
	for _, bell := range []*chan struct{}{&p.names.bell, &p.messages.bell, &p.calls.bell, &p.observed.bell} {
		*bell = make(chan struct{}, 1)
	}
	return p
}

// ask queues a request. Those that have waited too long are forgotten, or they
// would pile up behind a hook that never returns.
func ask[T any](q *queue[request[T]], id uint64, within time.Duration, item T) {
	now := time.Now()
	q.mu.Lock()
	late := 0
	for late < len(q.items) && q.items[late].late(now) {
		late++
	}
	clear(q.items[:late])
	q.items = q.items[late:]
	q.mu.Unlock()
	q.put(request[T]{id, now.Add(within), item}, 0)
}

// run calls the hooks until ctx is done, and returns when none is called any
// more.
func (p *pumps) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { pump(ctx, p, &p.names, p.hooks.ValidateNames) })
	all.Go(func() { pump(ctx, p, &p.messages, p.hooks.FilterMessages) })
	all.Go(func() { p.runCommands(ctx) })
	all.Go(func() {
		for events := p.observed.take(ctx, maxBatch); events != nil; events = p.observed.take(ctx, maxBatch) {
			p.hooks.Observe(ctx, events)
		}
	})
	all.Wait()
}

// pump asks about what is queued, a batch at a time.
func pump[T any](ctx context.Context, p *pumps, q *queue[request[T]], check func(context.Context, []T) []hooks.Verdict) {
	for batch := q.take(ctx, maxBatch); batch != nil; batch = q.take(ctx, maxBatch) {
		items := make([]T, 0, len(batch))
		asked := batch[:0:len(batch)]
		now := time.Now()
		for _, r := range batch {
			if !r.late(now) {
				items = append(items, r.item)
				asked = append(asked, r)
			}
		}
		if len(asked) == 0 {
			continue
		}
		within, cancel := context.WithDeadline(ctx, asked[len(asked)-1].deadline)
		verdicts := check(within, items)
		cancel()
		answers := make([]room.Event, len(asked))
		now = time.Now()
		for i, r := range asked {
			answers[i] = room.Event{Kind: room.Answered, Request: r.id, Verdict: hooks.Fail("")}
			if len(verdicts) == len(asked) && !r.late(now) {
				answers[i].Verdict = verdicts[i]
			}
		}
		p.answer(ctx, answers)
	}
}

// runCommands runs commands, several at a time: each delays only its caller.
func (p *pumps) runCommands(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	places := make(chan struct{}, maxCalls)
	for calls := p.calls.take(ctx, 1); calls != nil; calls = p.calls.take(ctx, 1) {
		c := calls[0]
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if c.late(time.Now()) {
			<-places
			continue
		}
		running.Go(func() {
			defer func() { <-places }()
			within, cancel := context.WithDeadline(ctx, c.deadline)
			defer cancel()
			result := p.hooks.RunCommand(within, c.item)
			if c.late(time.Now()) {
				result = hooks.Result{Failed: "/" + c.item.Command + " failed: it took too long"}
			}
			p.answer(ctx, []room.Event{{Kind: room.Answered, Request: c.id, Result: &result}})
		})
	}
}

// within is how long a hook may take.
func within(offered, otherwise time.Duration) time.Duration {
	if offered <= 0 {
		return otherwise
	}
	return offered
}

// The methods below are the hub's Outside; none of them blocks.

func (p *pumps) askName(id uint64, n hooks.NameRequest) {
	n.Time = time.Now()
	ask(&p.names, id, within(p.offers.NameTimeout, hooks.DefaultNameTimeout), n)
}

func (p *pumps) askMessage(id uint64, m *hooks.Message) {
	m.Time = time.Now()
	ask(&p.messages, id, within(p.offers.MessageTimeout, hooks.DefaultMessageTimeout), *m)
}

func (p *pumps) askCommand(id uint64, c *hooks.Call) {
	c.Time = time.Now()
	ask(&p.calls, id, within(p.offers.CommandTimeout, hooks.DefaultCommandTimeout), *c)
}

func (p *pumps) observe(e hooks.Event) {
	if p.offers.Observes && !p.observed.put(e, maxObserved) {
		p.unseen.Add(1)
	}
}
