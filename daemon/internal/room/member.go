package room

import (
	"slices"
	"strings"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

// state is what a member's next string means.
type state uint8

const (
	choosing state = iota // a name
	asking                // nothing: its name is with the hook
	present               // a message
	leaving               // nothing: it leaves once what it sent before is posted
)

// Why a member is held: any of these, added up.
const (
	heldForRate uint8 = 1 << iota
	heldForAnswer
	heldForGood
)

// member is somebody connected.
type member struct {
	id     ID
	name   string
	folded string // by which a text mentions it

	skeleton names.Skeleton // by which names are told apart

	state  state
	held   uint8
	gone   bool // its connection has ended: it reads nothing
	quiet  bool // wants no bell
	warned bool // has been told that it is too fast
	reason Reason
	timer  int32 // its place in the heap of timers, from 1; 0 where it has none
	tried  int32 // names refused
	unsent int32 // messages that wait for a verdict

	deadline   int64  // of its timer
	paidUntil  int64  // when its messages so far are within the rate
	floodSince int64  // since when it has not paused, or 0
	waitsFor   uint64 // the request that its state or command waits for, or 0
	lastFrom   ID     // who last wrote to it in private
	joinedAt   int64
	lastAt     int64 // when it last sent something
	messages   uint32
	mute       *Sanction // that holds for it, or nil
}

// Person is what is known of somebody connected.
type Person struct {
	ID          ID
	Name        string // empty: still choosing
	JoinedNanos int64  // when they joined, or connected where they have no name
	LastNanos   int64  // when they last sent something
	Messages    uint32 // how many they sent
	Muted       bool
}

// AppendPeople appends those connected whose IDs are greater than after, by ID, most
// of them at most.
func (r *Room) AppendPeople(dst []Person, after ID, most int) []Person {
	from, _ := slices.BinarySearchFunc(r.order, after+1, func(m *member, id ID) int { return compareIDs(m.id, id) })
	order := r.order[from:]
	order = order[:min(most, len(order))]
	for _, m := range order {
		dst = append(dst, m.person())
	}
	return dst
}

// Person returns what is known of who is connected by an ID.
func (r *Room) Person(id ID) (p Person, ok bool) {
	if m := r.members[id]; m != nil {
		return m.person(), true
	}
	return Person{}, false
}

func (m *member) person() Person {
	p := Person{ID: m.id, JoinedNanos: m.joinedAt, LastNanos: m.lastAt, Messages: m.messages, Muted: m.mute != nil}
	if m.state == present || m.state == leaving {
		p.Name = m.name
	}
	return p
}

// Has reports whether somebody is connected by an ID.
func (r *Room) Has(id ID) bool { return r.members[id] != nil }

// Named returns the ID of who is here by a name, however it is typed, or 0.
func (r *Room) Named(name string) ID {
	m := r.called([]byte(name))
	if m == nil {
		return 0
	}
	return m.id
}

func (r *Room) opened(id ID, address string) {
	if n := r.bans.at(address); n != nil {
		r.keepOut(id, n)
		return
	}
	if l := r.cfg.Limits.Clients; l > 0 && len(r.order) >= l {
		r.refuseNewcomer(id)
		return
	}
	m := &member{id: id, joinedAt: r.now.Nanos, lastAt: r.now.Nanos}
	if r.closing {
		r.goodbye(m)
		return
	}
	r.members[id] = m
	r.order = append(r.order, m)
	if l := r.cfg.Limits.NameNanos; l > 0 {
		r.timers.start(m, r.now.Nanos+l)
	}
	from := r.stage.begin()
	r.stage.lines = screen.AppendPlain(r.stage.lines, []byte(r.cfg.Name))
	if r.cfg.MayRead {
		r.stage.lines = screen.AppendPlain(r.stage.lines, []byte(mayRead[true]))
	}
	r.toOne(m, from, screen.NamePrompt, false)
}

// hold stops a member's strings for one more reason.
func (r *Room) hold(m *member, why uint8) {
	if m.held == 0 && !m.gone {
		r.out = append(r.out, Effect{Kind: Hold, Member: m.id})
	}
	m.held |= why
}

// release ends one reason to hold a member.
func (r *Room) release(m *member, why uint8) {
	if m.held&why == 0 {
		return
	}
	m.held &^= why
	if m.held == 0 && !m.gone {
		r.out = append(r.out, Effect{Kind: Resume, Member: m.id})
	}
}

// enter makes a member who has found a name present.
func (r *Room) enter(m *member) {
	m.state = present
	m.joinedAt = r.now.Nanos
	r.timers.stop(m)
	i, _ := slices.BinarySearchFunc(r.present, m.folded, compareFolded)
	r.present = slices.Insert(r.present, i, m)
	r.filter.add(m.folded)
	r.stage.joined = append(r.stage.joined, m)
	r.counts.Peak = max(r.counts.Peak, len(r.present))
	r.happened(&hooks.Event{Kind: hooks.Joined, Member: m.public()})
	if m.mute = r.mutes.on(m.skeleton); m.mute != nil {
		r.tellMuted(m)
	}
}

// leave ends a member's stay, once everything it sent before is posted.
func (r *Room) leave(m *member, why Reason) {
	if m.state == leaving {
		return
	}
	m.reason = why
	if m.state == present && (m.unsent > 0 || m.waitsFor != 0) {
		m.state = leaving
		r.timers.stop(m)
		r.hold(m, heldForGood)
		return
	}
	r.depart(m)
}

// moveOn lets a member who is leaving leave, where nothing of it waits any more.
func (r *Room) moveOn(m *member) {
	if m.state == leaving && m.unsent == 0 && m.waitsFor == 0 {
		r.depart(m)
	}
}

// cut closes a member's connection with last words.
func (r *Room) cut(m *member, why Reason) {
	if m.gone {
		return
	}
	from := r.stage.begin()
	r.errorLine(m, lastWords[why])
	r.close(m, from, why)
	r.leave(m, why)
}

// kick removes a member at once, with what it had not posted yet. out, where it is
// there, keeps it out.
func (r *Room) kick(m *member, why []byte, out *Sanction) {
	reason := screen.Line(string(why))
	sentence := "you were removed by the admin"
	if out != nil {
		sentence += " for " + span(out.UntilNanos-r.now.Nanos)
	}
	if reason != "" {
		sentence += ": " + reason
	}
	if !m.gone {
		from := r.stage.begin()
		r.errorLine(m, sentence)
		r.close(m, from, Removed)
	}
	m.reason = Removed
	r.pending.forget(m)
	m.unsent, m.waitsFor = 0, 0
	r.departFor(m, reason)
	r.postAnswered()
}

// closeWhenDone closes the room as soon as no message waits for a verdict.
func (r *Room) closeWhenDone() {
	if !r.closing || r.pending.len() > 0 {
		return
	}
	for _, m := range r.order {
		if m.state == present || m.state == leaving {
			r.happened(&hooks.Event{Kind: hooks.Left, Member: m.public(), Reason: Closed.String()})
		}
		r.goodbye(m)
	}
	clear(r.members)
	clear(r.byName)
	clear(r.bySkeleton)
	r.order, r.present, r.timers = nil, nil, timers{}
	r.filter = mentionFilter{}
}

// goodbye says that the room closes.
func (r *Room) goodbye(m *member) {
	from := r.stage.begin()
	text := []byte("The server is closing. Bye!")
	if m.state == choosing || m.state == asking {
		r.stage.lines = screen.AppendError(r.stage.lines, text)
	} else {
		r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Announcement, nil, text, nil)
	}
	r.close(m, from, Closed)
}

// close stages a member's last words, the lines since from; nothing is drawn for
// it any more.
func (r *Room) close(m *member, from int, why Reason) {
	if m.gone {
		r.stage.lines = r.stage.lines[:from]
		return
	}
	r.stage.close(m.id, from, why)
	m.gone = true
}

// depart takes a member out of the room; who said goodbye reads one, too.
func (r *Room) depart(m *member) {
	if m.reason == Left && !m.gone {
		from := r.stage.begin()
		if m.state == choosing {
			r.stage.lines = screen.AppendPlain(r.stage.lines, []byte("Bye!"))
		} else {
			r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Notice, nil, []byte("you left. Bye!"), nil)
		}
		r.close(m, from, Left)
	}
	r.departFor(m, "")
}

// departFor takes a member out of the room and tells the others, if they had
// been told that it came. why is what an admin says of it.
func (r *Room) departFor(m *member, why string) {
	r.timers.stop(m)
	delete(r.members, m.id)
	i, _ := slices.BinarySearchFunc(r.order, m.id, func(m *member, id ID) int { return compareIDs(m.id, id) })
	r.order = slices.Delete(r.order, i, i+1)
	if m.state == choosing {
		return
	}
	r.freeName(m)
	if m.state == asking {
		return
	}
	i, _ = slices.BinarySearchFunc(r.present, m.folded, compareFolded)
	r.present = slices.Delete(r.present, i, i+1)
	r.filter.remove(m.folded)
	r.stage.left = append(r.stage.left, departure{m, why})
	r.happened(&hooks.Event{Kind: hooks.Left, Member: m.public(), Reason: m.reason.String(), Why: why})
}

// called returns who is here by a name, however it is typed, or else by the one
// name that looks like it, or nil: where two do, nobody is meant for certain.
func (r *Room) called(typed []byte) *member {
	if m := r.find(typed); m != nil {
		return m
	}
	if _, ok := appendFolded(r.folded[:0], typed); !ok {
		return nil
	}
	var like *member
	for _, form := range names.SkeletonOf(string(typed)) {
		m := r.bySkeleton[form]
		if m == nil || m.state != present || m == like {
			continue
		}
		if like != nil {
			return nil
		}
		like = m
	}
	return like
}

// find returns who is here by a name that folds as this one does, or nil.
func (r *Room) find(typed []byte) *member {
	folded, ok := appendFolded(r.folded[:0], typed)
	r.folded = folded
	if !ok {
		return nil
	}
	m := r.byName[string(folded)]
	if m == nil || m.state != present {
		return nil
	}
	return m
}

func (m *member) public() hooks.Member { return hooks.Member{ID: m.id, Name: m.name} }

func compareFolded(m *member, folded string) int { return strings.Compare(m.folded, folded) }

func compareIDs(a, b ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
