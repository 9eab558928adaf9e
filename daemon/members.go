package daemon

import (
	"context"
	"errors"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/loop"
	"famchat/daemon/internal/room"
)

// ErrNoMember says that nobody is connected by that ID or name.
var ErrNoMember = errors.New("nobody is here by that name or number")

// ErrNotShown says that an announcement is empty or too long.
var ErrNotShown = errors.New("an announcement has between 1 and 4096 bytes, and no more lines than limits.message_lines allows")

// ID identifies somebody connected for as long as the server runs.
type ID = hooks.ID

// Event is something that happened in the room.
type Event = hooks.Event

// Member is somebody connected.
type Member struct {
	ID       ID
	Name     string // "" is somebody still choosing
	Addr     string // where they are connected from
	Since    time.Time
	Idle     time.Duration // since they last sent something
	Messages uint32        // how many they sent
	Backlog  int64         // bytes that wait for them
}

// Members returns everybody connected, by ID, those still choosing a name too.
func (s *Server) Members(ctx context.Context) ([]Member, error) {
	var members []Member
	err := s.do(ctx, func() {
		now, nanos := time.Now(), s.loop.Now()
		people := s.hub.Room().People()
		members = make([]Member, len(people))
		for i, p := range people {
			members[i] = Member{
				ID: p.ID, Name: p.Name, Messages: p.Messages,
				Since: now.Add(time.Duration(p.JoinedNanos - nanos)),
				Idle:  time.Duration(nanos - p.LastNanos),
			}
			if session := s.hub.Find(p.ID); session != nil {
				members[i].Addr = session.Conn().(*loop.Conn).RemoteAddr()
				members[i].Backlog = s.hub.Backlog(session)
			}
		}
	})
	return members, err
}

// Find returns the ID of who is here by a name, however it is typed, or
// ErrNoMember.
func (s *Server) Find(ctx context.Context, name string) (ID, error) {
	var id ID
	if err := s.do(ctx, func() { id = s.hub.Room().Named(name) }); err != nil {
		return 0, err
	}
	if id == 0 {
		return 0, ErrNoMember
	}
	return id, nil
}

// Kick removes somebody: they and the others read why, where a reason is given.
// When it returns nil, it has happened; ErrNoMember says that nobody has that ID.
func (s *Server) Kick(ctx context.Context, id ID, reason string) error {
	found := false
	err := s.do(ctx, func() {
		if found = s.hub.Room().Has(id); found {
			s.hub.Step(room.Event{Kind: room.Kick, Member: id, Text: []byte(reason)})
		}
	})
	if err == nil && !found {
		return ErrNoMember
	}
	return err
}

// Announce shows a text to everyone, in the server's own name. ErrNotShown says
// that it is no text that can be shown.
func (s *Server) Announce(ctx context.Context, text string) error {
	shown := false
	err := s.do(ctx, func() {
		if shown = s.hub.Room().Showable(text); shown {
			s.hub.Step(room.Event{Kind: room.Announce, Text: []byte(text)})
		}
	})
	if err == nil && !shown {
		return ErrNotShown
	}
	return err
}

// Events returns what happens in the room from now on: who joins, who leaves, what
// is posted. The channel is closed when ctx or the server ends. It holds so many
// events as buffer says; where nobody takes them, further ones are lost.
func (s *Server) Events(ctx context.Context, buffer int) (<-chan Event, error) {
	if err := s.do(ctx, func() { s.watchers++; s.configure() }); err != nil {
		return nil, err
	}
	w := s.journal.watch(buffer)
	context.AfterFunc(ctx, func() {
		s.journal.unwatch(w)
		_ = s.loop.Post(context.WithoutCancel(ctx), func() { s.watchers--; s.configure() })
	})
	return w, nil
}
