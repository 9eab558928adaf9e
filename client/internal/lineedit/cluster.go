package lineedit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/rivo/uniseg"
)

// replacement is shown for what a terminal could not show in one row.
const replacement = "\ufffd"

// runeWidths are those of a terminal that goes by code points, ambiguous ones
// narrow.
var runeWidths = &runewidth.Condition{StrictEmojiNeutral: true}

// cut returns the first grapheme cluster of s and the rest.
func cut(s string) (cluster, rest string) {
	// Two characters of ASCII are two clusters.
	if len(s) == 1 || len(s) > 1 && s[0] < utf8.RuneSelf && s[1] < utf8.RuneSelf {
		return s[:1], s[1:]
	}
	cluster, rest, _, _ = uniseg.FirstGraphemeClusterInString(s, -1)
	return cluster, rest
}

// cells returns how many cells a cluster takes on a terminal at most and at
// least. Terminals differ: some go by clusters, some by code points, and marks with
// a width of their own (Devanagari's) have none on others.
func cells(cluster string) (most, least int) {
	if len(cluster) == 1 {
		return 1, 1
	}
	byCluster, byRune, base := uniseg.StringWidth(cluster), 0, 0
	for i, r := range cluster {
		width := runeWidths.RuneWidth(r)
		if isRegional(r) {
			width = 2 // half a flag: some show a wide letter
		}
		if i == 0 {
			base = width
		}
		byRune += width
	}
	return max(byCluster, byRune), min(byCluster, byRune, base)
}

// visible returns what is drawn for a cluster, which is no line break, in rows of
// limit cells, and how many it takes at most and at least. A mark without a base
// is shown on a dotted circle; a lone joiner or selector is not shown.
func visible(cluster string, limit int) (drawn string, most, least int) {
	most, least = cells(cluster)
	r, _ := utf8.DecodeRuneInString(cluster)
	switch {
	case unicode.IsMark(r) && !isSelector(r):
		drawn = "\u25cc" + cluster
		most, least = cells(drawn)
	case most == 0:
		return "", 0, 0
	default:
		drawn = cluster
	}
	if most > limit {
		return replacement, 1, 1
	}
	return drawn, most, least
}

// isRegional tells whether r is a regional indicator, two of which are a flag.
func isRegional(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }

// isSelector tells whether r is a variation selector.
func isSelector(r rune) bool {
	return 0xfe00 <= r && r <= 0xfe0f || 0xe0100 <= r && r <= 0xe01ef
}

// clean returns what of s may stand in the line: text and line breaks. A tab is
// four spaces, and what would steer the terminal or turn the line around is
// dropped.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\r' || r == '\v' || r == '\f' || r == '\n' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
		default:
			// What is not valid UTF-8 comes as U+FFFD.
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain tells whether s is printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isWord tells whether a cluster belongs to a word, for the keys that go by words.
func isWord(cluster string) bool {
	r, _ := utf8.DecodeRuneInString(cluster)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func isSpace(cluster string) bool {
	r, _ := utf8.DecodeRuneInString(cluster)
	return unicode.IsSpace(r)
}
