package lineedit

import "strings"

// maxHistory is how many lines the history has.
const maxHistory = 1000

// A history is what was typed, the oldest first, and where in it the person is.
// What is changed in it while moving about is kept until a line is sent.
type history struct {
	lines []string
	// at is the line that is shown; len(lines) is the draft.
	at int
	// changed are the lines that were edited and left, the draft among them.
	changed map[int]string
	// added are the lines that nobody has taken yet.
	added []string
}

// load makes lines the history.
func (h *history) load(lines []string) {
	h.lines = append(h.lines[:0], lines[max(0, len(lines)-maxHistory):]...)
	h.reset()
}

// add adds a line to the end, and ends all moving about. The same line again is
// not added.
func (h *history) add(text string) {
	if n := len(h.lines); n == 0 || h.lines[n-1] != text {
		if n == maxHistory {
			h.lines = append(h.lines[:0], h.lines[1:]...)
		}
		h.lines = append(h.lines, text)
		h.added = append(h.added, text)
	}
	h.reset()
}

func (h *history) reset() {
	h.at = len(h.lines)
	h.changed = nil
}

// move goes by lines from the one that is shown, which is now text, and returns
// what is to be shown. ok is false where there is no such line.
func (h *history) move(by int, text string) (shown string, ok bool) {
	to := h.at + by
	if to < 0 || to > len(h.lines) {
		return "", false
	}
	if text != h.original(h.at) {
		if h.changed == nil {
			h.changed = map[int]string{}
		}
		h.changed[h.at] = text
	} else {
		delete(h.changed, h.at)
	}
	h.at = to
	if changed, ok := h.changed[to]; ok {
		return changed, true
	}
	return h.original(to), true
}

func (h *history) original(at int) string {
	if at == len(h.lines) {
		return ""
	}
	return h.lines[at]
}

// find returns the index of the next line from start on in direction by that
// contains query, and where it does; or -1.
func (h *history) find(query string, start, by int) (index, offset int) {
	for i := start; 0 <= i && i < len(h.lines); i += by {
		if at := strings.LastIndex(h.lines[i], query); at >= 0 {
			return i, at
		}
	}
	return -1, 0
}

// A search is an incremental search through the history under way.
type search struct {
	query  string
	found  int // the line that is shown; len(history.lines) is the draft
	failed bool
	// before is the line as it was.
	before line
}

// beginSearch starts to search.
func (e *Editor) beginSearch() {
	e.search = &search{found: len(e.history.lines), before: e.line}
}

// look shows the next line with the query, from start on.
func (e *Editor) look(start, by int) {
	s := e.search
	if s.query == "" {
		s.failed = false
		return
	}
	i, at := e.history.find(s.query, start, by)
	if s.failed = i < 0; s.failed {
		return
	}
	s.found = i
	e.line.text = e.history.lines[i]
	e.line.pos = e.line.boundary(at)
}

// searchKey takes a key while searching. It returns whether that was all that
// there is to do with it; if not, the search is over and what it found is the line.
func (e *Editor) searchKey(k Key) bool {
	s := e.search
	switch k.Code {
	case Text, Paste:
		// Each character is looked for, as if it came alone.
		for rest := strings.ReplaceAll(clean(k.Text), "\n", " "); rest != ""; {
			var cluster string
			cluster, rest = cut(rest)
			if len(s.query)+len(cluster) > maxQueryBytes {
				break
			}
			s.query += cluster
			e.look(min(s.found, len(e.history.lines)-1), -1)
		}
	case Backspace:
		l := line{text: s.query}
		at, _ := l.before(len(s.query))
		s.query = s.query[:at]
		e.line.text, e.line.pos, s.found = s.before.text, s.before.pos, len(e.history.lines)
		e.look(s.found-1, -1)
	case Search:
		e.look(s.found-1, -1)
	case SearchForward:
		e.look(s.found+1, 1)
	case Cancel, Interrupt:
		e.line = s.before
		e.search = nil
	case Escape:
		e.search = nil
	case Redraw, Suspend, Ignored:
		return false
	default:
		e.search = nil
		return false
	}
	return true
}

// prompt is what the search shows in place of the prompt.
func (s *search) prompt() string {
	if s.failed {
		return "(not found: " + s.query + ") "
	}
	return "(search: " + s.query + ") "
}
