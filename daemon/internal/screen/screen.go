// Package screen is what people see: it draws every line and every update. It knows
// nothing of who is here, nor of sockets.
//
// Drawing has two steps. AppendLines and its friends draw lines: a time, one
// character for the kind, who, the text. AppendUpdates makes updates of lines,
// the strings that a client prints as they come: it clears the prompt, prints
// the lines and ends with the prompt again. A public line is drawn once and put
// into updates once, however many people read it.
//
// All text given to a drawing function MUST have come out of AppendText, Text or
// Line: they are the only way from a stranger's bytes to a screen.
package screen

import (
	"bytes"
	"unicode/utf8"

	"famchat/protocol"

	"github.com/rivo/uniseg"
)

// The prompts that end an update.
const (
	Prompt     = "> "          // for who is in the room
	NamePrompt = "Your name? " // while a name is asked for
	NoPrompt   = ""            // ends the last update before the connection closes
)

// Kind is the character that tells lines apart, with and without colour.
type Kind byte

// The kinds of lines.
const (
	Public       Kind = ' '
	Mention      Kind = '@' // public, and names the reader
	Private      Kind = '~'
	Notice       Kind = '*' // joined, left, was disconnected, was removed
	Error        Kind = '!' // an error or a refusal, to one person
	Action       Kind = '-' // /me
	Announcement Kind = '#'
)

// SGR sequences, the only escape sequences inside lines.
const (
	reset   = "\x1b[0m"
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	reverse = "\x1b[7m"
	red     = "\x1b[31m"
	magenta = "\x1b[35m"
)

const (
	clearLine = "\r\x1b[K"
	gutter    = "      | " // the bar stands where the kind stands in the first line
	bell      = "\a"
)

// maxLine is the length in bytes of the longest line, its line break included:
// with the longest prompt and a bell it still fits into one update.
const maxLine = protocol.MaxString - len(clearLine) - len(bell) - len(NamePrompt)

// nameColours are readable on black and on white.
var nameColours = [...]string{"\x1b[32m", "\x1b[35m", "\x1b[36m"}

// Stamp is when a line was drawn, in the daemon's own time zone.
type Stamp struct {
	Date   Date
	Minute int16 // since midnight
}

// AppendName appends a name in its colour, which is the same for all who have
// the same folded name.
func AppendName(dst []byte, name, folded string) []byte {
	dst = append(dst, nameColours[hash(folded)%uint32(len(nameColours))]...)
	dst = append(dst, name...)
	return append(dst, reset...)
}

// AppendYou appends what a reader is called in the lines that are their own.
func AppendYou(dst []byte) []byte {
	return append(dst, bold+"you"+reset...)
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// Span is a stretch of a text: bytes From to To, To not included.
type Span struct{ From, To int }

// AppendLines draws text as one line, or as several where it holds line breaks
// or does not fit: the second and the following have a gutter, so that nobody
// can forge a line. who comes before the text, drawn already ("mum: "). Kinds
// that are coloured as a whole need it plain. What marks name is bold; they are
// in order and do not overlap.
func AppendLines(dst []byte, at Stamp, kind Kind, who, text []byte, marks []Span) []byte {
	open := ""
	switch kind {
	case Notice:
		return appendBody(appendTime(append(dst, dim...), at), dim, " * ", who, text, nil)
	case Private:
		open = magenta
	case Error:
		open = red
	case Announcement:
		dst = append(appendDimTime(dst, at), reverse+"#"+reset+" "...)
		return appendBody(append(dst, bold...), bold, "", who, text, nil)
	case Mention:
		dst = append(appendDimTime(dst, at), reverse+"@"+reset+" "...)
		return appendBody(dst, "", "", who, text, marks)
	}
	dst = append(appendDimTime(dst, at), open...)
	dst = append(dst, byte(kind), ' ')
	return appendBody(dst, open, "", who, text, marks)
}

// AppendError draws an error for somebody who has no name yet: without a time.
func AppendError(dst []byte, text []byte) []byte {
	return appendBody(append(dst, red...), red, "! ", nil, text, nil)
}

// AppendPlain draws text without a time, a kind or a colour.
func AppendPlain(dst []byte, text []byte) []byte {
	return appendBody(dst, "", "", nil, text, nil)
}

// AppendRule draws a dim line between other lines: "--- earlier".
func AppendRule(dst []byte, text string) []byte {
	dst = append(dst, dim+"--- "...)
	dst = append(dst, text...)
	return append(dst, reset+"\n"...)
}

// appendBody appends prefix, who and text to the line that dst ends in, which
// has been begun in the colour that open opens, and ends it.
func appendBody(dst []byte, open, prefix string, who, text []byte, marks []Span) []byte {
	start := bytes.LastIndexByte(dst, '\n') + 1
	dst = append(dst, prefix...)
	dst = append(dst, who...)
	if open == "" && len(marks) == 0 && len(dst)-start+len(text) < maxLine && bytes.IndexByte(text, '\n') < 0 {
		dst = append(dst, text...)
		return append(dst, '\n')
	}
	b := body{dst: dst, lineStart: start, open: open, marks: marks}
	b.text(text)
	return b.dst
}

// body draws a text of any length in lines that fit.
type body struct {
	dst       []byte
	lineStart int // where the current line begins in dst
	open      string
	marks     []Span
}

// text draws t, splitting it at line breaks, and ends the last line.
func (b *body) text(t []byte) {
	for offset := 0; ; {
		line, _, more := bytes.Cut(t[offset:], []byte{'\n'})
		b.line(line, offset)
		if !more {
			break
		}
		b.endLine()
		b.beginLine()
		offset += len(line) + 1
	}
	b.endLine()
}

// line draws one line of the text, which begins at offset in it, splitting it
// between grapheme clusters where it does not fit.
func (b *body) line(line []byte, offset int) {
	for len(line) > 0 {
		n, bolded := b.piece(len(line), offset)
		if room := maxLine - (len(b.dst) - b.lineStart) - len(bold+reset+reset+"\n") - len(b.open); n > room {
			if n = fitting(line, room); n == 0 {
				b.endLine()
				b.beginLine()
				continue
			}
		}
		if bolded {
			b.dst = append(b.dst, bold...)
		}
		b.dst = append(b.dst, line[:n]...)
		if bolded {
			b.dst = append(b.dst, reset...)
			b.dst = append(b.dst, b.open...)
		}
		line, offset = line[n:], offset+n
	}
}

// piece returns how much of what is left of a line, which begins at offset, is
// alike: all bold, or all not.
func (b *body) piece(left, offset int) (n int, bolded bool) {
	for len(b.marks) > 0 && b.marks[0].To <= offset {
		b.marks = b.marks[1:]
	}
	if len(b.marks) == 0 || b.marks[0].From >= offset+left {
		return left, false
	}
	if m := b.marks[0]; m.From <= offset {
		return min(m.To-offset, left), true
	}
	return b.marks[0].From - offset, false
}

func (b *body) beginLine() {
	b.lineStart = len(b.dst)
	b.dst = append(b.dst, gutter...)
	b.dst = append(b.dst, b.open...)
}

func (b *body) endLine() {
	if b.open != "" {
		b.dst = append(b.dst, reset...)
	}
	b.dst = append(b.dst, '\n')
}

// fitting returns the length of the longest beginning of line that consists of
// whole grapheme clusters and is at most room bytes long.
func fitting(line []byte, room int) int {
	// Between two ASCII characters, which are no line break here, is always a
	// cluster's end; to find it from the beginning would take a thousand times
	// as long.
	if room > 0 && room < len(line) && line[room-1] < utf8.RuneSelf && line[room] < utf8.RuneSelf {
		return room
	}
	n, state := 0, -1
	for rest := line; len(rest) > 0; {
		var cluster []byte
		cluster, rest, _, state = uniseg.FirstGraphemeCluster(rest, state)
		if n+len(cluster) > room {
			break
		}
		n += len(cluster)
	}
	return n
}

func appendDimTime(dst []byte, at Stamp) []byte {
	return append(appendTime(append(dst, dim...), at), reset+" "...)
}

func appendTime(dst []byte, at Stamp) []byte {
	h, m := at.Minute/60, at.Minute%60
	return append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10))
}
