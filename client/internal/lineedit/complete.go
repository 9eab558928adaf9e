package lineedit

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A completion is one under way: Tab again goes on through it.
type completion struct {
	// from and to bound what is being completed in the line.
	from, to int
	// words are what may stand there, what was typed the last of them.
	words []string
	at    int
}

// complete goes by words through what the word before the cursor may become.
func (e *Editor) complete(by int) {
	if e.completion == nil && !e.beginCompletion() {
		return
	}
	c := e.completion
	c.at = (c.at + by + len(c.words)) % len(c.words)
	word := c.words[c.at]
	e.line.text = e.line.text[:c.from] + word + e.line.text[c.to:]
	c.to = c.from + len(word)
	e.line.pos = e.line.boundary(c.to)
}

// beginCompletion looks for words that begin as the one before the cursor. It
// returns false where there are none.
func (e *Editor) beginCompletion() bool {
	from := e.line.spaceLeft()
	typed := e.line.text[from:e.line.pos]
	if typed == "" || isSpace(typed) {
		return false
	}
	if word := strings.TrimLeft(typed, "@"); word != typed {
		from += len(typed) - len(word)
		typed = word
	}
	words := e.ring.words(typed)
	if len(words) == 0 {
		return false
	}
	e.completion = &completion{from: from, to: e.line.pos, words: append(words, typed), at: len(words)}
	return true
}

// words returns the words of the lines kept that begin with typed, in any case, and
// are longer: names and commands first, the newest line first, and of a line from its
// beginning, where who it is about is named. Without typed it is names only.
func (r *ring) words(typed string) (list []string) {
	typed = strings.ToLower(typed)
	seen := map[string]bool{typed: true}
	for _, first := range []bool{true, false} {
		for _, l := range slices.Backward(r.lines) {
			for _, w := range words(l) {
				folded := strings.ToLower(w.text)
				if first != (w.name || strings.HasPrefix(w.text, "/")) || typed == "" && !w.name {
					continue
				}
				if strings.HasPrefix(folded, typed) && !seen[folded] {
					seen[folded] = true
					list = append(list, w.text)
				}
			}
		}
	}
	return list
}

// A word is a word of a line; name says that it stands in a name's colour.
type word struct {
	text string
	name bool
}

// nameColours are the SGR parameters that a server draws names in.
var nameColours = []string{"32", "35", "36"}

// words returns the words of a line, without the punctuation around them. What
// stands alone in a name's colour is a name.
func words(l string) (list []word) {
	name := false
	for l != "" {
		if params, rest, ok := cutStyle(l); ok {
			name = slices.Contains(nameColours, params)
			l = rest
			continue
		}
		text := l
		if i := strings.IndexByte(l, esc); i >= 0 {
			text = l[:i]
		}
		l = l[len(text):]
		fields := strings.Fields(text)
		for _, f := range fields {
			if f = trimPunctuation(f); f != "" {
				list = append(list, word{f, name && len(fields) == 1})
			}
		}
	}
	return list
}

// cutStyle cuts a leading SGR sequence off s and returns its parameters.
func cutStyle(s string) (params, rest string, ok bool) {
	rest, ok = strings.CutPrefix(s, "\x1b[")
	if !ok {
		return "", s, false
	}
	return strings.Cut(rest, "m")
}

// trimPunctuation takes away what stands around a word, but for the slash of a
// command.
func trimPunctuation(s string) string {
	isOther := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}
	trimmed := strings.TrimFunc(s, isOther)
	if i := strings.Index(s, trimmed); trimmed != "" && i > 0 && s[i-1] == '/' {
		if r, _ := utf8.DecodeLastRuneInString(s[:i-1]); i == 1 || isOther(r) && r != '/' {
			return "/" + trimmed
		}
	}
	return trimmed
}
