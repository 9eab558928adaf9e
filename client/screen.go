package client

import (
	"io"
	"os"
	"time"
)

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
	// signals and timer say when signal and expired are to be called; nil is
	// never.
	signals() <-chan os.Signal
	timer() <-chan time.Time
	signal(sig os.Signal)
	expired() (lines []line, leave bool)
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

func (p *plain) signals() <-chan os.Signal { return nil }
func (p *plain) timer() <-chan time.Time   { return nil }
func (p *plain) signal(os.Signal)          {}
func (p *plain) expired() ([]line, bool)   { return nil, false }
func (p *plain) close()                    {}
