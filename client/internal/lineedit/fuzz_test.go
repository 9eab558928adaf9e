package lineedit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"famchat/client/internal/terminaltest"
)

// A kind is a kind of terminal.
type kind uint8

// The kinds of terminals. The first two keep their size, as rows that a window of
// another size breaks anew are where terminals by code points and by clusters differ.
const (
	byCluster kind = iota
	byRune
	reflowing // breaks rows anew when it becomes narrower
	cutting   // cuts them off
	kinds
)

// minColumns is how narrow a window becomes.
const minColumns = 8

// inFlight is how many more rows the input may take by what is done between a new size
// and the word of it.
const inFlight = 5

// A play is a person at an editor and a terminal, driven by bytes. After each step
// the terminal must show what was printed, then the input, and nothing else.
type play struct {
	editor  *Editor
	parser  Parser
	screen  *terminaltest.Screen
	kind    kind
	prompt  string
	printed []string
	log     []string
	// untold says that the editor does not know the size yet.
	untold bool
}

// pieces are what is typed, pasted and printed.
var pieces = []string{
	"a", "b ", "hello", "日本語", "👨‍👩‍👧", "👍🏽", "❤️", "e\u0301", "🇫🇷", "🇫", "नि", "한국어", "ｗｉｄｅ", "…", "café", "\u0301", "ไทย", "Ж", "1", " ", "  ", "x_y", "/help", "@mum", "ﷺ", "한",
}

// keyBytes are what a terminal sends for the keys that edit.
var keyBytes = []string{
	"\x01", "\x02", "\x04", "\x05", "\x06", "\x08", "\x7f", "\x0b", "\x15", "\x17", "\x19", "\x14", "\x10", "\x0e",
	"\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~", "\x1bb", "\x1bf", "\x1bd", "\x1b\x7f", "\x1b[1;5C", "\x1b[1;5D",
	"\x12", "\x13", "\x07", "\t", "\x1b[Z", "\r", "\x1b\r", "\x03", "\x1bOA", "\x1b[200~two\r\nlines\r\n\x1b[201~", "\x1b[200~日本\n\n語\x1b[201~",
}

var styles = []string{"\x1b[31m", "\x1b[2m", "\x1b[32m", "\x1b[1m", "\x1b[7m"}

func newPlay(width, height int, k kind) *play {
	p := &play{screen: terminaltest.New(width, height), kind: k}
	p.screen.Reflows, p.screen.ByRune = k == reflowing, k == byRune
	p.editor = New(Config{Width: width, Height: height, Color: true, Truncates: k == cutting, MaxBytes: 4096})
	p.say("> ")
	return p
}

func (p *play) say(prompt string, lines ...string) {
	p.prompt = prompt
	p.printed = append(p.printed, lines...)
	p.editor.Print(lines, prompt, false)
	p.write()
}

func (p *play) write() {
	_, _ = p.screen.Write(p.editor.Output())
}

func (p *play) keys(b string) {
	for _, k := range p.parser.Feed([]byte(b)) {
		if action, _ := p.editor.Key(k); action == Leave || action == Stop {
			continue
		}
	}
	p.write()
}

// resize has the terminal resized, then tells the editor.
func (p *play) resize(width, height int) {
	p.screen.Resize(width, height)
	p.tell()
}

// tell tells the editor the terminal's size.
func (p *play) tell() {
	p.untold = false
	p.editor.Resize(p.screen.Size())
	p.write()
}

// fits tells whether the input on the screen fits into a window of another size: what
// does not scrolls away, out of anybody's reach. Nor does it count where terminals
// do not agree on the width: some of the input may be left then.
func (p *play) fits(width, height int) bool {
	needed := 1
	if p.kind == cutting {
		return len(p.editor.block.rows)+inFlight < height
	}
	for i, r := range p.editor.block.rows {
		behind := len(r.spans)
		if i == p.editor.block.cur {
			behind = p.editor.block.behind
		}
		most := make([]span, len(r.spans))
		for j, s := range r.spans {
			most[j] = span{least: s.most}
		}
		rows, cur := wrapped(most, behind, width)
		if leastRows, leastCur := wrapped(r.spans, behind, width); leastRows != rows || leastCur != cur {
			return false
		}
		needed += rows
	}
	return needed <= height
}

// step does what the next bytes say, and returns how many that were.
func (p *play) step(b []byte) int {
	untold := p.untold
	n := p.act(b)
	if untold {
		p.log = append(p.log, "tell")
		p.tell()
	}
	return n
}

func (p *play) act(b []byte) int {
	arg := func(i, n int) int {
		if i < len(b) {
			return int(b[i]) % n
		}
		return 0
	}
	switch arg(0, 8) {
	case 0, 1, 2:
		text := pieces[arg(1, len(pieces))]
		p.log = append(p.log, fmt.Sprintf("type %q", text))
		p.keys(text)
		return 2
	case 3, 4:
		key := keyBytes[arg(1, len(keyBytes))]
		p.log = append(p.log, fmt.Sprintf("key %q", key))
		p.keys(key)
		return 2
	case 5:
		if p.kind != reflowing && p.kind != cutting {
			return 1
		}
		width, height := minColumns+arg(1, 60), 2+arg(2, 20)
		switch {
		case p.untold || !p.fits(width, height):
		case p.kind == cutting && arg(3, 2) == 0:
			p.log = append(p.log, fmt.Sprintf("resize %d %d, and do not tell yet", width, height))
			p.screen.Resize(width, height)
			p.untold = true
		default:
			p.log = append(p.log, fmt.Sprintf("resize %d %d", width, height))
			p.resize(width, height)
		}
		return 3
	}
	var lines []string
	for i := range 1 + arg(1, 3) {
		l := ""
		for j := range arg(2+i, 12) {
			piece := pieces[arg(2+i+j, len(pieces))]
			if unicode.IsMark([]rune(piece)[0]) {
				continue // a server puts it on a circle
			}
			if j == 2 {
				piece = styles[arg(3+i, len(styles))] + piece + "\x1b[m"
			}
			l += piece
		}
		if p.kind == cutting {
			l = "short"[:arg(3+i, 6)] // and never cut
		}
		if !strings.HasPrefix(l, " ") {
			lines = append(lines, strings.TrimRight(l, " "))
		}
	}
	p.log = append(p.log, fmt.Sprintf("print %q", lines))
	p.say("> ", lines...)
	return 4 + len(lines)
}

// squeeze drops white space, and what a terminal by code points does not show.
func (p *play) squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || p.screen.ByRune && runeWidths.RuneWidth(r) == 0 {
			return -1
		}
		return r
	}, s)
}

// input returns the prompt and the text as they are to be shown, up to pos, without
// white space.
func (p *play) input(pos int) string {
	e := p.editor
	prompt := p.prompt
	if e.search != nil {
		prompt = e.search.prompt()
	}
	shown := prompt
	for rest := e.line.text[:pos]; rest != ""; {
		var cluster string
		cluster, rest = cut(rest)
		if cluster == "\n" {
			shown += lineBreak
			continue
		}
		drawn, _, _ := visible(cluster, e.width-1)
		shown += drawn
	}
	return p.squeeze(shown)
}

// check compares what the terminal shows with what it must, if the editor knows its size.
func (p *play) check() error {
	if p.untold {
		return nil
	}
	lines := p.screen.Lines()
	for len(lines) > len(p.printed) && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) < len(p.printed) {
		return fmt.Errorf("got %d lines, want %d and the input", len(lines), len(p.printed))
	}
	for i, want := range p.printed {
		if got := p.squeeze(lines[i]); got != p.squeeze(unstyled(want)) {
			return fmt.Errorf("line %d: got %q, want %q", i, got, p.squeeze(unstyled(want)))
		}
	}
	return p.checkInput(p.squeeze(strings.Join(lines[len(p.printed):], "")))
}

// checkInput compares the input as it is shown with the input as it is held.
func (p *play) checkInput(shown string) error {
	want := p.input(len(p.editor.line.text))
	_, _, rows := p.rows()
	windowed := rows > max(1, p.editor.height-1)
	if shown != want && (!windowed || !strings.Contains(want, shown)) {
		return fmt.Errorf("the input: got %q, want %q", shown, want)
	}
	before := p.before()
	if want := p.input(p.editor.line.pos); before != want && (!windowed || !strings.HasSuffix(want, before)) {
		return fmt.Errorf("before the cursor: got %q, want %q", before, want)
	}
	return nil
}

// rows returns where the block begins and how many rows the input has.
func (p *play) rows() (first, cursor, all int) {
	row, _ := p.screen.Cursor()
	return row - p.editor.block.cur, row, len(p.editor.laid.rows)
}

// before returns what is shown of the input before the cursor.
func (p *play) before() string {
	first, cursor, _ := p.rows()
	rows := p.screen.Rows()
	return p.squeeze(strings.Join(rows[first:cursor], "") + p.screen.Before())
}

// run does the steps and returns what was wrong after the last.
func run(b []byte, width, height int, k kind) (log []string, err error) {
	p := newPlay(width, height, k)
	for len(b) > 0 && err == nil {
		b = b[min(len(b), p.step(b)):]
		err = p.check()
	}
	return p.log, err
}

func TestTheScreenShowsWhatWasPrintedAndTheInput(t *testing.T) {
	for k, name := range []string{"by clusters", "by code points", "breaking rows anew", "cutting rows off"} {
		t.Run(name, func(t *testing.T) { random(t, 80, kind(k)) })
	}
}

// random tries plays and reports the first that fails, shortened.
func random(t *testing.T, plays int, k kind) {
	t.Helper()
	for seed := range uint64(plays) {
		r := rand.New(rand.NewPCG(seed, 0))
		width, height := minColumns+r.IntN(40), 3+r.IntN(20)
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if _, err := run(b, width, height, k); err == nil {
			continue
		}
		b = shorten(b, func(b []byte) bool { _, err := run(b, width, height, k); return err != nil })
		log, err := run(b, width, height, k)
		t.Fatalf("seed %d, %d x %d: %v\nafter\n  %s", seed, width, height, err, strings.Join(log, "\n  "))
	}
}

// shorten takes away what the failure does not need.
func shorten(b []byte, fails func([]byte) bool) []byte {
	for size := len(b) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(b); {
			shorter := append(append([]byte(nil), b[:i]...), b[i+size:]...)
			if fails(shorter) {
				b = shorter
			} else {
				i += size
			}
		}
	}
	return b
}

// FuzzEditor: the same with whatever the fuzzer thinks of.
func FuzzEditor(f *testing.F) {
	f.Add([]byte("\x00\x01\x06\x02\x03\x05\x10\x08"), uint8(20), uint8(5), uint8(0))
	f.Add([]byte("\x00\x03\x00\x04\x03\x00\x06\x01\x02\x05\x01\x08"), uint8(80), uint8(24), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, width, height, k uint8) {
		log, err := run(b[:min(len(b), 400)], minColumns+int(width)%80, 3+int(height)%30, kind(k)%kinds)
		if err != nil {
			t.Fatalf("%v\nafter\n  %s", err, strings.Join(log, "\n  "))
		}
	})
}
