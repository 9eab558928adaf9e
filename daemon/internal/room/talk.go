package room

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/internal/names"
	"famchat/internal/nearest"
)

const (
	white = " \n"
	// chargedBytes is how much a message may draw for the token that every
	// message costs; each further stretch of it costs one more.
	chargedBytes = 1024
	nanosASecond = 1_000_000_000
)

// talk takes a string of somebody who is present.
func (r *Room) talk(m *member, typed []byte) {
	m.lastAt = r.now.Nanos
	if len(typed) == 0 {
		r.leave(m, Left)
		return
	}
	m.messages++
	r.charge(m, 1)
	r.understand(m, typed)
	r.throttle(m)
}

// understand does what the string says, as the grammar has it.
func (r *Room) understand(m *member, typed []byte) {
	r.text = screen.AppendText(r.text[:0], typed)
	text := bytes.Trim(r.text, white)
	if len(text) == 0 {
		r.fail(m, "a blank line is not sent. /help says how to talk")
		return
	}
	if lines := bytes.Count(text, []byte{'\n'}) + 1; lines > r.cfg.Limits.MessageLines {
		r.refuse(m, "a message has at most "+strconv.Itoa(r.cfg.Limits.MessageLines)+
			" lines, this one has "+strconv.Itoa(lines)+". Send it in pieces.", string(text))
		return
	}
	switch {
	case text[0] == '@':
		r.address(m, text)
	case text[0] != '/':
		r.submit(m, posting{kind: hooks.Public}, text)
	case len(text) > 1 && text[1] == '/':
		r.submit(m, posting{kind: hooks.Public}, text[1:])
	default:
		r.command(m, text)
	}
}

// address sends "@name text" to one person.
func (r *Room) address(m *member, typed []byte) {
	name, text := cutName(typed[1:])
	if len(name) == 0 {
		r.refuse(m, "say to whom: @name and the text.", string(typed))
		return
	}
	to := r.called(name)
	if to == nil {
		r.refuse(m, r.unknownName(name), string(typed))
		return
	}
	if len(text) == 0 {
		r.refuse(m, "say what to tell "+to.name+": @"+to.name+" and the text.", string(typed))
		return
	}
	r.submit(m, posting{kind: hooks.Private, to: to.id, toName: to.name}, text)
}

// unknownName says that nobody is called so, and who may be meant.
func (r *Room) unknownName(typed []byte) string {
	near := nearest.New(names.Fold(string(typed)))
	for _, m := range r.present {
		near.Try(m.folded)
	}
	sentence := `nobody here is called "` + string(typed) + `"`
	found := near.Best()
	if len(found) == 0 {
		return sentence + "."
	}
	for i, folded := range found {
		found[i] = r.byName[folded].name
	}
	return sentence + "; did you mean " + alternatives(found) + "?"
}

// cutName cuts "name text", "name: text" and the like into the two.
func cutName(s []byte) (name, text []byte) {
	n := 0
	for n < len(s) {
		c, size := utf8.DecodeRune(s[n:])
		if !names.IsNameRune(c) {
			break
		}
		n += size
	}
	name = bytes.TrimRight(s[:n], "-_.")
	text = s[len(name):]
	switch {
	case len(name) == 0 || len(text) == 0 || bytes.IndexByte([]byte(white), text[0]) >= 0:
	case bytes.IndexByte([]byte(",:;.!?"), text[0]) >= 0:
		text = text[1:]
	default:
		// "@mum's": no name ends here, so all of the word was meant as one.
		n = bytes.IndexAny(s, white)
		if n < 0 {
			n = len(s)
		}
		name, text = s[:n], s[n:]
	}
	return name, bytes.Trim(text, white)
}

// charge takes tokens from what a member may send.
func (r *Room) charge(m *member, tokens int) {
	if r.cfg.Limits.MessageRate == 0 {
		return
	}
	if m.paidUntil <= r.now.Nanos {
		m.paidUntil, m.warned = r.now.Nanos, false
	}
	m.paidUntil += int64(tokens) * (nanosASecond / int64(r.cfg.Limits.MessageRate))
}

// chargeDrawn takes the tokens that a message costs for what it drew.
func (r *Room) chargeDrawn(m *member, bytes int) { r.charge(m, bytes/chargedBytes) }

// throttle holds a member who is over its rate until a token is there, tells it
// so once, and cuts it off where it has not paused for too long.
func (r *Room) throttle(m *member) {
	l := r.cfg.Limits
	if l.MessageRate == 0 || m.state != present {
		return
	}
	at := m.paidUntil - int64(l.MessageBurst-1)*(nanosASecond/int64(l.MessageRate))
	if at <= r.now.Nanos {
		m.floodSince = 0
		return
	}
	if m.floodSince == 0 {
		m.floodSince = r.now.Nanos
	}
	if !m.warned {
		m.warned = true
		r.fail(m, "you type too fast; what you send is passed on a little later")
	}
	r.hold(m, heldForRate)
	r.timers.start(m, min(at, m.floodSince+l.FloodNanos))
}

// flooded reports whether a member has been over its rate for too long.
func (r *Room) flooded(m *member) bool {
	return m.floodSince != 0 && r.now.Nanos >= m.floodSince+r.cfg.Limits.FloodNanos
}

// alternatives lists what may be meant: "dad, dan or day".
func alternatives(words []string) string {
	s := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			s += " or " + w
		} else {
			s += ", " + w
		}
	}
	return s
}

func people(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return strconv.Itoa(n) + " people are"
}
