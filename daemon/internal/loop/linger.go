package loop

import "golang.org/x/sys/unix"

// lastWords is what a connection still has to say, and until when it may.
type lastWords struct {
	conn         *Conn
	rest         []byte
	deadline     int64
	said         bool // all of it, and our direction is shut
	heard        bool // the peer's direction is shut
	older, newer *lastWords
}

// Finish ends c with last words: they are copied, written as the socket takes
// them, and our direction is shut behind them; what the peer still sends is read
// and thrown away until it closes, too, or Config.LingerNanos are over. To close
// at once would not do: for input that nobody read the kernel sends a reset, and
// that destroys words under way.
func (c *Conn) Finish(last []byte) {
	if c.state > gone {
		return
	}
	l := c.loop
	c.state = finishing
	c.words = &lastWords{
		conn: c, rest: append([]byte(nil), last...),
		deadline: l.now + l.config.LingerNanos,
	}
	l.lingerers.add(c.words)
	l.finish = append(l.finish, c)
}

// beginFinishing begins the last words that this turn ordered.
func (l *Loop) beginFinishing() {
	for _, c := range l.finish {
		if c.state == finishing {
			c.state = lingering
			l.lingerOn(c)
		}
	}
	clear(l.finish)
	l.finish = l.finish[:0]
}

// lingerOn says and hears what can be said and heard now, and is done with c when
// both directions are shut or one of them failed.
func (l *Loop) lingerOn(c *Conn) {
	w := c.words
	if !w.say() || !w.hear(l.buf) || w.said && w.heard {
		c.Close()
		return
	}
	var want interest
	if !w.said {
		want |= writable
	}
	if !w.heard {
		want |= readable
	}
	c.setWant(want)
}

// say writes more of the rest and shuts our direction behind it. It reports
// whether the connection still works.
func (w *lastWords) say() bool {
	fd := int(w.conn.fd)
	if len(w.rest) > 0 {
		n, err := write(fd, w.rest)
		if err != nil && err != unix.EAGAIN {
			return false
		}
		w.rest = w.rest[n:]
	}
	if len(w.rest) == 0 && !w.said {
		w.said = true
		_ = unix.Shutdown(fd, unix.SHUT_WR) // where it fails, so does the read
	}
	return true
}

// hear reads once and throws it away. It reports whether the connection still
// works.
func (w *lastWords) hear(buf []byte) bool {
	if w.heard {
		return true
	}
	n, err := read(int(w.conn.fd), buf)
	if err == unix.EAGAIN {
		return true
	}
	w.heard = err == nil && n == 0
	return err == nil
}

// expireLingering closes those whose time is over.
func (l *Loop) expireLingering() {
	for w := l.lingerers.oldest; w != nil && w.deadline <= l.now; w = l.lingerers.oldest {
		w.conn.Close()
	}
}

// evictLingering closes the oldest where there are too many.
func (l *Loop) evictLingering() {
	for l.lingerers.count > l.config.MaxLingering {
		l.lingerers.oldest.conn.Close()
	}
}

// lingerers are all last words, the oldest first: as everyone has the same time,
// that is the order in which it ends.
type lingerers struct {
	oldest, newest *lastWords
	count          int
}

// deadline is when the oldest is closed, or Never.
func (q *lingerers) deadline() int64 {
	if q.oldest == nil {
		return Never
	}
	return q.oldest.deadline
}

func (q *lingerers) add(w *lastWords) {
	w.older = q.newest
	if q.newest != nil {
		q.newest.newer = w
	} else {
		q.oldest = w
	}
	q.newest = w
	q.count++
}

func (q *lingerers) remove(w *lastWords) {
	if w.older != nil {
		w.older.newer = w.newer
	} else {
		q.oldest = w.newer
	}
	if w.newer != nil {
		w.newer.older = w.older
	} else {
		q.newest = w.older
	}
	q.count--
}
