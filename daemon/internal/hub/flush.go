package hub

import "famchat/daemon/internal/room"

// lag is kept of a session that is behind by more than half the backlog.
type lag struct {
	since      int64 // when that began
	countedAt  int64 // since when took is counted
	took       int
	progressAt int64 // when it last had taken enough to be waited for
}

// soil notes that a session has something of its own to read.
func (h *Hub) soil(s *Session) {
	if !s.dirty {
		s.dirty = true
		h.dirty = append(h.dirty, s)
	}
}

// flush offers what is new to everyone who takes more: to all where the log has
// grown by what does not wait, else to those who have something of their own.
func (h *Hub) flush() {
	if h.due() {
		h.flushed, h.flushedAt, h.urgent = h.log.End(), h.now.Nanos, false
		for _, s := range h.order {
			if (s.attached || s.dirty) && !s.blocked && !s.ended {
				h.write(s)
			}
		}
	} else {
		for _, s := range h.dirty {
			if !s.blocked && !s.ended {
				h.write(s)
			}
		}
	}
	for _, s := range h.dirty {
		s.dirty = false
	}
	clear(h.dirty)
	h.dirty = h.dirty[:0]
}

// due reports whether everyone is to be offered the log.
func (h *Hub) due() bool {
	unread := h.log.End() - h.flushed
	return unread > 0 && (h.urgent || h.now.Nanos >= h.noticeBy() || unread > uint64(h.cfg.BacklogBytes/4))
}

// noticeBy is when what waits for the next message waits no longer.
func (h *Hub) noticeBy() int64 {
	return h.flushedAt + min(maxNoticeNanos, noticeNanos*int64(len(h.order)))
}

// Writable goes on with a session that took no more before.
func (h *Hub) Writable(s *Session) {
	if s.blocked && !s.ended {
		h.write(s)
	}
}

// write writes what a session has to read, as far as it takes it.
func (h *Hub) write(s *Session) {
	for {
		h.iov = h.log.Pending(&s.cursor, h.iov[:0], maxBuffers)
		if len(h.iov) == 0 {
			h.block(s, false)
			if s.closing {
				h.letGo(s)
			}
			return
		}
		want := 0
		for _, b := range h.iov {
			want += len(b)
		}
		n, err := s.conn.Write(h.iov)
		if err != nil {
			s.conn.Close()
			h.Gone(s, room.Failed)
			return
		}
		h.stats.BytesWritten += uint64(n)
		h.log.Sent(&s.cursor, n)
		if s.lag != nil {
			s.lag.count(n, h.now.Nanos)
		}
		if n < want {
			h.block(s, true)
			return
		}
	}
}

// block notes whether a session takes no more.
func (h *Hub) block(s *Session, blocked bool) {
	if s.blocked == blocked {
		return
	}
	s.blocked = blocked
	s.conn.WantWrite(blocked)
	if blocked {
		h.blocked = append(h.blocked, s)
	}
}

// count notes what a session has taken.
func (l *lag) count(n int, now int64) {
	if now-l.countedAt > progressNanos {
		l.countedAt, l.took = now, 0
	}
	if l.took += n; l.took >= progressBytes {
		l.countedAt, l.took, l.progressAt = now, 0, now
	}
}

// weigh cuts off who is too far behind, and finds out whether those who post are
// to wait for somebody.
func (h *Hub) weigh() {
	h.congested = false
	kept := h.blocked[:0]
	for _, s := range h.blocked {
		if !s.blocked || s.ended {
			s.lag = nil
			continue
		}
		kept = append(kept, s)
		h.weighOne(s)
	}
	clear(h.blocked[len(kept):])
	h.blocked = kept
	h.weighTogether()
}

// weighOne looks at a session that takes no more.
func (h *Hub) weighOne(s *Session) {
	behind := h.log.Age(&s.cursor)
	switch {
	case behind > h.cfg.BacklogBytes:
		h.drop(s, room.SlowReader)
		return
	case int64(s.cursor.OwnBytes()) > h.cfg.OwnBacklogBytes:
		h.drop(s, room.OwnBacklog)
		return
	case behind <= h.cfg.BacklogBytes/2:
		s.lag = nil
		return
	}
	now := h.now.Nanos
	if s.lag == nil {
		// What it took before was not counted: it is waited for at first.
		s.lag = &lag{since: now, countedAt: now, progressAt: now}
	}
	if now >= s.lag.since+h.cfg.LaggingNanos {
		h.drop(s, room.Lagging)
		return
	}
	if now < s.lag.progressAt+progressNanos {
		h.congested = true
	}
}

// drop cuts off a session that does not read. One that is being closed already is
// let go with the last words it has.
func (h *Hub) drop(s *Session, why room.Reason) {
	if s.closing {
		h.letGo(s)
		return
	}
	h.cut(s, why)
}

// weighTogether cuts off those who have the most of their own to read, until all
// together have little enough.
func (h *Hub) weighTogether() {
	for over := h.log.OwnBytes() - h.cfg.OwnTotalBytes; over > 0; {
		var largest *Session
		for _, s := range h.blocked {
			if !s.ended && !s.cut && (largest == nil || s.cursor.OwnBytes() > largest.cursor.OwnBytes()) {
				largest = s
			}
		}
		if largest == nil {
			return
		}
		over -= int64(largest.cursor.OwnBytes())
		h.drop(largest, room.OwnTotal)
	}
}
