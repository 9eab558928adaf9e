package room

import (
	"slices"
	"strings"

	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

// Sanction is that a name or an address is kept out, or a name muted.
type Sanction struct {
	Name       string // a name that Check accepts; empty: it is about Address
	Address    string // where somebody connects from, as Opened says it
	SinceNanos int64
	UntilNanos int64  // Never: until it is taken back
	Reason     string // safe text on one line, or empty

	folded   string
	skeleton names.Skeleton
}

// know works out what names are compared by.
func (n *Sanction) know() {
	if n.Name != "" {
		n.folded, n.skeleton = names.Fold(n.Name), names.SkeletonOf(n.Name)
	}
}

// sanctions are sanctions of one kind, the next to end first.
type sanctions struct{ list []*Sanction }

// add puts a sanction in place of the one on the same name or address.
func (s *sanctions) add(n *Sanction) {
	n.know()
	s.list = slices.DeleteFunc(s.list, n.same)
	i, _ := slices.BinarySearchFunc(s.list, n, (*Sanction).compare)
	s.list = slices.Insert(s.list, i, n)
}

// compare orders by the end, and then so that the order is always the same.
func (n *Sanction) compare(other *Sanction) int {
	switch {
	case n.UntilNanos < other.UntilNanos:
		return -1
	case n.UntilNanos > other.UntilNanos:
		return 1
	}
	return strings.Compare(n.Name+" "+n.Address, other.Name+" "+other.Address)
}

func (n *Sanction) same(other *Sanction) bool {
	return n.Address == other.Address && n.folded == other.folded
}

// on returns the sanction on a name that looks so, the last to end, or nil.
func (s *sanctions) on(skeleton names.Skeleton) *Sanction {
	for _, n := range slices.Backward(s.list) {
		if n.Name != "" && n.skeleton.Alike(skeleton) {
			return n
		}
	}
	return nil
}

// at returns the sanction on an address, or nil.
func (s *sanctions) at(address string) *Sanction {
	if address == "" {
		return nil
	}
	for _, n := range s.list {
		if n.Address == address {
			return n
		}
	}
	return nil
}

// has reports whether adding n makes no more of them.
func (s *sanctions) has(n *Sanction) bool {
	n.know()
	return slices.ContainsFunc(s.list, n.same)
}

// lift takes away every sanction on a name, or what looks like it, or an address.
func (s *sanctions) lift(who *Sanction) (lifted []*Sanction) {
	who.know()
	s.list = slices.DeleteFunc(s.list, func(n *Sanction) bool {
		gone := who.Name != "" && n.Name != "" && n.skeleton.Alike(who.skeleton) || who.Address != "" && n.Address == who.Address
		if gone {
			lifted = append(lifted, n)
		}
		return gone
	})
	return lifted
}

// next is when the first ends, or Never.
func (s *sanctions) next() int64 {
	if len(s.list) == 0 {
		return Never
	}
	return s.list[0].UntilNanos
}

// expire takes away those that end now.
func (s *sanctions) expire(now int64) []*Sanction {
	n := 0
	for n < len(s.list) && s.list[n].UntilNanos <= now {
		n++
	}
	over := slices.Clone(s.list[:n])
	s.list = slices.Delete(s.list, 0, n)
	return over
}

func (s *sanctions) copies() []Sanction {
	all := make([]Sanction, len(s.list))
	for i, n := range s.list {
		all[i] = *n
	}
	return all
}

// Bans are the names and addresses that are kept out, the next to end first.
func (r *Room) Bans() []Sanction { return r.bans.copies() }

// Mutes are the names that are muted, the next to end first.
func (r *Room) Mutes() []Sanction { return r.mutes.copies() }

// BansAddresses reports whether Opened has to say where somebody is from.
func (r *Room) BansAddresses() bool {
	return slices.ContainsFunc(r.bans.list, func(n *Sanction) bool { return n.Address != "" })
}

// TakesBan reports whether there may be one more ban, on this name or address.
func (r *Room) TakesBan(n Sanction) bool {
	return r.bans.has(&n) || len(r.bans.list) < r.cfg.Limits.Bans
}

// TakesMute reports whether there may be one more mute, of this name.
func (r *Room) TakesMute(n Sanction) bool {
	return r.mutes.has(&n) || len(r.mutes.list) < r.cfg.Limits.Mutes
}

// Banned are the bans that Unban would take back for a name, which are those of what
// looks like it too, or for an address.
func (r *Room) Banned(n Sanction) []Sanction { return r.bans.like(&n) }

// Muted are the mutes that Unmute would take back for a name.
func (r *Room) Muted(n Sanction) []Sanction { return r.mutes.like(&n) }

// like is what lift would take away.
func (s *sanctions) like(who *Sanction) []Sanction {
	all := sanctions{slices.Clone(s.list)}
	lifted := sanctions{all.lift(who)}
	return lifted.copies()
}

// stillFor says for how long a sanction holds, and why, as the end of a sentence:
// " for 9 minutes: enough cake talk".
func (r *Room) stillFor(n *Sanction) string {
	text := ""
	if n.UntilNanos != Never {
		text = " for " + span(n.UntilNanos-r.now.Nanos)
	}
	if n.Reason != "" {
		text += ": " + n.Reason
	}
	return text
}

// keepOut refuses somebody whose address is banned, before anything else is said.
func (r *Room) keepOut(id ID, n *Sanction) {
	from := r.stage.begin()
	r.stage.lines = screen.AppendError(r.stage.lines, []byte("you are kept out"+r.stillFor(n)))
	r.stage.close(id, from, Banned)
}

// mute hands back from now on what a member with such a name sends, and what of it
// waits for a verdict.
func (r *Room) mute(n *Sanction) {
	r.mutes.add(n)
	var muted []*member
	for _, m := range r.present {
		if m.skeleton.Alike(n.skeleton) {
			muted = append(muted, m)
		}
	}
	for _, m := range muted {
		m.mute = n
		r.tellMuted(m)
		r.handBack(m)
	}
	r.postAnswered()
}

// tellMuted tells a member that it is muted.
func (r *Room) tellMuted(m *member) {
	r.fail(m, ended("you are muted"+r.stillFor(m.mute))+" What you send comes back to you until then")
}

// handBack refuses what a member sent that waits for a verdict.
func (r *Room) handBack(m *member) {
	for i := r.pending.head; i < len(r.pending.items); i++ {
		if p := &r.pending.items[i]; p.from == m {
			p.from, p.done = nil, true
			m.unsent--
			r.refuseMuted(m, p.typed())
		}
	}
	r.moveOn(m)
}

// refuseMuted hands back what a muted member sent.
func (r *Room) refuseMuted(m *member, typed string) {
	r.refuse(m, ended("you are muted"+r.stillFor(m.mute)), typed)
}

// unmuted tells those who were muted by sanctions that they are no more, unless
// another one holds.
func (r *Room) unmuted(lifted []*Sanction) {
	if len(lifted) == 0 {
		return
	}
	for _, m := range r.present {
		if m.mute == nil || !slices.Contains(lifted, m.mute) {
			continue
		}
		if m.mute = r.mutes.on(m.skeleton); m.mute == nil {
			r.tell(m, screen.Notice, "you are no longer muted")
		}
	}
}
