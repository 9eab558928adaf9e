// Package room is the chat itself, as a state machine: who is here, what state
// each is in, what a string means, who sees what. Events go in, effects with
// drawn frames come out. It knows nothing of sockets, clocks, goroutines, locks,
// randomness, logs, or of the processes of plugins; the same events give the same
// effects, always.
//
// The caller's duties:
//
//  1. Step is called from one goroutine, with a Now that never goes back. Effects
//     and the frames in them are valid until the next Step.
//  2. Effects are carried out in order.
//  3. No string of a member is handed over after Hold and before Resume, nor
//     while Full reports true.
//  4. Turns end with TurnEnd: only then does what was drawn come out. Nothing of
//     a turn may have been sent before.
//  5. Step is called with Tick no later than Deadline.
//  6. IDs are never reused. After Close or Gone a member is not mentioned again.
package room

import (
	"math"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
)

// ID identifies somebody connected.
type ID = hooks.ID

// Now is the time of an event.
type Now struct {
	Nanos int64 // monotonic, for timeouts and rates
	Stamp screen.Stamp
}

// Config is what a room is like. All durations are in nanoseconds.
type Config struct {
	Name         string // what the room is called; its greeting
	Welcome      string // what everybody reads after joining, or empty
	History      int    // how many public lines are kept for who joins
	HistoryBytes int    // and how many bytes of them
	Limits       Limits
	Offers       hooks.Offers
	ObservePosts bool // whether Event effects are wanted for messages, too
	MayRead      bool // whether whoever looks after the room may read along
}

// Limits are a room's limits. 0 means none for Clients, NameNanos, NamesTried and
// MessageRate.
type Limits struct {
	Clients      int   // connected at once, with a name or without
	NameNanos    int64 // to find a name
	NamesTried   int   // names refused before the connection is closed
	MessageRate  int   // messages a second
	MessageBurst int   // messages at once
	MessageLines int   // lines of one message
	FloodNanos   int64 // over the rate without a pause
	Mentions     int   // people that one message mentions
	Pending      int   // messages that wait for a verdict
	Bans         int   // names and addresses kept out
	Mutes        int   // names muted
}

// Room is the state machine. Its zero value is of no use; New makes one.
type Room struct {
	cfg     Config
	now     Now
	today   screen.Date
	closing bool

	members    map[ID]*member
	order      []*member          // by ID
	byName     map[string]*member // by folded name, names held for somebody included
	bySkeleton map[string]*member // by each form of a name's skeleton, likewise
	present    []*member          // by folded name
	timers     timers
	filter     mentionFilter

	requests uint64 // asked so far
	posts    uint64 // messages so far, which numbers them
	names    asks
	calls    asks
	pending  pendingQueue

	bans, mutes sanctions
	countdown   countdown
	counts      Counts

	out     []Effect
	stage   stage
	history history

	text, folded, who []byte // scratch
	mentioned         []mention
}

// New makes an empty room.
func New(cfg Config) *Room {
	r := &Room{cfg: cfg, members: map[ID]*member{}, byName: map[string]*member{}, bySkeleton: map[string]*member{}}
	r.history.limit(cfg.History, cfg.HistoryBytes)
	return r
}

// Step takes an event and returns what is to be done about it.
func (r *Room) Step(now Now, e Event) []Effect {
	r.out = r.out[:0]
	if r.stage.empty() {
		r.stage.reset()
	}
	r.newDay(now)
	r.now = now
	switch e.Kind {
	case Opened:
		r.opened(e.Member, e.Address)
	case Answered:
		r.answered(e)
	case Tick:
		r.tick()
	case TurnEnd:
		r.settle()
	case Announce:
		r.announce(e.Text)
	case Ban:
		r.bans.add(e.Sanction)
	case Unban:
		r.bans.lift(e.Sanction)
	case Mute:
		r.mute(e.Sanction)
	case Unmute:
		r.unmuted(r.mutes.lift(e.Sanction))
	case CountDown:
		r.countDown(e.Nanos)
	case Shutdown:
		r.closing = true
		r.countdown = countdown{}
		r.closeWhenDone()
	case Configure:
		r.configure(*e.Config)
	default:
		if m := r.members[e.Member]; m != nil {
			r.about(m, e)
		}
	}
	return r.out
}

// about takes an event that concerns a member.
func (r *Room) about(m *member, e Event) {
	switch e.Kind {
	case Received:
		r.received(m, e.Text)
	case Drained:
		m.floodSince = 0
	case Gone:
		m.gone = true
		r.leave(m, e.Reason)
	case Cut:
		r.cut(m, e.Reason)
	case Kick:
		r.kick(m, e.Text, e.Sanction)
	case Tell:
		r.tellPerson(m, e.Text)
	}
}

// received takes a string, which means what the member's state makes of it.
func (r *Room) received(m *member, s []byte) {
	switch m.state {
	case choosing:
		r.choose(m, s)
	case present:
		r.talk(m, s)
	case asking, leaving:
		// The caller broke duty 3; what such a string means cannot be known.
		panic("room: a string of a member who is held")
	}
}

// Full reports whether no more strings are to be handed over: so many messages
// wait for a verdict, or the room closes as soon as none does.
func (r *Room) Full() bool { return r.closing || r.pending.len() >= r.cfg.Limits.Pending }

// Empty reports whether nobody is connected.
func (r *Room) Empty() bool { return len(r.order) == 0 }

// Staged is how many bytes have been drawn in this turn.
func (r *Room) Staged() int { return len(r.stage.frames) }

// Never is a deadline that does not come.
const Never int64 = math.MaxInt64

// Deadline returns when Tick is wanted at the latest, in nanoseconds, or Never.
func (r *Room) Deadline() int64 {
	return min(r.timers.next(), r.names.next(), r.calls.next(), r.pending.next(),
		r.bans.next(), r.mutes.next(), r.countdown.deadline())
}

// tick does what is due.
func (r *Room) tick() {
	for r.timers.next() <= r.now.Nanos {
		m := r.timers.heap[0]
		r.timers.stop(m)
		r.due(m)
	}
	for r.names.next() <= r.now.Nanos {
		a := r.names.pop()
		if m := r.members[a.member]; m != nil && m.waitsFor == a.request {
			r.nameAnswered(m, hooks.Fail(""))
		}
	}
	for r.calls.next() <= r.now.Nanos {
		a := r.calls.pop()
		if m := r.members[a.member]; m != nil && m.waitsFor == a.request {
			r.ran(m, a, &hooks.Result{Failed: "/" + a.command + " failed: it took too long"})
		}
	}
	r.pending.expire(r.now.Nanos)
	r.postAnswered()
	r.bans.expire(r.now.Nanos)
	r.unmuted(r.mutes.expire(r.now.Nanos))
	r.counted()
}

// due does what a member's timer was for.
func (r *Room) due(m *member) {
	switch {
	case m.state == choosing || m.state == asking:
		r.cut(m, NameTimeout)
	case r.flooded(m):
		r.cut(m, Flood)
	default:
		r.release(m, heldForRate)
	}
}

// configure takes new settings. Lowered limits bind who comes later.
func (r *Room) configure(cfg Config) {
	if cfg.MayRead != r.cfg.MayRead {
		r.tellAll(mayRead[cfg.MayRead])
	}
	r.cfg = cfg
	r.history.limit(cfg.History, cfg.HistoryBytes)
}

// Configured returns the settings in force.
func (r *Room) Configured() Config { return r.cfg }
