package room

import (
	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
)

// stage holds what has been drawn in a turn until it comes out: what can be told
// in one line (ten arrivals) is told at its end, and still before any other
// public line of the turn.
type stage struct {
	lines   []byte // lines of public messages, for the history
	frames  []byte
	effects []Effect
	spare   []Effect
	day     bool // a day has begun
	joined  []*member
	left    []departure
}

// departure is somebody who has left, and what an admin said of it.
type departure struct {
	*member
	why string
}

func (s *stage) empty() bool {
	return len(s.effects) == 0 && len(s.joined) == 0 && len(s.left) == 0 && !s.day
}

func (s *stage) reset() { s.lines, s.frames = s.lines[:0], s.frames[:0] }

// begin returns where the lines that are drawn next begin.
func (s *stage) begin() int { return len(s.lines) }

// frame makes updates of the lines since from and returns where they are.
func (s *stage) frame(from int, prompt string, ring bool) (start, end int) {
	start = len(s.frames)
	s.frames = screen.AppendUpdates(s.frames, s.lines[from:], prompt, ring)
	return start, len(s.frames)
}

// toOne stages the lines since from for a member, in place of the next skip
// bytes for all.
func (s *stage) toOne(id ID, from, skip int, prompt string, ring bool) {
	start, end := s.frame(from, prompt, ring)
	s.lines = s.lines[:from]
	s.effects = append(s.effects, Effect{Kind: ToOne, Member: id, Skip: skip, from: start, to: end})
}

// close stages the lines since from as a member's last words.
func (s *stage) close(id ID, from int, why Reason) {
	start, end := s.frame(from, screen.NoPrompt, false)
	s.lines = s.lines[:from]
	s.effects = append(s.effects, Effect{Kind: Close, Member: id, Reason: why, from: start, to: end})
}

// toAll stages the lines since from for everyone.
func (s *stage) toAll(from int) {
	start, end := s.frame(from, screen.Prompt, false)
	s.lines = s.lines[:from]
	s.effects = append(s.effects, Effect{Kind: ToAll, from: start, to: end})
}

// notice stages the lines since from for everyone; nobody minds reading them a
// little later.
func (s *stage) notice(from int) {
	s.toAll(from)
	s.effects[len(s.effects)-1].Waits = true
}

// toOne stages the lines since from for a member, unless it reads nothing more.
func (r *Room) toOne(m *member, from int, prompt string, ring bool) {
	if m.gone {
		r.stage.lines = r.stage.lines[:from]
		return
	}
	r.stage.toOne(m.id, from, 0, prompt, ring)
}

// tell draws a line for one member.
func (r *Room) tell(m *member, kind screen.Kind, text string) {
	from := r.stage.begin()
	r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, kind, nil, []byte(text), nil)
	r.toOne(m, from, screen.Prompt, false)
}

// fail tells a member what is wrong.
func (r *Room) fail(m *member, sentence string) { r.tell(m, screen.Error, sentence) }

// refuse tells a member what is wrong, in a sentence with its full stop, and
// hands back what was not sent.
func (r *Room) refuse(m *member, sentence, unsent string) {
	r.fail(m, sentence+" Not sent: "+unsent)
}

// errorLine draws an error in the form that a member's state has.
func (r *Room) errorLine(m *member, sentence string) {
	if m.state == choosing || m.state == asking {
		r.stage.lines = screen.AppendError(r.stage.lines, []byte(sentence))
		return
	}
	r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Error, nil, []byte(sentence), nil)
}

// happened tells who observes the room.
func (r *Room) happened(e *hooks.Event) {
	r.out = append(r.out, Effect{Kind: Happened, Event: e})
}

// newDay ends what was drawn on another day, and begins a new one.
func (r *Room) newDay(now Now) {
	if now.Stamp.Date == r.today {
		return
	}
	r.settle()
	r.today = now.Stamp.Date
	r.stage.day = len(r.present) > 0
}

// settle lets out what has been drawn: who came, everything in order, who left.
func (r *Room) settle() {
	s := &r.stage
	if s.empty() {
		return
	}
	body := s.effects
	s.effects = s.spare[:0]
	if s.day {
		from := s.begin()
		s.lines = screen.AppendDay(s.lines, r.today)
		s.toAll(from)
	}
	if len(s.joined) > 0 {
		r.drawArrivals()
	}
	r.remember(body)
	s.effects = append(s.effects, body...)
	if len(s.left) > 0 {
		r.drawDepartures()
	}
	for i := range s.effects {
		e := &s.effects[i]
		e.Frames = s.frames[e.from:e.to]
	}
	r.out = append(r.out, s.effects...)
	s.spare, s.effects = s.effects, body[:0]
	clear(s.joined)
	clear(s.left)
	s.joined, s.left, s.day = s.joined[:0], s.left[:0], false
}

// remember puts the public lines among effects into the history.
func (r *Room) remember(effects []Effect) {
	for i := range effects {
		if e := &effects[i]; e.lineTo > e.lineFrom {
			r.history.add(r.now.Stamp.Date, r.stage.lines[e.lineFrom:e.lineTo])
		}
	}
}

// Settled reports whether nothing is drawn that has not come out.
func (r *Room) Settled() bool { return r.stage.empty() }
