package daemon

import (
	"context"
	"errors"

	"famchat/daemon/hooks"
)

// ErrMayNotRead says that Config.MayRead does not allow to read what people write.
var ErrMayNotRead = errors.New("what people write to each other may not be read here")

// Event is something that happened in the room.
type Event struct {
	hooks.Event
	Lost int64 // events before this one that were lost, as nobody took them in time
}

// Events returns what happens in the room from now on: who joins, who leaves and,
// where posts is true, what is posted; ErrMayNotRead says that Config.MayRead does not
// allow that. The channel is
// closed when ctx or the server ends. It holds so many events as buffer says; where
// nobody takes them, further ones are lost, and the next says how many.
func (s *Server) Events(ctx context.Context, buffer int, posts bool) (<-chan Event, error) {
	w := s.journal.watch(buffer, posts)
	counts, over := false, false // of the loop's thread
	context.AfterFunc(ctx, func() {
		s.journal.unwatch(w)
		_ = s.loop.Post(context.WithoutCancel(ctx), func() {
			over = true
			if counts {
				s.read(-1)
			}
		})
	})
	refused := false
	err := s.do(ctx, func() {
		s.journal.begin(w)
		if refused = posts && !s.config.MayRead; posts && !over && !refused {
			counts = true
			s.read(+1)
		}
	})
	if err == nil && refused {
		err = ErrMayNotRead
	}
	if err != nil {
		s.journal.unwatch(w)
		return nil, err
	}
	return w.events, nil
}

// read counts who watches what people write, on the loop's thread: it costs
// something only while somebody does.
func (s *Server) read(more int) {
	before := s.readers
	s.readers += more
	if (before > 0) != (s.readers > 0) {
		s.configure()
	}
}
