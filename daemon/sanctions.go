package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"famchat/daemon/internal/room"
	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

const (
	// MaxReason is the length in bytes of the longest reason, once it is safe to show.
	MaxReason = 500
	// MaxSanction is the longest time that somebody is kept out or muted for.
	MaxSanction = 10 * 365 * 24 * time.Hour
	// maxSanctions is the most that limits.bans and limits.mutes allow.
	maxSanctions = 10_000
)

// What can keep a server from doing what it is asked to.
var (
	ErrReason   = fmt.Errorf("a reason has at most %d bytes", MaxReason)
	ErrDuration = errors.New("the time is not between 0 and 10 years")
	ErrNoName   = errors.New("they have no name yet")
	ErrNoAddr   = errors.New("their connection has ended, and nobody knows its address any more")
	ErrLoopback = errors.New("their address is this machine's own, and would keep out the whole family")
	ErrTooMany  = errors.New("there are too many already; see limits.bans and limits.mutes")
	ErrNoBan    = errors.New("that name or address is not kept out")
	ErrNotMuted = errors.New("that name is not muted")
)

// Ban is a name, and what looks like it, or an address that is kept out.
type Ban struct {
	Name    string // or
	Address string // an IP address
	Since   time.Time
	Until   time.Time
	Reason  string
}

// Mute is a name, and what looks like it, whose messages are handed back.
type Mute struct {
	Name   string
	Since  time.Time
	Until  time.Time // zero: until it is taken back
	Reason string
}

// Validate says what is wrong with a ban.
func (b Ban) Validate() error {
	if b.Address != "" {
		if b.Name != "" {
			return errors.New("a ban is of a name or of an address, not of both")
		}
		if bannable(b.Address) != b.Address {
			return fmt.Errorf("%q is not the IP address of another machine", b.Address)
		}
	} else if err := wellFormed(b.Name); err != nil {
		return err
	}
	if b.Until.IsZero() {
		return errors.New("a ban needs an end")
	}
	return checkReason(b.Reason)
}

// Validate says what is wrong with a mute.
func (m Mute) Validate() error {
	if err := wellFormed(m.Name); err != nil {
		return err
	}
	return checkReason(m.Reason)
}

func wellFormed(name string) error {
	if checked, err := names.Check(name); err != nil {
		return fmt.Errorf("%q is no name: %w", name, err)
	} else if checked != name {
		return fmt.Errorf("%q is not how the name %q is written", name, checked)
	}
	return nil
}

func checkReason(reason string) error {
	if len(reason) > MaxReason {
		return ErrReason
	}
	return nil
}

func checkDuration(d time.Duration) error {
	if d < 0 || d > MaxSanction {
		return ErrDuration
	}
	return nil
}

// bannable is the address of a peer without its port, or "" where a ban of it would
// keep out more than one machine: loopback, and what is no IP address.
func bannable(peer string) string {
	addr, err := netip.ParseAddr(peer)
	if err != nil {
		withPort, err := netip.ParseAddrPort(peer)
		if err != nil {
			return ""
		}
		addr = withPort.Addr()
	}
	addr = addr.Unmap().WithZone("")
	if addr.IsLoopback() || addr.IsUnspecified() {
		return ""
	}
	return addr.String()
}

// sanctions checks those that are in force from the start.
func (v *validator) sanctions(c Config) {
	for i, b := range c.Bans {
		if err := b.Validate(); err != nil {
			v.fail(fmt.Sprintf("bans[%d]", i), "%v", err)
		}
	}
	for i, m := range c.Mutes {
		if err := m.Validate(); err != nil {
			v.fail(fmt.Sprintf("mutes[%d]", i), "%v", err)
		}
	}
}

// impose puts the sanctions in force; the room's time is 0 still. None lasts longer
// than one that is made now may.
func (c Config) impose(r *room.Room) {
	now := time.Now()
	impose := func(kind room.EventKind, s room.Sanction, since, until time.Time) {
		s.SinceNanos, s.UntilNanos = int64(min(max(since.Sub(now), -MaxSanction), 0)), room.Never
		if !until.IsZero() {
			s.UntilNanos = int64(min(until.Sub(now), MaxSanction))
		}
		if s.UntilNanos > 0 {
			r.Step(room.Now{}, room.Event{Kind: kind, Sanction: &s})
		}
	}
	for _, b := range c.Bans {
		impose(room.Ban, room.Sanction{Name: b.Name, Address: b.Address, Reason: screen.Line(b.Reason)}, b.Since, b.Until)
	}
	for _, m := range c.Mutes {
		impose(room.Mute, room.Sanction{Name: m.Name, Reason: screen.Line(m.Reason)}, m.Since, m.Until)
	}
}

// at is a time of the room on the wall clock; room.Never is no time.
func at(wall time.Time, now, nanos int64) time.Time {
	if nanos == room.Never {
		return time.Time{}
	}
	return wall.Add(time.Duration(nanos - now))
}

// Removal is how somebody is removed.
type Removal struct {
	Reason string
	// For is how long their name stays out; 0 is not at all.
	For time.Duration
	// Address keeps out the address, too, that they are connected from.
	Address bool
}

// Kick removes somebody, who reads why and for how long, as the others read why. It
// returns the name that they had. When the error is nil, all of that has happened;
// with ErrNoName, ErrNoAddr, ErrLoopback and ErrTooMany, which may be joined, they are
// removed, and their name or their address may come again. ErrNoMember says that nobody
// has that ID.
func (s *Server) Kick(ctx context.Context, id ID, r Removal) (name string, err error) {
	r.Reason = screen.Line(r.Reason)
	if err := errors.Join(checkReason(r.Reason), checkDuration(r.For)); err != nil {
		return "", err
	}
	var notKept error
	err = s.do(ctx, func() { name, notKept = s.kick(id, r) })
	if err != nil {
		return "", err
	}
	return name, notKept
}

// kick is Kick, on the loop's thread.
func (s *Server) kick(id ID, r Removal) (name string, err error) {
	p, ok := s.hub.Room().Person(id)
	if !ok {
		return "", ErrNoMember
	}
	kick := room.Event{Kind: room.Kick, Member: id, Text: []byte(r.Reason)}
	if r.For > 0 {
		kick.Sanction = &room.Sanction{UntilNanos: s.loop.Now() + int64(r.For)}
		if p.Name != "" {
			err = s.ban(room.Sanction{Name: p.Name}, r)
		} else if !r.Address {
			err = ErrNoName
		}
		if r.Address {
			err = errors.Join(err, s.banAddress(id, r))
		}
		if err != nil && p.Name == "" {
			kick.Sanction = nil // nothing of theirs stays out
		}
	}
	s.hub.Step(kick)
	return p.Name, err
}

// banAddress keeps out the address that somebody is connected from, on the loop's
// thread.
func (s *Server) banAddress(id ID, r Removal) error {
	peer := s.addr(id)
	if peer == "" {
		return ErrNoAddr
	}
	address := bannable(peer)
	if address == "" {
		return ErrLoopback
	}
	return s.ban(room.Sanction{Address: address}, r)
}

// ban keeps out a name or an address, on the loop's thread.
func (s *Server) ban(n room.Sanction, r Removal) error {
	if !s.hub.Room().TakesBan(n) {
		return ErrTooMany
	}
	n.Reason = r.Reason
	n.SinceNanos = s.loop.Now()
	n.UntilNanos = n.SinceNanos + int64(r.For)
	s.hub.Step(room.Event{Kind: room.Ban, Sanction: &n})
	return nil
}

// Bans are the names and addresses that are kept out, the next to end first. It
// works after the server has stopped, too.
func (s *Server) Bans(ctx context.Context) (bans []Ban, err error) {
	err = s.ask(ctx, func() {
		wall, now := time.Now(), s.loop.Now()
		for _, n := range s.hub.Room().Bans() {
			bans = append(bans, Ban{
				Name: n.Name, Address: n.Address, Reason: n.Reason,
				Since: at(wall, now, n.SinceNanos), Until: at(wall, now, n.UntilNanos),
			})
		}
	})
	return bans, err
}

// Unban lets a name and what looks like it, or an address, in again, and returns the
// names or the address that were kept out. ErrNoBan says that it is none.
func (s *Server) Unban(ctx context.Context, nameOrAddress string) (lifted []string, err error) {
	n := room.Sanction{Name: nameOrAddress}
	if address := bannable(nameOrAddress); address != "" {
		n = room.Sanction{Address: address}
	}
	return s.lift(ctx, room.Unban, n, (*room.Room).Banned, ErrNoBan)
}

// lift takes sanctions back, and returns what they were on.
func (s *Server) lift(ctx context.Context, kind room.EventKind, n room.Sanction, held func(*room.Room, room.Sanction) []room.Sanction, none error) (lifted []string, err error) {
	err = s.do(ctx, func() {
		for _, held := range held(s.hub.Room(), n) {
			lifted = append(lifted, held.Name+held.Address)
		}
		s.hub.Step(room.Event{Kind: kind, Sanction: &n})
	})
	if err == nil && lifted == nil {
		err = none
	}
	return lifted, err
}

// Mute hands back what somebody sends instead of posting it, and what of it waits
// for a filter; 0 is until Unmute. It holds for the name, and what looks like it,
// whether they stay or come again. It returns the name.
func (s *Server) Mute(ctx context.Context, id ID, long time.Duration, reason string) (name string, err error) {
	reason = screen.Line(reason)
	if err := errors.Join(checkReason(reason), checkDuration(long)); err != nil {
		return "", err
	}
	var wrong error
	err = s.do(ctx, func() {
		p, ok := s.hub.Room().Person(id)
		n := room.Sanction{Name: p.Name, Reason: reason, SinceNanos: s.loop.Now(), UntilNanos: room.Never}
		if long > 0 {
			n.UntilNanos = n.SinceNanos + int64(long)
		}
		switch {
		case !ok:
			wrong = ErrNoMember
		case p.Name == "":
			wrong = ErrNoName
		case !s.hub.Room().TakesMute(n):
			wrong = ErrTooMany
		default:
			name = p.Name
			s.hub.Step(room.Event{Kind: room.Mute, Sanction: &n})
		}
	})
	if err != nil {
		return "", err
	}
	return name, wrong
}

// Mutes are the names that are muted, the next to end first. It works after the
// server has stopped, too.
func (s *Server) Mutes(ctx context.Context) (mutes []Mute, err error) {
	err = s.ask(ctx, func() {
		wall, now := time.Now(), s.loop.Now()
		for _, n := range s.hub.Room().Mutes() {
			mutes = append(mutes, Mute{
				Name: n.Name, Reason: n.Reason,
				Since: at(wall, now, n.SinceNanos), Until: at(wall, now, n.UntilNanos),
			})
		}
	})
	return mutes, err
}

// Unmute ends the mutes of a name, and of what looks like it, whether somebody of
// that name is here or not, and returns the names. ErrNotMuted says that there is none.
func (s *Server) Unmute(ctx context.Context, name string) (lifted []string, err error) {
	return s.lift(ctx, room.Unmute, room.Sanction{Name: name}, (*room.Room).Muted, ErrNotMuted)
}
