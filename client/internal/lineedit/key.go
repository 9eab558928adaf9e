package lineedit

import (
	"bytes"
	"unicode/utf8"
)

// Code says which key it is.
type Code uint8

// The keys. Text and Paste carry what was typed.
const (
	Ignored Code = iota // a key or a report that means nothing here
	Text
	Paste
	Enter
	Newline // Alt-Enter: a line break within the message
	Tab
	BackTab
	Escape
	Backspace
	Delete // the Delete key; Ctrl-D is EndOfInput
	Left
	Right
	WordLeft
	WordRight
	Home
	End
	Up
	Down
	KillToEnd
	KillToStart
	KillWordLeft   // Ctrl-W: up to white space
	KillAlnumLeft  // Alt-Backspace: a word of letters and digits
	KillAlnumRight // Alt-D
	Yank
	Transpose
	Search        // Ctrl-R
	SearchForward // Ctrl-S
	Cancel        // Ctrl-G
	Redraw        // Ctrl-L
	Interrupt     // Ctrl-C
	EndOfInput    // Ctrl-D
	Suspend       // Ctrl-Z
)

// A Key is one key, a run of text, or what was pasted.
type Key struct {
	Code Code
	Text string
	// TooLong says that there was more of a paste than is kept.
	TooLong bool
}

const (
	esc        = 0x1b
	bel        = 0x07
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
	// maxSequenceBytes is the length of the longest escape sequence that is waited
	// for; what is longer is none.
	maxSequenceBytes = 256
	// maxPasteBytes is how much of a paste is kept.
	maxPasteBytes = maxTextBytes
)

// controls are the keys that are one control character.
var controls = [utf8.RuneSelf]Code{
	1: Home, 2: Left, 3: Interrupt, 4: EndOfInput, 5: End, 6: Right, 7: Cancel, 8: Backspace, 9: Tab, 10: Enter,
	11: KillToEnd, 12: Redraw, 13: Enter, 14: Down, 16: Up, 18: Search, 19: SearchForward, 20: Transpose,
	21: KillToStart, 23: KillWordLeft, 25: Yank, 26: Suspend, 127: Backspace,
}

// alts are the keys that are ESC and one more character.
var alts = [utf8.RuneSelf]Code{
	'b': WordLeft, 'B': WordLeft, 'f': WordRight, 'F': WordRight, 'd': KillAlnumRight, 'D': KillAlnumRight,
	8: KillAlnumLeft, 127: KillAlnumLeft, 10: Newline, 13: Newline,
}

// parseKey returns the key at the beginning of b, which is not empty, and how many
// bytes it takes: 0 where b is only the beginning of one. A run of text is one key.
func parseKey(b []byte) (Key, int) {
	switch c := b[0]; {
	case c == esc:
		return parseEscape(b)
	case c < 0x20 || c == 0x7f:
		return Key{Code: controls[c]}, 1
	}
	n := 0
	for n < len(b) && b[n] >= 0x20 && b[n] != 0x7f && utf8.FullRune(b[n:]) {
		_, size := utf8.DecodeRune(b[n:])
		n += size
	}
	if n == 0 {
		return Key{}, 0
	}
	return Key{Code: Text, Text: string(bytes.ToValidUTF8(b[:n], []byte("\ufffd")))}, n
}

// parseEscape is parseKey where b begins with ESC. An ESC before what is no key
// with it is a key of its own: what follows is not lost.
func parseEscape(b []byte) (Key, int) {
	if len(b) == 1 {
		return Key{}, 0
	}
	switch c := b[1]; {
	case c == '[':
		return parseCSI(b)
	case c == 'O':
		if len(b) == 2 {
			return Key{}, 0
		}
		return Key{Code: ss3(b[2])}, 3
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return parseString(b)
	case c < utf8.RuneSelf && alts[c] != Ignored:
		return Key{Code: alts[c]}, 2
	}
	return Key{Code: Escape}, 1
}

// parseCSI is parseKey where b begins with ESC [.
func parseCSI(b []byte) (Key, int) {
	for i := 2; i < len(b) && i < maxSequenceBytes; i++ {
		switch c := b[i]; {
		case c == '[' && i == 2:
			// The Linux console's F1 to F5 have one more byte.
			if len(b) == 3 {
				return Key{}, 0
			}
			return Key{}, 4
		case c == 'M' && i == 2:
			// A mouse that a program before us left switched on.
			if len(b) < 6 {
				return Key{}, 0
			}
			return Key{}, 6
		case 0x40 <= c && c <= 0x7e:
			return Key{Code: csi(b[2:i], c)}, i + 1
		case c < 0x20 || c > 0x7e:
			return Key{}, i
		}
	}
	if len(b) >= maxSequenceBytes {
		return Key{}, maxSequenceBytes
	}
	return Key{}, 0
}

// csi returns the key of a control sequence with its parameters and its final
// byte, as xterm, the Linux console and rxvt send them.
func csi(params []byte, final byte) Code {
	if len(bytes.Trim(params, "0123456789;")) > 0 {
		return Ignored // a report
	}
	number, modifier, _ := bytes.Cut(params, []byte{';'})
	// 3, 5 and 7 are Alt, Ctrl and both.
	word := len(modifier) == 1 && (modifier[0] == '3' || modifier[0] == '5' || modifier[0] == '7')
	switch {
	case final == 'C' && word:
		return WordRight
	case final == 'D' && word:
		return WordLeft
	case final == 'Z':
		return BackTab
	case final == '~' || final == '^':
		return numbered(string(number), word || final == '^')
	}
	return arrows(final)
}

// numbered returns the key that a control sequence gives a number, in word with
// Ctrl or Alt.
func numbered(number string, word bool) Code {
	switch number {
	case "1", "7":
		return Home
	case "4", "8":
		return End
	case "3":
		if word {
			return KillAlnumRight
		}
		return Delete
	}
	return Ignored
}

// arrows returns the key of a final byte that ESC [ and ESC O have in common.
func arrows(final byte) Code {
	switch final {
	case 'A':
		return Up
	case 'B':
		return Down
	case 'C':
		return Right
	case 'D':
		return Left
	case 'H':
		return Home
	case 'F':
		return End
	}
	return Ignored
}

// ss3 returns the key of ESC O and c.
func ss3(c byte) Code {
	switch c {
	case 'M':
		return Enter // of the numeric pad
	case 'c':
		return WordRight // rxvt, with Ctrl
	case 'd':
		return WordLeft
	}
	return arrows(c)
}

// parseString is parseKey where b begins a control string: the answer to a
// question that a program before us asked the terminal.
func parseString(b []byte) (Key, int) {
	for i := 2; i < len(b) && i < maxSequenceBytes; i++ {
		switch {
		case b[i] == bel:
			return Key{}, i + 1
		case b[i] == esc && i+1 == len(b):
			return Key{}, 0
		case b[i] == esc && b[i+1] == '\\':
			return Key{}, i + 2
		case b[i] < 0x20:
			return Key{}, i
		}
	}
	if len(b) >= maxSequenceBytes {
		return Key{}, maxSequenceBytes
	}
	return Key{}, 0
}

// Wait says what a Parser waits for.
type Wait uint8

// What a Parser waits for: nothing, the rest of a key, or the end of a paste.
const (
	WaitNothing Wait = iota
	WaitKey
	WaitPaste
)

// A Parser makes keys of what a terminal sends, however it was cut. Where it
// waits for the rest of one and nothing comes, Timeout MUST be called: ESC is a
// key and the beginning of others. Its memory is bounded.
type Parser struct {
	rest    []byte
	pasting bool
	pasted  []byte
	tooLong bool
}

// Feed takes what was read and returns the keys that are complete with it.
func (p *Parser) Feed(b []byte) (keys []Key) {
	p.rest = append(p.rest, b...)
	rest := p.rest
	for len(rest) > 0 {
		if p.pasting {
			n, done := p.paste(rest)
			rest = rest[n:]
			if !done {
				break
			}
			keys = append(keys, p.endPaste())
			continue
		}
		if bytes.HasPrefix(rest, []byte(pasteBegin)) {
			p.pasting = true
			rest = rest[len(pasteBegin):]
			continue
		}
		key, n := parseKey(rest)
		if n == 0 {
			break
		}
		rest = rest[n:]
		if key.Code != Ignored {
			keys = append(keys, key)
		}
	}
	p.rest = append(p.rest[:0], rest...)
	return keys
}

// paste takes what belongs to the paste, and says whether its end has come.
func (p *Parser) paste(b []byte) (n int, done bool) {
	at := bytes.Index(b, []byte(pasteEnd))
	if done = at >= 0; !done {
		// Its end may have been cut in two.
		at = len(b)
		for k := min(len(pasteEnd)-1, len(b)); k > 0; k-- {
			if bytes.HasSuffix(b, []byte(pasteEnd[:k])) {
				at -= k
				break
			}
		}
	}
	keep := min(at, maxPasteBytes-len(p.pasted))
	p.tooLong = p.tooLong || keep < at
	p.pasted = append(p.pasted, b[:keep]...)
	if done {
		return at + len(pasteEnd), true
	}
	return at, false
}

func (p *Parser) endPaste() Key {
	key := Key{Code: Paste, Text: string(p.pasted), TooLong: p.tooLong}
	p.pasting, p.pasted, p.tooLong = false, nil, false
	return key
}

// Waits says what is waited for.
func (p *Parser) Waits() Wait {
	switch {
	case p.pasting:
		return WaitPaste
	case len(p.rest) > 0:
		return WaitKey
	}
	return WaitNothing
}

// Timeout ends the wait: a lone ESC was the key, half a sequence was nothing, and
// a paste that does not end has ended.
func (p *Parser) Timeout() (keys []Key) {
	switch {
	case p.pasting:
		p.pasted = append(p.pasted, p.rest...)
		keys = append(keys, p.endPaste())
	case len(p.rest) == 1 && p.rest[0] == esc:
		keys = append(keys, Key{Code: Escape})
	case len(p.rest) > 0 && p.rest[0] >= utf8.RuneSelf:
		keys = append(keys, Key{Code: Text, Text: replacement})
	}
	p.rest = p.rest[:0]
	return keys
}
