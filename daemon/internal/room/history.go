package room

import "famchat/daemon/internal/screen"

// history keeps the room's last public lines for who joins.
type history struct {
	entries  []entry // a ring of them
	first, n int
	bytes    int
	maxBytes int
}

// entry is one message or announcement as everybody saw it.
type entry struct {
	date  screen.Date
	lines []byte
}

// limit sets how many messages and how many bytes are kept, and keeps of those
// that are there as many as that allows.
func (h *history) limit(messages, bytes int) {
	h.maxBytes = bytes
	for h.n > messages || h.bytes > bytes {
		h.forget()
	}
	entries := make([]entry, messages)
	for i := range h.n {
		entries[i] = *h.at(i)
	}
	h.entries, h.first = entries, 0
}

// add keeps lines, as whose beginning and end a message was drawn on date.
func (h *history) add(date screen.Date, lines []byte) {
	for h.n > 0 && (h.n == len(h.entries) || h.bytes+len(lines) > h.maxBytes) {
		h.forget()
	}
	if len(h.entries) == 0 || len(lines) > h.maxBytes {
		return // and what came before is forgotten, too: there is no gap
	}
	h.n++
	e := h.at(h.n - 1)
	e.date, e.lines = date, append(e.lines[:0], lines...)
	h.bytes += len(lines)
}

func (h *history) at(i int) *entry { return &h.entries[(h.first+i)%len(h.entries)] }

// forget drops the oldest message; its buffer stays for a later one.
func (h *history) forget() {
	h.bytes -= len(h.at(0).lines)
	h.first = (h.first + 1) % len(h.entries)
	h.n--
}

// appendLines appends what is kept, between two rules, with a line where a day
// begins that is not today; nothing where nothing is kept.
func (h *history) appendLines(dst []byte, today screen.Date) []byte {
	if h.n == 0 {
		return dst
	}
	dst = screen.AppendRule(dst, "earlier")
	day := today
	for i := range h.n {
		e := h.at(i)
		if e.date != day {
			day = e.date
			dst = screen.AppendDay(dst, day)
		}
		dst = append(dst, e.lines...)
	}
	dst = screen.AppendRule(dst, "now")
	if day != today {
		dst = screen.AppendDay(dst, today)
	}
	return dst
}
