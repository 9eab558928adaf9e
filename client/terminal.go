package client

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"famchat/client/internal/lineedit"
)

const (
	// keyWait is how long the rest of a key is waited for: ESC is a key, and the
	// beginning of others.
	keyWait = 50 * time.Millisecond
	// pasteWait is how long a paste may pause before it counts as ended.
	pasteWait = 2 * time.Second
)

// A terminal is the screen of a session that a person holds: the line is edited
// here, and what the server says is printed above it.
type terminal struct {
	Terminal
	editor  *lineedit.Editor
	parser  lineedit.Parser
	history History
	bell    bool
	// input is where what is typed comes from.
	input <-chan typed
	// wait runs while the rest of a key is waited for.
	wait *time.Timer
	// numbered counts the lines; that of Options.Name is 0.
	numbered int
	// away says that the server has gone: keys answer what is to be done.
	away bool
	// again says that the person wants to reconnect.
	again bool
	err   error
}

func newTerminal(o Options, input <-chan typed) *terminal {
	t := &terminal{Terminal: o.Terminal, history: o.History, bell: o.Bell, input: input, wait: time.NewTimer(0)}
	t.wait.Stop()
	width, height := o.Terminal.Size()
	c := lineedit.Config{Width: width, Height: height, Color: o.Color, Truncates: o.Truncates, MaxBytes: maxLine}
	if o.History != nil {
		c.History = o.History.Lines()
	}
	t.editor = lineedit.New(c)
	return t
}

// flush writes what has changed.
func (t *terminal) flush() error {
	if out := t.editor.Output(); len(out) > 0 {
		if _, err := t.Terminal.Write(out); err != nil && t.err == nil {
			t.err = err
		}
	}
	return t.err
}

// resize takes the size that the terminal has now. It is asked before every
// change: what is drawn for a size that is no more would wrap.
func (t *terminal) resize() {
	t.editor.Resize(t.Terminal.Size())
}

func (t *terminal) typed(b []byte, last bool) (lines []line, leave bool) {
	t.resize()
	lines, leave = t.keys(t.parser.Feed(b))
	switch t.parser.Waits() {
	case lineedit.WaitKey:
		t.wait.Reset(keyWait)
	case lineedit.WaitPaste:
		t.wait.Reset(pasteWait)
	default:
		t.wait.Stop()
	}
	return lines, leave || last
}

func (t *terminal) timer() <-chan time.Time { return t.wait.C }

func (t *terminal) expired() (lines []line, leave bool) {
	t.resize()
	return t.keys(t.parser.Timeout())
}

// keys takes keys. The screen shows the last of them when it returns.
func (t *terminal) keys(keys []lineedit.Key) (lines []line, leave bool) {
	stopped := false
	for i := 0; i < len(keys) && !leave && !stopped; i++ {
		switch action, text := t.key(keys[i]); {
		case action == lineedit.Send:
			t.numbered++
			lines = append(lines, line{text: text, number: t.numbered})
		case action == lineedit.Leave:
			leave = true
		case action == lineedit.Stop && t.Stops():
			stopped = true
			leave = t.suspend()
		}
	}
	t.keep()
	_ = t.flush()
	return lines, leave
}

// key takes a key.
func (t *terminal) key(k lineedit.Key) (action lineedit.Action, text string) {
	if t.away {
		return t.answer(k), ""
	}
	return t.editor.Key(k)
}

// answer takes a key while the server is gone.
func (t *terminal) answer(k lineedit.Key) lineedit.Action {
	switch k.Code {
	case lineedit.Enter, lineedit.Interrupt, lineedit.EndOfInput:
		return lineedit.Leave
	case lineedit.Suspend:
		return lineedit.Stop
	case lineedit.Redraw:
		t.editor.Key(k)
	case lineedit.Text:
		t.again = t.again || k.Text == "r" || k.Text == "R"
	}
	return lineedit.None
}

// keep keeps what came to the history.
func (t *terminal) keep() {
	added := t.editor.Added()
	if t.history == nil || len(added) == 0 {
		return
	}
	if err := t.history.Add(added); err != nil {
		t.history = nil
		t.editor.Note("-- what you type is not kept for the next time: " + err.Error())
	}
}

// suspend stops the process, as Ctrl-Z does. What was typed behind that and has been
// read already is dropped: it was meant for the shell. suspend returns whether the
// input has ended.
func (t *terminal) suspend() (ended bool) {
	t.editor.Leave()
	_ = t.flush()
	if err := t.Suspend(); err != nil {
		t.editor.Note("-- " + err.Error())
	}
	t.parser = lineedit.Parser{}
	select {
	case in := <-t.input:
		ended = in.err != nil
	default:
	}
	t.resize()
	t.editor.Refresh()
	return ended
}

func (t *terminal) signals() <-chan os.Signal { return t.Terminal.Signals() }

func (t *terminal) signal(sig os.Signal) {
	switch sig {
	case syscall.SIGCONT:
		if err := t.Resume(); err != nil {
			t.editor.Note("-- " + err.Error())
		}
		t.resize()
		t.editor.Continue()
	default:
		t.resize()
	}
	_ = t.flush()
}

func (t *terminal) show(u update) error {
	t.resize()
	t.editor.Print(u.lines, u.prompt, u.bell && t.bell)
	return t.flush()
}

func (t *terminal) say(text string) {
	t.resize()
	t.editor.Note(text)
	// A terminal that cannot be written to shows itself at the next update.
	_ = t.flush()
}

// leave leaves what is typed on the screen: the server has gone, and keys answer
// what is to be done.
func (t *terminal) leave() {
	t.away, t.again = true, false
	t.resize()
	t.editor.Leave()
	t.editor.Aside("")
}

// back ends leave.
func (t *terminal) back() {
	t.away, t.again = false, false
	t.resize()
	t.editor.Back()
	_ = t.flush()
}

// status shows how it stands while the server is gone.
func (t *terminal) status(text string) {
	t.resize()
	t.editor.Aside(text)
	_ = t.flush()
}

// close leaves what was typed and not sent to be read, and gives the terminal back.
func (t *terminal) close() {
	t.wait.Stop()
	t.editor.Leave()
	_ = t.flush()
	t.Terminal.Close()
}

// readerGone tells whether err only says that nobody reads any more: a closed
// pipe, or a terminal that was hung up.
func readerGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) || errors.Is(err, io.ErrClosedPipe)
}
