package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/loop"
)

// Config is what a server is made of. Where a field's comment does not say what
// its zero value means, it is an error; DefaultConfig has something in each.
type Config struct {
	// Listen are the addresses to listen at, HOST:PORT or unix:PATH. A port of 0
	// is chosen by the system; Addrs tells which.
	Listen []string
	// AllowRemote must be set to listen beyond loopback: nothing is encrypted,
	// and everybody who connects may take any name.
	AllowRemote bool
	// Listeners are TCP or unix listeners to serve too. The server owns them.
	Listeners []net.Listener

	// Room is what the room is like; the zero value is DefaultRoom.
	Room Room
	// Limits are the limits; the zero value is DefaultLimits.
	Limits Limits
	// MayRead says that whoever looks after the room may read what people write.
	// Everybody reads that it is so before they say their name. Without it, Events
	// tells nobody of messages, and who is told is no more when it ends.
	MayRead bool
	// Bans and Mutes are in force from the start: what a former server's Bans and
	// Mutes returned. Those that are over are left out.
	Bans  []Ban
	Mutes []Mute
	// Hooks are the rules of the room; nil is none.
	Hooks hooks.Hooks
	// ShutdownGrace is how long queues are flushed when the server stops; 0 is
	// five seconds.
	ShutdownGrace time.Duration
	// EventLoop is "auto", "epoll" or "poll"; "" is "auto".
	EventLoop string
	// Log is where records go; nil is nowhere. It never gets what people write
	// to each other.
	Log *slog.Logger
}

// Room is what the room is like.
type Room struct {
	Name         string // what it is called: who connects reads it first
	Welcome      string // what everybody reads after joining; "" is nothing
	History      int    // how many messages those who join read; 0 is none
	HistoryBytes int64  // and how many bytes of them at most
}

// Limits are the limits of a server. Fields that say "0: none" may be zero.
type Limits struct {
	Clients      int           // connected at once. 0: none
	NameTimeout  time.Duration // to find a name. 0: none
	NamesTried   int           // names refused before the connection is closed. 0: none
	FrameTimeout time.Duration // to finish a string that has begun. 0: none
	MessageRate  int           // messages a second of one member. 0: none
	MessageBurst int           // messages at once, before the rate counts
	MessageLines int           // lines of one message
	FloodTimeout time.Duration // over the rate without a pause, before the connection is closed
	Mentions     int           // people whom one message can mention
	Pending      int           // messages that wait for a hook
	Bans         int           // names and addresses that are kept out at once
	Mutes        int           // names that are muted at once

	Backlog    int64         // bytes that a member may be behind
	Lagging    time.Duration // how long it may be behind by more than half of that
	OwnBacklog int64         // bytes of its own (private messages, answers) that may wait for one member
	OwnTotal   int64         // and for all together
	SendBuffer int64         // bytes that the kernel keeps for a connection

	Keepalive time.Duration // silence after which a peer is asked whether it is there. 0: none
	DeadPeer  time.Duration // how long what was sent may stay unacknowledged. 0: none
	Lingering int           // connections that are still being closed
	Mailbox   int           // messages to the server's thread
}

// DefaultConfig is what famchat.yaml has.
func DefaultConfig() Config {
	return Config{
		Listen:        []string{"127.0.0.1:32624"},
		Room:          DefaultRoom(),
		Limits:        DefaultLimits(),
		ShutdownGrace: 5 * time.Second,
		EventLoop:     "auto",
	}
}

// DefaultRoom is what famchat.yaml has under room.
func DefaultRoom() Room {
	return Room{Name: "Famchat", History: 50, HistoryBytes: 64 << 10}
}

// DefaultLimits is what famchat.yaml has under limits.
func DefaultLimits() Limits {
	return Limits{
		Clients: 4096, NameTimeout: 2 * time.Minute, NamesTried: 30, FrameTimeout: 30 * time.Second,
		MessageRate: 10, MessageBurst: 30, MessageLines: 100, FloodTimeout: 30 * time.Second,
		Mentions: 50, Pending: 4096, Bans: 1000, Mutes: 1000,
		Backlog: 2 << 20, Lagging: 5 * time.Second, OwnBacklog: 256 << 10, OwnTotal: 64 << 20, SendBuffer: 256 << 10,
		Keepalive: 30 * time.Second, DeadPeer: time.Minute, Lingering: 1024, Mailbox: 1024,
	}
}

// withDefaults puts what they stand for in place of zero values.
func (c Config) withDefaults() Config {
	if c.Room == (Room{}) {
		c.Room = DefaultRoom()
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	if c.ShutdownGrace == 0 {
		c.ShutdownGrace = 5 * time.Second
	}
	if c.EventLoop == "" {
		c.EventLoop = "auto"
	}
	if c.Hooks == nil {
		c.Hooks = hooks.Funcs{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// ConfigError is one thing that is wrong with a Config.
type ConfigError struct {
	Key     string // the setting as famchat.yaml names it: limits.backlog
	Message string // what it must be, and what it is
}

func (e *ConfigError) Error() string { return e.Key + ": " + e.Message }

// Setting is the key, for who says in which line of a file it stands.
func (e *ConfigError) Setting() string { return e.Key }

// The least that some limits can be: a single message must pass.
const (
	minBacklog      = 64 << 10
	minOwnBacklog   = 32 << 10
	minSendBuffer   = 4 << 10
	maxHistory      = 10_000
	maxHistoryBytes = 64 << 20
	maxBacklog      = 1 << 30
)

// Validate says what is wrong with c: a *ConfigError, or several joined.
func (c Config) Validate() error {
	c = c.withDefaults()
	var v validator
	if len(c.Listen)+len(c.Listeners) == 0 {
		v.fail("listen", "name an address to listen at, such as 127.0.0.1:32624")
	}
	for _, address := range c.Listen {
		v.address(address, c.AllowRemote)
	}
	if !printable(c.Room.Name) || len(c.Room.Name) > 200 || c.Room.Name == "" {
		v.fail("room.name", "the room needs a name, on one line of at most 200 bytes")
	}
	if len(c.Room.Welcome) > 4096 {
		v.fail("room.welcome", "at most 4096 bytes, not %d", len(c.Room.Welcome))
	}
	v.between("room.history", int64(c.Room.History), 0, maxHistory)
	v.between("room.history_bytes", c.Room.HistoryBytes, 0, maxHistoryBytes)
	v.limits(c.Limits)
	v.sanctions(c)
	if c.ShutdownGrace < 0 {
		v.fail("shutdown_grace", "a time such as 5s, not %v", c.ShutdownGrace)
	}
	if err := (loop.Config{Kind: loop.Kind(c.EventLoop)}).Validate(); err != nil {
		v.fail("event_loop", "it is auto, epoll or poll, not %q", c.EventLoop)
	}
	return errors.Join(v.errs...)
}

// validator collects what is wrong.
type validator struct{ errs []error }

func (v *validator) fail(key, format string, args ...any) {
	v.errs = append(v.errs, &ConfigError{key, fmt.Sprintf(format, args...)})
}

func (v *validator) between(key string, n, least, most int64) {
	if n < least || n > most {
		v.fail(key, "between %d and %d, not %d", least, most, n)
	}
}

func (v *validator) positive(key string, d time.Duration) {
	if d <= 0 {
		v.fail(key, "a time such as 5s, not %v", d)
	}
}

func (v *validator) noneOrMore(key string, d time.Duration) {
	if d < 0 {
		v.fail(key, "a time such as 30s, or 0 for none, not %v", d)
	}
}

func (v *validator) limits(l Limits) {
	const many = 1 << 30
	v.between("limits.clients", int64(l.Clients), 0, many)
	v.noneOrMore("limits.name_timeout", l.NameTimeout)
	v.between("limits.names_tried", int64(l.NamesTried), 0, many)
	v.noneOrMore("limits.frame_timeout", l.FrameTimeout)
	v.between("limits.message_rate", int64(l.MessageRate), 0, 1_000_000)
	v.between("limits.message_burst", int64(l.MessageBurst), 1, 1_000_000)
	v.between("limits.message_lines", int64(l.MessageLines), 1, 4096)
	v.positive("limits.flood_timeout", l.FloodTimeout)
	v.between("limits.mentions", int64(l.Mentions), 1, 1000)
	v.between("limits.pending", int64(l.Pending), 1, 1<<20)
	v.between("limits.bans", int64(l.Bans), 1, maxSanctions)
	v.between("limits.mutes", int64(l.Mutes), 1, maxSanctions)
	v.between("limits.backlog", l.Backlog, minBacklog, maxBacklog)
	v.positive("limits.lagging", l.Lagging)
	v.between("limits.own_backlog", l.OwnBacklog, minOwnBacklog, maxBacklog)
	v.between("limits.own_total", l.OwnTotal, max(l.OwnBacklog, minOwnBacklog), 1<<40)
	v.between("limits.send_buffer", l.SendBuffer, minSendBuffer, maxBacklog)
	v.noneOrMore("limits.keepalive", l.Keepalive)
	v.noneOrMore("limits.dead_peer", l.DeadPeer)
	v.between("limits.lingering", int64(l.Lingering), 1, 1<<20)
	v.between("limits.mailbox", int64(l.Mailbox), 1, 1<<20)
}

// address checks an address to listen at.
func (v *validator) address(address string, remote bool) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" || len(path) > maxSocketPath {
			v.fail("listen", "unix:PATH, with a path of 1 to %d bytes, not %q", maxSocketPath, address)
		}
		return
	}
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		v.fail("listen", "HOST:PORT or unix:PATH, not %q", address)
		return
	}
	if !remote && !loopback(host) {
		v.fail("listen", "%s can be reached from other machines, and nothing is encrypted; to allow that say allow_remote: true", address)
	}
}

// maxSocketPath is the length of the longest path that every Unix binds.
const maxSocketPath = 103

// loopback reports whether only this machine reaches a host.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func printable(s string) bool { return !strings.ContainsAny(s, "\r\n") }
