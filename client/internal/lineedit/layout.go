package lineedit

import (
	"slices"
	"strings"
)

// minWidth is the width in cells of the narrowest terminal that is drawn for.
const minWidth = 2

// lineBreak is what a line break within the message is shown as, in one cell.
const (
	lineBreak = "↵"
	dim       = "\x1b[2m"
	reset     = "\x1b[m"
)

// A span is a cluster as it was drawn: how many cells it takes at most and at
// least, and how many bytes it is.
type span struct {
	most, least, bytes uint16
}

// A row is a row of the input. It ends one cell before the right edge, by the
// greatest width that its clusters can have, so no terminal ever wraps it.
type row struct {
	text  string
	spans []span
	// used is how many cells it takes at most.
	used int
}

// A layout is the input broken into rows, and where the cursor is.
type layout struct {
	rows []row
	// cur is the row of the cursor, before what of it stands before the cursor,
	// and behind how many of its spans do.
	cur    int
	before string
	behind int
}

// A setter sets a prompt and a text in rows.
type setter struct {
	layout
	row
	limit  int
	indent int // of every row but the first
	style  string
	color  bool
}

// lay breaks prompt and text into rows for a terminal so many cells wide. pos is
// where in text the cursor is. The prompt's styles are kept where color is set.
func lay(prompt, text string, pos, width int, color bool) layout {
	s := setter{limit: max(width, minWidth) - 1, color: color}
	s.prompt(prompt)
	if s.rows == nil && s.used <= width/4 {
		s.indent = s.used
	}
	for offset := 0; ; {
		if offset == pos {
			s.mark(text[offset:])
		}
		if offset == len(text) {
			break
		}
		cluster, _ := cut(text[offset:])
		s.cluster(cluster)
		offset += len(cluster)
	}
	s.rows = append(s.rows, s.row)
	return s.layout
}

// prompt sets the prompt.
func (s *setter) prompt(p string) {
	for p != "" {
		if params, rest, ok := cutStyle(p); ok {
			if s.color {
				s.style = p[:len(p)-len(rest)]
				s.text += s.style
				if strings.Trim(params, "0;") == "" {
					s.style = ""
				}
			}
			p = rest
			continue
		}
		var cluster string
		cluster, p = cut(p)
		s.cluster(cluster)
	}
	if s.style != "" {
		s.text += reset
		s.style = ""
	}
}

// mark notes that the cursor is here, before rest. It is where the next cluster
// goes, and at the end of the text never in the last cell.
func (s *setter) mark(rest string) {
	next := 1
	if rest != "" && rest[0] != '\n' {
		cluster, _ := cut(rest)
		_, most, _ := visible(cluster, s.limit)
		next = room(cluster, most)
	}
	s.fit(next)
	s.cur, s.layout.before, s.behind = len(s.rows), s.text, len(s.spans)
}

// cluster sets one cluster.
func (s *setter) cluster(c string) {
	if c == "\n" {
		s.fit(1)
		if s.color {
			s.text += dim + lineBreak + reset
		} else {
			s.text += lineBreak
		}
		s.take(c, 1, 1)
		s.end()
		return
	}
	drawn, most, least := visible(c, s.limit)
	s.fit(room(c, most))
	s.text += drawn
	s.take(drawn, most, least)
}

// room is how many cells must be left in a row for a cluster that takes so many. A
// space does not go into the last cell: it would be at the end of the row.
func room(c string, most int) int {
	if c == " " {
		return most + 1
	}
	return most
}

func (s *setter) take(drawn string, most, least int) {
	s.spans = append(s.spans, span{uint16(most), uint16(least), uint16(len(drawn))})
	s.used += most
}

// fit begins a new row where so many cells do not fit into this one.
func (s *setter) fit(cells int) {
	if s.used+cells > s.limit && len(s.spans) > s.indent {
		s.end()
	}
}

// trim drops the spaces at the end of the row, but for those before the cursor. When a
// terminal breaks the row anew, some count them as text, and some do not.
func (s *setter) trim() {
	keep := 0
	if s.cur == len(s.rows) {
		keep = s.behind
	}
	for n := len(s.spans); n > keep && strings.HasSuffix(s.text, " "); n-- {
		s.text, s.spans = s.text[:len(s.text)-1], s.spans[:n-1]
		s.used--
	}
}

// end ends the row.
func (s *setter) end() {
	s.trim()
	if s.style != "" {
		s.text += reset
	}
	s.rows = append(s.rows, s.row)
	s.row = row{text: strings.Repeat(" ", s.indent) + s.style, used: s.indent}
	if s.indent > 0 {
		s.spans = slices.Repeat([]span{{1, 1, 1}}, s.indent)
	}
}

// window returns the layout cut to height rows around the cursor. top is the row
// that was the first before, and becomes the one that is; it moves no more than
// it must.
func (l layout) window(height int, top *int) layout {
	if len(l.rows) <= height {
		*top = 0
		return l
	}
	*top = min(max(*top, l.cur-height+1), l.cur, len(l.rows)-height)
	l.rows = l.rows[*top : *top+height]
	l.cur -= *top
	return l
}

// wrapped returns how many rows of a terminal so many cells wide the spans take
// that were one row, and in which of them the cell after the first behind spans
// is. By the least widths: too far up would be in what others wrote.
func wrapped(spans []span, behind, width int) (rows, cur int) {
	used := 0
	rows = 1
	for i, s := range spans {
		if i == behind {
			cur = rows - 1
			if used+int(s.least) > width {
				cur++
			}
		}
		if used += int(s.least); used > width {
			rows++
			used = int(s.least)
		}
	}
	if behind >= len(spans) {
		cur = rows - 1
	}
	return rows, cur
}
