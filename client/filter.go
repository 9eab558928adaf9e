package client

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const (
	bel = 0x07
	esc = 0x1b
	// maxStyleBytes is the length of the longest colour or style that passes.
	maxStyleBytes = 64
	// resetStyle ends every colour and style.
	resetStyle = "\x1b[m"
	// tab is what a tab becomes, as the server makes it.
	tab = "    "
)

// appendText appends to dst what of s may reach a terminal: text and, where
// color is set, SGR sequences, which are closed where s leaves them open. Every
// other control and escape sequence (ECMA-48) is dropped, in either form of C1,
// and what is not valid UTF-8 becomes U+FFFD. A string sequence (OSC, DCS and
// their like) that does not end is text but for its introducer, so that it hides
// nothing. bell says that s has a BEL outside of any sequence.
//
// The server has made everything safe already. This is for the server that has
// not.
func appendText(dst, s []byte, color bool) (text []byte, bell bool) {
	open := false
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case r == '\t':
			dst = append(dst, tab...)
		case r == bel:
			bell = true
		case r == esc || 0x80 <= r && r <= 0x9f:
			n = sequenceBytes(s)
			if color && isStyle(s[:n]) {
				dst = append(dst, s[:n]...)
				open = !isReset(s[:n])
			}
		case isDropped(r):
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	if open {
		dst = append(dst, resetStyle...)
	}
	return dst, bell
}

// isDropped tells whether r is a control of the terminal, or one of Unicode's
// that changes the order of what stands around it or breaks the line.
func isDropped(r rune) bool {
	return r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// isStyle tells whether the sequence s is a well-formed SGR.
func isStyle(s []byte) bool {
	if len(s) < len(resetStyle) || len(s) > maxStyleBytes || s[0] != esc || s[1] != '[' || s[len(s)-1] != 'm' {
		return false
	}
	return len(bytes.Trim(s[2:len(s)-1], "0123456789;:")) == 0
}

// isReset tells whether the SGR s ends every style.
func isReset(s []byte) bool {
	return len(bytes.Trim(s[2:len(s)-1], "0;")) == 0
}

// sequenceBytes returns the length of the escape sequence at the beginning of
// s, which begins with ESC or a C1 control.
func sequenceBytes(s []byte) int {
	kind, n := introducer(s)
	switch {
	case kind == '[':
		return n + csiBytes(s[n:])
	case kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_':
		return n + stringBytes(s[n:])
	case 0x20 <= kind && kind <= 0x2f:
		return n + intermediateBytes(s[n:])
	}
	return n
}

// introducer returns what kind of sequence begins s, as the byte that follows
// ESC in its 7-bit form, and how long its introducer is. An ESC that introduces
// nothing is of kind 0.
func introducer(s []byte) (kind byte, n int) {
	if s[0] != esc {
		// U+0080 to U+009F are two bytes, and stand for ESC @ to ESC _.
		return s[1] - 0x40, 2
	}
	if len(s) < 2 || s[1] < 0x20 || s[1] > 0x7e {
		return 0, 1
	}
	return s[1], 2
}

// csiBytes returns how much of s belongs to a control sequence: parameters,
// intermediate bytes and a final byte, or as many of them as there are.
func csiBytes(s []byte) int {
	for i, c := range s {
		switch {
		case 0x40 <= c && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return i
		}
	}
	return len(s)
}

// intermediateBytes returns how much of s belongs to a sequence of ESC and
// intermediate bytes, such as one that designates a character set.
func intermediateBytes(s []byte) int {
	for i, c := range s {
		switch {
		case 0x30 <= c && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return i
		}
	}
	return len(s)
}

// stringBytes returns how much of s belongs to a control string, its end (BEL or
// ST) included, or 0 where any other control or the end of s comes before it.
func stringBytes(s []byte) int {
	for i, c := range s {
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case c == bel:
			return i + 1
		case c == esc && next == '\\', c == 0xc2 && next == 0x9c:
			return i + 2
		case c < 0x20, c == 0xc2 && 0x80 <= next && next <= 0x9f:
			return 0
		}
	}
	return 0
}
