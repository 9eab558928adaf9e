package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Fold returns the form by which a text mentions a name: widths mapped, lower case,
// NFC, as the profile UsernameCaseMapped of RFC 8265 does it. So PAUL, paul and
// ｐaul are one name. For what Check accepts it is not empty, and Fold leaves it as
// it is. What is no name is folded as well as it goes and never panics, so that
// it can be looked for.
func Fold(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	var b [MaxRunes * utf8.UTFMax]byte
	if folded, ok := appendCommon(b[:0], name); ok {
		return string(folded)
	}
	if folded, err := precis.UsernameCaseMapped.String(name); err == nil {
		return folded
	}
	return norm.NFC.String(strings.ToLower(width.Fold.String(strings.ToValidUTF8(name, "\uFFFD"))))
}

// AppendFold appends the folded form of a word of a text. Where the word can be no
// name, by its length or its characters, it returns dst and false. It agrees with
// Fold for every name that Check accepts; a true does not promise that Check
// would accept the word. For ASCII and the common letters of Latin, Cyrillic,
// Han, kana and Hangul it allocates nothing.
func AppendFold(dst, word []byte) (folded []byte, ok bool) {
	if len(word) < MinRunes || len(word) > maxFoldBytes {
		return dst, false
	}
	start := len(dst)
	for i, c := range word {
		if c >= utf8.RuneSelf {
			return appendFoldUnicode(dst[:start], word)
		}
		if !isASCIIName(c) || i == MaxRunes {
			return dst[:start], false
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	if isPunctuation(rune(word[0])) || isPunctuation(rune(word[len(word)-1])) {
		return dst[:start], false
	}
	return dst, true
}

// appendFoldUnicode is AppendFold for a word that is not ASCII.
func appendFoldUnicode(dst, word []byte) ([]byte, bool) {
	if utf8.RuneCount(word) <= MaxRunes {
		if folded, ok := appendCommon(dst, word); ok {
			if utf8.RuneCount(word) < MinRunes || isPunctuation(rune(word[0])) || isPunctuation(rune(word[len(word)-1])) {
				return dst, false
			}
			return folded, true
		}
	}
	for rest := word; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if !IsNameRune(r) { // U+FFFD is none, so invalid bytes end here
			return dst, false
		}
		rest = rest[size:]
	}
	name := norm.NFC.String(string(word))
	if n := utf8.RuneCountInString(name); n < MinRunes || n > MaxRunes {
		return dst, false
	}
	folded, err := precis.UsernameCaseMapped.String(name)
	if err != nil {
		return dst, false
	}
	return append(dst, folded...), true
}

// appendCommon folds text that holds common letters only. Where there is another
// one it returns dst and false.
func appendCommon[S ~string | ~[]byte](dst []byte, text S) ([]byte, bool) {
	start := len(dst)
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if !isASCIIName(c) {
				return dst[:start], false
			}
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, size := decodeRune(text[i:])
		if !isCommon(r) {
			return dst[:start], false
		}
		dst = utf8.AppendRune(dst, lowerCommon(r))
		i += size
	}
	return dst, true
}

func decodeRune[S ~string | ~[]byte](text S) (rune, int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], text)])
}

// lowerCommon is unicode.ToLower for common letters, without its search where a
// script's capitals are in one block.
func lowerCommon(r rune) rune {
	switch {
	case r >= 0x430:
		return r
	case r >= 0x410:
		return r + 0x20
	case r >= 0x400:
		return r + 0x50
	}
	return unicode.ToLower(r)
}

// isCommon says whether r is one of the letters beyond ASCII for which folding is
// lower-casing, whatever is around it: in NFC, of normal width, read from left to
// right, and valid in RFC 8265. A test compares each with PRECIS.
func isCommon(r rune) bool {
	switch {
	case r < 0xc0:
		return false
	case r <= 0x17e: // Latin, without × and ÷, İ, and the letters made of two
		return r != 0xd7 && r != 0xf7 && r != 0x130 && r != 0x132 && r != 0x133 && r != 0x13f && r != 0x140 && r != 0x149
	case r >= 0x400 && r <= 0x45f: // Cyrillic
		return true
	case r >= 0x3041 && r <= 0x3096, r >= 0x30a1 && r <= 0x30fa: // kana
		return true
	case r >= 0x4e00 && r <= 0x9fa5, r >= 0xac00 && r <= 0xd7a3: // Han, Hangul
		return true
	}
	return false
}
