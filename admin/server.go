package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of a Server. A caller that is past one is told so, or its connection ends.
const (
	// maxConns is how many connections there may be; further ones wait.
	maxConns = 64
	// maxWatchers is how many of them may watch, so that watching keeps nobody out.
	maxWatchers = 16
	// maxBodyBytes is the largest request.
	maxBodyBytes = 64 << 10
	// maxHeaderBytes is the largest header of a request.
	maxHeaderBytes = 8 << 10

	headerTimeout = 5 * time.Second  // to send the header of a request
	bodyTimeout   = 5 * time.Second  // to send its body
	answerTimeout = 10 * time.Second // to take an answer, or an event
	idleTimeout   = time.Minute      // between two requests
	// callTimeout is how long the daemon may take over a request, slowTimeout over
	// one that starts or ends plugins.
	callTimeout = 10 * time.Second
	slowTimeout = 2 * time.Minute
	// stopTimeout is how long a Server that stops waits for what is under way.
	stopTimeout = time.Second
)

// Server serves the admin API over a Backend.
type Server struct {
	backend  Backend
	log      *slog.Logger
	uid      int // who may call, besides root
	watchers chan struct{}
	watching atomic.Int64 // who has begun to watch
}

// NewServer returns a Server. Each change that somebody makes is a record in log.
func NewServer(b Backend, log *slog.Logger) *Server {
	return &Server{backend: b, log: log, uid: os.Geteuid(), watchers: make(chan struct{}, maxWatchers)}
}

// Serve answers what comes through l until ctx ends, and closes l. What is under way then
// has a second to end. When Serve returns, no call of the Backend is under way.
func (s *Server) Serve(ctx context.Context, l *Listener) error {
	err := s.serveConns(ctx, &acceptor{Listener: l, log: s.log, slots: make(chan struct{}, maxConns), closed: make(chan struct{})})
	return errors.Join(err, l.Close())
}

// serveConns is Serve of what accepts each caller as a *conn.
func (s *Server) serveConns(ctx context.Context, l net.Listener) error {
	calls, endCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer endCalls()
	gate := &gate{handler: s.handler(ctx)}
	server := &http.Server{
		Handler:           gate,
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      answerTimeout, // of what goes wrong before there is a request
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return calls },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, c.(*conn).peer)
		},
	}
	context.AfterFunc(ctx, func() {
		defer endCalls()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	} else {
		// The socket broke.
		_ = server.Close()
		endCalls()
	}
	<-calls.Done()
	gate.close()
	return err
}

// gate lets requests through until it is closed.
type gate struct {
	handler  http.Handler
	mu       sync.Mutex
	closed   bool
	underway sync.WaitGroup
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return // its connection is closed, too
	}
	g.underway.Add(1)
	g.mu.Unlock()
	defer g.underway.Done()
	g.handler.ServeHTTP(w, r)
}

// close lets nothing through any more, and waits for what is.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.underway.Wait()
}

// callerKey is the key of the peer in the context of its requests.
type callerKey struct{}

// acceptor accepts so many connections at once as it has slots, and asks who they are.
type acceptor struct {
	*Listener
	log    *slog.Logger
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (a *acceptor) Accept() (net.Conn, error) {
	for {
		select {
		case a.slots <- struct{}{}:
		case <-a.closed:
			return nil, net.ErrClosed
		}
		c, err := a.Listener.Accept()
		if err != nil {
			<-a.slots
			return nil, err
		}
		p, err := peerOf(c)
		if err == nil {
			return &conn{Conn: c, peer: p, free: func() { <-a.slots }}, nil
		}
		a.log.Warn("admin caller not known", "err", err)
		c.Close()
		<-a.slots
	}
}

func (a *acceptor) Close() error {
	a.once.Do(func() { close(a.closed) })
	return a.Listener.Close()
}

// conn is a connection, which frees its slot when it is closed.
type conn struct {
	net.Conn
	peer peer
	once sync.Once
	free func()
}

func (c *conn) Close() error {
	defer c.once.Do(c.free)
	return c.Conn.Close()
}
