package safetext

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns valid JSON that says the same as doc and is safe for a terminal: in a
// string that Text would change, everything beyond ASCII is escaped (\u009b). Outside of
// strings JSON is ASCII, and C0 is always escaped in it.
func JSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for at := 0; at < len(doc); {
		if doc[at] != '"' {
			out = append(out, doc[at])
			at++
			continue
		}
		n := stringBytes(doc[at:])
		literal := doc[at : at+n]
		if printableASCII(literal) == n || Text(string(literal)) == string(literal) {
			out = append(out, literal...)
		} else {
			out = appendEscaped(out, literal)
		}
		at += n
	}
	return out
}

// stringBytes is the length of the string of JSON that b begins with.
func stringBytes(b []byte) int {
	for at := 1; at < len(b); at++ {
		switch b[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(b)
}

func appendEscaped(dst, literal []byte) []byte {
	for len(literal) > 0 {
		r, size := utf8.DecodeRune(literal)
		switch {
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		case r >= 0x7f:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, literal[:size]...)
		}
		literal = literal[size:]
	}
	return dst
}
