package client

import (
	"bytes"

	"famchat/protocol"
)

// maxLine is the length in bytes of the longest line that can be sent.
const maxLine = protocol.MaxString

// A line is what is sent as one string.
type line struct {
	text string
	// number counts the lines of the input from 1; it is 0 for Options.Name.
	number int
	// tooLong says that the line was longer than maxLine; it has no text then.
	tooLong bool
}

func (l line) isName() bool { return l.number == 0 }

// A splitter splits the input into lines. It keeps no more than one line of it,
// and of one that is too long only that it was.
type splitter struct {
	// part is the unfinished line, with room for the carriage return that is
	// not sent.
	part    []byte
	tooLong bool
	number  int
}

// typed takes a piece of the input and returns the lines that are complete with
// it; the last line needs no line break. Who has no more input leaves.
func (s *splitter) typed(b []byte, last bool) (lines []line, leave bool) {
	for {
		text, rest, ok := bytes.Cut(b, []byte{'\n'})
		if s.tooLong = s.tooLong || len(s.part)+len(text) > maxLine+1; !s.tooLong {
			s.part = append(s.part, text...)
		}
		if !ok {
			break
		}
		lines = append(lines, s.line())
		b = rest
	}
	if last && (len(s.part) > 0 || s.tooLong) {
		lines = append(lines, s.line())
	}
	return lines, last
}

// line ends the unfinished line.
func (s *splitter) line() line {
	text := bytes.TrimSuffix(s.part, []byte{'\r'})
	s.number++
	l := line{number: s.number, tooLong: s.tooLong || len(text) > maxLine}
	if !l.tooLong {
		l.text = string(text)
	}
	s.part = s.part[:0]
	s.tooLong = false
	return l
}
