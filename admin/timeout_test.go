package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a net.Listener of connections in memory: in a bubble of synctest its time-outs
// take no time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return &conn{Conn: c, peer: peer{uid: 0}, free: func() {}}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// dial connects, and sends a text.
func (p *pipes) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	mine, its := net.Pipe()
	p.conns <- its
	if _, err := io.WriteString(mine, text); err != nil {
		t.Fatal(err)
	}
	return mine
}

// inBubble serves f in a bubble, and checks how long Serve takes to stop.
func inBubble(t *testing.T, f *fake, do func(t *testing.T, p *pipes, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.events = make(chan Event) // of the bubble
		p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		s := NewServer(f, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.serveConns(ctx, p) }()
		defer func() {
			stopped := time.Now()
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if took := time.Since(stopped); took > stopTimeout {
				t.Errorf("it took %v to stop, want at most %v", took, stopTimeout)
			}
		}()
		do(t, p, s)
	})
}

// endsAfter reads c to its end, and checks when that came.
func endsAfter(t *testing.T, c net.Conn, want time.Duration) string {
	t.Helper()
	begun := time.Now()
	b, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if got := time.Since(begun); got != want {
		t.Errorf("it ended after %v, want %v, with %q", got, want, b)
	}
	return string(b)
}

func TestAHeaderThatNeverEndsIsNotWaitedFor(t *testing.T) {
	inBubble(t, &fake{}, func(t *testing.T, p *pipes, _ *Server) {
		endsAfter(t, p.dial(t, "GET /v1/members HTTP/1.1\r\nHost: x\r\n"), headerTimeout)
	})
}

func TestABodyThatNeverEndsIsNotWaitedFor(t *testing.T) {
	inBubble(t, &fake{}, func(t *testing.T, p *pipes, _ *Server) {
		c := p.dial(t, "POST /v1/kick HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
		got := endsAfter(t, c, bodyTimeout)
		if !strings.Contains(got, "504 Gateway Timeout") || !strings.Contains(got, "the request did not come within 5s") {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnIdleConnectionEnds(t *testing.T) {
	inBubble(t, &fake{}, func(t *testing.T, p *pipes, _ *Server) {
		c := p.dial(t, "GET /v1/members HTTP/1.1\r\nHost: x\r\n\r\n")
		if got := endsAfter(t, c, idleTimeout); !strings.HasPrefix(got, "HTTP/1.1 200 OK") {
			t.Errorf("got %q", got)
		}
	})
}

func TestADaemonThatIsTooBusyIsATimeout(t *testing.T) {
	for path, want := range map[string]time.Duration{"/v1/shutdown": callTimeout, "/v1/reload": slowTimeout, "/v1/plugins/names/enable": slowTimeout} {
		f := &fake{before: func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("asking the loop: %w", ctx.Err())
		}}
		inBubble(t, f, func(t *testing.T, p *pipes, _ *Server) {
			c := p.dial(t, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
			if got := endsAfter(t, c, want); !strings.Contains(got, "504 Gateway Timeout") || !strings.Contains(got, "too busy to answer in time") {
				t.Errorf("%s: got %q", path, got)
			}
		})
	}
}

func TestAnAnswerThatNobodyReadsEnds(t *testing.T) {
	inBubble(t, &fake{members: make([]Member, 1000)}, func(t *testing.T, p *pipes, _ *Server) {
		c := p.dial(t, "GET /v1/members HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(answerTimeout + time.Second) // of the bubble's time
		if got := endsAfter(t, c, 0); len(got) > 0 && strings.HasSuffix(got, "]}\n") {
			t.Errorf("it waited, and all %d bytes came", len(got))
		}
	})
}

func TestAWatcherThatDoesNotReadIsLetGo(t *testing.T) {
	var watching context.Context
	f := &fake{}
	f.before = func(ctx context.Context) error { watching = ctx; return nil }
	inBubble(t, f, func(t *testing.T, p *pipes, s *Server) {
		c := p.dial(t, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
		// It begins to watch and may do so for ever, as long as it reads.
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Hour)
		if s.watching.Load() != 1 || watching.Err() != nil {
			t.Fatalf("%d watch, %v", s.watching.Load(), watching.Err())
		}
		f.events <- Event{Kind: EventJoined}
		time.Sleep(answerTimeout - time.Second)
		if s.watching.Load() != 1 {
			t.Error("it was let go too early")
		}
		time.Sleep(2 * time.Second)
		if s.watching.Load() != 0 || watching.Err() == nil {
			t.Errorf("%d watch, %v", s.watching.Load(), watching.Err())
		}
		c.Close()
	})
}

func TestWhoeverIsThereDoesNotKeepItFromStopping(t *testing.T) {
	f := &fake{before: func(ctx context.Context) error {
		if _, call := ctx.Deadline(); call {
			<-ctx.Done()
		}
		return ctx.Err()
	}}
	inBubble(t, f, func(t *testing.T, p *pipes, _ *Server) {
		p.dial(t, "GET /v1/st")
		p.dial(t, "GET /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n")
		p.dial(t, "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
		p.dial(t, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
	})
}

func TestAHeaderThatIsTooLargeIsRefused(t *testing.T) {
	f := &fake{}
	inBubble(t, f, func(t *testing.T, p *pipes, _ *Server) {
		mine, its := net.Pipe()
		p.conns <- its
		// It may not take it all.
		go func() {
			_, _ = io.WriteString(mine, "GET /v1/members HTTP/1.1\r\nX: "+strings.Repeat("x", 100*maxHeaderBytes))
		}()
		answer, err := http.ReadResponse(bufio.NewReader(mine), nil)
		if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %v, %v", answer, err)
		}
		mine.Close()
	})
	if asked := f.requests(); len(asked) > 0 {
		t.Errorf("the daemon was asked %v", asked)
	}
}
