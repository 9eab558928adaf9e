package daemon

import (
	"context"
	"time"

	"famchat/daemon/internal/room"
)

// Stats counts what a server did since it was made.
type Stats struct {
	Started  time.Time
	Uptime   time.Duration
	Members  int // who have a name
	Choosing int // who have none yet
	Peak     int // the most members at once

	Messages     uint64 // that were posted, public and private
	Deliveries   uint64 // a public message to ten members is ten
	BytesRead    uint64 // from connections
	BytesWritten uint64
	Backlog      int64  // bytes that wait for all together
	Accepted     uint64 // connections
	Refused      uint64 // connections for which there was no descriptor
	// Ended are the connections that ended, by why: left, lost, failed, removed,
	// closed, or the name of the limit that they ran into.
	Ended       map[string]uint64
	Turns       uint64        // of the event loop
	LongestTurn time.Duration // of them
	// LongestTurnCPU is the most CPU time that one took of the loop's thread, which
	// is less where the machine was busy with something else meanwhile.
	LongestTurnCPU time.Duration
	LogLost        int64         // records that the log was too slow for
	HooksUnseen    int64         // events that a hook which observes was too slow for
	ClosesIn       time.Duration // what a countdown has to go; 0: there is none
}

// Stats returns what has been counted. It works after the server has stopped, too.
func (s *Server) Stats(ctx context.Context) (stats Stats, err error) {
	err = s.ask(ctx, func() {
		l, h, r := s.loop.Stats(), s.hub.Stats(), s.hub.Room().Counts()
		stats = Stats{
			Started: s.started, Uptime: time.Since(s.started),
			Members: r.Members, Choosing: r.Choosing, Peak: r.Peak, Messages: r.Messages, Deliveries: r.Deliveries,
			BytesRead: h.BytesRead, BytesWritten: h.BytesWritten, Backlog: h.BacklogBytes,
			Accepted: l.Accepted, Refused: l.Refused, Ended: map[string]uint64{},
			Turns: l.Turns, LongestTurn: time.Duration(l.LongestTurnNanos), LongestTurnCPU: time.Duration(l.LongestTurnCPUNanos),
			LogLost: s.journal.lost.Load(), HooksUnseen: s.pumps.unseen.Load(),
			ClosesIn: time.Duration(s.hub.Room().ClosesIn()),
		}
		for why, n := range h.Ended {
			if n > 0 {
				stats.Ended[room.Reason(why).String()] = n
			}
		}
	})
	return stats, err
}
