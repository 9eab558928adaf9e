package room

import (
	"slices"
	"strconv"

	"famchat/daemon/internal/screen"
)

// mayRead is what everybody reads of whether the admin may read along.
var mayRead = map[bool]string{
	true:  "Whoever looks after this room may read what is written here, in private too",
	false: "Whoever looks after this room no longer reads what is written here",
}

// listed is how many people a list names; it says how many more there are.
const listed = 30

// drawArrivals tells everyone who has come, in one line, and lets those who have
// read on from there: first who is here, then the room's last lines.
func (r *Room) drawArrivals() {
	s := &r.stage
	slices.SortFunc(s.joined, func(a, b *member) int { return compareFolded(a, b.folded) })
	text := appendMembers(r.text[:0], s.joined, nil)
	r.text = append(text, " joined"...)
	from := s.begin()
	s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Notice, nil, r.text, nil)
	s.notice(from)

	from = s.begin()
	s.lines = r.history.appendLines(s.lines, r.today)
	earlier := len(s.lines) > from
	start, end := s.frame(from, screen.Prompt, false)
	s.lines = s.lines[:from]
	for _, m := range s.joined {
		s.effects = append(s.effects, Effect{Kind: Attach, Member: m.id})
		r.drawWelcome(m)
		if earlier {
			s.effects = append(s.effects, Effect{Kind: ToOne, Member: m.id, from: start, to: end})
		}
	}
}

// drawWelcome tells somebody who has joined who is here and how to talk.
func (r *Room) drawWelcome(m *member) {
	s := &r.stage
	text := append(r.text[:0], "you joined. "...)
	if len(r.present) == 0 || len(r.present) == 1 && r.present[0] == m {
		text = append(text, "Nobody else is here yet"...)
	} else {
		text = append(text, "Here: "...)
		text = appendMembers(text, r.present, m)
	}
	r.text = append(text, ". /help lists the commands"...)
	from := s.begin()
	s.lines = screen.AppendDay(s.lines, r.today)
	if r.cfg.MayRead {
		s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Announcement, nil, []byte(mayRead[true]), nil)
	}
	s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Notice, nil, r.text, nil)
	if r.countdown.at != 0 {
		s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Announcement, nil, []byte(r.untilClosing()), nil)
	}
	if r.cfg.Welcome != "" {
		welcome := screen.AppendText(r.text[:0], []byte(r.cfg.Welcome))
		s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Announcement, nil, welcome, nil)
		r.text = welcome
	}
	s.toOne(m.id, from, 0, screen.Prompt, false)
}

// drawDepartures tells everyone who has left, a line for each way of leaving.
func (r *Room) drawDepartures() {
	s := &r.stage
	slices.SortStableFunc(s.left, func(a, b departure) int { return compareFolded(a.member, b.folded) })
	var left, lost []*member
	from := s.begin()
	for _, d := range s.left {
		switch d.reason {
		case Left:
			left = append(left, d.member)
		case Removed:
			text := d.name + " was removed"
			if d.why != "" {
				text += ": " + d.why
			}
			s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Notice, nil, []byte(text), nil)
		default:
			lost = append(lost, d.member)
		}
	}
	verb := " was disconnected"
	if len(lost) > 1 {
		verb = " were disconnected"
	}
	r.drawAbout(left, " left")
	r.drawAbout(lost, verb)
	s.notice(from)
}

// drawAbout draws a notice about several people, if there are any.
func (r *Room) drawAbout(members []*member, verb string) {
	if len(members) == 0 {
		return
	}
	r.text = append(appendMembers(r.text[:0], members, nil), verb...)
	r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Notice, nil, r.text, nil)
}

// appendMembers appends the names of members, but for one: at most thirty, and
// how many more there are.
func appendMembers(dst []byte, members []*member, but *member) []byte {
	named, start := 0, len(dst)
	for i, m := range members {
		if m == but {
			continue
		}
		if named == listed {
			more := len(members) - i
			if but != nil && slices.Contains(members[i:], but) {
				more--
			}
			dst = append(dst, " and "...)
			dst = strconv.AppendInt(dst, int64(more), 10)
			return append(dst, " more"...)
		}
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		dst = append(dst, m.name...)
		named++
	}
	return dst
}
