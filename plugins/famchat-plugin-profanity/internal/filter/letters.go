package filter

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// kind says what a rune is to the search. Above the named ones it is a rune of a
// word, and the number is its skeleton: what is left of it when case, width,
// accents and look-alike digits are gone.
type kind uint16

const (
	separator kind = iota // belongs to no word
	mark                  // belongs to the word that it stands in, and says nothing
	unspaced              // of a script that is written without spaces
)

// soft marks symbols that may stand for a letter: $, @ and, between others, !.
const soft = 0x80

var (
	asciiKinds [128]uint8
	kinds      [1 << 16]kind
)

// lookalikes are the letters that a digit or a symbol may stand for.
var lookalikes = [128]string{
	'0': "o", '1': "il", '3': "e", '4': "a", '5': "s", '7': "t", '8': "b", '$': "s", '@': "a", '!': "i",
}

// unspacedScripts are written without spaces, or as Korean is, with particles that
// cling to the word.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Bopomofo,
}

func init() {
	for _, table := range []*unicode.RangeTable{unicode.L, unicode.N} {
		eachOf(table, func(r rune) { kinds[r] = kind(skeleton(r)) })
	}
	eachOf(unicode.M, func(r rune) { kinds[r] = mark })
	for _, r := range "\u00ad\u200b\u200c\u200d\u2060\ufeff\u0640" { // invisible; the Arabic tatweel is ink alone
		kinds[r] = mark
	}
	for _, table := range unspacedScripts {
		eachOf(table, func(r rune) { kinds[r] = unspaced })
	}
	kinds['ー'], kinds['々'] = unspaced, unspaced
	for r := range asciiKinds {
		asciiKinds[r] = uint8(kinds[r])
	}
	for _, r := range "$@!" {
		asciiKinds[r] = soft | lookalikes[r][0]
	}
}

// eachOf calls f for each rune of a table that fits into 16 bits.
func eachOf(table *unicode.RangeTable, f func(rune)) {
	for _, rs := range table.R16 {
		for r := rune(rs.Lo); r <= rune(rs.Hi); r += rune(rs.Stride) {
			f(r)
		}
	}
}

// kindOf is the kind of a rune of any plane. The soft ones are separators here.
func kindOf(r rune) kind {
	switch {
	case r < 1<<16:
		return kinds[r]
	case r >= mathLow && r <= mathHigh:
		if f := fold(r); f < utf8.RuneSelf {
			return kind(asciiKinds[f])
		}
	case unicode.Is(unicode.Han, r):
		return unspaced
	case unicode.IsMark(r):
		return mark
	}
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return kind(unicode.ToLower(r)) | 1<<15
	}
	return separator
}

// mathLow to mathHigh are letters and digits in bold, script and the like.
const mathLow, mathHigh = 0x1d400, 0x1d7ff

// fold takes case and width from a rune, and leaves accents.
func fold(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r >= '！' && r <= '～':
		return fold(r - '！' + '!')
	case r >= mathLow && r <= mathHigh:
		plain, _ := utf8.DecodeRuneInString(norm.NFKC.String(string(r)))
		return unicode.ToLower(plain)
	case r < 1<<16 && kinds[r] == unspaced:
		return r
	}
	return unicode.ToLower(r)
}

// base takes the accents from a folded rune. ß is two of its base.
func base(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r == 'ß':
		return 's'
	case r == 'ı':
		return 'i'
	case r == 'ø':
		return 'o'
	case r == 'ё':
		return 'е'
	case r > 0x1eff || r > 0x24f && r < 0x1e00:
		return r // neither Latin
	}
	var buf [utf8.UTFMax]byte
	if d := norm.NFD.Properties(buf[:utf8.EncodeRune(buf[:], r)]).Decomposition(); d != nil {
		r, _ = utf8.DecodeRune(d)
		return base(r)
	}
	return r
}

// skeleton is what two runes share where one may be a disguise of the other.
func skeleton(r rune) rune {
	r = base(fold(r))
	if r < utf8.RuneSelf && lookalikes[r] != "" {
		r = rune(lookalikes[r][0])
	}
	if r == 'l' { // 1 is both
		r = 'i'
	}
	return r
}
