package lineedit

import "strings"

// A line is the text that is being typed and where in it the cursor is. It is
// edited by grapheme clusters.
type line struct {
	text string
	// pos is an offset in text, between two clusters.
	pos int
	// killed is what was cut last, for Yank; while killing is set the next cut
	// is joined to it.
	killed  string
	killing bool
}

func (l *line) set(text string) { l.text, l.pos = text, len(text) }

// insert puts s at the cursor. The cursor then stands after the cluster that s
// ends in, which may hold what came after it.
func (l *line) insert(s string) {
	l.text = l.text[:l.pos] + s + l.text[l.pos:]
	l.pos = l.boundary(l.pos + len(s))
}

// boundary returns the first boundary between clusters at or after offset.
func (l *line) boundary(offset int) int {
	// A line break is always a boundary, so it is enough to look from the last.
	at := strings.LastIndexByte(l.text[:offset], '\n') + 1
	for at < offset {
		cluster, _ := cut(l.text[at:])
		at += len(cluster)
	}
	return at
}

// before returns the offset and the text of the cluster before offset.
func (l *line) before(offset int) (int, string) {
	if offset == 0 {
		return 0, ""
	}
	at := strings.LastIndexByte(l.text[:offset-1], '\n') + 1
	for {
		cluster, _ := cut(l.text[at:])
		if at+len(cluster) >= offset {
			return at, cluster
		}
		at += len(cluster)
	}
}

// after returns the offset behind the cluster at offset, and the cluster.
func (l *line) after(offset int) (int, string) {
	if offset == len(l.text) {
		return offset, ""
	}
	cluster, _ := cut(l.text[offset:])
	return offset + len(cluster), cluster
}

// back returns the offset from which on everything up to the cursor is first what
// skip accepts, then, where skip does not, what take accepts.
func (l *line) back(skip, take func(cluster string) bool) int {
	at := l.pos
	for _, accepts := range []func(string) bool{skip, take} {
		for at > 0 {
			to, cluster := l.before(at)
			if !accepts(cluster) {
				break
			}
			at = to
		}
	}
	return at
}

func (l *line) wordLeft() int {
	return l.back(func(c string) bool { return !isWord(c) }, isWord)
}

func (l *line) spaceLeft() int {
	return l.back(isSpace, func(c string) bool { return !isSpace(c) })
}

func (l *line) wordRight() int {
	at := l.pos
	for _, want := range []bool{false, true} {
		for at < len(l.text) {
			to, cluster := l.after(at)
			if isWord(cluster) != want {
				break
			}
			at = to
		}
	}
	return at
}

// kill cuts what is between two offsets, to be yanked.
func (l *line) kill(from, to int) {
	cut := l.text[from:to]
	switch {
	case !l.killing:
		l.killed = cut
	case from < l.pos:
		l.killed = cut + l.killed
	default:
		l.killed += cut
	}
	l.remove(from, to)
}

// remove removes what is between two offsets and puts the cursor there. What is
// beside it may become one cluster.
func (l *line) remove(from, to int) {
	l.text = l.text[:from] + l.text[to:]
	l.pos = l.boundary(from)
}

// transpose changes the clusters before and at the cursor, at the end the last
// two, and goes behind them.
func (l *line) transpose() {
	at := l.pos
	if at == len(l.text) {
		at, _ = l.before(at)
	}
	from, first := l.before(at)
	to, second := l.after(at)
	if first == "" || second == "" {
		return
	}
	l.text = l.text[:from] + second + first + l.text[to:]
	l.pos = l.boundary(to)
}

// edit does what the key does to the line, and says whether it is one that edits.
func (l *line) edit(k Key) bool {
	killing := false
	switch k.Code {
	case Backspace:
		at, _ := l.before(l.pos)
		l.remove(at, l.pos)
	case Delete, EndOfInput:
		to, _ := l.after(l.pos)
		l.remove(l.pos, to)
	case Left:
		l.pos, _ = l.before(l.pos)
	case Right:
		l.pos, _ = l.after(l.pos)
	case Home:
		l.pos = 0
	case End:
		l.pos = len(l.text)
	case WordLeft:
		l.pos = l.wordLeft()
	case WordRight:
		l.pos = l.wordRight()
	case Transpose:
		l.transpose()
	case Yank:
		l.insert(l.killed)
	case KillToEnd:
		l.kill(l.pos, len(l.text))
		killing = true
	case KillToStart:
		l.kill(0, l.pos)
		killing = true
	case KillWordLeft:
		l.kill(l.spaceLeft(), l.pos)
		killing = true
	case KillAlnumLeft:
		l.kill(l.wordLeft(), l.pos)
		killing = true
	case KillAlnumRight:
		l.kill(l.pos, l.wordRight())
		killing = true
	default:
		l.killing = false
		return false
	}
	l.killing = killing
	return true
}
