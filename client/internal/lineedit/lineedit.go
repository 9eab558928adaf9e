// Package lineedit is the line in which a person types while others talk: what is
// half typed stays whole, whatever arrives. It is a function of what it is given:
// keys, lines to print above the input and the terminal's size go in, and bytes for
// the terminal come out (Editor). What a terminal sends becomes keys with a Parser.
// It must not know files, signals, clocks or the network, nor what a chat is;
// package tty beneath it holds the terminal.
//
// Terminals do not agree on how wide a character is, so nothing here depends on
// it. The input is broken into rows by hand, one cell before the right edge, by the
// greatest width that each cluster may have; the cursor is put into its place by
// writing the beginning of its row again. The terminal is asked nothing: its
// answer would come among the keys.
package lineedit

import "fmt"

const (
	// maxTextBytes is how long the line may become; what does not fit is refused.
	maxTextBytes = 64 << 10
	// maxQueryBytes is how long what is searched for may become.
	maxQueryBytes = 256
)

// Config is what an Editor is made of.
type Config struct {
	// Width and Height are the terminal's size in cells; 0 is not known.
	Width, Height int
	// Color lets styles through.
	Color bool
	// Truncates says that the terminal cuts off what does not fit when it becomes
	// narrower, and does not break the rows anew.
	Truncates bool
	// MaxBytes is the length of the longest line that can be sent; 0 is no limit.
	MaxBytes int
	// History are the lines typed before, the oldest first.
	History []string
}

// The size that a terminal has which does not say.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// An Editor is the line that is being typed, and what of it is on the screen. It
// is used by one goroutine at a time.
type Editor struct {
	config        Config
	width, height int
	prompt        string
	last          string // prompt that was not empty
	line          line
	history       history
	search        *search
	completion    *completion
	aside         bool
	status        string // shown while aside
	ring          ring
	// Private keeps what is typed out of the history.
	Private bool

	block   block
	top     int // the first row that is shown
	laid    *layout
	laidFor layoutKey
	out     []byte
}

// New returns an Editor for a terminal whose cursor stands at the beginning of a
// row. It shows nothing yet.
func New(c Config) *Editor {
	e := &Editor{config: c}
	e.setSize(c.Width, c.Height)
	e.history.load(c.History)
	return e
}

func (e *Editor) setSize(width, height int) {
	if width <= 0 {
		width = defaultWidth
	}
	if height <= 0 {
		height = defaultHeight
	}
	e.width, e.height = width, height
}

// Action is what a key asks for beyond editing.
type Action uint8

// The actions.
const (
	None  Action = iota
	Send         // the text is to be sent
	Leave        // Ctrl-C or Ctrl-D with nothing typed
	Stop         // Ctrl-Z
)

// Key takes a key. With Send comes the text, which is gone from the line.
func (e *Editor) Key(k Key) (a Action, text string) {
	a, text = e.key(k)
	e.refresh()
	return a, text
}

func (e *Editor) key(k Key) (Action, string) {
	if k.Code != Tab && k.Code != BackTab {
		e.completion = nil
	}
	if e.search != nil && e.searchKey(k) {
		return None, ""
	}
	switch k.Code {
	case Text, Paste, Newline:
		e.line.killing = false
		e.insert(k)
	case Enter:
		return e.enter()
	case Interrupt:
		if e.line.text == "" {
			return Leave, ""
		}
		e.remember(e.line.text)
		e.line.set("")
	case EndOfInput:
		if e.line.text == "" {
			return Leave, ""
		}
		e.line.edit(k)
	case Suspend:
		return Stop, ""
	case Up:
		e.move(-1)
	case Down:
		e.move(1)
	case Tab:
		e.complete(1)
	case BackTab:
		e.complete(-1)
	case Search:
		e.beginSearch()
	case Redraw:
		e.repaint()
	default:
		e.line.edit(k)
	}
	return None, ""
}

// insert puts what was typed or pasted into the line, if it fits. The line breaks
// that a paste ends in are dropped, so that it does not look like one more line.
func (e *Editor) insert(k Key) {
	text := clean(k.Text)
	switch k.Code {
	case Newline:
		text = "\n"
	case Paste:
		text = trimLineBreaks(text)
	}
	if k.TooLong || len(e.line.text)+len(text) > maxTextBytes {
		e.note(fmt.Sprintf("-- that is too much: a line has at most %d bytes. It was left out", maxTextBytes))
		return
	}
	e.line.insert(text)
}

func trimLineBreaks(s string) string {
	for len(s) > 0 && s[len(s)-1] == '\n' {
		s = s[:len(s)-1]
	}
	return s
}

// enter ends the line, unless it is empty or too long to be sent.
func (e *Editor) enter() (Action, string) {
	text := e.line.text
	if text == "" {
		return None, ""
	}
	if e.config.MaxBytes > 0 && len(text) > e.config.MaxBytes {
		e.note(fmt.Sprintf("-- not sent: this is %d bytes long, and %d is the most. Shorten it", len(text), e.config.MaxBytes))
		return None, ""
	}
	e.remember(text)
	e.line.set("")
	e.line.killing = false
	return Send, text
}

func (e *Editor) remember(text string) {
	if e.Private {
		e.history.reset()
		return
	}
	e.history.add(text)
}

func (e *Editor) move(by int) {
	if text, ok := e.history.move(by, e.line.text); ok {
		e.line.set(text)
	}
}

// Print prints lines above the input, and prompt before it from now on. bell rings
// the terminal's bell.
func (e *Editor) Print(lines []string, prompt string, bell bool) {
	e.prompt = prompt
	if prompt != "" {
		e.last = prompt
	}
	if len(lines) > 0 {
		e.erase()
		e.lines(lines)
		e.ring.add(lines)
	}
	if bell {
		e.out = append(e.out, bel)
	}
	e.refresh()
}

// Note prints a line of our own above the input.
func (e *Editor) Note(text string) {
	e.note(text)
	e.refresh()
}

func (e *Editor) note(text string) {
	e.erase()
	e.lines([]string{text})
	e.ring.add([]string{text})
}

// Resize takes the terminal's new size.
func (e *Editor) Resize(width, height int) {
	old, oldHeight := e.width, e.height
	e.setSize(width, height)
	if e.width == old && e.height == oldHeight || !e.block.drawn {
		return
	}
	if e.width != old && !e.config.Truncates {
		b := &e.block
		above := 0
		for _, r := range b.rows[:b.cur] {
			rows, _ := wrapped(r.spans, len(r.spans), e.width)
			above += rows
		}
		_, cur := wrapped(b.rows[b.cur].spans, b.behind, e.width)
		b.cur = above + cur
	}
	e.erase()
	e.refresh()
}

// repaint paints the screen anew with the last lines.
func (e *Editor) repaint() {
	e.out = append(append(e.out, "\x1b[H"...), eraseBlock...)
	e.block = block{}
	rows := len(e.layout().rows)
	e.lines(e.ring.last(e.height-rows, e.width))
}

// Leave leaves what is typed on the screen, to be read, and the cursor below it;
// nothing where nothing is typed. The next change draws it again further down.
func (e *Editor) Leave() {
	e.search = nil
	e.erase()
	if e.line.text == "" || e.aside {
		return
	}
	pos, prompt := e.line.pos, e.prompt
	e.line.pos, e.prompt = len(e.line.text), e.last
	e.draw(e.layout())
	e.line.pos, e.prompt = pos, prompt
	e.out = append(e.out, "\r\n"...)
	e.block = block{}
}

// Draft returns what is typed.
func (e *Editor) Draft() string { return e.line.text }

// Continue draws the input again after somebody else may have written to the
// screen: over it, if nobody did and it is one row.
func (e *Editor) Continue() {
	e.block.cur = 0
	e.erase()
	e.refresh()
}

// Aside shows text in place of the input, which is kept, until Back.
func (e *Editor) Aside(text string) {
	e.search = nil
	e.aside, e.status = true, text
	e.refresh()
}

// Back ends Aside.
func (e *Editor) Back() {
	e.aside, e.status = false, ""
	e.refresh()
}

// Refresh draws the input where it is not on the screen.
func (e *Editor) Refresh() { e.refresh() }

// Added returns the lines that came to the history since it was called last.
func (e *Editor) Added() []string {
	added := e.history.added
	e.history.added = nil
	return added
}

// Output returns the bytes to write to the terminal, all in one write. They are
// valid until the Editor is used again.
func (e *Editor) Output() []byte {
	out := e.out
	e.out = e.out[:0]
	return out
}
