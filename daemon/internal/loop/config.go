package loop

import (
	"fmt"
	"time"
)

// Kind is a way to wait for many descriptors.
type Kind string

const (
	Auto  Kind = "auto"  // the best there is; "" means it too
	Epoll Kind = "epoll" // Linux; a wait costs what is ready
	Poll  Kind = "poll"  // every Unix; a wait costs what is open
)

// What the zero values of a Config stand for.
const (
	DefaultReadBytes    = 64 << 10
	DefaultLingerNanos  = int64(2 * time.Second)
	DefaultMaxLingering = 1024
	DefaultMailbox      = 1024
)

// Listener is a listening socket that the loop takes over.
type Listener struct {
	FD      int
	Network string // tcp, tcp4, tcp6 or unix
}

// Config is what a loop is made with.
type Config struct {
	Kind      Kind
	Listeners []Listener

	// ReadBytes is the most that is read from one connection in a turn, and the
	// size of the one buffer it is read into.
	ReadBytes int
	// SendBufferBytes bounds what the kernel keeps for one connection
	// (SO_SNDBUF); 0 leaves it to the kernel.
	SendBufferBytes int
	// KeepaliveNanos is the silence after which a TCP peer is asked whether it is
	// there; it is given up when three questions, a third of that time apart, are
	// not answered. It is rounded up to seconds. 0 asks nobody.
	KeepaliveNanos int64
	// UserTimeoutNanos is how long bytes sent may stay unacknowledged before the
	// connection fails (TCP_USER_TIMEOUT, RFC 5482; Linux only). It is rounded up
	// to milliseconds. 0 leaves it to the kernel.
	UserTimeoutNanos int64

	// LingerNanos is how long Finish waits at most for the peer to take the last
	// words and to close.
	LingerNanos int64
	// MaxLingering is how many connections do so at once; the oldest goes first.
	MaxLingering int

	// Mailbox is how many messages wait before Post does.
	Mailbox int
	// NoDescriptors is what a newcomer reads for whom there is no descriptor; nil
	// is nothing.
	NoDescriptors []byte
}

// Validate says what is wrong with c.
func (c Config) Validate() error {
	switch c.Kind {
	case "", Auto, Epoll, Poll:
	default:
		return fmt.Errorf("event loop %q: it is auto, epoll or poll", c.Kind)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"ReadBytes", int64(c.ReadBytes)},
		{"SendBufferBytes", int64(c.SendBufferBytes)},
		{"KeepaliveNanos", c.KeepaliveNanos},
		{"UserTimeoutNanos", c.UserTimeoutNanos},
		{"LingerNanos", c.LingerNanos},
		{"MaxLingering", int64(c.MaxLingering)},
		{"Mailbox", int64(c.Mailbox)},
	} {
		if n.value < 0 {
			return fmt.Errorf("%s is %d; it cannot be negative", n.name, n.value)
		}
	}
	if c.ReadBytes > maxReadBytes {
		return fmt.Errorf("ReadBytes is %d; it is at most %d", c.ReadBytes, maxReadBytes)
	}
	for _, s := range c.Listeners {
		switch s.Network {
		case "tcp", "tcp4", "tcp6", "unix":
		default:
			return fmt.Errorf("a listener's network is %q; it is tcp, tcp4, tcp6 or unix", s.Network)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	setDefault(&c.ReadBytes, DefaultReadBytes)
	setDefault(&c.LingerNanos, DefaultLingerNanos)
	setDefault(&c.MaxLingering, DefaultMaxLingering)
	setDefault(&c.Mailbox, DefaultMailbox)
	return c
}

func setDefault[T int | int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
