package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A visit is of anna's to the room in an xterm, with mum. xterm cuts off what does not
// fit when it becomes narrower, so what is on its screen is compared with what must
// be there as follows: every line is there once, in its order, at least its first 20
// cells, and what else is there of it is in its order too; the input is whole; and
// there is nothing else. What others say has no capitals in it, what is typed no small
// letters.
type visit struct {
	t      *testing.T
	p      *pane
	mum    *guest
	before string   // what is above the lines, or the end of it
	lines  []string // that are there, without white space
	said   int      // by mum
	sent   int      // by anna
	tokens int
	width  int
	wrong  string // what was wrong with the screen when it was looked at last
}

func newVisit(t *testing.T, width, height int) *visit {
	t.Helper()
	h := open(t, "")
	v := &visit{t: t, mum: h.join("mum"), p: newXterm(t, width, height), width: width}
	v.p.enters(h, "--name anna")
	v.before = "Famchat---DATE" + time.Now().Format("Monday2January2006")
	v.lines = []string{"*youjoined.Here:mum./helpliststhecommands"}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(v.wrong)
		}
	})
	return v
}

// listens has mum say lines of so many words.
func (v *visit) listens(lines, words int) {
	v.t.Helper()
	for range lines {
		v.mum.says(fmt.Sprintf("%d %s.", v.said, strings.Repeat("blue ", words)))
		v.lines = append(v.lines, fmt.Sprintf("mum:%d%s.", v.said, strings.Repeat("blue", words)))
		v.said++
	}
}

// token types something new at the cursor and returns it.
func (v *visit) token() string {
	v.t.Helper()
	v.tokens++
	token := fmt.Sprintf("[%d]", v.tokens)
	v.p.types(token)
	return token
}

// pastes pastes text, and waits until it is there: it would overtake no key that is
// pressed before, but keys that are pressed after might overtake it.
func (v *visit) pastes(text string) {
	v.t.Helper()
	v.tokens++
	token := fmt.Sprintf("{%d}", v.tokens)
	v.p.paste(token + text)
	v.p.await(token, func(lines []string) bool { return strings.Contains(unspaced.Replace(strings.Join(lines, "\n")), token) })
}

// catchesUp waits until all that was said and typed is on the screen, with the cursor
// at the beginning or at the end of the input, which it returns without white space.
func (v *visit) catchesUp(atEnd bool) (input string) {
	v.t.Helper()
	has := strings.HasPrefix
	if atEnd {
		v.p.keys("End")
		has = strings.HasSuffix
	} else {
		v.p.keys("Home")
	}
	token := v.token()
	v.p.await("TT:TT"+strings.Join(v.lines, "TT:TT")+">"+token, func(lines []string) bool {
		var ok bool
		if input, ok = v.read(lines, len(v.lines)); ok {
			v.wrong = fmt.Sprintf("the input is %q, and %s not where the cursor was", input, token)
		}
		return ok && has(input, token)
	})
	return input
}

var unspaced = strings.NewReplacer(" ", "", "\n", "")

// read returns the input if what is above it is right, and nothing but the last n
// lines.
func (v *visit) read(screen []string, n int) (input string, ok bool) {
	above, input, ok := strings.Cut(unspaced.Replace(strings.Join(screen, "\n")), ">")
	lines := strings.Split(above, "TT:TT")
	v.wrong = fmt.Sprintf("%d lines, want %d, and the input %q", len(lines)-1, n, input)
	if !ok || len(lines) != 1+n || strings.Contains(input, ">") {
		return "", false
	}
	before := v.before
	if gone := len(v.lines) - n; gone > 0 {
		before = v.lines[gone-1]
	}
	if v.wrong = fmt.Sprintf("%q is above the first line", lines[0]); !within(lines[0], before) {
		return "", false
	}
	for i, want := range v.lines[len(v.lines)-n:] {
		if got := lines[1+i]; !strings.HasPrefix(got, want[:min(cutCells, len(want))]) || !within(got, want) {
			v.wrong = fmt.Sprintf("line %d is %q, want %q", i, got, want)
			return "", false
		}
	}
	return input, true
}

// resize makes the window another size, when it shows all that was said and typed.
// Where it becomes wider, the rows that have scrolled away are forgotten: xterm would
// show what happens to be behind them in its memory. What is left on the screen must be
// the last lines then, and the end of the one before. Widths are multiples of four:
// of others xterm 379 keeps the cells up to the next one out of sight, where nobody
// can erase them, and shows them again when it becomes wider.
func (v *visit) resize(width, height int, atEnd bool) {
	v.t.Helper()
	input := v.catchesUp(atEnd)
	wider := width > v.width
	v.width = width
	if wider {
		v.p.emulator.(*xterm).forget()
	}
	v.p.resize(width, height)
	if wider {
		v.p.emulator.(*xterm).forget()
	}
	n := len(v.lines)
	v.p.await("only the last lines, and >"+input, func(lines []string) bool {
		if wider {
			n = min(strings.Count(strings.Join(lines, "\n"), "TT:TT"), len(v.lines))
		}
		now, ok := v.read(lines, n)
		return ok && now == input && n > 0
	})
	if gone := len(v.lines) - n; gone > 0 {
		v.before, v.lines = v.lines[gone-1], v.lines[gone:]
	}
}

// cutCells is how much of a line is left in the narrowest window, without its time
// and the white space.
const cutCells = len("mum:1234")

// within tells whether part is whole, of which something may be missing.
func within(part, whole string) bool {
	rest := []rune(whole)
	for _, r := range part {
		i := slices.Index(rest, r)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

// sends sends what is typed, and checks that it is what the screen showed.
func (v *visit) sends() {
	v.t.Helper()
	v.p.keys("Home")
	v.p.types(fmt.Sprintf("%d ", 1000+v.sent))
	shown := v.catchesUp(true)
	v.p.keys("Enter")
	v.mum.hears(fmt.Sprintf("[%d]\n", v.tokens))
	v.mum.mu.Lock()
	heard := v.mum.read
	v.mum.mu.Unlock()
	heard = v.p.shown(unspaced.Replace(heard[strings.LastIndex(heard, "anna: ")+len("anna: "):]))
	heard = strings.TrimSuffix(heard, ">")
	if want := strings.ReplaceAll(shown, "↵", "|"); heard != want {
		v.t.Fatalf("sent was\n%s\nand the screen showed\n%s", heard, want)
	}
	v.lines = append(v.lines, "you:"+heard)
	v.sent++
}

// The window of an xterm may change its size at any time.
func TestResizeWhileTypingInXterm(t *testing.T) {
	v := newVisit(t, 80, 15)
	for i, size := range [][2]int{{20, 15}, {80, 15}, {32, 10}, {52, 20}, {20, 12}, {60, 9}, {24, 24}, {80, 24}} {
		v.listens(1, 3*i)
		v.p.types(fmt.Sprintf("W%d日本 ", i))
		v.resize(size[0], size[1], i%2 == 0)
		v.catchesUp(i%3 == 1)
	}
	v.sends()
	v.catchesUp(true)
}

// The edge of the window is dragged to and fro faster than anything is drawn: no
// piece of the input is left behind.
func TestWindowDraggedInXterm(t *testing.T) {
	v := newVisit(t, 80, 24)
	v.listens(5, 0)
	v.p.types(strings.Repeat("HELLO ", 14))
	input := v.catchesUp(true)
	for range 4 {
		for width := 80; width > 24; width -= 4 {
			v.p.setSize(width, 24)
		}
		for width := 24; width < 80; width += 4 {
			v.p.setSize(width, 24)
		}
	}
	v.p.resize(80, 24)
	v.p.await(">"+input, func(lines []string) bool {
		now, ok := v.read(lines, len(v.lines))
		return ok && now == input
	})
}

// A person types, pastes, moves about and throws away while others talk and the window
// changes its size.
func TestRoughUseInXterm(t *testing.T) {
	r := random(t)
	v := newVisit(t, 80, 24)
	for typed, step := 0, 0; step < *roughly; step++ {
		switch r.IntN(9) {
		case 0, 1:
			v.listens(1, r.IntN(30))
		case 2:
			v.listens(r.IntN(40), r.IntN(6))
		case 3, 4:
			v.p.types([]string{"HELLO ", "日本語", "é", "X", "👨‍👩‍👧", "❤️ ", "🇫🇷", "नि"}[r.IntN(8)])
			typed++
		case 5:
			v.p.keys([][]string{{"Left"}, {"Right", "Right"}, {"Home"}, {"End"}, {"BSpace"}, {"C-w", "C-y"}, {"C-t"}, {"Up", "Down"}, {"C-r", "H", "C-g"}}[r.IntN(9)]...)
		case 6:
			v.pastes([]string{"MILK", "MILK\nBREAD", "日\n本\n"}[r.IntN(3)])
			typed++
		case 7:
			width, height := v.width, 12+r.IntN(20)
			if r.IntN(3) > 0 {
				width = 20 + 4*r.IntN(16)
			}
			t.Logf("%d lines said, %d sent, %d x %d", v.said, v.sent, width, height)
			v.resize(width, height, r.IntN(2) == 0)
			typed++
		case 8:
			typed = 10
		}
		// What is typed fits into the smallest window.
		if typed >= 10 {
			v.sends()
			typed = 0
		}
	}
	v.sends()
	v.catchesUp(true)
	v.p.keys("C-u", "C-d")
	v.p.sees("status 0")
	v.p.givenBack()
}
