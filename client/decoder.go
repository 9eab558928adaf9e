package client

import "bytes"

// maxRest is how many bytes without a line break are kept. A server sends no
// such line; from one that does they are shown as lines.
const maxRest = 64 << 10

// An update is what one string of the server says, ready to be shown: nothing
// in it moves the cursor.
type update struct {
	// lines are the complete lines, without their line breaks.
	lines []string
	// prompt is what follows the last line.
	prompt string
	// bell says that the terminal's bell is to ring.
	bell bool
}

// add adds what the next string says, and returns how many bytes that is.
func (u *update) add(next update) (bytes int) {
	u.lines = append(u.lines, next.lines...)
	u.prompt = next.prompt
	u.bell = u.bell || next.bell
	for _, l := range next.lines {
		bytes += len(l)
	}
	return bytes + len(next.prompt)
}

// A decoder makes updates of the server's strings. They are drawn for a client
// that only prints them: a string begins by erasing the prompt of the one before
// it, so they are joined, and of a row only what is written last is kept.
type decoder struct {
	color bool
	// rest is what follows the last line break, as it was sent.
	rest []byte
}

// next returns what one string of the server says.
func (d *decoder) next(s []byte) update {
	var u update
	d.rest = append(d.rest, s...)
	b := d.rest
	for {
		row, rest, ok := bytes.Cut(b, []byte{'\n'})
		if !ok {
			break
		}
		text, bell := d.row(row)
		u.lines = append(u.lines, text)
		u.bell = u.bell || bell
		b = rest
	}
	text, bell := d.row(b)
	u.bell = u.bell || bell
	if len(b) > maxRest {
		u.lines = append(u.lines, text)
		b = nil
	} else {
		u.prompt = text
	}
	if bell {
		// It has rung: the next string finds it here no more.
		b = bytes.ReplaceAll(b, []byte{bel}, nil)
	}
	d.rest = append(d.rest[:0], b...)
	return u
}

// row returns what can be seen of a row of the terminal in the end, and whether
// the bell rang in it.
func (d *decoder) row(b []byte) (text string, bell bool) {
	b = bytes.TrimRight(b, "\r")
	b = b[bytes.LastIndexByte(b, '\r')+1:]
	visible, bell := appendText(nil, b, d.color)
	return string(visible), bell
}
