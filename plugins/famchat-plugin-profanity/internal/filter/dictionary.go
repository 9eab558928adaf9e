package filter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// dictionary is a set of words, phrases and pieces, as the search wants them: a
// word of the text is looked up by its skeleton, and only what has one is compared.
type dictionary struct {
	seen    [1 << 10]uint64     // a bit per skeleton that an entry begins with
	phrases map[uint32][]phrase // by the skeleton of the first word
	pieces  map[uint32][]piece  // by the first two runes
	known   map[string]struct{} // entries, folded
}

// phrase is one word or several.
type phrase struct {
	words []string // folded, in NFC
	keys  []uint32 // of the words
	gaps  []string // before the words, as gapOf has it; the first is ""
	// bare says that the language has no accents: they are a disguise.
	bare bool
}

// piece is an entry in a script without spaces, or of symbols: it is found within
// a run of others.
type piece struct {
	runes []rune // folded, without spaces
	// katakana is a loanword, which ends where the katakana does; hangul begins a
	// word, and particles may follow; latin ends in letters of another script.
	katakana, hangul, latin bool
}

func (d *dictionary) empty() bool { return len(d.known) == 0 }

func (d *dictionary) mark(key uint32)     { d.seen[key>>6&(1<<10-1)] |= 1 << (key & 63) }
func (d *dictionary) has(key uint32) bool { return d.seen[key>>6&(1<<10-1)]&(1<<(key&63)) != 0 }

// foldWord is an entry as it is compared with others.
func foldWord(s string) string {
	return strings.Map(fold, norm.NFC.String(strings.TrimSpace(s)))
}

// add adds a word, a phrase or a piece. If bare, accents in a text are a disguise.
func (d *dictionary) add(entry string, bare bool) error {
	entry = foldWord(entry)
	if d.known == nil {
		d.known = map[string]struct{}{}
		d.phrases = map[uint32][]phrase{}
		d.pieces = map[uint32][]piece{}
	}
	if _, twice := d.known[entry]; twice {
		return nil
	}
	words, between := splitEntry(entry)
	switch {
	case between || len(words) == 0:
		p := newPiece(entry)
		if len(p.runes) == 0 {
			return errNothing
		}
		key := pieceKey(p.runes[0], 0)
		if len(p.runes) > 1 {
			key = pieceKey(p.runes[0], p.runes[1])
		}
		d.pieces[key] = append(d.pieces[key], p)
		d.mark(key)
	case len(words) > maxPhraseWords:
		return errLong
	default:
		p := phrase{bare: bare}
		end := 0
		for i, w := range words {
			gap := ""
			if i > 0 {
				gap = gapOf(entry[end:w.start])
			}
			p.gaps = append(p.gaps, gap)
			p.words = append(p.words, entry[w.start:w.end])
			p.keys = append(p.keys, w.key)
			end = w.end
		}
		d.phrases[words[0].key] = append(d.phrases[words[0].key], p)
		d.mark(words[0].key)
	}
	d.known[entry] = struct{}{}
	return nil
}

// splitEntry finds the words of an entry, and whether it has runes that are
// written without spaces between.
func splitEntry(entry string) (words []word, between bool) {
	for i := 0; i < len(entry); {
		r, size := utf8.DecodeRuneInString(entry[i:])
		switch k := kindOf(r); {
		case k == unspaced:
			return nil, true
		case k > unspaced:
			w := wordAt(entry, i, true)
			words = append(words, w)
			i = w.end
		default:
			i += size
		}
	}
	return words, false
}

func newPiece(entry string) piece {
	p := piece{katakana: true}
	for _, r := range entry {
		if kindOf(r) == separator && !unicode.IsSymbol(r) {
			continue
		}
		p.runes = append(p.runes, r)
		p.katakana = p.katakana && isKatakana(r)
		p.hangul = p.hangul || unicode.Is(unicode.Hangul, r)
		p.latin = kindOf(r) > unspaced
	}
	return p
}

// sort puts the longest first, so that the longest is found.
func (d *dictionary) sort() {
	for _, p := range d.phrases {
		slices.SortStableFunc(p, func(a, b phrase) int { return len(b.words) - len(a.words) })
	}
	for _, p := range d.pieces {
		slices.SortStableFunc(p, func(a, b piece) int { return len(b.runes) - len(a.runes) })
	}
}

// skipped reports whether a rune within a piece says nothing.
func skipped(r rune) bool { return r == ' ' || r == '　' || r == '・' }

func isKatakana(r rune) bool { return r >= 'ァ' && r <= 'ヿ' && r != '・' }

func pieceKey(a, b rune) uint32 { return (uint32(a)*hashPrime ^ uint32(b)) * hashPrime >> 8 }

// gapOf is what matters of what stands between two words: that it is white space
// or hyphens does not.
func gapOf(s string) string { return strings.Map(gapRune, s) }

func gapRune(r rune) rune {
	switch {
	case unicode.IsSpace(r), r == '-', r == '_', r == '‐', r == '‑':
		return -1
	case r == '’', r == '`', r == '´':
		return '\''
	}
	return fold(r)
}

// isGap reports whether gapOf(s) is gap.
func isGap(s, gap string) bool {
	for _, r := range s {
		r = gapRune(r)
		if r < 0 {
			continue
		}
		g, size := utf8.DecodeRuneInString(gap)
		if r != g || size == 0 {
			return false
		}
		gap = gap[size:]
	}
	return gap == ""
}
