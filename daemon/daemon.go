// Package daemon is the famchat server, for famchatd and for programs that embed
// it: one room, the connections in it, and the rules that hooks add. It handles no
// signals, reads no files, and links neither go-plugin nor an HTTP server.
//
// New makes a Server of a Config and listens; Serve runs it. Everything that
// people see happens on the one thread of Serve; the other methods may be called
// from any goroutine, and wait for that thread.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/hub"
	"famchat/daemon/internal/loop"
	"famchat/daemon/internal/room"
	"famchat/daemon/internal/screen"
)

// ErrStopped says that the server has stopped, or was never started.
var ErrStopped = errors.New("the server has stopped")

// Server is a room with its connections.
type Server struct {
	config  Config
	made    Config // config as New took it: what is fixed while it runs
	sockets *listening
	loop    *loop.Loop
	hub     *hub.Hub
	pumps   *pumps
	journal *journal
	clock   clock
	started time.Time

	mu      sync.Mutex
	serving bool
	served  chan struct{} // closed when Serve, or Shutdown without it, is done
	closing chan struct{} // closed when the server begins to stop

	// Of the loop's thread:
	lastNow     int64
	stopping    bool
	stopBy      int64
	readers     int  // who watch what people write
	countedDown bool // a countdown is over
	// peers are where those are connected from whose address somebody has asked for:
	// the kernel takes longer to say than all else that a list has. Who never lists
	// keeps nothing.
	peers map[ID]string
}

// New makes a server and listens. The error is a *ConfigError, or several joined,
// where the config is wrong, and else what listening came to.
func New(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	s := &Server{config: c, made: c, served: make(chan struct{}), closing: make(chan struct{}), journal: newJournal(c.Log), started: time.Now(), lastNow: -1}
	s.pumps = newPumps(c.Hooks, s.answer)
	var err error
	if s.sockets, err = listen(c); err != nil {
		return nil, err
	}
	s.loop, err = loop.New((*handler)(s), c.forLoop(s.sockets.copies))
	if err != nil {
		s.sockets.close()
		return nil, fmt.Errorf("making the event loop: %w", err)
	}
	r := room.New(c.forRoom(s.pumps.offers))
	c.impose(r)
	s.hub = hub.New(r, c.forHub(), (*outside)(s))
	return s, nil
}

// Addr is where the server listens: the first of Addrs.
func (s *Server) Addr() net.Addr { return s.sockets.addrs()[0] }

// Addrs are where the server listens: the listeners handed in, then Listen.
func (s *Server) Addrs() []net.Addr { return s.sockets.addrs() }

// Serve runs the server until ctx is done or Shutdown is called: everyone then
// reads a goodbye, and what was queued is sent within ShutdownGrace. It returns nil
// then, and else what went wrong. It can be called once.
func (s *Server) Serve(ctx context.Context) error {
	if !s.begin() {
		return ErrStopped
	}
	defer close(s.served)
	defer s.sockets.release()
	for _, a := range s.Addrs() {
		s.config.Log.Info("listening", "addr", a.String())
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { s.pumps.run(running) })
	all.Go(func() { s.journal.run(running) })
	stop := context.AfterFunc(ctx, func() { _ = s.loop.Post(running, func() { s.stop(s.config.ShutdownGrace) }) })
	err := s.loop.Run()
	stop()
	cancel()
	s.waitFor(&all)
	if err != nil {
		return fmt.Errorf("the event loop failed: %w", err)
	}
	return nil
}

// waitFor waits for the hooks and the log to end; one that does not is left behind
// after the grace.
func (s *Server) waitFor(all *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(s.config.ShutdownGrace):
	}
}

// begin reports whether this is the first call of Serve or Shutdown.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.serving
	s.serving = true
	return first
}

// Shutdown stops the server, as the end of Serve's context does, and waits for
// it. Where ctx ends first, the server stops at once, and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.begin() {
		s.loop.Stop()
		close(s.closing)
		_ = s.loop.Run() // closes everything, and does nothing else
		s.sockets.release()
		close(s.served)
		return nil
	}
	_ = s.loop.Post(ctx, func() { s.stop(s.config.ShutdownGrace) })
	select {
	case <-s.served:
		return nil
	case <-ctx.Done():
		// The mailbox may be full: this must not wait for it, nor be lost.
		go s.loop.Post(context.WithoutCancel(ctx), func() { s.loop.Stop() })
		return ctx.Err()
	}
}

// Stopping is closed when the server begins to stop.
func (s *Server) Stopping() <-chan struct{} { return s.closing }

// stop begins to stop, on the loop's thread.
func (s *Server) stop(grace time.Duration) {
	if s.stopping {
		return
	}
	s.stopping = true
	close(s.closing)
	s.stopBy = s.loop.Now() + int64(grace)
	s.loop.StopAccepting()
	s.sockets.release()
	s.hub.Shutdown(s.stopBy)
}

// do runs f on the loop's thread and waits for it. An error says that f has not run
// and never will.
func (s *Server) do(ctx context.Context, f func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var taken atomic.Bool // by the loop, or by who gave up
	done := make(chan struct{})
	run := func() {
		if taken.CompareAndSwap(false, true) {
			f()
			close(done)
		}
	}
	if err := s.loop.Post(ctx, run); err != nil {
		if errors.Is(err, loop.ErrStopped) {
			return ErrStopped
		}
		return err
	}
	err := ErrStopped
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.served:
	}
	if taken.CompareAndSwap(false, true) {
		return err
	}
	<-done
	return nil
}

// ask is do for what only asks: it works after the server has stopped, too.
func (s *Server) ask(ctx context.Context, f func()) error {
	err := s.do(ctx, f)
	if errors.Is(err, ErrStopped) {
		select {
		case <-s.served: // and its thread is at rest
			f()
			return nil
		default:
		}
	}
	return err
}

// answer hands a hook's answers to the room.
func (s *Server) answer(ctx context.Context, answers []room.Event) {
	_ = s.loop.Post(ctx, func() {
		for _, e := range answers {
			s.hub.Step(e)
		}
	})
}

// Reconfigure takes a new config for what can change while the server runs: the
// room, the limits, and what the hooks offer, which are asked again; lowered limits
// bind who comes later. It returns the settings that differ and need a restart.
// Where the config is wrong, nothing changes.
func (s *Server) Reconfigure(ctx context.Context, c Config) (restart []string, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	offers := s.pumps.hooks.Offers()
	err = s.do(ctx, func() {
		s.pumps.offers = offers
		restart = s.made.restartFor(c)
		s.config.Room, s.config.Limits, s.config.ShutdownGrace, s.config.MayRead = c.Room, c.Limits, c.ShutdownGrace, c.MayRead
		s.configure()
	})
	return restart, err
}

// configure puts s.config into force, on the loop's thread.
func (s *Server) configure() {
	c := s.config.forRoom(s.pumps.offers)
	c.ObservePosts = c.ObservePosts || s.readers > 0 && c.MayRead
	s.hub.Configure(s.config.forHub(), c)
}

// NeedsRestart names the settings of c that differ from those which the server was
// made with, and which Reconfigure cannot change.
func (s *Server) NeedsRestart(c Config) []string { return s.made.restartFor(c.withDefaults()) }

// restartFor names the settings that differ and are fixed while a server runs.
func (c Config) restartFor(n Config) []string {
	var keys []string
	for _, k := range []struct {
		key     string
		differs bool
	}{
		{"listen", !slices.Equal(c.Listen, n.Listen)},
		{"event_loop", c.EventLoop != n.EventLoop},
		{"limits.backlog", c.Limits.Backlog != n.Limits.Backlog},
		{"limits.send_buffer", c.Limits.SendBuffer != n.Limits.SendBuffer},
		{"limits.keepalive", c.Limits.Keepalive != n.Limits.Keepalive},
		{"limits.dead_peer", c.Limits.DeadPeer != n.Limits.DeadPeer},
		{"limits.lingering", c.Limits.Lingering != n.Limits.Lingering},
		{"limits.mailbox", c.Limits.Mailbox != n.Limits.Mailbox},
	} {
		if k.differs {
			keys = append(keys, k.key)
		}
	}
	return keys
}

// handler is the server as the loop drives it.
type handler Server

// tick tells the hub the time, once a turn.
func (h *handler) tick() {
	if now := h.loop.Now(); now != h.lastNow {
		h.lastNow = now
		h.hub.SetNow(room.Now{Nanos: now, Stamp: h.clock.stamp()})
	}
}

func (h *handler) Opened(c *loop.Conn) {
	h.tick()
	address := ""
	if h.hub.Room().BansAddresses() {
		address = bannable(c.RemoteAddr())
	}
	c.Owner = h.hub.Open(room.ID(c.ID()), c, address)
}

func (h *handler) Wants() bool { return h.hub.Wants() }

func (h *handler) Received(c *loop.Conn, b []byte) {
	h.tick()
	h.hub.Received(c.Owner.(*hub.Session), b)
}

func (h *handler) Writable(c *loop.Conn) {
	h.tick()
	h.hub.Writable(c.Owner.(*hub.Session))
}

func (h *handler) Gone(c *loop.Conn, cause error) {
	h.tick()
	why := room.Failed
	if errors.Is(cause, io.EOF) {
		why = room.Lost
	}
	h.hub.Gone(c.Owner.(*hub.Session), why)
}

func (h *handler) Posted(m any) {
	h.tick()
	m.(func())()
}

func (h *handler) EndTurn(now int64) int64 {
	h.tick()
	next := h.hub.EndTurn()
	if h.countedDown {
		h.countedDown = false
		(*Server)(h).stop(h.config.ShutdownGrace)
		return 0 // what that draws comes out in a turn of its own
	}
	if h.stopping {
		if h.hub.Empty() && h.loop.Stats().Lingering == 0 || now >= h.stopBy {
			h.loop.Stop()
		}
		next = min(next, h.stopBy)
	}
	return next
}

// outside is the server as the hub's Outside.
type outside Server

func (o *outside) AskName(id uint64, n hooks.NameRequest) { o.pumps.askName(id, n) }
func (o *outside) AskMessage(id uint64, m *hooks.Message) { o.pumps.askMessage(id, m) }
func (o *outside) AskCommand(id uint64, call *hooks.Call) { o.pumps.askCommand(id, call) }
func (o *outside) Ended(id room.ID, why room.Reason) {
	delete(o.peers, id)
	o.journal.ended(id, why)
}
func (o *outside) CountedDown() { o.countedDown = true }
func (o *outside) Happened(e *hooks.Event) {
	e.Time = time.Now()
	o.pumps.observe(*e)
	if e.Kind != hooks.Posted || o.readers > 0 && o.config.MayRead {
		o.journal.happened(*e)
	}
}

func (c Config) forRoom(offers hooks.Offers) room.Config {
	l := c.Limits
	return room.Config{
		Name: screen.Line(c.Room.Name), Welcome: c.Room.Welcome,
		History: c.Room.History, HistoryBytes: int(c.Room.HistoryBytes),
		Limits: room.Limits{
			Clients: l.Clients, NameNanos: int64(l.NameTimeout), NamesTried: l.NamesTried,
			MessageRate: l.MessageRate, MessageBurst: l.MessageBurst, MessageLines: l.MessageLines,
			FloodNanos: int64(l.FloodTimeout), Mentions: l.Mentions, Pending: l.Pending,
			Bans: l.Bans, Mutes: l.Mutes,
		},
		Offers: offers, ObservePosts: offers.Observes, MayRead: c.MayRead,
	}
}

func (c Config) forHub() hub.Config {
	l := c.Limits
	return hub.Config{
		BacklogBytes: l.Backlog, LaggingNanos: int64(l.Lagging),
		OwnBacklogBytes: l.OwnBacklog, OwnTotalBytes: l.OwnTotal,
		FrameNanos: int64(l.FrameTimeout), CloseNanos: loop.DefaultLingerNanos,
	}
}

func (c Config) forLoop(listeners []loop.Listener) loop.Config {
	l := c.Limits
	busy := screen.AppendUpdates(nil, screen.AppendError(nil, []byte("the server is busy. Try again later")), screen.NoPrompt, false)
	return loop.Config{
		Kind: loop.Kind(c.EventLoop), Listeners: listeners,
		SendBufferBytes: int(l.SendBuffer), KeepaliveNanos: int64(l.Keepalive), UserTimeoutNanos: int64(l.DeadPeer),
		MaxLingering: l.Lingering, Mailbox: l.Mailbox, NoDescriptors: busy,
	}
}
