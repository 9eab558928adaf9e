package room

import (
	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
)

// post shows a message to who is to see it. text is safe, trimmed and not empty.
func (r *Room) post(p *posting, text []byte) {
	before := len(r.stage.frames)
	switch {
	case p.kind == hooks.Private:
		to := r.members[p.to]
		if to == nil || to.state != present {
			r.refuse(p.from, p.toName+" has left.", "@"+p.toName+" "+string(text))
			return
		}
		r.whisper(p.from, to, text)
		r.counts.Deliveries++
		if to != p.from {
			r.counts.Deliveries++
		}
	case p.action:
		r.act(p.from, text)
		r.counts.Deliveries += uint64(len(r.present))
	default:
		r.say(p.from, text)
		r.counts.Deliveries += uint64(len(r.present))
	}
	r.counts.Messages++
	r.chargeDrawn(p.from, len(r.stage.frames)-before)
	if r.cfg.ObservePosts {
		seen := *p
		seen.text = string(text)
		r.happened(&hooks.Event{Kind: hooks.Posted, Member: p.from.public(), Message: *seen.public()})
	}
}

// say draws a public message: once for everyone, once for its author, and once
// for each it mentions.
func (r *Room) say(m *member, text []byte) {
	s := &r.stage
	who := screen.AppendName(r.who[:0], m.name, m.folded)
	r.who = append(who, ": "...)
	lineFrom := s.begin()
	s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Public, r.who, text, nil)
	lineTo := len(s.lines)
	from, to := s.frame(lineFrom, screen.Prompt, false)
	skip := to - from

	for _, mention := range r.mentions(text, m) {
		start := s.begin()
		s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Mention, r.who, text, mention.spans)
		s.toOne(mention.member.id, start, skip, screen.Prompt, !mention.quiet)
	}
	if !m.gone {
		start := s.begin()
		who = screen.AppendYou(r.who[:0])
		r.who = append(who, ": "...)
		s.lines = screen.AppendLines(s.lines, r.now.Stamp, screen.Public, r.who, text, nil)
		s.toOne(m.id, start, skip, screen.Prompt, false)
	}
	s.effects = append(s.effects, Effect{Kind: ToAll, from: from, to: to, lineFrom: lineFrom, lineTo: lineTo})
}

// act draws what somebody does, as /me has it: the same for all.
func (r *Room) act(m *member, text []byte) {
	who := screen.AppendName(r.who[:0], m.name, m.folded)
	r.who = append(who, ' ')
	r.toEveryone(screen.Action, r.who, text)
}

// whisper draws a private message for the two whom it concerns.
func (r *Room) whisper(m, to *member, text []byte) {
	if to != m {
		to.lastFrom = m.id
		r.who = append(append(r.who[:0], m.name...), " -> you: "...)
		r.drawPrivate(to, text)
		r.who = append(append(append(r.who[:0], "you -> "...), to.name...), ": "...)
	} else {
		r.who = append(r.who[:0], "you -> you: "...)
	}
	r.drawPrivate(m, text)
}

func (r *Room) drawPrivate(m *member, text []byte) {
	from := r.stage.begin()
	r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Private, r.who, text, nil)
	r.toOne(m, from, screen.Prompt, false)
}

// announce tells everyone something in the room's own name.
func (r *Room) announce(typed []byte) {
	if text, ok := r.checked(string(typed)); ok {
		r.toEveryone(screen.Announcement, nil, text)
	}
}

// toEveryone draws a line that is the same for all, and keeps it for who joins.
func (r *Room) toEveryone(kind screen.Kind, who, text []byte) {
	s := &r.stage
	lineFrom := s.begin()
	s.lines = screen.AppendLines(s.lines, r.now.Stamp, kind, who, text, nil)
	from, to := s.frame(lineFrom, screen.Prompt, false)
	s.effects = append(s.effects, Effect{Kind: ToAll, from: from, to: to, lineFrom: lineFrom, lineTo: len(s.lines)})
}

// tellPerson tells one person something in the room's own name.
func (r *Room) tellPerson(m *member, typed []byte) {
	text, ok := r.checked(string(typed))
	if !ok {
		return
	}
	from, prompt := r.stage.begin(), screen.Prompt
	if m.state == choosing || m.state == asking {
		prompt = screen.NamePrompt
		r.stage.lines = screen.AppendPlain(r.stage.lines, append([]byte("# "), text...))
	} else {
		r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Announcement, nil, text, nil)
	}
	r.toOne(m, from, prompt, false)
}
