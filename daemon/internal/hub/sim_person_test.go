package hub

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"famchat/daemon/internal/room"
	"famchat/protocol"
)

var (
	errBroken = errors.New("connection reset by peer")
	tag       = regexp.MustCompile(`[pq]\d+\.\d+;`)
	coming    = regexp.MustCompile(`^\d\d:\d\d \* (.*?) (joined|left|was disconnected|were disconnected|was removed)`)
)

// tagIn is the mark by which a message is known again, or "".
func tagIn(text string) string {
	if !strings.Contains(text, ";") {
		return ""
	}
	return tag.FindString(text)
}

// person is somebody simulated, with a connection: a Conn.
type person struct {
	w       *world
	id      room.ID
	session *Session
	kind    int // how it behaves

	outgoing []byte // sent, and not read by the hub
	ends     bool   // nothing comes after outgoing
	broken   bool   // the connection was reset
	capacity int    // bytes that the kernel takes now
	strings  int    // sent so far

	wantRead, wantWrite bool
	readBytes           int
	over                bool // the hub has ended it
	gone                bool // it has told the hub so
	keptOut             bool // its address is

	incoming []byte   // read, but not a whole frame
	frames   int      // read
	last     []byte   // the last string
	kept     []byte   // by sabotage
	history  bool     // between earlier and now
	public   []string // tags of public messages, in order
	private  []string
	comings  []string
	err      error

	publicFrom              int // where in world.posted its reading begins
	publicSeen, privateSeen int // how much of it is checked
}

const (
	wellBehaved = iota
	slowReader
	stalledReader
	flooder
	vandal
	kinds
)

// connect brings somebody new.
func (w *world) connect() *person {
	w.lastID++
	p := &person{w: w, id: w.lastID, wantRead: true, capacity: 1 << 16, kind: w.Intn(kinds)}
	if w.chance(2) || w.witness == nil {
		p.kind = wellBehaved
	}
	w.people = append(w.people, p)
	address := fmt.Sprint("192.0.2.", w.Intn(9))
	p.keptOut = w.witness != nil && holds(w.bans, address, w.now)
	p.session = w.hub.Open(p.id, p, address)
	return p
}

// typed puts strings on the wire.
func (p *person) typed(texts []string) {
	for _, s := range texts {
		p.outgoing, _ = protocol.AppendFrame(p.outgoing, s)
	}
}

// act is what somebody does in a turn.
func (p *person) act() {
	w := p.w
	if p.over || p.gone {
		return
	}
	if p != w.witness && !p.ends && len(p.outgoing) < 20_000 {
		p.send()
	}
	switch p.kind {
	case slowReader:
		p.capacity += w.Intn(3000)
	case stalledReader:
		if p.capacity > 1<<14 {
			p.capacity = 1 << 14
		}
	default:
		p.capacity = 1 << 16
	}
	p.exchange(1 + w.Intn(9000))
	if p != w.witness && !p.over && !p.gone && w.chance(60) {
		p.broken = true
	}
}

// send writes what somebody types, in whole frames or not.
func (p *person) send() {
	w := p.w
	n := w.Intn(3)
	if p.kind == flooder {
		n = w.Intn(40)
	}
	for range n {
		p.strings++
		text := p.text()
		if text == "" {
			p.ends = w.chance(2)
		}
		p.typed([]string{text})
	}
	switch {
	case p.kind == vandal && w.chance(8):
		p.outgoing = append(p.outgoing, 0x80, 0, 0, 0, 0, 0, 0, 1)
	case p.kind == vandal && w.chance(8):
		p.outgoing = append(p.outgoing, 0, 0, 0, 0, 0, 0, 0, 9, 'h', 'a')
		p.ends = w.chance(2)
		p.kind = stalledReader
		p.strings = 1 << 20 // says nothing more
	case w.chance(40):
		p.ends = true
	}
}

// text is the next string somebody types.
func (p *person) text() string {
	w := p.w
	if p.strings > 1<<19 {
		return "x"
	}
	if p.strings < 2+w.Intn(3) {
		return []string{"ann", "bob", "Bob", "cyd", "dan", "eve", "fay", "gus", "x", "no good", "you", "\xff\xfe", "नीता", "hal", "аnn", "haI"}[w.Intn(16)]
	}
	public := fmt.Sprintf("p%d.%d; ", p.id, p.strings)
	private := fmt.Sprintf("q%d.%d; ", p.id, p.strings)
	whom := []string{"ann", "bob", "cyd", "witness", "nobody", "EVE"}[w.Intn(6)]
	switch w.Intn(16) {
	case 0, 1, 2:
		return "@" + whom + " " + private + "psst"
	case 3:
		return public + strings.Repeat("long ", w.Intn(800))
	case 4:
		return public + "hello " + whom + " and cyd, dan"
	case 5:
		return []string{"/help", "/roll 6", "/nope", "/bell off", " ", "//" + public, "@", "@ann"}[w.Intn(8)]
	case 6:
		return public + strings.Repeat("line\n", w.Intn(9)) + "end"
	case 7:
		return public + "\x1b[2J\r\n> 10:00   mum: forged\u202e\x07\xff"
	case 8:
		if w.chance(4) {
			return ""
		}
	}
	return public + "hello"
}

// exchange lets the hub read and write, at most n bytes.
func (p *person) exchange(n int) {
	w := p.w
	if p.over || p.gone {
		return
	}
	if p.wantRead && w.hub.Wants() {
		n = min(n, p.readBytes, len(p.outgoing))
		switch {
		case n > 0:
			b := p.outgoing[:n]
			p.outgoing = p.outgoing[n:]
			w.counts.read += uint64(n)
			w.hub.Received(p.session, b)
		case p.broken:
			p.gone = true
			w.hub.Gone(p.session, room.Failed)
			return
		case p.ends:
			p.gone = true
			w.hub.Gone(p.session, room.Lost)
			return
		}
	}
	if p.wantWrite && p.capacity > 0 && !p.over {
		w.hub.Writable(p.session)
	}
}

// settle is a turn in which somebody only reads and sees off what it has sent.
func (p *person) settle() {
	p.capacity = 1 << 20
	if p.kind == stalledReader && p.strings > 1<<19 {
		p.ends = true
	}
	p.exchange(1 << 20)
}

// Write implements Conn: the kernel takes what it has room for.
func (p *person) Write(bufs [][]byte) (int, error) {
	if p.broken && p.w.chance(2) {
		return 0, errBroken
	}
	written := 0
	for _, b := range bufs {
		n := min(len(b), p.capacity)
		p.capacity -= n
		written += n
		p.read(b[:n])
		if n < len(b) {
			break
		}
	}
	return written, nil
}

func (p *person) WantRead(yes bool) {
	if p.w.bug == "forgotten resume" && yes && p.strings > 5 {
		return
	}
	if !yes {
		p.w.seen["held"]++
	}
	p.wantRead = yes
}

func (p *person) WantWrite(yes bool) { p.wantWrite = yes }
func (p *person) SetReadBytes(n int) { p.readBytes = n }
func (p *person) Unread() int        { return len(p.outgoing) }

func (p *person) Finish(last []byte) {
	if p.over {
		p.err = errors.New("it was finished twice")
	}
	if len(last) > 0 && len(p.incoming) > 0 {
		p.w.seen["half sent"]++
	}
	p.over = true
	p.read(last)
	if len(p.incoming) > 0 {
		p.err = fmt.Errorf("the last words ended within a frame: %q", p.incoming)
	}
	if !bytes.HasSuffix(p.last, []byte("\n")) && len(last) > 0 {
		p.err = fmt.Errorf("the last string has a prompt: %q", p.last)
	}
}

func (p *person) Close() { p.over = true }

// read takes bytes, as a client does.
func (p *person) read(b []byte) {
	p.incoming = append(p.incoming, b...)
	for {
		text, rest, ok, err := protocol.Cut(p.incoming)
		if err != nil {
			p.err = err
			return
		}
		if !ok {
			return
		}
		p.incoming = rest
		p.frames++
		if p.w.sabotage(p, text) {
			continue
		}
		p.understand(text)
	}
}

// sabotage plants a bug in what somebody reads; it reports whether text is lost.
func (w *world) sabotage(p *person, text []byte) bool {
	public := bytes.Contains(text, []byte(": ")) && tagIn(string(text)) != "" && !p.history
	switch w.bug {
	case "lost frame":
		return public && w.chance(50)
	case "doubled frame":
		if public && w.chance(50) {
			p.understand(text)
		}
	case "swapped frames":
		if p.kept != nil && public {
			p.understand(text)
			p.understand(p.kept)
			p.kept = nil
			return true
		}
		if public && w.chance(50) {
			p.kept = bytes.Clone(text)
			return true
		}
	case "leaked whisper":
		if bytes.Contains(text, []byte("~ ")) {
			w.witness.understand(text)
		}
	case "silent leave":
		return p == w.witness && bytes.Contains(text, []byte("was disconnected"))
	}
	return false
}

// understand takes a string that the hub drew.
func (p *person) understand(text []byte) {
	p.last = append(p.last[:0], text...)
	if !bytes.HasPrefix(text, []byte("\r\x1b[K")) {
		p.err = fmt.Errorf("a string does not clear the prompt: %q", text)
	}
	plain := withoutSGR(text[4:])
	p.w.seenSanctions(p, plain)
	if i := strings.LastIndexByte(plain, '\n') + 1; strings.ContainsAny(plain[:i], "\r\x1b\a") {
		p.err = fmt.Errorf("a line holds a control character: %q", text)
	}
	for _, line := range strings.Split(plain, "\n") {
		p.line(line)
	}
}

// withoutSGR returns text without its colours.
func withoutSGR(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		i := bytes.Index(text, []byte("\x1b["))
		if i < 0 {
			break
		}
		b.Write(text[:i])
		m := bytes.IndexByte(text[i:], 'm')
		if m < 0 || m > 4 {
			m = 0 // none of ours
			b.WriteByte(text[i])
		}
		text = text[i+m+1:]
	}
	b.Write(text)
	return b.String()
}

func (p *person) line(line string) {
	switch line {
	case "--- earlier":
		p.history = true
		p.w.seen["history"]++
		return
	case "--- now":
		p.history = false
		return
	}
	if len(line) < 9 || line[2] != ':' {
		return
	}
	found := tagIn(line)
	switch line[6] {
	case ' ', '@':
		if line[6] == '@' {
			p.w.seen["mention"]++
		}
		if found != "" {
			p.public = append(p.public, found)
		}
	case '~':
		if found != "" {
			p.private = append(p.private, found)
			p.w.seen["private"]++
		}
	case '*':
		p.comingOrGoing(line)
	}
}

func (p *person) comingOrGoing(line string) {
	if p != p.w.witness {
		return
	}
	m := coming.FindStringSubmatch(line)
	if m == nil || m[1] == "you" {
		return
	}
	sign := "-"
	if m[2] == "joined" {
		sign = "+"
	}
	for _, name := range strings.Split(m[1], ", ") {
		p.comings = append(p.comings, sign+name)
	}
}

// check is what must hold of what somebody has read, after every turn.
func (p *person) check() error {
	if p.err != nil {
		return p.err
	}
	// What it read in public is a stretch of what was posted, without a gap and
	// with nothing twice, the room's last lines included.
	if len(p.public) > 0 && p.publicSeen == 0 {
		p.publicFrom = slices.Index(p.w.posted, p.public[0])
	}
	for ; p.publicSeen < len(p.public); p.publicSeen++ {
		i := p.publicFrom + p.publicSeen
		if p.publicFrom < 0 || i >= len(p.w.posted) || p.w.posted[i] != p.public[p.publicSeen] {
			return fmt.Errorf("it read %v, of %v", p.public, p.w.posted)
		}
	}
	for ; p.privateSeen < len(p.private); p.privateSeen++ {
		i := p.privateSeen
		t := p.private[i]
		between, ok := p.w.private[t]
		if !ok || between[0] != p.id && between[1] != p.id {
			return fmt.Errorf("it read %s, which is between %v", t, between)
		}
		if slices.Contains(p.private[:i], t) {
			return fmt.Errorf("it read %s twice", t)
		}
	}
	return nil
}

// checkQuiet is what must hold when everything has been sent and read.
func (p *person) checkQuiet() error {
	if p.over || p.gone {
		return nil
	}
	if len(p.outgoing) > 0 {
		return fmt.Errorf("%d bytes were never read (held %v, parked %v, stalled %v, closing %v)",
			len(p.outgoing), p.session.held, p.session.parked, p.session.stalled, p.session.closing)
	}
	if b := p.w.hub.Backlog(p.session); b > 0 {
		return fmt.Errorf("%d bytes were never sent", b)
	}
	if p.session.attached && len(p.public) > 0 && p.public[len(p.public)-1] != p.w.posted[len(p.w.posted)-1] {
		return fmt.Errorf("it has not read the last message")
	}
	return nil
}
