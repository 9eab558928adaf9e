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

// Member is somebody connected.
type Member struct {
	ID       ID
	Name     string // "" is somebody still choosing
	Addr     string // where they are connected from
	Since    time.Time
	Idle     time.Duration // since they last sent something
	Messages uint32        // how many they sent
	Backlog  int64         // bytes that wait for them
	Muted    bool
}

// membersPerTurn is how many members are looked at in one turn, which the others
// have to wait for.
const membersPerTurn = 256

// Members returns everybody connected, by ID, those still choosing a name too. It
// takes several turns of the server's thread where there are many: who comes or
// goes meanwhile may be among them or not.
func (s *Server) Members(ctx context.Context) ([]Member, error) {
	var members []Member
	var people []room.Person // of one turn
	for more, after := true, ID(0); more; {
		err := s.do(ctx, func() {
			if members == nil {
				counts := s.hub.Room().Counts()
				members = make([]Member, 0, counts.Members+counts.Choosing)
			}
			people = s.hub.Room().AppendPeople(people[:0], after, membersPerTurn)
			more = len(people) == membersPerTurn
			for _, p := range people {
				members = append(members, s.member(p))
				after = p.ID
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return members, nil
}

// Member returns who is connected by an ID, or ErrNoMember.
func (s *Server) Member(ctx context.Context, id ID) (m Member, err error) {
	found := false
	err = s.do(ctx, func() {
		p, ok := s.hub.Room().Person(id)
		if found = ok; ok {
			m = s.member(p)
		}
	})
	if err == nil && !found {
		err = ErrNoMember
	}
	return m, err
}

// member is what there is to know of a person, on the loop's thread.
func (s *Server) member(p room.Person) Member {
	nanos := s.loop.Now()
	m := Member{
		ID: p.ID, Name: p.Name, Messages: p.Messages, Muted: p.Muted,
		Since: time.Now().Add(time.Duration(p.JoinedNanos - nanos)),
		Idle:  time.Duration(nanos - p.LastNanos),
	}
	if session := s.hub.Find(p.ID); session != nil {
		m.Addr = s.addr(p.ID)
		m.Backlog = s.hub.Backlog(session)
	}
	return m
}

// addr is where somebody is connected from; "" where the connection has ended, which
// it may have before they have left.
func (s *Server) addr(id ID) string {
	session := s.hub.Find(id)
	if session == nil {
		return ""
	}
	if known, ok := s.peers[id]; ok {
		return known
	}
	peer := session.Conn().(*loop.Conn).RemoteAddr()
	if session.Ending() {
		return peer // nobody would forget it
	}
	if s.peers == nil {
		s.peers = map[ID]string{}
	}
	s.peers[id] = peer
	return peer
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

// Tell shows a text to one person, in the server's own name. ErrNoMember says that
// nobody has that ID, ErrNotShown that it is no text that can be shown.
func (s *Server) Tell(ctx context.Context, id ID, text string) error {
	found, shown := false, false
	err := s.do(ctx, func() {
		found, shown = s.hub.Room().Has(id), s.hub.Room().Showable(text)
		if found && shown {
			s.hub.Step(room.Event{Kind: room.Tell, Member: id, Text: []byte(text)})
		}
	})
	switch {
	case err != nil:
		return err
	case !found:
		return ErrNoMember
	case !shown:
		return ErrNotShown
	}
	return nil
}
