// Package safetext makes a stranger's text safe for a terminal: it is the only way from
// their bytes to what anybody sees, of the daemon, its log and its console. It knows
// nothing of where the text comes from, nor of how a line is drawn.
package safetext

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a cluster of a stranger's text may hold.
const (
	maxClusterMarks   = 4  // combining marks, VS15, VS16 and ZWNJ
	maxClusterJoiners = 6  // ZWJ: a family of four takes three
	maxClusterRunes   = 24 // all together
	minFlagTags       = 3  // letters and digits of a flag's tags (UTS #51)
	maxFlagTags       = 6
)

const (
	dottedCircle = 0x25cc // what a mark without a base stands on
	blackFlag    = 0x1f3f4
	firstTag     = 0xe0020
	cancelTag    = 0xe007f
	tabSpaces    = "    "
)

// AppendText appends s, the body of a message by anybody, made safe for a
// terminal. Line breaks survive as '\n'; nothing else does that moves the
// cursor, changes state, reorders, hides or stacks. The result is valid UTF-8 in
// NFC, AppendText leaves it as it is, and whatever is drawn before or after
// it attaches to none of its clusters.
//
//   - A byte that is not part of valid UTF-8 becomes a U+FFFD, one for each
//     byte, as Go decodes.
//   - CR, CRLF, LF, VT, FF, U+0085, U+2028 and U+2029 become a line break.
//   - A tab becomes four spaces, other control characters and DEL their pictures
//     (U+2400 and on), C1 U+FFFD.
//   - Private, noncharacter and unassigned code points become U+FFFD.
//   - Bidi controls, zero-width characters, fillers and format controls go.
//     Other spaces, and what looks like one, become a space.
//   - ZWJ stays between two pictographs, ZWNJ after a letter of a script that
//     needs it, VS15 and VS16 right after a pictograph or a keycap's base, tags in
//     a complete flag (U+1F3F4, three to six letters and digits, U+E007F).
//   - A cluster has at most four marks; one at the beginning of a line gets a
//     dotted circle. A cluster of more than 24 runes is cut and ends in U+FFFD.
//
// Clusters are those of UAX #29. Context is judged by what stays: between a base
// and its mark nothing dropped matters. It takes linear time; where dst has
// room for the result and the text is in NFC already, it allocates nothing. Otherwise
// it uses room behind the result, and normalizing allocates two or three times.
func AppendText(dst, s []byte) []byte {
	first := len(dst)
	run := 0 // s[run:at] is fine as it is, and not yet in dst
	for at := 0; ; {
		at += printableASCII(s[at:])
		if at == len(s) {
			return append(dst, s[run:]...)
		}
		if s[at] < utf8.RuneSelf {
			dst = append(dst, s[run:at]...)
			dst, at = appendControl(dst, s, at)
			run = at
			continue
		}
		r, size := utf8.DecodeRune(s[at:])
		c := decodedClass(r, size)
		switch {
		case c&classMask >= uint8(classPlain):
			at += size
		case runeClass(c) == classBreak:
			dst = append(append(dst, s[run:at]...), '\n')
			at += size
			run = at
		default:
			// What is not plain may belong to the rune before it, and the rune
			// after to that. Up to there it goes the careful way.
			from := at
			if run < at {
				_, before := utf8.DecodeLastRune(s[run:at])
				from -= before
			}
			dst = append(dst, s[run:from]...)
			atStart := len(dst) == first || dst[len(dst)-1] == '\n'
			at += size + stretch(s[at+size:])
			c := clusters{out: dst, last: lineState(atStart), hasty: true}
			if c.text(s[from:at]); c.doubtful {
				return appendCareful(c.out[:len(dst)], s[from:], atStart)
			}
			dst = c.out
			run = at
		}
	}
}

// Text is AppendText for strings.
func Text(s string) string {
	if printableASCII([]byte(s)) == len(s) {
		return s
	}
	return string(AppendText(nil, []byte(s)))
}

// Line is Text on one line, for names, reasons and fields of logs: line breaks
// and runs of spaces become one space, none is at its ends.
func Line(s string) string {
	return Text(strings.Join(strings.Fields(Text(s)), " "))
}

// printableASCII is the length of the printable ASCII that b begins with.
func printableASCII(b []byte) int {
	n := 0
	for ; len(b)-n >= 32; n += 32 {
		w := b[n : n+32]
		odd := oddBytes(binary.LittleEndian.Uint64(w)) | oddBytes(binary.LittleEndian.Uint64(w[8:])) |
			oddBytes(binary.LittleEndian.Uint64(w[16:])) | oddBytes(binary.LittleEndian.Uint64(w[24:]))
		if odd != 0 {
			break
		}
	}
	for ; len(b)-n >= 8; n += 8 {
		if odd := oddBytes(binary.LittleEndian.Uint64(b[n:])); odd != 0 {
			return n + bits.TrailingZeros64(odd)/8
		}
	}
	for ; n < len(b); n++ {
		if b[n]-' ' >= 0x7f-' ' {
			return n
		}
	}
	return n
}

// oddBytes marks bytes of x, the first at its low end, that are no printable ASCII, by their
// high bits: it comes up in one of the three terms where a byte is below U+0020,
// above U+007F, or DEL. Borrow and carry reach only bytes after the first such
// one, so that the lowest mark is right.
func oddBytes(x uint64) uint64 {
	const low, high, spaces = 0x0101010101010101, 0x8080808080808080, 0x2020202020202020
	return ((x - spaces) | x | (x + low)) & high
}

// appendControl appends what becomes of the control character s[at] and returns
// where the next character begins.
func appendControl(dst, s []byte, at int) ([]byte, int) {
	c := s[at]
	at++
	switch {
	case c == '\r' && at < len(s) && s[at] == '\n':
		return append(dst, '\n'), at + 1
	case c >= '\n' && c <= '\r':
		return append(dst, '\n'), at
	}
	return appendPicture(dst, rune(c)), at
}

// appendPicture appends what shows the control character r, which breaks no line.
func appendPicture(dst []byte, r rune) []byte {
	switch r {
	case '\t':
		return append(dst, tabSpaces...)
	case 0x7f:
		r = 0x21
	}
	return utf8.AppendRune(dst, 0x2400+r)
}

// stretch is the length of what has to be looked at with the rune before b, which
// is not plain: up to a line break or between two plain runes.
func stretch(b []byte) int {
	plain := false
	for at := 0; at < len(b); {
		r, size := rune(b[at]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(b[at:])
		}
		c := runeClass(decodedClass(r, size) & classMask)
		if c == classBreak || plain && c >= classPlain {
			return at
		}
		plain = c >= classPlain
		at += size
	}
	return len(b)
}

// decodedClass is the class and flags of what utf8.DecodeRune returned.
func decodedClass(r rune, size int) uint8 {
	if r == utf8.RuneError && size == 1 {
		return uint8(classBad)
	}
	return classOf(r)
}

// lineState is the class that clusters begin with.
func lineState(atStart bool) runeClass {
	if atStart {
		return classBreak
	}
	return classPlain
}

// appendCareful appends s, the rest of a text that is not in NFC or will not stay so:
// what is to be mapped is mapped, normalized, cut into clusters, and normalized again,
// because what stood between a base and its mark may be gone. It is all the
// rest and no less, so that normalizing, which allocates, is done once or twice for
// a text and not for each of its letters.
func appendCareful(dst, s []byte, atStart bool) []byte {
	start := len(dst)
	dst = normalizeFrom(appendMapped(dst, s), start)
	// The clusters are built behind their source and then moved to its place.
	end := len(dst)
	c := clusters{out: dst, last: lineState(atStart)}
	c.text(dst[start:end])
	dst = append(c.out[:start], c.out[end:]...)
	if !c.doubtful {
		return dst
	}
	return normalizeFrom(dst, start)
}

// appendMapped appends s with those changes that do not depend on what is around.
func appendMapped(dst, s []byte) []byte {
	for at := 0; at < len(s); {
		n := printableASCII(s[at:])
		dst = append(dst, s[at:at+n]...)
		if at += n; at == len(s) {
			break
		}
		if s[at] < utf8.RuneSelf {
			dst, at = appendControl(dst, s, at)
			continue
		}
		r, size := utf8.DecodeRune(s[at:])
		flags := decodedClass(r, size)
		switch runeClass(flags & classMask) {
		case classDrop:
		case classBad:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case classSpace:
			dst = append(dst, ' ')
		case classBreak:
			dst = append(dst, '\n')
		default:
			if flags&flagMaybe != 0 {
				if form, ok := normalForms[r]; ok {
					dst = append(dst, form...)
					break
				}
			}
			dst = append(dst, s[at:at+size]...)
		}
		at += size
	}
	return dst
}

// normalizeFrom brings dst[start:] into NFC.
func normalizeFrom(dst []byte, start int) []byte {
	if norm.NFC.IsNormal(dst[start:]) {
		return dst
	}
	// Append would compose across the end of what it appends to: it gets an empty
	// slice, which is the room behind the source.
	end := len(dst)
	normal := norm.NFC.Append(dst[end:end], dst[start:end]...)
	return append(dst[:start], normal...)
}
