// Package hub joins a room, a transcript and connections: bytes become the
// room's events, and its effects become bytes. It decides who is read and who is
// too far behind. It knows nothing of what the room says, nor of sockets, threads
// and clocks: connections are an interface and time is given to it, so that a
// simulator can drive all of it.
//
// The caller's duties:
//
//  1. One goroutine calls its methods, and SetNow first in every turn.
//  2. Each turn ends with EndTurn, which returns when the next is wanted.
//  3. A connection that has been given to Finish or Close is not mentioned again,
//     nor is one after Gone.
package hub

import (
	"slices"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/transcript"
	"famchat/protocol"
)

// Conn is a connection. None of its methods blocks.
type Conn interface {
	// Write writes what the peer takes now. Fewer bytes than all and no error
	// means that it takes no more.
	Write(bufs [][]byte) (n int, err error)
	// WantRead and WantWrite say what is to be reported.
	WantRead(bool)
	WantWrite(bool)
	// SetReadBytes sets how much is read at once.
	SetReadBytes(n int)
	// Unread is how many bytes have come and have not been read.
	Unread() int
	// Finish ends the connection with last words.
	Finish(last []byte)
	// Close ends it without.
	Close()
}

// Outside is who answers for what is not the hub's own. Its methods MUST NOT
// block.
type Outside interface {
	AskName(request uint64, n hooks.NameRequest)
	AskMessage(request uint64, m *hooks.Message)
	AskCommand(request uint64, c *hooks.Call)
	Happened(e *hooks.Event)
	// CountedDown says that a countdown is over.
	CountedDown()
	// Ended says that a connection has ended, whether it had a name or not.
	Ended(id room.ID, why room.Reason)
}

// Config are a hub's limits. Times are in nanoseconds; FrameNanos may be 0, for
// none.
type Config struct {
	BacklogBytes    int64 // how far a member may be behind
	LaggingNanos    int64 // and for how long by more than half of it
	OwnBacklogBytes int64 // how much of its own may wait for one
	OwnTotalBytes   int64 // and for all together
	FrameNanos      int64 // to finish a string that has begun
	CloseNanos      int64 // to read what was sent before the connection is closed
}

const (
	// minReadBytes and maxReadBytes bound what is read from a member at once: it
	// begins with the first, doubles as long as it is used up, and falls back
	// when the member is held, so that little is kept of who sends too much.
	minReadBytes = 2 * protocol.MaxFrame
	maxReadBytes = 64 << 10
	// maxBuffers is how many slices one write takes.
	maxBuffers = 1024
	// A member takes notice of the backlog's half while it takes so much in such
	// a time; then those who post wait for it.
	progressBytes = 64 << 10
	progressNanos = 1_000_000_000
	// Who came and who left is written to everyone with the next message, or at
	// the latest so long after everyone was last written to, for each who is
	// connected: a rush would take all the time from those who talk otherwise.
	noticeNanos    = 20_000
	maxNoticeNanos = 100_000_000
)

// Hub is the room with its connections. New makes one.
type Hub struct {
	cfg     Config
	room    *room.Room
	log     *transcript.Log
	outside Outside
	now     room.Now

	sessions map[room.ID]*Session
	order    []*Session // by ID; those that have ended go at the end of the turn
	dirty    []*Session // have something of their own to read
	blocked  []*Session // take no more at present
	parked   []*Session // have strings that no turn had room for
	spare    []*Session // parked's other half
	stalled  []*Session // have strings that wait until the room or a reader is ready
	closing  []*Session // are to be closed when they have read everything
	partial  timeouts   // have begun a string

	ended     bool   // there are ended ones in order
	congested bool   // a reader that takes its time is far behind
	flushed   uint64 // up to where everyone has been offered the log
	flushedAt int64  // when that was
	urgent    bool   // what was appended since does not wait
	appended  int    // to the log, in this turn
	graceBy   int64  // when the last connection is closed, after Shutdown

	iov  [][]byte
	join []byte
	last []byte

	stats Stats
}

// Stats counts what the hub did.
type Stats struct {
	BytesRead    uint64
	BytesWritten uint64
	BacklogBytes int64      // that wait for all together
	Ended        [32]uint64 // connections, by room.Reason
}

// New makes a hub.
func New(r *room.Room, cfg Config, outside Outside) *Hub {
	return &Hub{
		cfg: cfg, room: r, outside: outside,
		log:      transcript.New(2 * cfg.BacklogBytes),
		sessions: map[room.ID]*Session{},
		iov:      make([][]byte, 0, maxBuffers),
	}
}

// SetNow says what time it is in this turn.
func (h *Hub) SetNow(now room.Now) { h.now = now }

// Configure takes new limits; the length of the ring stays.
func (h *Hub) Configure(cfg Config, c room.Config) {
	cfg.BacklogBytes = min(cfg.BacklogBytes, h.log.Bytes()/2)
	h.cfg = cfg
	h.Step(room.Event{Kind: room.Configure, Config: &c})
}

// Room is the room, for asking; events go through Step.
func (h *Hub) Room() *room.Room { return h.room }

// Stats returns what has been counted. Who takes what is written has no backlog to
// speak of.
func (h *Hub) Stats() Stats {
	stats := h.stats
	stats.BacklogBytes = h.log.OwnBytes()
	for _, s := range h.blocked {
		if !s.ended {
			stats.BacklogBytes += h.log.Behind(&s.cursor)
		}
	}
	return stats
}

// Empty reports whether nobody is connected.
func (h *Hub) Empty() bool { return len(h.sessions) == 0 }

// Step gives the room an event that is not about a connection's bytes.
func (h *Hub) Step(e room.Event) {
	effects := h.room.Step(h.now, e)
	for i := range effects {
		h.apply(&effects[i])
	}
}

// Shutdown closes the room: everyone reads a goodbye, and has until by to read
// what came before.
func (h *Hub) Shutdown(by int64) {
	h.graceBy = by
	h.Step(room.Event{Kind: room.Shutdown})
}

// apply carries out an effect.
func (h *Hub) apply(e *room.Effect) {
	switch e.Kind {
	case room.ToAll:
		h.log.Append(e.Frames)
		h.appended += len(e.Frames)
		h.urgent = h.urgent || !e.Waits
		return
	case room.AskName:
		h.outside.AskName(e.Request, e.Name)
		return
	case room.AskMessage:
		h.outside.AskMessage(e.Request, e.Message)
		return
	case room.AskCommand:
		h.outside.AskCommand(e.Request, e.Call)
		return
	case room.Happened:
		h.outside.Happened(e.Event)
		return
	case room.CountedDown:
		h.outside.CountedDown()
		return
	}
	s := h.sessions[e.Member]
	if s == nil {
		return // it has ended since
	}
	switch e.Kind {
	case room.ToOne:
		h.log.Own(&s.cursor, e.Frames, e.Skip)
		h.soil(s)
	case room.Attach:
		h.log.Attach(&s.cursor)
		s.attached = true
	case room.Close:
		h.close(s, e)
	case room.Hold:
		s.held = true
		s.conn.WantRead(false)
	case room.Resume:
		s.held = false
		h.park(s)
	}
}

// EndTurn ends a turn: what is due is done, everyone is told, and written to. It
// returns when the next turn is wanted at the latest, in nanoseconds.
func (h *Hub) EndTurn() (next int64) {
	h.expire()
	h.unpark()
	for {
		h.Step(room.Event{Kind: room.TurnEnd})
		h.flush()
		h.weigh()
		// Who was lost in writing, or cut off, the others are told of at once.
		if h.room.Settled() {
			break
		}
	}
	h.appended = 0
	h.unstall()
	h.sweep()
	return h.deadline()
}

// deadline is when the next turn is wanted at the latest.
func (h *Hub) deadline() int64 {
	if len(h.parked) > 0 {
		return 0
	}
	next := min(h.room.Deadline(), h.partial.next())
	if h.log.End() != h.flushed {
		next = min(next, h.noticeBy())
	}
	if len(h.closing) > 0 {
		next = min(next, h.closing[0].closeBy)
	}
	for _, s := range h.blocked {
		if s.lag != nil {
			next = min(next, s.lag.since+h.cfg.LaggingNanos)
			if by := s.lag.progressAt + progressNanos; by > h.now.Nanos {
				next = min(next, by)
			}
		}
	}
	return next
}

// expire does what is due.
func (h *Hub) expire() {
	if h.room.Deadline() <= h.now.Nanos {
		h.Step(room.Event{Kind: room.Tick})
	}
	for h.partial.next() <= h.now.Nanos {
		s := h.partial.oldest
		h.partial.remove(s)
		h.cut(s, room.Timeout)
	}
	for len(h.closing) > 0 && h.closing[0].closeBy <= h.now.Nanos {
		s := h.closing[0]
		h.closing = h.closing[1:]
		if !s.ended {
			h.letGo(s)
		}
	}
}

// sweep forgets those who have ended.
func (h *Hub) sweep() {
	if !h.ended {
		return
	}
	h.ended = false
	gone := func(s *Session) bool { return s.ended }
	h.order = slices.DeleteFunc(h.order, gone)
	h.blocked = slices.DeleteFunc(h.blocked, gone)
	h.stalled = slices.DeleteFunc(h.stalled, gone)
	h.parked = slices.DeleteFunc(h.parked, gone)
	h.closing = slices.DeleteFunc(h.closing, gone)
}
