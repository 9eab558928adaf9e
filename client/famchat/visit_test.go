package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A visit is of anna's to the room, with mum. What her terminal shows is compared with
// what must be there: every line is there once, in its order; the input is whole; and
// there is nothing else. What others say has no capitals in it, what is typed no small
// letters.
type visit struct {
	t   *testing.T
	h   *house
	p   *pane
	mum *guest
	// cuts says that the terminal cuts off what does not fit when it becomes
	// narrower: of a line its first 20 cells are there at least, and what else is
	// there of it is in its order.
	cuts   bool
	width  int
	header string   // what is above the first line
	lines  []string // all that there ever were, without white space
	from   int      // the first of them that is still to be seen
	said   int      // by mum
	sent   int      // by anna
	tokens int
	wrong  string // what was wrong with the screen when it was looked at last
}

func newVisit(t *testing.T, newPane opener, width, height int) *visit {
	t.Helper()
	h := open(t, "")
	v := &visit{t: t, h: h, mum: h.join("mum"), p: newPane(t, width, height), width: width}
	_, v.cuts = v.p.emulator.(*xterm)
	// In a subshell the list goes on when famchat does, after Ctrl-Z.
	v.p.enter("($famchat --name anna " + h.addr + "; echo status $?)")
	v.p.sees("you joined.")
	v.header = "Famchat---DATE" + time.Now().Format("Monday2January2006")
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
// at the beginning or at the end of the input, which it returns without white space. An
// xterm may be looked at while it draws; that the input is whole its end shows.
func (v *visit) catchesUp(atEnd bool) (input string) {
	v.t.Helper()
	v.p.keys("End")
	token := v.token()
	input = v.shows(token, func(input string) bool { return strings.HasSuffix(input, token) })
	if atEnd {
		return input
	}
	v.p.keys("Home")
	want := v.token() + input
	return v.shows(want, func(input string) bool { return input == want })
}

// shows waits until all that was said is on the screen, and the input is right.
func (v *visit) shows(what string, right func(input string) bool) (input string) {
	v.t.Helper()
	v.p.await("TT:TT"+strings.Join(v.lines[v.from:], "TT:TT")+">"+what, func(lines []string) bool {
		var ok bool
		if input, ok = v.read(lines, v.from, !v.cuts); ok {
			v.wrong = fmt.Sprintf("the input is %q, want %q", input, what)
		}
		return ok && right(input)
	})
	return input
}

var unspaced = strings.NewReplacer(" ", "", "\n", "")

// read returns the input if what is above it is right, and nothing but the lines from
// one on and the end of the line before. whole says that nothing of them is cut off.
func (v *visit) read(screen []string, from int, whole bool) (input string, ok bool) {
	above, input, ok := strings.Cut(unspaced.Replace(strings.Join(screen, "\n")), ">")
	lines, want := strings.Split(above, "TT:TT"), v.lines[from:]
	v.wrong = fmt.Sprintf("%d lines, want %d, and the input %q", len(lines)-1, len(want), input)
	if !ok || len(lines) != 1+len(want) || strings.Contains(input, ">") {
		return "", false
	}
	before := v.header
	if from > 0 {
		before = v.lines[from-1]
	}
	if v.wrong = fmt.Sprintf("%q is above the first line", lines[0]); !within(lines[0], before) {
		return "", false
	}
	for i, want := range want {
		got := lines[1+i]
		if got != want && (whole || !strings.HasPrefix(got, want[:min(cutCells, len(want))]) || !within(got, want)) {
			v.wrong = fmt.Sprintf("line %d is %q, want %q", i, got, want)
			return "", false
		}
	}
	return input, true
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

// forgets empties the scrollback and waits until the screen shows only the last lines
// and the end of the one before. It must show all that was said and typed.
func (v *visit) forgets(input string, whole bool) {
	v.t.Helper()
	v.p.forget()
	v.p.await("only the last lines, and >"+input, func(lines []string) bool {
		v.from = max(0, len(v.lines)-strings.Count(strings.Join(lines, "\n"), "TT:TT"))
		now, ok := v.read(lines, v.from, whole)
		return ok && now == input
	})
}

// settles waits until the last line and all that was typed are there, however the rest
// looks, and returns the input.
func (v *visit) settles() (input string) {
	v.t.Helper()
	v.p.keys("End")
	token, last := v.token(), v.lines[len(v.lines)-1]
	last = "TT:TT" + last[:min(cutCells, len(last))]
	v.p.await(last+" and "+token, func(lines []string) bool {
		screen := unspaced.Replace(strings.Join(lines, "\n"))
		input = screen[strings.LastIndex(screen, ">")+1:]
		return strings.Contains(screen, last) && strings.HasSuffix(input, token)
	})
	return input
}

// paintsAgain has the screen painted again: the last lines are on it then, whole.
func (v *visit) paintsAgain() {
	v.t.Helper()
	v.p.keys("C-l")
	v.forgets(v.settles(), true)
}

// resize makes the window another size, when it shows all that was said and typed.
// Where an xterm becomes wider, the rows that have scrolled away are forgotten: it
// would show what happens to be behind them in its memory.
func (v *visit) resize(width, height int, atEnd bool) {
	v.t.Helper()
	input := v.catchesUp(atEnd)
	forget := v.cuts && width > v.width
	v.width = width
	if forget {
		v.p.forget()
	}
	v.p.resize(width, height)
	if forget {
		v.forgets(input, false)
		return
	}
	v.shows(input, func(now string) bool { return now == input })
}

// drags drags the edge of an xterm to and fro while mum talks, faster than anything is
// drawn.
func (v *visit) drags(widths []int, height int) {
	v.t.Helper()
	v.p.forget()
	for i, width := range widths {
		v.p.setSize(width, height)
		v.listens(1, 3*(i%5))
	}
	v.width = widths[len(widths)-1]
	v.p.resize(v.width, height)
	v.forgets(v.settles(), false)
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

// stops stops famchat for a while with Ctrl-Z.
func (v *visit) stops() {
	v.t.Helper()
	v.p.keys("C-z")
	v.p.sees("Stopped")
	v.listens(3, 2)
	v.p.enter("fg")
	v.p.sees(fmt.Sprintf("mum: %d", v.said-1))
	v.paintsAgain()
}

// loses has the server go and come back.
func (v *visit) loses() {
	v.t.Helper()
	v.h.stop()
	v.p.sees("r reconnects")
	v.h = open(v.t, v.h.addr)
	v.mum = v.h.join("mum")
	v.p.types("r")
	v.mum.hears("anna joined")
	v.listens(40, 0) // what else was there scrolls away
	v.paintsAgain()
}

// leaves leaves the chat, and gives the terminal back.
func (v *visit) leaves() {
	v.t.Helper()
	v.p.keys("End", "C-u", "C-d")
	v.p.sees("status 0")
	v.p.givenBack()
}

var (
	roughly = flag.Int("roughly", 60, "steps of TestRoughUse in each terminal")
	seeded  = flag.Uint64("seed", 0, "of TestRoughUse; 0 is the time")
)

// random returns randomness by a seed that is told.
func random(t *testing.T) *rand.Rand {
	seed := *seeded
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// A person types, pastes, moves about and throws away, stops famchat and goes on, loses
// the server, and changes the window's size while others talk.
func TestRoughUse(t *testing.T) {
	eachTerminal(t, func(t *testing.T, newPane opener) {
		r := random(t)
		v := newVisit(t, newPane, 80, 24)
		// Others write ASCII only: when rows that ended in half of a wide character are
		// broken anew, tmux 3.3a puts the cursor of any program into the wrong row.
		texts := []string{"HELLO ", "日本語", "é", "X"}
		if v.cuts {
			texts = append(texts, "👨‍👩‍👧", "❤️ ", "🇫🇷", "नि")
		}
		for typed, step := 0, 0; step < *roughly; step++ {
			switch r.IntN(10) {
			case 0, 1:
				v.listens(1, r.IntN(30))
			case 2:
				v.listens(r.IntN(40), r.IntN(6))
			case 3, 4:
				v.p.types(texts[r.IntN(len(texts))])
				typed++
			case 5:
				v.p.keys([][]string{{"Left"}, {"Right", "Right"}, {"Home"}, {"End"}, {"BSpace"}, {"C-w", "C-y"}, {"C-t"}, {"Up", "Down"}, {"C-r", "H", "C-g"}}[r.IntN(9)]...)
			case 6:
				v.pastes([]string{"MILK", "MILK\nBREAD", "日\n本\n"}[r.IntN(3)])
				typed++
			case 7:
				width, height := v.width, 12+r.IntN(20)
				if r.IntN(3) > 0 {
					width = v.newWidth(r)
				}
				t.Logf("%d lines said, %d sent, %d x %d", v.said, v.sent, width, height)
				if v.cuts && r.IntN(3) == 0 {
					v.drags([]int{v.newWidth(r), v.newWidth(r), v.newWidth(r), width}, height)
				} else {
					v.resize(width, height, r.IntN(2) == 0)
				}
				typed++
			case 8:
				typed = maxTyped
			case 9:
				switch r.IntN(8) {
				case 0:
					v.stops()
				case 1:
					v.loses()
				default:
					v.paintsAgain()
				}
				typed++
			}
			if typed >= maxTyped {
				if !v.cuts {
					v.p.keys("End", "C-u")
				}
				v.sends()
				typed = 0
			}
		}
		v.sends()
		v.catchesUp(true)
		v.leaves()
	})
}

// maxTyped is how much is typed at most before it is sent: it fits into the smallest
// window.
const maxTyped = 10

// newWidth returns a width. Those of an xterm are multiples of four: of others xterm
// 379 keeps the cells up to the next one out of sight, where nobody can erase them, and
// shows them again when it becomes wider.
func (v *visit) newWidth(r *rand.Rand) int {
	width := 20 + r.IntN(64)
	if v.cuts {
		width &^= 3
	}
	return width
}
