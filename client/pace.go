package client

import (
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// minSilence is how long nothing must have come after an update for it to be
	// taken as the answer to a line that no update repeats.
	minSilence = 100 * time.Millisecond
	// maxSilences is after how many such times any update is taken as the answer,
	// in a room that is never silent.
	maxSilences = 10
	// tailRunes is how much of a line's end is looked for in its echo: little
	// enough to stand in one line of it.
	tailRunes = 16
	// maxUnanswered is how many lines are remembered whose echo may still come.
	maxUnanswered = 64
)

// A pace tells when the line that a script sent last has been answered. A server
// answers every line, mostly by one that ends with it: the echo, or an error that
// quotes it. Whatever else comes may be what others say. So without an echo a
// silence must follow, longer than any echo has taken so far: in a room that talks
// all the time the script is then no faster than the server reads it.
type pace struct {
	unanswered []sentLine
	heard      time.Time     // when the last update since came; zero is never
	slowest    time.Duration // that an echo took
}

type sentLine struct {
	tail string
	at   time.Time
}

// send notes that a line was sent.
func (p *pace) send(line string, now time.Time) {
	line = strings.TrimSpace(line)
	from := len(line)
	for range tailRunes {
		_, size := utf8.DecodeLastRuneInString(line[:from])
		from -= size
	}
	if len(p.unanswered) == maxUnanswered {
		p.unanswered = p.unanswered[1:]
	}
	p.unanswered = append(p.unanswered, sentLine{line[from:], now})
	p.heard = time.Time{}
}

// hear notes an update; sure says that it can only be the answer.
func (p *pace) hear(u update, sure bool, now time.Time) {
	p.heard = now
	if sure {
		p.unanswered = p.unanswered[:0]
	}
	for _, l := range u.lines {
		for i, s := range p.unanswered {
			if s.tail != "" && strings.HasSuffix(l, s.tail) {
				p.slowest = max(p.slowest, now.Sub(s.at))
				// The server answers in order, so those before it had no echo.
				p.unanswered = p.unanswered[i+1:]
				break
			}
		}
	}
}

// wait returns how long after now the last line counts as answered if nothing
// else comes, at most 0 if it does already. It is meaningless before the first
// update since that line.
func (p *pace) wait(now time.Time) time.Duration {
	if len(p.unanswered) == 0 {
		return 0
	}
	silence := max(minSilence, 2*p.slowest)
	sent := p.unanswered[len(p.unanswered)-1].at
	return min(p.heard.Add(silence).Sub(now), sent.Add(maxSilences*silence).Sub(now))
}
