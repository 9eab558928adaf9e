package transcript

// Cursor is one reader's place in a log. The zero value reads nothing of the
// log, only what is its own, until it is attached.
type Cursor struct {
	at       uint64 // the offset of the next byte of the log to send
	until    uint64 // where reading ends; see Detach
	attached bool
	queue    *queue // what is its own, or nil
}

// queue is what a cursor holds of its own.
type queue struct {
	splices []splice
	head    int    // the first of splices that is still needed
	own     []byte // the splices' bytes, one after the other
	from    int    // where the first splice's bytes begin in own
	sent    int    // how many of the first splice's bytes are sent
}

// splice replaces skip bytes of the log at offset at by the next n bytes of own.
type splice struct {
	at      uint64
	skip, n int
}

const (
	// mergeBytes is how long a splice may be for what follows it to belong to it.
	// A splice is done with only as a whole: one that grew for as long as its
	// reader has not caught up would count, and keep, what was sent long ago.
	mergeBytes = 16 << 10
	// compactBytes is how much of a queue's buffer may have been sent before
	// what is left moves to its beginning.
	compactBytes = 64 << 10
	// keptBytes bounds the buffers that the log keeps for the next cursors.
	keptBytes = 4 << 20
)

// Attach makes c read what is appended from now on. It keeps what it holds of
// its own.
func (l *Log) Attach(c *Cursor) {
	c.at, c.until, c.attached = l.end, ^uint64(0), true
	if q := c.queue; q != nil {
		for i := q.head; i < len(q.splices); i++ {
			q.splices[i].at = l.end
		}
	}
}

// Detach makes c read nothing that is appended from now on. What came before and
// what is its own it still reads.
func (l *Log) Detach(c *Cursor) {
	if c.attached {
		c.until = min(c.until, l.end)
	}
}

// Own gives c frames of its own, to be read at the end of the log in place of
// the next skip bytes that will be appended: 0, or the length of that append,
// which is named once and, by a cursor that is not attached, never. frames is not
// empty.
func (l *Log) Own(c *Cursor, frames []byte, skip int) {
	q := c.queue
	if q == nil {
		q = l.newQueue()
		c.queue = q
	}
	q.own = append(q.own, frames...)
	l.ownBytes += int64(len(frames))
	at := c.at
	if c.attached {
		// The cursor is past the end where it is to skip the next append.
		at = max(at, min(l.end, c.until))
	}
	if last := len(q.splices) - 1; last >= q.head {
		// What follows the last splice without a gap belongs to it: an author
		// who posts a hundred lines in a turn has one splice.
		s := &q.splices[last]
		end := s.at + uint64(s.skip)
		if at = max(at, end); at == end && s.n < mergeBytes {
			s.skip += skip
			s.n += len(frames)
			return
		}
	}
	q.splices = append(q.splices, splice{at: at, skip: skip, n: len(frames)})
}

// Behind is how many bytes of the log c has still to read, those that its
// splices replace included.
func (l *Log) Behind(c *Cursor) int64 {
	if !c.attached {
		return 0
	}
	return max(0, int64(min(l.end, c.until)-c.at))
}

// Age is how far the log has moved on since the oldest byte that c has still to
// read of it: what the ring must hold for it. It grows for a detached cursor, too.
func (l *Log) Age(c *Cursor) int64 {
	if !c.attached || c.at >= min(l.end, c.until) {
		return 0
	}
	return int64(l.end - c.at)
}

// OwnBytes is how many bytes c holds of its own. Those of a splice it holds until
// the last of them is sent.
func (c *Cursor) OwnBytes() int {
	if c.queue == nil {
		return 0
	}
	return len(c.queue.own) - c.queue.from
}

// Pending appends to iov what c has to read next, in order, until iov has max
// slices. They are valid until the log or the cursor changes.
func (l *Log) Pending(c *Cursor, iov [][]byte, max int) [][]byte {
	at, end := c.at, l.end
	if !c.attached {
		end = at
	} else if c.until < end {
		end = c.until
	}
	if q := c.queue; q != nil {
		from, sent := q.from, q.sent
		for _, s := range q.splices[q.head:] {
			if len(iov) >= max {
				break
			}
			if at < s.at {
				iov = l.segments(iov, at, s.at)
			}
			if sent < s.n {
				iov = append(iov, q.own[from+sent:from+s.n])
			}
			from, sent, at = from+s.n, 0, s.at+uint64(s.skip)
		}
	}
	if at < end {
		iov = l.segments(iov, at, end)
	}
	return iov[:min(len(iov), max)]
}

// Sent says that n bytes of what Pending returned have been sent.
func (l *Log) Sent(c *Cursor, n int) {
	q := c.queue
	for q != nil && n > 0 {
		s := q.splices[q.head]
		if gap := int(s.at - c.at); c.at < s.at {
			step := min(gap, n)
			c.at += uint64(step)
			n -= step
			if step < gap || n == 0 {
				return
			}
		}
		step := min(s.n-q.sent, n)
		q.sent += step
		n -= step
		if q.sent < s.n {
			return
		}
		l.drop(c, s)
		q = c.queue
	}
	c.at += uint64(n)
}

// drop ends the first splice, which has been sent.
func (l *Log) drop(c *Cursor, s splice) {
	q := c.queue
	c.at = s.at + uint64(s.skip)
	q.from += s.n
	q.sent = 0
	q.head++
	l.ownBytes -= int64(s.n)
	if q.head == len(q.splices) {
		l.release(c)
	} else if q.from > len(q.own)/2 && q.from > compactBytes {
		q.own = append(q.own[:0], q.own[q.from:]...)
		q.splices = append(q.splices[:0], q.splices[q.head:]...)
		q.from, q.head = 0, 0
	}
}

// HalfSent appends to dst what is left of a frame of which c has sent a part: the
// bytes without which whatever is sent next would not be read as a frame.
func (l *Log) HalfSent(c *Cursor, dst []byte) []byte {
	if q := c.queue; q != nil && q.splices[q.head].at == c.at {
		for from, to := q.from, q.from; q.sent > 0; from = to {
			to = from + frameBytes(q.own[from:])
			if at := q.from + q.sent; at < to {
				if at > from {
					dst = append(dst, q.own[at:to]...)
				}
				break
			}
		}
		return dst
	}
	if !c.attached || c.at >= min(l.end, c.until) {
		return dst
	}
	from := l.frameStart(c.at)
	if from == c.at {
		return dst
	}
	to := from + uint64(8) + l.uint64At(from)
	for _, b := range l.segments(nil, c.at, to) {
		dst = append(dst, b...)
	}
	return dst
}

// Drop gives up what c holds; it reads nothing any more.
func (l *Log) Drop(c *Cursor) {
	l.ownBytes -= int64(c.OwnBytes())
	l.release(c)
	*c = Cursor{}
}

func (l *Log) newQueue() *queue {
	if n := len(l.free); n > 0 {
		q := l.free[n-1]
		l.free[n-1] = nil
		l.free = l.free[:n-1]
		l.freeBytes -= cap(q.own)
		return q
	}
	return new(queue)
}

// release takes the queue off c, so that who has read everything holds none.
func (l *Log) release(c *Cursor) {
	q := c.queue
	c.queue = nil
	if q == nil || l.freeBytes+cap(q.own) > keptBytes {
		return
	}
	l.freeBytes += cap(q.own)
	*q = queue{splices: q.splices[:0], own: q.own[:0]}
	l.free = append(l.free, q)
}
