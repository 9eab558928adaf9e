// Package loop is one thread that waits for everything: it accepts connections,
// reads them, says when they can be written again, keeps deadlines, and takes
// what goroutines outside post to it. It hands bytes to a Handler and takes
// bytes from it. It must not know what a message is, who is at the other end, or
// why a connection ends.
//
// The duties of a Handler:
//
//  1. Its methods run on the loop's thread and MUST NOT block. They MUST NOT call
//     Post, which may wait for the loop itself; TryPost is for them.
//  2. The bytes that Received is given are the loop's own and gone when it
//     returns.
//  3. It writes when it likes, best of all in EndTurn, so that all that one turn
//     produced leaves in one write. Where Write took less than everything, it
//     calls WantWrite(true) and goes on in Writable; WantWrite(false) MUST follow
//     when nothing is left, or Writable is called in every turn.
//  4. Where Wants says no, the next turn comes at once and asks again: it MUST
//     say yes when EndTurn has made room, or the loop goes round in vain.
//  5. A connection ends once: by Close, by Finish, or by Gone. After that no
//     method is called for it, and nothing but ID and Owner means anything. In
//     Gone and until the turn ends, Write still works (who closed only one
//     direction still reads), and Finish makes last words of what is left.
//  6. Deadlines belong to it: EndTurn returns the nearest one, and MUST compare
//     now itself, for a turn may come earlier for any other reason.
//  7. It calls Stop, and Run returns after that turn. Who wants the last words of
//     everyone to arrive waits until Stats().Lingering is 0 first; a turn comes
//     when that happens.
package loop

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// maxWaitMillis keeps the time to wait within what every poller takes, 32 bits.
const maxWaitMillis = 1 << 30

// Loop is one thread's worth of connections. All its methods but Post, TryPost
// and Done belong to that thread.
type Loop struct {
	handler Handler
	config  Config
	poller  poller
	mail    mailbox

	conns     []*Conn // by descriptor; nil where it is not a connection's
	listeners []*listener
	spare     int   // a descriptor kept for the day there is none; -1 for none
	retryAt   int64 // when resting listeners are tried again, or Never
	lingerers lingerers

	ready   []event // what the poller found
	resume  int     // the first descriptor that the last turn left unread, or -1
	changed []*Conn // whose interest may differ from what the poller knows
	ended   []*Conn // to be closed at the end of the turn
	finish  []*Conn // whose last words begin at the end of the turn
	failed  []failure

	buf    []byte // what one read returns
	out    vector
	lastID uint64
	stats  Stats

	start   time.Time
	now     int64
	used    int64 // the thread's CPU time at the end of the last turn
	next    int64 // the handler's deadline
	again   bool  // the next turn comes at once
	full    bool  // the handler wants no more in this turn
	freed   bool  // a descriptor was freed
	stopped bool
}

// failure is a connection that the poller would not take.
type failure struct {
	conn  *Conn
	cause error
}

// New makes a loop. It takes c.Listeners over, unless it fails. Run MUST be
// called, for it closes what New opened; who changed his mind calls Stop before.
func New(h Handler, c Config) (*Loop, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	l := &Loop{
		handler: h, config: c, start: time.Now(),
		spare: -1, resume: -1, retryAt: Never,
		buf: make([]byte, c.ReadBytes),
	}
	var err error
	if l.poller, err = newPoller(c.Kind); err != nil {
		return nil, err
	}
	if err = l.mail.open(c.Mailbox); err != nil {
		l.poller.close()
		return nil, err
	}
	if err = l.openRest(); err != nil {
		l.mail.close()
		l.poller.close()
		if l.spare >= 0 {
			unix.Close(l.spare)
		}
		return nil, err
	}
	return l, nil
}

// openRest opens the spare and puts what is there from the start into the poller.
func (l *Loop) openRest() error {
	if err := l.openSpare(); err != nil {
		return fmt.Errorf("opening a spare descriptor: %w", err)
	}
	if err := l.poller.set(l.mail.bell.fd(), 0, readable); err != nil {
		return fmt.Errorf("polling the mailbox: %w", err)
	}
	for _, s := range l.config.Listeners {
		if err := l.listen(s); err != nil {
			return fmt.Errorf("polling a %s listener: %w", s.Network, err)
		}
	}
	return nil
}

// Run goes round until Stop, on a thread of its own. When it returns, every
// descriptor is closed, the listeners' and the lingering ones' too. The error,
// if there is one, is the poller's.
func (l *Loop) Run() error {
	if l.poller == nil {
		return ErrStopped
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer l.end()
	l.now, l.used = l.clock(), threadTime()
	for !l.stopped {
		if err := l.turn(); err != nil {
			return err
		}
	}
	return nil
}

// turn is one turn. Nothing is closed before settle, so that no descriptor is
// used anew while events of its former owner are still to be looked at.
func (l *Loop) turn() error {
	if err := l.wait(); err != nil {
		return err
	}
	l.reportFailed()
	l.expireLingering()
	l.serveReady()
	l.acceptReady()
	l.takeMail()
	l.next = l.handler.EndTurn(l.now)
	l.settle()
	return nil
}

// wait blocks until something is ready or due, and takes the time: once before
// for the last turn's length and how long to wait, and once after for this turn.
func (l *Loop) wait() error {
	before, used := l.clock(), threadTime()
	l.stats.LongestTurnNanos = max(l.stats.LongestTurnNanos, before-l.now)
	l.stats.LongestTurnCPUNanos = max(l.stats.LongestTurnCPUNanos, used-l.used)
	l.used = used
	var err error
	l.ready, err = l.poller.wait(l.waitMillis(before), l.ready[:0])
	l.now = l.clock()
	if err != nil {
		return fmt.Errorf("waiting for events: %w", err)
	}
	l.stats.Turns++
	l.again, l.full, l.freed = false, false, false
	return nil
}

// waitMillis is how long to wait at most; -1 is for ever. It is rounded up, so
// that no deadline is met early and then waited for in ever smaller steps.
func (l *Loop) waitMillis(now int64) int {
	if l.again || l.stopped || l.mail.waiting() > 0 {
		return 0
	}
	next := min(l.next, l.retryAt, l.lingerers.deadline())
	if next == Never {
		return -1
	}
	if next <= now {
		return 0
	}
	millis := (next-now-1)/int64(time.Millisecond) + 1
	return int(min(millis, maxWaitMillis))
}

// serveReady reads and writes what the poller found, and notes the listeners.
func (l *Loop) serveReady() {
	first := l.firstReady()
	for i := range l.ready {
		at := first + i
		if at >= len(l.ready) {
			at -= len(l.ready)
		}
		e := l.ready[at]
		c := l.conn(int(e.fd))
		switch {
		case c == nil:
			l.serveOther(e)
		case c.state == open:
			l.serve(c, e.is)
		case c.state == lingering:
			l.lingerOn(c)
		}
	}
}

// firstReady is where in the ready list the turn begins: with the one that the
// last turn left unread. Pollers list what stays ready in the same order again,
// so everyone has a turn before anyone has a second one.
func (l *Loop) firstReady() int {
	fd := l.resume
	l.resume = -1
	if fd < 0 {
		return 0
	}
	for i := range l.ready {
		if int(l.ready[i].fd) == fd {
			return i
		}
	}
	return 0
}

// serve reads c once and tells that it can be written. The interest counts that
// c has now; what the poller knew when it waited may be outdated.
func (l *Loop) serve(c *Conn, is interest) {
	if is&broken != 0 {
		if c.want == 0 {
			return
		}
		if c.want&readable == 0 {
			l.gone(c, socketError(int(c.fd)))
			return
		}
		is |= readable // the read reports what broke, after what came before
	}
	if is&c.want&readable != 0 {
		l.read(c)
	}
	if c.state == open && is&c.want&writable != 0 {
		l.handler.Writable(c)
	}
}

// read reads c once, or leaves it to the next turn.
func (l *Loop) read(c *Conn) {
	if l.full = l.full || !l.handler.Wants(); l.full {
		if l.resume < 0 {
			l.resume = int(c.fd)
		}
		l.again = true
		return
	}
	n, err := read(int(c.fd), l.buf[:c.readBytes])
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		l.gone(c, err)
	case n == 0:
		l.gone(c, io.EOF)
	default:
		l.handler.Received(c, l.buf[:n])
	}
}

// serveOther notes what is ready and is no connection. A descriptor that is
// nobody's was closed by the turn before.
func (l *Loop) serveOther(e event) {
	if int(e.fd) == l.mail.bell.fd() {
		l.stats.Wakeups++
		l.mail.quiet()
		return
	}
	for _, s := range l.listeners {
		if s.fd == int(e.fd) {
			s.ready = true
		}
	}
}

// mailNanos is how long the mailbox may take of a turn. What is left then waits for
// the next one, after everyone has been written to.
const mailNanos = int64(2 * time.Millisecond)

// takeMail hands over the messages that are there now, as far as there is time.
// What is posted meanwhile is the next turn's, or those who post could hold the
// loop.
func (l *Loop) takeMail() {
	end := l.clock() + mailNanos
	for range l.mail.waiting() {
		l.handler.Posted(<-l.mail.letters)
		if l.clock() >= end {
			return
		}
	}
}

// gone ends c for the handler.
func (l *Loop) gone(c *Conn, cause error) {
	c.state = gone
	l.ended = append(l.ended, c)
	l.handler.Gone(c, cause)
}

// reportFailed ends those that the poller would not take in the last turn.
func (l *Loop) reportFailed() {
	for _, f := range l.failed {
		switch f.conn.state {
		case open:
			l.gone(f.conn, f.cause)
		case lingering:
			f.conn.Close()
		}
	}
	clear(l.failed)
	l.failed = l.failed[:0]
}

// settle does what was put off to the end of the turn.
func (l *Loop) settle() {
	busy := l.lingerers.count
	l.beginFinishing()
	l.evictLingering()
	if busy > 0 && l.lingerers.count == 0 {
		l.again = true // the handler may be waiting for just this
	}
	for _, c := range l.ended {
		if c.state == gone || c.state == closing {
			l.release(c)
		}
	}
	clear(l.ended)
	l.ended = l.ended[:0]
	l.rearm()
	if l.freed && l.retryAt != Never {
		l.resumeAccepting()
	}
}

// rearm tells the poller whose interest changed, once however often it did.
func (l *Loop) rearm() {
	for _, c := range l.changed {
		c.changed = false
		if c.state == closed || c.want == c.armed {
			continue
		}
		if err := l.poller.set(int(c.fd), c.armed, c.want); err != nil {
			l.failed = append(l.failed, failure{c, fmt.Errorf("polling: %w", err)})
			l.again = true
			continue
		}
		c.armed = c.want
	}
	clear(l.changed)
	l.changed = l.changed[:0]
}

// end closes everything.
func (l *Loop) end() {
	l.StopAccepting()
	for _, c := range l.conns {
		if c != nil {
			l.release(c)
		}
	}
	if l.spare >= 0 {
		unix.Close(l.spare)
	}
	l.poller.close()
	l.poller = nil
	l.mail.close()
}

// Stop lets Run return after this turn.
func (l *Loop) Stop() { l.stopped = true }

// Now is the time of this turn in nanoseconds since New, which no change of the
// wall clock moves.
func (l *Loop) Now() int64 { return l.now }

// Stats returns what the loop has counted.
func (l *Loop) Stats() Stats {
	s := l.stats
	s.Lingering = l.lingerers.count
	return s
}

func (l *Loop) clock() int64 { return int64(time.Since(l.start)) }

// threadTime is the CPU time that this thread has used, or 0 where nobody knows.
func threadTime() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return t.Nano()
}
