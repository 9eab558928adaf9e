package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"famchat/daemon/internal/room"
)

// MaxCountdown is the longest time that CountDown takes.
const MaxCountdown = 7 * 24 * time.Hour

// ErrNoCountdown says that no countdown is under way.
var ErrNoCountdown = errors.New("no countdown is under way")

// CountDown stops the server after a time, of which everyone reads now and again
// until then, in place of the countdown that may be under way; 0 is at once. It
// waits for none of that.
func (s *Server) CountDown(ctx context.Context, in time.Duration) error {
	if in < 0 || in > MaxCountdown {
		return fmt.Errorf("a countdown takes between 0 and 7 days, not %v", in)
	}
	return s.do(ctx, func() {
		if !s.stopping {
			s.hub.Step(room.Event{Kind: room.CountDown, Nanos: s.loop.Now() + int64(in)})
		}
	})
}

// CancelCountDown ends the countdown, which everyone reads; ErrNoCountdown says that
// there is none, or that it is over.
func (s *Server) CancelCountDown(ctx context.Context) error {
	found := false
	err := s.do(ctx, func() {
		if found = s.hub.Room().ClosesIn() > 0; found {
			s.hub.Step(room.Event{Kind: room.CountDown})
		}
	})
	if err == nil && !found {
		return ErrNoCountdown
	}
	return err
}
