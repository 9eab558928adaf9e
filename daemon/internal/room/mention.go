package room

import (
	"unicode/utf8"

	"famchat/daemon/internal/screen"
	"famchat/internal/names"
)

// mention is somebody whom a text mentions, and where.
type mention struct {
	*member
	spans []screen.Span
}

// mentions returns whom a text mentions by a whole word that is their name, its
// author excepted. What it returns is valid until the next call.
func (r *Room) mentions(text []byte, author *member) []mention {
	found := r.mentioned[:0]
	for from := 0; from < len(text); {
		start, to, ascii := nextWord(text, from)
		from = to
		word, at := trimWord(text[start:to], start)
		if len(word) == 0 || ascii && !r.filter.may(word) {
			continue
		}
		m := r.find(word)
		if m == nil || m == author || m.gone {
			continue
		}
		found = r.addMention(found, m, screen.Span{From: at, To: at + len(word)})
	}
	r.mentioned = found
	return found
}

// addMention notes one more place where m is mentioned.
func (r *Room) addMention(found []mention, m *member, at screen.Span) []mention {
	for i := range found {
		if found[i].member == m {
			found[i].spans = append(found[i].spans, at)
			return found
		}
	}
	if len(found) >= r.cfg.Limits.Mentions {
		return found
	}
	// The spans of an earlier text lend their memory.
	if n := len(found); n < cap(found) {
		found = found[:n+1]
		found[n].member = m
		found[n].spans = append(found[n].spans[:0], at)
		return found
	}
	return append(found, mention{m, []screen.Span{at}})
}

// nextWord returns the first run of characters that may stand in a name, at or
// after from.
func nextWord(text []byte, from int) (start, to int, ascii bool) {
	for from < len(text) && !asciiWord[text[from]] {
		if c := text[from]; c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[from:])
			if names.IsNameRune(r) {
				break
			}
			from += size
			continue
		}
		from++
	}
	start, ascii = from, true
	for from < len(text) {
		c := text[from]
		if c < utf8.RuneSelf {
			if !asciiWord[c] {
				break
			}
			from++
			continue
		}
		r, size := utf8.DecodeRune(text[from:])
		if !names.IsNameRune(r) {
			break
		}
		ascii = false
		from += size
	}
	return start, from, ascii
}

// asciiWord are the ASCII characters that may stand in a name.
var asciiWord = func() (table [256]bool) {
	for c := range utf8.RuneSelf {
		table[c] = names.IsNameRune(rune(c))
	}
	return table
}()

// trimWord takes what no name begins or ends with off a word that begins at at.
func trimWord(word []byte, at int) ([]byte, int) {
	for len(word) > 0 && punctuation(word[0]) {
		word, at = word[1:], at+1
	}
	for len(word) > 0 && punctuation(word[len(word)-1]) {
		word = word[:len(word)-1]
	}
	return word, at
}

func punctuation(c byte) bool { return c == '-' || c == '_' || c == '.' }

// mentionFilter says of most words that they are nobody's name, without folding
// or looking them up. It counts the names that are here by length, first and
// last letter.
type mentionFilter struct{ counts [1024]uint16 }

func (f *mentionFilter) add(folded string) {
	if i, ok := filterIndex([]byte(folded)); ok {
		f.counts[i]++
	}
}

func (f *mentionFilter) remove(folded string) {
	if i, ok := filterIndex([]byte(folded)); ok {
		f.counts[i]--
	}
}

// may reports whether an ASCII word may be a name of somebody who is here.
func (f *mentionFilter) may(word []byte) bool {
	i, _ := filterIndex(word)
	return f.counts[i] > 0
}

// filterIndex depends on the case of no letter. ok is false for what does not
// begin and end in ASCII.
func filterIndex(word []byte) (i int, ok bool) {
	first, last := word[0], word[len(word)-1]
	ok = first < utf8.RuneSelf && last < utf8.RuneSelf
	return (int(first|0x20)*7 + int(last|0x20)*131 + len(word)*29) & 1023, ok
}

// appendFolded folds a name as typed, for looking it up.
func appendFolded(dst, typed []byte) ([]byte, bool) { return names.AppendFold(dst, typed) }
