package client

import (
	"net"
	"sync"

	"famchat/protocol"
)

// A link is one connection to a server, and the goroutines that serve it.
type link struct {
	conn     net.Conn
	received chan received
	// outgoing hands over a string, and written tells how that went.
	outgoing chan string
	written  chan error
	quit     chan struct{}
	pumps    sync.WaitGroup
}

// received is what came from the server: an update, or how the connection ended.
type received struct {
	update update
	err    error
}

// newLink serves conn until it is closed. So many strings wait to be taken, and
// their colours are kept where color is set. guard is deferred by its goroutines.
func newLink(conn net.Conn, waiting int, color bool, guard func()) *link {
	l := &link{
		conn:     conn,
		received: make(chan received, waiting),
		outgoing: make(chan string),
		written:  make(chan error, 1),
		quit:     make(chan struct{}),
	}
	l.pumps.Go(func() { defer guard(); l.receive(decoder{color: color}) })
	l.pumps.Go(func() { defer guard(); l.transmit() })
	return l
}

// close ends the connection and its goroutines. It may be called again.
func (l *link) close() {
	select {
	case <-l.quit:
		return
	default:
	}
	close(l.quit)
	l.conn.Close()
	l.pumps.Wait()
}

// receive hands on what the server sends until the connection ends.
func (l *link) receive(d decoder) {
	r := protocol.NewReader(l.conn)
	for {
		frame, err := r.ReadString()
		ev := received{err: err}
		if err == nil {
			ev.update = d.next(frame)
		}
		select {
		case l.received <- ev:
		case <-l.quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// transmit writes what it is handed, one string at a time, so that a server
// that does not read holds up nothing else.
func (l *link) transmit() {
	w := protocol.NewWriter(l.conn)
	for {
		select {
		case text := <-l.outgoing:
			// There is room: the next is handed over when this is known.
			err := w.WriteString(text)
			l.written <- err
			if err != nil {
				return
			}
		case <-l.quit:
			return
		}
	}
}
