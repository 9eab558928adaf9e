package loop

import "math"

// Never is the deadline that does not come.
const Never int64 = math.MaxInt64

// Handler is what the loop drives. The package comment says what it must do.
type Handler interface {
	// Opened says that a connection was accepted. It is read from now on. The
	// handler keeps c and may set c.Owner.
	Opened(c *Conn)
	// Wants says whether more may be read in this turn. What is ready otherwise
	// stays unread until the next turn, which comes at once and begins with it.
	Wants() bool
	// Received hands over what one read returned, never nothing. b is valid
	// during the call only.
	Received(c *Conn, b []byte)
	// Writable says that c, armed by WantWrite, can be written again.
	Writable(c *Conn)
	// Gone says that the peer closed its direction (cause is io.EOF) or that the
	// connection failed (cause is the error). The loop closes it at the end of
	// the turn.
	Gone(c *Conn, cause error)
	// Posted hands over a message from the mailbox.
	Posted(m any)
	// EndTurn ends a turn, after everything else and before what was put off to
	// the end of it. It returns when it wants the next turn at the latest, in
	// nanoseconds of Now; 0 is at once.
	EndTurn(now int64) (next int64)
}

// Stats counts what the loop did since New.
type Stats struct {
	Accepted         uint64 // connections handed to Opened
	Refused          uint64 // turned away because descriptors had run out
	Turns            uint64
	Wakeups          uint64 // times the mailbox woke the loop
	LongestTurnNanos int64  // from the end of one wait to the beginning of the next
	// LongestTurnCPUNanos is the most CPU time that the thread used for one and for
	// the wait before it: of a long turn less than its length, where the machine had
	// other things to do meanwhile.
	LongestTurnCPUNanos int64
	Open                int // connections open now, with the lingering ones
	Lingering           int // connections that Finish is busy with now
}
