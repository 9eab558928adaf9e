package lineedit

import (
	"strings"
	"testing"

	"famchat/client/internal/terminaltest"
)

// grid returns what a terminal shows of what an editor wrote, from its first row to
// the last that is not empty, with | where the cursor is.
func grid(e *Editor, s *terminaltest.Screen) string {
	_, _ = s.Write(e.Output())
	rows := s.Rows()
	at, column := s.Cursor()
	before := s.Before()
	before += strings.Repeat(" ", max(0, column-widthOf(before)))
	rows[at] = before + "|" + rows[at][min(len(before), len(rows[at])):]
	for len(rows) > 0 && rows[len(rows)-1] == "" {
		rows = rows[:len(rows)-1]
	}
	return strings.Join(rows, "\n")
}

func widthOf(s string) int {
	width := 0
	for s != "" {
		var cluster string
		cluster, s = cut(s)
		_, least := cells(cluster)
		width += least
	}
	return width
}

func TestRows(t *testing.T) {
	for _, test := range []struct {
		name, keys string
		height     int
		want       string
	}{
		{"nothing", "", 5, "> |"},
		{"some", "hello", 5, "> hello|"},
		{"in the middle", "hello\x02\x02", 5, "> hel|lo"},
		{"W-3", "1234567", 5, "> 1234567|"},
		{"W-2: the cursor keeps off the last cell", "12345678", 5, "> 12345678|"},
		{"W-1", "123456789", 5, "> 123456789\n  |"},
		{"W", "1234567890", 5, "> 123456789\n  0|"},
		{"a wide one does not fit", "12345678日", 5, "> 12345678\n  日|"},
		{"before a wide one that does not fit", "12345678日\x02", 5, "> 12345678\n  |日"},
		{"before the first that does not fit", "123456789a\x02", 5, "> 123456789\n  |a"},
		{"in the first of three rows", "1234567891234567891\x01\x06", 5, "> 1|23456789\n  123456789\n  1"},
		{"a paste", "\x1b[200~one\ntwo\n\nfour\x1b[201~", 5, "> one↵\n  two↵\n  ↵\n  four|"},
		{"a line break that does not fit", "\x1b[200~123456789\nx\x1b[201~", 5, "> 123456789\n  ↵\n  x|"},
		{"more than there is room for", "\x1b[200~1\n2\n3\n4\n5\n6\x1b[201~", 4, "  4↵\n  5↵\n  6|"},
		{"the window goes with the cursor", "\x1b[200~1\n2\n3\n4\n5\n6\x1b[201~\x01", 4, "> |1↵\n  2↵\n  3↵"},
		{"and no further than it must", "\x1b[200~1\n2\n3\n4\n5\n6\x1b[201~\x02\x02\x02\x02", 4, "  4|↵\n  5↵\n  6"},
		{"one row only", "\x1b[200~1\n2\n3\x1b[201~", 2, "  3|"},
		{"a space that would be in the last cell", "12345678 x", 5, "> 12345678\n   x|"},
		{"before it", "12345678 x\x02\x02", 5, "> 12345678\n  | x"},
		{"a mark alone", "\u0301", 5, "> \u25cc\u0301|"},
		{"a joiner alone", "\u200d\u200d", 5, "> |"},
		{"what is wider than the window", strings.Repeat("👨‍👩‍", 8) + "👧", 5, "> \ufffd|"},
	} {
		e, _ := typed(t, Config{Width: 12, Height: test.height}, test.keys)
		if got := grid(e, terminaltest.New(12, test.height)); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// Terminals do not agree on whether spaces at the end of a row are text when they break
// it anew: there are none above the cursor, and what others wrote stays.
func TestSpacesAtTheEndsOfRows(t *testing.T) {
	for spaces := 1; spaces <= 3; spaces++ {
		for before := range 30 {
			for width := 8; width < 22; width++ {
				p := newPlay(22, 8, reflowing)
				p.say("> ", "what others wrote", "", "")
				p.keys(strings.Repeat("x", before) + strings.Repeat(" ", spaces) + "日本語")
				for _, r := range p.editor.block.rows[:p.editor.block.cur] {
					if strings.HasSuffix(r.text, " ") {
						t.Errorf("%d and %d spaces: the row %q ends in one", before, spaces, r.text)
					}
				}
				p.resize(width, 8)
				if err := p.check(); err != nil {
					t.Fatalf("%d and %d spaces, %d cells: %v", before, spaces, width, err)
				}
			}
		}
	}
}

// A screen reader reads what is written: of what is typed at the end that is the
// new text and nothing else.
func TestTypingAtTheEndWritesOnlyTheText(t *testing.T) {
	e, _ := typed(t, Config{Width: 12, Height: 5}, "")
	e.Output()
	for _, test := range []struct{ keys, want string }{
		{"h", "h"}, {"ello", "ello"}, {"日", "日"}, {"x", "x"}, {"y", "y\r\n  "}, {"e", "e"},
	} {
		feed(e, test.keys)
		if got := string(e.Output()); got != test.want {
			t.Errorf("%q wrote %q, want %q", test.keys, got, test.want)
		}
	}
	feed(e, "\u0301") // it may change what the e looks like
	if got := string(e.Output()); !strings.Contains(got, "e\u0301") {
		t.Errorf("a mark wrote %q", got)
	}
}

// Nothing that is written asks the terminal anything, goes to a column, or erases
// the screen in a way that tmux keeps.
func TestOnlyHarmlessSequencesAreWritten(t *testing.T) {
	e, _ := typed(t, Config{Width: 12, Height: 5, Color: true}, "")
	var out strings.Builder
	for range 3 {
		feed(e, "\x1b[200~hello 日本語 and more\nlines\x1b[201~\x01\x12x\x07\t\x0c\x14\x1b[A")
		e.Print([]string{"\x1b[31mred\x1b[m", "long " + strings.Repeat("x", 30)}, "\x1b[1m> \x1b[m", false)
		e.Resize(10, 4)
		e.Leave()
		e.Refresh()
		e.Resize(12, 5)
		out.Write(e.Output())
	}
	rest := out.String()
	rest = strings.ReplaceAll(rest, "\r\x1b[K\x1b[C\x1b[J\r", "")
	for rest != "" {
		i := strings.IndexByte(rest, esc)
		if i < 0 {
			break
		}
		n := 2 + strings.IndexFunc(rest[i+2:], func(r rune) bool { return 0x40 <= r && r <= 0x7e })
		switch sequence := rest[i : i+n+1]; {
		case strings.HasSuffix(sequence, "m"), strings.HasSuffix(sequence, "A"), sequence == "\x1b[H":
		default:
			t.Errorf("it writes %q", sequence)
		}
		rest = rest[i+n+1:]
	}
}

func TestStylesOnlyWithColor(t *testing.T) {
	for color, want := range map[bool]string{
		false: "red\r\n> a↵\r\n  b",
		true:  "\x1b[31mred\x1b[m\r\n\x1b[1m>\x1b[m a\x1b[2m↵\x1b[m\r\n  b",
	} {
		e := New(Config{Width: 20, Height: 5, Color: color})
		feed(e, "a\x1b\rb")
		e.Output()
		e.Print([]string{"\x1b[31mred\x1b[m"}, "\x1b[1m>\x1b[m ", false)
		if got := string(e.Output()); !strings.HasSuffix(got, want) {
			t.Errorf("color %v: got %q, want %q at its end", color, got, want)
		}
	}
}

func TestTheBellRings(t *testing.T) {
	e, _ := typed(t, Config{Width: 20, Height: 5}, "draft")
	s := terminaltest.New(20, 5)
	e.Print([]string{"hello"}, "> ", true)
	e.Print([]string{"there"}, "> ", false)
	if got := grid(e, s); got != "hello\nthere\n> draft|" || s.Bells() != 1 {
		t.Errorf("got %q and %d bells", got, s.Bells())
	}
}

// Ctrl-L paints the last lines again, as many as there is room for, and what
// somebody else wrote is gone.
func TestRepaint(t *testing.T) {
	e, _ := typed(t, Config{Width: 20, Height: 6}, "draft")
	s := terminaltest.New(20, 6)
	e.Print([]string{"one", "two", strings.Repeat("three ", 5)}, "> ", false)
	grid(e, s)
	_, _ = s.Write([]byte("\x1b[2;2Hgarbage\x1b[6;6Hgarbage"))
	feed(e, "\x0c")
	want := "one\ntwo\nthree three three th\nree three\n> draft|"
	if got := grid(e, s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for range 10 {
		e.Print([]string{"more"}, "> ", false)
	}
	grid(e, s)
	top := s.Top()
	feed(e, "\x0c")
	grid(e, s)
	if s.Top() != top {
		t.Errorf("%d rows scrolled away", s.Top()-top)
	}
}

// What is left when the editor goes away for a while, and when it comes back.
func TestLeaveAndAside(t *testing.T) {
	e, _ := typed(t, Config{Width: 30, Height: 10}, "half typed\x02\x02")
	s := terminaltest.New(30, 10)
	e.Leave()
	if got := grid(e, s); got != "> half typed\n|" {
		t.Errorf("left: got %q", got)
	}
	e.Aside("")
	e.Note("-- it is gone")
	e.Aside("waiting ")
	if got := grid(e, s); got != "> half typed\n-- it is gone\nwaiting |" {
		t.Errorf("aside: got %q", got)
	}
	e.Leave()
	if got := grid(e, s); got != "> half typed\n-- it is gone\n|" {
		t.Errorf("left while aside: got %q", got)
	}
	e.Back()
	if got := grid(e, s); got != "> half typed\n-- it is gone\n> half typ|ed" {
		t.Errorf("back: got %q", got)
	}
}

// A terminal that cuts off what does not fit.
func TestResizeWhereRowsAreCut(t *testing.T) {
	e, _ := typed(t, Config{Width: 30, Height: 10, Truncates: true}, "")
	s := terminaltest.New(30, 10)
	e.Print([]string{"one", "two"}, "> ", false)
	feed(e, "a line that takes more than one row here\x02\x02")
	for _, size := range [][2]int{{12, 10}, {40, 8}, {20, 10}, {11, 9}, {60, 10}} {
		grid(e, s)
		s.Resize(size[0], size[1])
		e.Resize(size[0], size[1])
		got := strings.ReplaceAll(strings.ReplaceAll(grid(e, s), "\n  ", ""), " ", "")
		if want := "one\ntwo\n>alinethattakesmorethanonerowhe|re"; got != want {
			t.Errorf("%v: got %q, want %q", size, got, want)
		}
	}
}

func BenchmarkPrint(b *testing.B) {
	e := New(Config{Width: 80, Height: 24, Color: true})
	feed(e, "half typed 日本語")
	line := []string{"\x1b[2m21:04\x1b[m   \x1b[35mmum\x1b[m: Dinner at eight? There will be pancakes, and the blue plates"}
	b.ReportAllocs()
	for b.Loop() {
		e.Print(line, "> ", false)
		e.Output()
	}
}

func BenchmarkKey(b *testing.B) {
	e := New(Config{Width: 80, Height: 24, Color: true})
	feed(e, strings.Repeat("half typed 日本語 ", 20))
	b.ReportAllocs()
	for b.Loop() {
		e.Key(Key{Code: Text, Text: "x"})
		e.Key(Key{Code: Backspace})
		e.Output()
	}
}
