package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	hashPrime = 16777619

	// maxSpelled is how many letters a word that is spelled out, s h i t, may have.
	maxSpelled = 24
	// minSpelled is how many it must have: a s s and s e x may be initials.
	minSpelled = 4
	// maxSpelledGap is how many runes may stand between two of them.
	maxSpelledGap = 3
	// maxPhraseWords is how many words a phrase may have.
	maxPhraseWords = 8
	// maxPhraseGapBytes is how much white space may stand between two words of a phrase.
	maxPhraseGapBytes = 64
)

// word is a run of letters and digits of a text. It has four fields since the
// compiler keeps no larger struct in registers.
type word struct {
	start, end int
	key        uint32 // a hash of its skeleton, a repeated letter counting once
	traits     traits
}

type traits uint32

const (
	single   traits = 1 << iota // it is one rune
	hasSoft                     // it has $, @ or !, which may be letters or not
	hasMarks                    // it has marks apart from their letters
)

func (w word) is(t traits) bool { return w.traits&t != 0 }

// skeletonKey hashes a skeleton rune by rune.
type skeletonKey struct{ hash, last uint32 }

func (s *skeletonKey) add(k uint32) {
	if k != s.last {
		s.hash, s.last = (s.hash^k)*hashPrime, k
	}
}

func (s *skeletonKey) sum() uint32 { return s.hash ^ s.hash>>16 }

// wordAt is the word that begins at text[i], which is a rune of one. If plain, $, @
// and ! end it.
func wordAt(text string, i int, plain bool) word {
	start, n := i, 0
	var key skeletonKey
	var traits traits
	for i < len(text) {
		var k uint32
		c := text[i]
		size := 1
		if c < utf8.RuneSelf {
			k = uint32(asciiKinds[c])
			if k >= soft {
				if plain || c == '!' && !between(text, i) {
					break
				}
				traits |= hasSoft
				k &^= soft
			} else if k == uint32(separator) {
				break
			}
		} else {
			r, s := utf8.DecodeRuneInString(text[i:])
			size = s
			k = uint32(kindOf(r))
			if k == uint32(mark) {
				traits |= hasMarks
				i += size
				continue
			}
			if k <= uint32(unspaced) {
				break
			}
		}
		n++
		key.add(k)
		i += size
	}
	if n == 1 {
		traits |= single
	}
	return word{start, i, key.sum(), traits}
}

// between reports whether text[i] stands between two letters.
func between(text string, i int) bool {
	return i > 0 && i+1 < len(text) && isWord(text[i-1]) && isWord(text[i+1])
}

func isWord(c byte) bool {
	return c < utf8.RuneSelf && asciiKinds[c] > uint8(unspaced) || c >= utf8.RuneSelf
}

// find appends the spans of the entries in text to dst, except those that overlap
// one of allowed.
func (d *dictionary) find(dst []Span, text string, allowed []Span) []Span {
	plainUntil, spelledUntil := 0, 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if k := asciiKinds[c]; k == uint8(separator) || k >= soft && (i < plainUntil || c == '!') {
				i++
				continue
			}
		} else if r, size := utf8.DecodeRuneInString(text[i:]); kindOf(r) <= unspaced {
			if end := d.piece(text, i, r, size, allowed); end > 0 {
				dst = append(dst, Span{i, end})
				size = end - i
			}
			i += size
			continue
		}
		w := wordAt(text, i, i < plainUntil)
		if w.is(single) && i >= spelledUntil {
			var end int
			end, spelledUntil = d.spelled(text, w, plainUntil)
			if end > 0 && !overlaps(allowed, Span{i, end}) {
				dst = append(dst, Span{i, end})
				i = end
				continue
			}
		}
		if d.has(w.key) {
			if end := d.phrase(text, w, allowed); end > 0 {
				dst = append(dst, Span{i, end})
				i = end
				continue
			}
		}
		if w.is(hasSoft) {
			plainUntil = w.end // no letters, then: look at what is between them
			continue
		}
		i = w.end
	}
	return dst
}

// phrase is the end of the longest entry that begins with the word w, or 0.
func (d *dictionary) phrase(text string, w word, allowed []Span) int {
	entries := d.phrases[w.key]
	if len(entries) == 0 {
		return 0
	}
	var words [maxPhraseWords]word
	var gaps [maxPhraseWords]string
	words[0] = w
	known := 1
candidates:
	for i := range entries {
		p := &entries[i]
		for n := 1; n < len(p.keys); n++ {
			if n == known {
				words[n], gaps[n] = following(text, words[n-1].end)
				known++
			}
			if words[n].end == 0 || words[n].key != p.keys[n] {
				continue candidates
			}
		}
		for n, pattern := range p.words {
			if n > 0 && !isGap(gaps[n], p.gaps[n]) || !spells(text, words[n], pattern, p.bare) {
				continue candidates
			}
		}
		end := words[len(p.words)-1].end
		if !overlaps(allowed, Span{w.start, end}) {
			return end
		}
	}
	return 0
}

// following is the word after text[:i] and the gap before it; its end is 0 if there
// is none near.
func following(text string, i int) (word, string) {
	for j := i; j < len(text) && j-i <= maxPhraseGapBytes; {
		r, size := utf8.DecodeRuneInString(text[j:])
		switch k := kindOf(r); {
		case k == unspaced:
			return word{}, ""
		case k > unspaced:
			return wordAt(text, j, true), text[i:j]
		}
		j += size
	}
	return word{}, ""
}

// spelled looks for a word that is spelled out from w on: s h i t, s.h.i.t. It is
// the whole of a run of single letters with the same between them, or none is
// found. It returns the word's end, or 0, and where the next run may begin.
func (d *dictionary) spelled(text string, w word, plainUntil int) (end, next int) {
	var buf [maxSpelled * utf8.UTFMax]byte
	letters := buf[:0]
	var key skeletonKey
	gap := ""
	for n := 1; ; n++ {
		if n <= maxSpelled {
			r, size := utf8.DecodeRuneInString(text[w.start:])
			letters = append(letters, text[w.start:w.start+size]...)
			if r < utf8.RuneSelf {
				key.add(uint32(asciiKinds[r] &^ soft))
			} else {
				key.add(uint32(kindOf(r)))
			}
		}
		start := gapEnd(text, w.end, plainUntil)
		if n == 1 && start > 0 {
			gap = text[w.end:start]
		}
		if start > 0 && text[w.end:start] == gap {
			if following := wordAt(text, start, start < plainUntil); following.is(single) {
				w = following
				continue
			}
		}
		switch {
		case n < minSpelled || n > maxSpelled || !d.has(key.sum()):
		case d.spells(string(letters), key.sum()):
			return w.end, w.end
		}
		if n == 1 {
			return 0, w.end
		}
		return 0, w.start // with something else after it, it may begin a run
	}
}

// spells reports whether letters are an entry of one word.
func (d *dictionary) spells(letters string, key uint32) bool {
	w := word{end: len(letters), key: key}
	for i := range d.phrases[key] {
		p := &d.phrases[key][i]
		if len(p.words) == 1 && spells(letters, w, p.words[0], p.bare) {
			return true
		}
	}
	return false
}

// gapEnd is where the word begins that stands at most maxSpelledGap runes after
// text[:i], on the same line, or 0.
func gapEnd(text string, i, plainUntil int) int {
	start := i
	for n := 0; n <= maxSpelledGap && i < len(text) && text[i] != '\n'; n++ {
		c := text[i]
		if c < utf8.RuneSelf && asciiKinds[c] == uint8(separator) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		k := kindOf(r)
		if r < utf8.RuneSelf && asciiKinds[c] >= soft && i >= plainUntil && c != '!' {
			k = kind(asciiKinds[c])
		}
		if k > unspaced {
			if i == start {
				return 0
			}
			return i
		}
		i += size
	}
	return 0
}

// piece is the end of the longest piece that begins at text[i], the rune r, or 0.
func (d *dictionary) piece(text string, i int, r rune, size int, allowed []Span) int {
	if len(d.pieces) == 0 {
		return 0
	}
	keys := [2]uint32{pieceKey(fold(r), 0), pieceKey(fold(r), 0)}
	for j := i + size; j < len(text); {
		next, size := utf8.DecodeRuneInString(text[j:])
		if !skipped(next) {
			keys[0] = pieceKey(fold(r), fold(next))
			break
		}
		if j += size; j-i > maxPhraseGapBytes {
			break
		}
	}
	for _, key := range keys {
		if !d.has(key) {
			continue
		}
		for n := range d.pieces[key] {
			p := &d.pieces[key][n]
			if end := p.match(text, i); end > 0 && !overlaps(allowed, Span{i, end}) {
				return end
			}
		}
	}
	return 0
}

// match is where the piece ends that begins at text[i], or 0.
func (p *piece) match(text string, i int) int {
	start := i
	for n := 0; n < len(p.runes); {
		if i == len(text) || i-start > len(p.runes)*utf8.UTFMax+maxPhraseGapBytes {
			return 0
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case fold(r) == p.runes[n]:
			n++
		case n == 0 || !skipped(r):
			return 0
		}
		i += size
	}
	after, _ := utf8.DecodeRuneInString(text[i:])
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	switch {
	case unicode.Is(unicode.Mn, after):
		return 0 // the last letter is another one with it
	case p.latin && kindOf(after) > unspaced:
		return 0
	case p.katakana && (isKatakana(before) || isKatakana(after)):
		return 0
	case p.hangul && unicode.Is(unicode.Hangul, before):
		return 0
	}
	return i
}

// spells reports whether a word of a text is pattern, perhaps in disguise. If bare,
// accents are one.
func spells(text string, w word, pattern string, bare bool) bool {
	text = text[w.start:w.end]
	if text == pattern {
		return true
	}
	if w.is(hasMarks) {
		text = norm.NFC.String(text)
	}
	var d disguise
	for len(pattern) > 0 {
		p, size := utf8.DecodeRuneInString(pattern)
		want := 0
		for strings.HasPrefix(pattern, string(p)) {
			pattern = pattern[size:]
			want++
		}
		after, _ := utf8.DecodeRuneInString(pattern)
		got := 0
		for len(text) > 0 {
			r, size := utf8.DecodeRuneInString(text)
			if kindOf(r) == mark {
				if unicode.Is(unicode.M, r) {
					d.accents++
				}
				text = text[size:]
				continue
			}
			n := d.stands(fold(r), p, got >= want, after)
			if n == 0 {
				break
			}
			got += n
			text = text[size:]
		}
		if got < want || got > want && got < minRepeats {
			return false
		}
		if got > want {
			d.repeats++
		}
		d.runes += want
	}
	return len(text) == 0 && (bare || d.accents == 0) && d.plausible()
}

// minRepeats is how often a letter must stand in a row to be one that is repeated
// on purpose: no ordinary word has it so often.
const minRepeats = 3

// disguise counts in what a word differs from the pattern that it is compared with.
type disguise struct {
	runes                             int // of the pattern
	letters                           int // that stand for themselves
	accents, digits, symbols, repeats int
	ats                               bool // the first is an @
	dotted                            bool // an i is without its dot in the pattern
}

// stands reports how many p the folded rune r stands for. If enough, it is one too
// many if it could stand for after.
func (d *disguise) stands(r, p rune, enough bool, after rune) int {
	switch {
	case r == p:
		d.letters++
		return 1
	case r < utf8.RuneSelf:
		like := lookalikes[r]
		switch {
		case p >= utf8.RuneSelf || strings.IndexByte(like, byte(p)) < 0:
			if p == 'ı' && r == 'i' { // its capital is I
				d.dotted = true
				return 1
			}
			return 0
		case enough && after < utf8.RuneSelf && strings.IndexByte(like, byte(after)) >= 0:
			return 0
		case unicode.IsDigit(r):
			d.digits++
		default:
			d.ats = d.ats || r == '@' && d.runes == 0 && d.symbols == 0
			d.symbols++
		}
		return 1
	case p < utf8.RuneSelf && base(r) == p:
		d.accents++
		if r == 'ß' {
			return 2
		}
		return 1
	}
	return 0
}

// plausible reports whether nobody writes so who means another word. What is short
// may be a name, a number or a word of another language.
func (d *disguise) plausible() bool {
	switch {
	case d.digits > 0 && (d.runes < 4 || d.letters < d.digits):
		return false
	case d.symbols > 0 && (d.runes < 3 || d.letters == 0):
		return false
	case d.ats && d.runes < 5: // @ss is a mention
		return false
	case (d.accents > 0 || d.dotted) && d.runes < 4:
		return false
	}
	return d.repeats == 0 || d.runes >= 3
}
