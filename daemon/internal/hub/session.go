package hub

import (
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/transcript"
	"famchat/protocol"
)

// Session is one connection and what the hub keeps of it.
type Session struct {
	conn   Conn
	id     room.ID
	cursor transcript.Cursor
	rest   []byte // bytes that have come and mean nothing yet
	lag    *lag   // while it is far behind
	words  []byte // its last, while it is closing

	frameBy      int64 // when the string that it has begun is to be whole
	older, newer *Session
	closeBy      int64
	lastPost     int64 // when it last sent a string
	readBytes    int32

	attached, held, parked, stalled, dirty, blocked, cut, closing, ended bool
}

// ID is the room's ID of the session.
func (s *Session) ID() room.ID { return s.id }

// Conn is the connection.
func (s *Session) Conn() Conn { return s.conn }

// Ending reports whether Outside.Ended has been called for the session, or is about to
// be.
func (s *Session) Ending() bool { return s.cut || s.closing || s.ended }

// Open takes a new connection. IDs only grow.
// address is where it is from, as far as bans know addresses.
func (h *Hub) Open(id room.ID, c Conn, address string) *Session {
	s := &Session{conn: c, id: id, readBytes: minReadBytes, lastPost: -progressNanos}
	c.SetReadBytes(minReadBytes)
	h.sessions[id] = s
	h.order = append(h.order, s)
	h.Step(room.Event{Kind: room.Opened, Member: id, Address: address})
	return s
}

// Find returns the session of an ID, or nil.
func (h *Hub) Find(id room.ID) *Session { return h.sessions[id] }

// Backlog is how many bytes wait for a session.
func (h *Hub) Backlog(s *Session) int64 {
	return h.log.Behind(&s.cursor) + int64(s.cursor.OwnBytes())
}

// Wants reports whether more may be read in this turn: it appends at most a
// quarter of the backlog, and who was left over from the last one comes first.
func (h *Hub) Wants() bool { return len(h.parked) == 0 && h.roomLeft() }

func (h *Hub) roomLeft() bool {
	return int64(h.appended+h.room.Staged()) < h.cfg.BacklogBytes/4
}

// Received takes bytes that have come. b is used during the call only.
func (h *Hub) Received(s *Session, b []byte) {
	h.stats.BytesRead += uint64(len(b))
	if s.ended || s.closing {
		return
	}
	used := len(b) == int(s.readBytes)
	if len(s.rest) > 0 {
		h.join = append(append(h.join[:0], s.rest...), b...)
		b = h.join
	}
	h.consume(s, b)
	if used && !s.held && s.readBytes < maxReadBytes && !s.ended {
		s.setReadBytes(min(2*s.readBytes, maxReadBytes))
	}
}

// consume hands the strings in b to the room, as long as it takes them, and keeps
// what is left.
func (h *Hub) consume(s *Session, b []byte) {
	for !s.held && !s.closing && !s.ended {
		text, rest, ok, err := protocol.Cut(b)
		if err != nil {
			h.cut(s, room.TooLong)
			return
		}
		if !ok {
			break
		}
		if !h.takes(s) {
			break
		}
		b = rest
		h.partial.remove(s)
		s.lastPost = h.now.Nanos
		h.Step(room.Event{Kind: room.Received, Member: s.id, Text: text})
	}
	if s.closing || s.ended {
		return
	}
	s.keep(b)
	if s.held || s.parked || s.stalled {
		h.partial.remove(s) // its next bytes wait for us, not for it
	}
	switch {
	case s.held:
		s.setReadBytes(minReadBytes)
		if len(b) == 0 && s.conn.Unread() == 0 {
			h.Step(room.Event{Kind: room.Drained, Member: s.id})
		}
	case len(b) > 0 && !s.parked && !s.stalled && s.frameBy == 0 && h.cfg.FrameNanos > 0:
		// The deadline of a string that had begun before stays where it is.
		s.frameBy = h.now.Nanos + h.cfg.FrameNanos
		h.partial.add(s)
	}
}

// takes reports whether a session's next string may be handed over now. If not,
// the session is put where it waits.
func (h *Hub) takes(s *Session) bool {
	switch {
	case h.room.Full() || h.congested && h.now.Nanos-s.lastPost < progressNanos:
		s.stalled = true
		h.stalled = append(h.stalled, s)
		s.conn.WantRead(false)
		return false
	case !h.roomLeft():
		h.park(s)
		s.conn.WantRead(false)
		return false
	}
	return true
}

// park puts a session where it waits for the end of the turn.
func (h *Hub) park(s *Session) {
	if !s.parked && !s.stalled && !s.closing {
		s.parked = true
		h.parked = append(h.parked, s)
	}
}

// unpark goes on with those that the last turn, or what they waited for, left
// over.
func (h *Hub) unpark() {
	waiting := h.parked
	h.parked = h.spare[:0]
	h.spare = waiting
	for i, s := range waiting {
		if !h.roomLeft() {
			h.parked = append(h.parked, waiting[i:]...)
			return
		}
		s.parked = false
		if s.ended || s.closing || s.held {
			continue
		}
		h.consume(s, s.rest)
		if !s.held && !s.parked && !s.stalled && !s.closing && !s.ended {
			s.conn.WantRead(true)
		}
	}
}

// unstall lets those go on who waited for the room or for a reader.
func (h *Hub) unstall() {
	if len(h.stalled) == 0 || h.congested || h.room.Full() {
		return
	}
	for _, s := range h.stalled {
		s.stalled = false
		h.park(s)
	}
	h.stalled = h.stalled[:0]
}

// keep keeps bytes for later.
func (s *Session) keep(b []byte) {
	if len(b) == 0 {
		s.rest = nil
		return
	}
	s.rest = append(s.rest[:0], b...)
}

func (s *Session) setReadBytes(n int32) {
	if n != s.readBytes {
		s.readBytes = n
		s.conn.SetReadBytes(int(n))
	}
}

// Gone takes the end of a connection, which says why: room.Lost or room.Failed.
func (h *Hub) Gone(s *Session, why room.Reason) {
	if s.ended {
		return
	}
	if !s.closing {
		h.outside.Ended(s.id, why)
		h.stats.Ended[why]++
		h.Step(room.Event{Kind: room.Gone, Member: s.id, Reason: why})
	}
	h.end(s)
}

// cut closes a session that broke a limit; it is told why.
func (h *Hub) cut(s *Session, why room.Reason) {
	if !s.cut && !s.closing && !s.ended {
		h.Step(room.Event{Kind: room.Cut, Member: s.id, Reason: why})
		// Its last words come out with the turn; until then nothing of it counts.
		s.cut, s.held = true, true
		s.conn.WantRead(false)
	}
}

// close closes a session: at once where it does not read, else when it has read
// everything.
func (h *Hub) close(s *Session, e *room.Effect) {
	h.outside.Ended(s.id, e.Reason)
	h.stats.Ended[e.Reason]++
	switch e.Reason {
	case room.SlowReader, room.Lagging, room.OwnBacklog, room.OwnTotal:
		s.words = e.Frames
		h.letGo(s)
		return
	}
	s.words = append(s.words, e.Frames...)
	h.log.Detach(&s.cursor)
	h.partial.remove(s)
	s.closing = true
	s.closeBy = h.now.Nanos + h.cfg.CloseNanos
	if h.graceBy > 0 {
		s.closeBy = h.graceBy
	}
	h.closing = append(h.closing, s)
	s.conn.WantRead(false)
	h.soil(s)
}

// letGo ends a session that has not read everything: what it has half read, and
// its last words, are all that it still gets.
func (h *Hub) letGo(s *Session) {
	h.last = append(h.log.HalfSent(&s.cursor, h.last[:0]), s.words...)
	s.conn.Finish(h.last)
	h.end(s)
}

// end forgets a session whose connection has been ended.
func (h *Hub) end(s *Session) {
	if s.ended {
		return
	}
	s.ended, h.ended = true, true
	h.partial.remove(s)
	h.log.Drop(&s.cursor)
	s.rest, s.lag, s.words = nil, nil, nil
	delete(h.sessions, s.id)
}

// timeouts are the sessions that have begun a string, the oldest first: as all
// have the same time, that is the order in which it ends.
type timeouts struct{ oldest, newest *Session }

// next is when the oldest string is to be whole, or room.Never.
func (t *timeouts) next() int64 {
	if t.oldest == nil {
		return room.Never
	}
	return t.oldest.frameBy
}

func (t *timeouts) add(s *Session) {
	s.older = t.newest
	if t.newest != nil {
		t.newest.newer = s
	} else {
		t.oldest = s
	}
	t.newest = s
}

func (t *timeouts) remove(s *Session) {
	if s.frameBy == 0 {
		return
	}
	if s.older != nil {
		s.older.newer = s.newer
	} else {
		t.oldest = s.newer
	}
	if s.newer != nil {
		s.newer.older = s.older
	} else {
		t.newest = s.older
	}
	s.older, s.newer, s.frameBy = nil, nil, 0
}
