package loop

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrStopped says that Run has ended and takes no more messages.
var ErrStopped = errors.New("the loop has stopped")

// mailbox is how goroutines outside reach the loop: a bounded queue, and a bell
// that the poller hears.
//
// No message is left lying. Who posts puts the message in first and sets rung
// afterwards, and rings if it was not set; the loop, when it hears the bell,
// silences it first, clears rung then, and counts the messages last. Both use Swap,
// which is a link of the chain that orders memory even where it changes nothing: so
// who finds rung set put its message in before the loop cleared it, and the count
// that follows sees the message; who comes later finds it clear and rings. And only
// the bell makes the loop clear rung, so whoever set it has rung by then.
type mailbox struct {
	letters chan any
	ended   chan struct{} // closed when the loop has ended
	rung    atomic.Bool
	bell    bell
	hold    sync.Mutex // who holds it may ring; the loop takes it to close the bell, never before
}

func (m *mailbox) open(capacity int) error {
	m.letters = make(chan any, capacity)
	m.ended = make(chan struct{})
	if err := m.bell.open(); err != nil {
		return fmt.Errorf("opening the mailbox: %w", err)
	}
	return nil
}

// ring wakes the loop, once for many messages.
func (m *mailbox) ring() {
	if m.rung.Swap(true) {
		return
	}
	m.hold.Lock()
	defer m.hold.Unlock()
	if !m.isEnded() { // or the descriptor may be somebody else's by now
		m.bell.ring()
	}
}

// quiet silences the bell. The messages MUST be counted after it.
func (m *mailbox) quiet() {
	m.bell.quiet()
	m.rung.Swap(false)
}

// waiting is how many messages are there.
func (m *mailbox) waiting() int { return len(m.letters) }

func (m *mailbox) isEnded() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

func (m *mailbox) close() {
	m.hold.Lock()
	defer m.hold.Unlock()
	close(m.ended)
	m.bell.close()
}

// Post gives m to the handler's Posted, on the loop's thread, from any other one.
// While the mailbox is full it blocks its caller until ctx is done; the messages
// of one goroutine keep their order. The error is ctx's, or ErrStopped. No error
// means that m is in the mailbox; who needs an answer waits for Done as well, for
// the loop may stop before it comes to m.
func (l *Loop) Post(ctx context.Context, m any) error {
	if l.mail.isEnded() {
		return ErrStopped
	}
	select {
	case l.mail.letters <- m:
		l.mail.ring()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.mail.ended:
		return ErrStopped
	}
}

// TryPost is Post that never blocks: false says that the mailbox is full or the
// loop has ended. A handler may call it, too.
func (l *Loop) TryPost(m any) bool {
	if l.mail.isEnded() {
		return false
	}
	select {
	case l.mail.letters <- m:
		l.mail.ring()
		return true
	default:
		return false
	}
}

// Done is closed when Run has ended.
func (l *Loop) Done() <-chan struct{} { return l.mail.ended }
