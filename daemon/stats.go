package daemon

import (
	"context"
	"errors"
	"time"

	"famchat/daemon/internal/room"
)

// Stats counts what a server did since it was made.
type Stats struct {
	Accepted     uint64 // connections
	Refused      uint64 // connections for which there was no descriptor
	BytesWritten uint64
	// Ended are the connections that ended, by why: left, lost, failed, removed,
	// closed, or the name of the limit that they ran into.
	Ended       map[string]uint64
	Turns       uint64        // of the event loop
	LongestTurn time.Duration // of them
	// LongestTurnCPU is the most CPU time that one took of the loop's thread, which
	// is less where the machine was busy with something else meanwhile.
	LongestTurnCPU time.Duration
	LogLost        int64 // records, since the log last took one
	HooksUnseen    int64 // events that a hook which observes was too slow for
}

// Stats returns what has been counted. It works after the server has stopped, too.
func (s *Server) Stats(ctx context.Context) (stats Stats, err error) {
	count := func() {
		l, h := s.loop.Stats(), s.hub.Stats()
		stats = Stats{
			Accepted: l.Accepted, Refused: l.Refused, BytesWritten: h.BytesWritten, Ended: map[string]uint64{},
			Turns: l.Turns, LongestTurn: time.Duration(l.LongestTurnNanos), LongestTurnCPU: time.Duration(l.LongestTurnCPUNanos),
			LogLost: s.journal.lost.Load(), HooksUnseen: s.pumps.unseen.Load(),
		}
		for why, n := range h.Ended {
			if n > 0 {
				stats.Ended[room.Reason(why).String()] = n
			}
		}
	}
	err = s.do(ctx, count)
	if errors.Is(err, ErrStopped) {
		select {
		case <-s.served: // and its thread is at rest
			count()
			return stats, nil
		default:
		}
	}
	return stats, err
}
