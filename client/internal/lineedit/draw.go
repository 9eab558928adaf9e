package lineedit

import (
	"slices"
	"strconv"
	"strings"
)

// eraseBlock goes to the beginning of the row and erases all below. A plain ESC [ J
// at the top of the screen is taken by tmux for a clear of the whole screen, and
// puts what was there into the scrollback.
const eraseBlock = "\r\x1b[K\x1b[C\x1b[J\r"

// While the input is drawn in a terminal that truncates, what does not fit is cut off
// too: its window may have become narrower already, and rows that wrapped would not
// be where they are looked for when they are erased.
const (
	wrapOff = "\x1b[?7l"
	wrapOn  = "\x1b[?7h"
)

// A block is the input as it stands on the screen.
type block struct {
	layout
	drawn bool
}

// erase erases the block and leaves the cursor where it began.
func (e *Editor) erase() {
	if !e.block.drawn {
		return
	}
	if e.block.cur > 0 {
		e.out = append(e.out, "\x1b["...)
		e.out = strconv.AppendInt(e.out, int64(e.block.cur), 10)
		e.out = append(e.out, 'A')
	}
	e.out = append(e.out, eraseBlock...)
	e.block = block{}
}

// draw draws the input where the cursor is, at the beginning of a row. The cursor
// is put by writing the beginning of its row again: no column is counted.
func (e *Editor) draw(l layout) {
	e.unwrapped(func() { e.rows(l) })
	e.block = block{layout: l, drawn: true}
}

// unwrapped has write write something that must not wrap.
func (e *Editor) unwrapped(write func()) {
	if !e.config.Truncates {
		write()
		return
	}
	e.out = append(e.out, wrapOff...)
	write()
	e.out = append(e.out, wrapOn...)
}

// rows writes the rows of the input.
func (e *Editor) rows(l layout) {
	for i, r := range l.rows {
		if i > 0 {
			e.out = append(e.out, "\r\n"...)
		}
		e.out = append(e.out, r.text...)
	}
	last := len(l.rows) - 1
	if l.cur < last {
		e.out = append(e.out, "\x1b["...)
		e.out = strconv.AppendInt(e.out, int64(last-l.cur), 10)
		e.out = append(e.out, 'A')
	}
	if l.cur < last || l.before != l.rows[last].text {
		e.out = append(append(e.out, '\r'), l.before...)
	}
}

// layout returns what the input looks like now, as much of it as is shown.
func (e *Editor) layout() layout {
	now := layoutKey{e.prompt, e.line.text, e.line.pos, e.width}
	switch {
	case e.aside:
		now.prompt, now.text, now.pos = e.status, "", 0
	case e.search != nil:
		now.prompt = e.search.prompt()
	}
	if e.laid == nil || e.laidFor != now {
		l := lay(now.prompt, now.text, now.pos, now.width, e.config.Color)
		e.laid, e.laidFor = &l, now
	}
	return e.laid.window(max(1, e.height-1), &e.top)
}

// A layoutKey is all that a layout depends on.
type layoutKey struct {
	prompt, text string
	pos, width   int
}

// refresh brings the input on the screen up to date. What was only typed on is
// only written on: a screen reader then reads it out and nothing else.
func (e *Editor) refresh() {
	l := e.layout()
	if e.block.drawn {
		if more, ok := e.block.continued(l); ok {
			e.unwrapped(func() { e.out = append(e.out, more...) })
			e.block.layout = l
			return
		}
	}
	e.erase()
	e.draw(l)
}

// continued tells whether l is the block and more at its end, with the cursor at
// the end of both, and what more that is.
func (b *block) continued(l layout) (more string, ok bool) {
	n := len(b.rows)
	if len(l.rows) < n || !b.atEnd() || !l.atEnd() {
		return "", false
	}
	for i := range n - 1 {
		if b.rows[i].text != l.rows[i].text {
			return "", false
		}
	}
	old, now := b.rows[n-1], l.rows[n-1]
	more, ok = strings.CutPrefix(now.text, old.text)
	// A cluster that grew is drawn anew: it may have become wider.
	if !ok || len(now.spans) < len(old.spans) || !slices.Equal(now.spans[:len(old.spans)], old.spans) {
		return "", false
	}
	for _, r := range l.rows[n:] {
		more += "\r\n" + r.text
	}
	return more, true
}

func (l *layout) atEnd() bool {
	last := len(l.rows) - 1
	return l.cur == last && l.before == l.rows[last].text
}

// lines writes lines where the cursor is, at the beginning of a row.
func (e *Editor) lines(lines []string) {
	for _, l := range lines {
		if !e.config.Color {
			l = unstyled(l)
		}
		e.out = append(append(e.out, l...), "\r\n"...)
	}
}

// unstyled returns s without its SGR sequences.
func unstyled(s string) string {
	if strings.IndexByte(s, esc) < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		if _, rest, ok := cutStyle(s); ok {
			s = rest
			continue
		}
		n := max(1, strings.IndexByte(s, esc))
		if strings.IndexByte(s, esc) < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}
