// Package terminaltest is a terminal for tests: bytes go in, and what a person
// would see comes out as rows of text, those that have scrolled away included. It
// must not know who writes the bytes. Programs do not import it.
//
// The emulator is charmbracelet's vt. What it leaves out is added here: a wide
// character that does not fit into the last cell wraps; a smaller window scrolls;
// rows may be broken anew in a window of another width; and a terminal may go by
// code points instead of grapheme clusters.
package terminaltest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/rivo/uniseg"
)

// maxScrollback is how many rows that have scrolled away are kept.
const maxScrollback = 1 << 20

// A Screen is a terminal.
type Screen struct {
	// ByRune makes it go by code points: what has no width of its own is not
	// shown, and everything else has a cell or two.
	ByRune bool
	// Reflows makes it break rows anew when its width changes, as most terminals
	// do. Otherwise what does not fit is cut off.
	Reflows bool

	emulator      *vt.Emulator
	width, height int
	// pending says that the cursor is behind the last cell: the next character
	// goes to the next row, or is cut off where wrapping is off.
	pending, unwrapped bool
	// wrapped are the rows, counted from the first that scrolled away, that go on in
	// the next, and how many cells of them are text.
	wrapped map[int]int
	bells   int
}

// New returns an empty screen.
func New(width, height int) *Screen {
	s := &Screen{}
	s.reset(width, height)
	return s
}

func (s *Screen) reset(width, height int) {
	s.emulator = vt.NewEmulator(width, height)
	s.emulator.SetScrollbackSize(maxScrollback)
	s.emulator.SetCallbacks(vt.Callbacks{Bell: func() { s.bells++ }})
	s.width, s.height = width, height
	s.pending = false
	s.wrapped = map[int]int{}
}

// Size returns its size in cells.
func (s *Screen) Size() (width, height int) { return s.width, s.height }

// Bells returns how often the bell has rung.
func (s *Screen) Bells() int { return s.bells }

// Write shows b, which MUST not end within a character or a sequence.
func (s *Screen) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := 0
		switch c := rest[0]; {
		case c == 0x1b:
			n = sequenceBytes(rest)
			s.sequence(rest[:n])
		case c < 0x20 || c == 0x7f:
			n = 1
			s.pending = s.pending && c == 0x07
			s.put(rest[:1])
		case s.ByRune:
			n = len(string([]rune(string(rest[:min(len(rest), 4)]))[:1]))
			s.print(string(rest[:n]))
		default:
			cluster, _, _, _ := uniseg.FirstGraphemeCluster(rest, -1)
			n = len(cluster)
			s.print(string(cluster))
		}
		rest = rest[n:]
	}
	return len(b), nil
}

func (s *Screen) put(b []byte) {
	// It takes everything.
	_, _ = s.emulator.Write(b)
}

// sequence takes an escape sequence.
func (s *Screen) sequence(b []byte) {
	switch final := b[len(b)-1]; {
	case final == 'h' || final == 'l':
		if string(b[2:len(b)-1]) == "?7" {
			s.unwrapped = final == 'l'
		}
	case final == 'm':
	case final == 'J' || final == 'K':
		// Erased rows go on nowhere; the cursor stays behind the last cell.
		row := s.row()
		for at := range s.wrapped {
			if at == row && final == 'K' || at >= row && final == 'J' {
				delete(s.wrapped, at)
			}
		}
	default:
		s.pending = false
	}
	s.put(b)
}

// print shows one character or cluster.
func (s *Screen) print(cluster string) {
	width := ansi.StringWidth(cluster)
	if width == 0 && s.ByRune {
		return
	}
	full := s.pending || s.emulator.CursorPosition().X+width > s.width
	if full && s.unwrapped {
		return // most terminals show it in the last cell, over what was there
	}
	if full {
		_, used := s.Cursor()
		s.wrapped[s.row()] = used
		s.put([]byte("\r\n"))
	}
	at := s.emulator.CursorPosition().X
	s.put([]byte(cluster))
	s.pending = at+width >= s.width
}

// sequenceBytes returns the length of the escape sequence at the beginning of b.
func sequenceBytes(b []byte) int {
	if len(b) < 2 || b[1] != '[' {
		return min(2, len(b))
	}
	for i, c := range b[2:] {
		if 0x40 <= c && c <= 0x7e {
			return i + 3
		}
	}
	return len(b)
}

// row returns which row the cursor is in, counted from the first that scrolled away.
func (s *Screen) row() int {
	return s.emulator.ScrollbackLen() + s.emulator.CursorPosition().Y
}

// Cursor returns where the cursor is: which row of Rows, and how many cells are
// before it.
func (s *Screen) Cursor() (row, column int) {
	column = s.emulator.CursorPosition().X
	if s.pending {
		column = s.width
	}
	return s.row(), column
}

// Top returns which row of Rows is the first of the window.
func (s *Screen) Top() int { return s.emulator.ScrollbackLen() }

// Rows returns all rows, those that have scrolled away included, without the
// white space at their ends.
func (s *Screen) Rows() []string {
	rows := make([]string, 0, s.emulator.ScrollbackLen()+s.height)
	for y := range s.emulator.ScrollbackLen() {
		rows = append(rows, s.text(y, s.width))
	}
	for y := range s.height {
		rows = append(rows, s.text(s.emulator.ScrollbackLen()+y, s.width))
	}
	return rows
}

// text returns the text in the first cells of a row.
func (s *Screen) text(row, cells int) string {
	var b strings.Builder
	for x := range cells {
		b.WriteString(s.cell(row, x))
	}
	return strings.TrimRight(b.String(), " ")
}

// cell returns what is in a cell; the second of a wide character is empty.
func (s *Screen) cell(row, x int) string {
	above := s.emulator.ScrollbackLen()
	if row < above {
		// Rows that have scrolled away keep the width that they had.
		if c := s.emulator.ScrollbackCellAt(x, row); c != nil {
			return c.Content
		}
		return " "
	}
	if c := s.emulator.CellAt(x, row-above); c != nil {
		return c.Content
	}
	return " "
}

// Lines returns all lines, each of as many rows as it was wrapped into, without the
// white space at their ends.
func (s *Screen) Lines() []string {
	var lines []string
	line := ""
	for row := range s.emulator.ScrollbackLen() + s.height {
		if used, ok := s.wrapped[row]; ok {
			text := s.text(row, used)
			line += text + strings.Repeat(" ", max(0, used-ansi.StringWidth(text)))
			continue
		}
		lines = append(lines, strings.TrimRight(line+s.text(row, s.width), " "))
		line = ""
	}
	return lines
}

// Before returns the text in the row of the cursor before it.
func (s *Screen) Before() string {
	row, column := s.Cursor()
	return s.text(row, column)
}

// Resize makes the window another size.
func (s *Screen) Resize(width, height int) {
	if s.Reflows && width != s.width {
		s.reflow(width, height)
		return
	}
	if down := s.emulator.CursorPosition().Y - (height - 1); down > 0 {
		// The emulator would cut the rows below off, and the cursor with them.
		s.put(fmt.Appendf(nil, "\x1b[%dS\x1b[%dA", down, down))
	}
	s.emulator.Resize(width, height)
	s.pending = false
	s.width, s.height = width, height
}

// reflow writes everything anew in a window of another size.
func (s *Screen) reflow(width, height int) {
	old := *s
	rows := old.Rows()
	cursorRow, cursorColumn := old.Cursor()
	last := cursorRow
	for i, r := range rows {
		if r != "" {
			last = max(last, i)
		}
	}
	bells := s.bells
	s.reset(width, height)
	s.bells = bells
	targetRow, targetColumn := 0, 0
	for row := 0; row <= last; row++ {
		used, wraps := old.wrapped[row]
		if !wraps {
			used = old.used(row)
		}
		if row == cursorRow {
			used = max(used, cursorColumn)
		}
		if row == cursorRow {
			targetRow, targetColumn = s.Cursor()
		}
		for x := range used {
			c := old.cell(row, x)
			if c != "" {
				_, _ = s.Write([]byte(c))
			}
			switch {
			case row == cursorRow && x+1 == cursorColumn:
				targetRow, targetColumn = s.Cursor()
			case row == cursorRow && x == cursorColumn && c != "":
				// It goes with the character that it stands on.
				targetRow, targetColumn = s.Cursor()
				targetColumn -= ansi.StringWidth(c)
			}
		}
		if row < last && !wraps {
			_, _ = s.Write([]byte("\r\n"))
		}
	}
	targetColumn = min(targetColumn, width-1)
	s.put(fmt.Appendf(nil, "\x1b[%d;%dH", targetRow-s.emulator.ScrollbackLen()+1, targetColumn+1))
	s.pending = false
}

// used returns how many cells of a row are text.
func (s *Screen) used(row int) int {
	used := 0
	for x := range s.width {
		if c := s.cell(row, x); c != " " {
			used = x + 1
		}
	}
	return used
}

// A Cooked is a terminal in cooked mode, as a program that only prints meets it:
// the kernel makes CR LF of LF, and echoes what is typed.
type Cooked struct{ *Screen }

// Write shows what a program printed.
func (c Cooked) Write(b []byte) (int, error) {
	_, err := c.Screen.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	return len(b), err
}

// Type shows the echo of what is typed.
func (c Cooked) Type(text string) {
	_, _ = c.Write([]byte(text))
}
