package room

import (
	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

// quotedBytes is how much of a refused name is quoted back.
const quotedBytes = 120

// choose takes a string of somebody who has no name yet.
func (r *Room) choose(m *member, typed []byte) {
	m.lastAt = r.now.Nanos
	if len(typed) == 0 {
		r.leave(m, Left)
		return
	}
	name, err := names.Check(string(typed))
	if err != nil {
		quoted := screen.Line(string(typed[:min(len(typed), quotedBytes)]))
		r.refuseName(m, `"`+quoted+`" is no name: `+err.Error()+".")
		return
	}
	folded, skeleton := names.Fold(name), names.SkeletonOf(name)
	if r.byName[folded] != nil {
		r.refuseName(m, `"`+name+`" is taken, by somebody who is here.`)
		return
	}
	for _, form := range skeleton {
		if other := r.bySkeleton[form]; other != nil {
			r.refuseName(m, `"`+name+`" looks like `+other.name+`, who is here.`)
			return
		}
	}
	if n := r.bans.on(skeleton); n != nil {
		r.refuseBanned(m, name, n)
		return
	}
	// Who had the name until this turn, or one that looks like it, is told to
	// have left before somebody else is told to have come by it.
	for _, d := range r.stage.left {
		if d.skeleton.Alike(skeleton) {
			r.settle()
			break
		}
	}
	m.name, m.folded, m.skeleton = name, folded, skeleton
	r.takeName(m)
	if !r.cfg.Offers.Names {
		r.enter(m)
		return
	}
	m.state = asking
	r.requests++
	m.waitsFor = r.requests
	r.names.add(ask{
		request: r.requests, member: m.id,
		deadline: r.now.Nanos + timeout(r.cfg.Offers.NameTimeout, hooks.DefaultNameTimeout),
	})
	r.hold(m, heldForAnswer)
	r.out = append(r.out, Effect{Kind: AskName, Request: r.requests, Name: hooks.NameRequest{Member: m.id, Name: name}})
}

// takeName keeps others from a member's name and from what looks like it.
func (r *Room) takeName(m *member) {
	r.byName[m.folded] = m
	for _, form := range m.skeleton {
		r.bySkeleton[form] = m
	}
}

// freeName undoes takeName.
func (r *Room) freeName(m *member) {
	delete(r.byName, m.folded)
	for _, form := range m.skeleton {
		delete(r.bySkeleton, form)
	}
}

// nameAnswered takes the hook's verdict on the name that the room holds for m.
func (r *Room) nameAnswered(m *member, v hooks.Verdict) {
	m.waitsFor = 0
	banned := r.bans.on(m.skeleton) // since it was asked
	if v.Action == hooks.Allowed && banned == nil {
		r.enter(m)
		r.release(m, heldForAnswer)
		return
	}
	name := m.name
	r.freeName(m)
	m.state, m.name, m.folded, m.skeleton = choosing, "", "", names.Skeleton{}
	switch reason := screen.Line(v.Text); {
	case banned != nil:
		r.refuseBanned(m, name, banned)
	case v.Action == hooks.Rejected && reason != "":
		r.refuseName(m, `"`+name+`" is refused: `+ended(reason))
	default:
		// A hook that failed is not the person's fault: it does not count.
		r.askAgain(m, `"`+name+`" could not be checked; try again in a moment`)
	}
	if !m.gone {
		r.release(m, heldForAnswer)
	}
}

// refuseBanned says why a name is kept out and for how long still.
func (r *Room) refuseBanned(m *member, name string, n *Sanction) {
	r.refuseName(m, ended(`"`+name+`" is kept out`+r.stillFor(n)))
}

// refuseName says, in a sentence with its full stop, why a name is refused and asks again, up to limits.names_tried
// times.
func (r *Room) refuseName(m *member, why string) {
	m.tried++
	if l := r.cfg.Limits.NamesTried; l > 0 && int(m.tried) >= l {
		r.cut(m, NamesTried)
		return
	}
	r.askAgain(m, why+" Another name?")
}

func (r *Room) askAgain(m *member, sentence string) {
	from := r.stage.begin()
	r.errorLine(m, sentence)
	r.toOne(m, from, screen.NamePrompt, false)
}

// refuseNewcomer tells somebody that the room is full.
func (r *Room) refuseNewcomer(id ID) {
	from := r.stage.begin()
	text := r.cfg.Name + " is full: " + people(len(r.order)) + " connected. Try again later"
	r.stage.lines = screen.AppendError(r.stage.lines, screen.AppendText(nil, []byte(text)))
	r.stage.close(id, from, RoomFull)
}
