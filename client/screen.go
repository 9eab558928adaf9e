package client

import "io"

// A screen is where what is typed becomes lines and what the server says is
// shown. The session knows nothing else of the person. It is used by one
// goroutine only, and every change of the screen is one write.
type screen interface {
	// typed takes a piece of the input; last says that no more follows. It
	// returns the lines that are complete with it, empty ones too, and whether
	// the person leaves.
	typed(b []byte, last bool) (lines []line, leave bool)
	// show shows what one string of the server says.
	show(u update) error
	// say shows a sentence of the client's own.
	say(text string)
	// close gives the screen back.
	close()
}

// plain is the screen of a session without a terminal on either side: complete
// lines and nothing else, and sentences of our own beside them.
type plain struct {
	splitter
	out, err io.Writer
	buf      []byte
}

func (p *plain) show(u update) error {
	if len(u.lines) == 0 {
		return nil
	}
	p.buf = p.buf[:0]
	for _, l := range u.lines {
		p.buf = append(append(p.buf, l...), '\n')
	}
	_, err := p.out.Write(p.buf)
	return err
}

func (p *plain) say(text string) {
	// There is nowhere to report that nobody reads our reports.
	_, _ = io.WriteString(p.err, "famchat: "+text+"\n")
}

func (p *plain) close() {}

// startLine goes to the start of the row and erases it.
const startLine = "\r\x1b[K"

// cooked is the screen of a session on a terminal in cooked mode: the terminal
// edits the line, and what the server says is written over it as the server
// drew it.
type cooked struct {
	splitter
	out io.Writer
	buf []byte
	// inRow says that there is something in the cursor's row: a prompt, and
	// what was typed after it.
	inRow bool
}

func (c *cooked) typed(b []byte, last bool) ([]line, bool) {
	if len(b) > 0 {
		// The terminal has echoed it.
		c.inRow = b[len(b)-1] != '\n'
	}
	return c.splitter.typed(b, last)
}

func (c *cooked) show(u update) error {
	c.buf = append(c.buf[:0], startLine...)
	for _, l := range u.lines {
		c.buf = append(append(c.buf, l...), '\n')
	}
	if u.bell {
		c.buf = append(c.buf, bel)
	}
	c.buf = append(c.buf, u.prompt...)
	c.inRow = u.prompt != ""
	_, err := c.out.Write(c.buf)
	return err
}

// say leaves what is in the cursor's row, which may be a half-typed line.
func (c *cooked) say(text string) {
	c.buf = c.buf[:0]
	if c.inRow {
		c.buf = append(c.buf, '\n')
	}
	c.buf = append(append(c.buf, text...), '\n')
	c.inRow = false
	// A terminal that cannot be written to shows itself at the next update.
	_, _ = c.out.Write(c.buf)
}

// close takes the prompt away, so that the shell's begins its row.
func (c *cooked) close() {
	if c.inRow {
		_, _ = io.WriteString(c.out, startLine)
	}
}
