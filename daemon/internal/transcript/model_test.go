package transcript

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"famchat/protocol"
)

// The model keeps for each reader what it must still read, as a list of pieces,
// and nothing of offsets, rings, buffers or free lists.
type reader struct {
	attached bool
	pieces   []*piece
	left     int    // of a frame that is sent in part
	skipping bool   // the next append is not for it
	skipper  *piece // in place of which it reads that one
}

// piece is a stretch of the log, or frames of a reader's own.
type piece struct {
	own   bool
	bytes []byte
	sent  int
	skip  int  // how much of the log it replaces
	at    int  // where it stands in the log
	late  bool // it stands after an append that is still to come
}

func (r *reader) flat(dst []byte) []byte {
	for _, p := range r.pieces {
		dst = append(dst, p.bytes[p.sent:]...)
	}
	return dst
}

func (r *reader) ownBytes() (n int) {
	for _, p := range r.pieces {
		if p.own {
			n += len(p.bytes)
		}
	}
	return n
}

func (r *reader) behind() (n int) {
	for _, p := range r.pieces {
		if n += p.skip; !p.own {
			n += len(p.bytes) - p.sent
		}
	}
	return n
}

// age is how far the log, which ends at end, has moved on since what r reads next.
func (r *reader) age(end int) int {
	if r.behind() == 0 {
		return 0
	}
	return end - r.pieces[0].at - r.pieces[0].logSent()
}

func (p *piece) logSent() int {
	if p.own {
		return 0
	}
	return p.sent
}

func (r *reader) give(frames []byte, at int) *piece {
	if n := len(r.pieces); n > 0 {
		if p := r.pieces[n-1]; p.own && len(p.bytes) < mergeBytes {
			p.bytes = append(p.bytes[:len(p.bytes):len(p.bytes)], frames...)
			return p
		}
	}
	p := &piece{own: true, bytes: frames, at: at, late: r.skipping}
	r.pieces = append(r.pieces, p)
	return p
}

func (r *reader) send(n int) {
	for n > 0 {
		p := r.pieces[0]
		if r.left == 0 {
			r.left = frameBytes(p.bytes[p.sent:])
		}
		step := min(n, r.left)
		p.sent, r.left, n = p.sent+step, r.left-step, n-step
		if p.sent == len(p.bytes) {
			r.pieces = r.pieces[1:]
		}
	}
}

// opKind is what can be done to a log.
type opKind int

const (
	appendFrames opKind = iota
	ownFrames
	ownSkipping // before an append
	attach
	detach
	drop
	send
	kinds
)

func (k opKind) String() string {
	return [...]string{"append", "own", "own skipping", "attach", "detach", "drop", "send"}[k]
}

// op is one operation. What its numbers mean follows from what state it meets, so
// that any selection of operations is a run again.
type op struct {
	kind   opKind
	cursor int
	frames int // to append or to own
	size   int // of a frame's string
	max    int // of slices
	part   int // of what is pending, in 1,000
}

func (o op) String() string {
	return fmt.Sprintf("{%v cursor %d: %d frames, size %d, max %d, part %d}", o.kind, o.cursor, o.frames, o.size, o.max, o.part)
}

const (
	modelCursors = 5
	modelOps     = 60
)

func randomOps(seed uint64) []op {
	rng := rand.New(rand.NewPCG(seed, 1))
	weights := []opKind{appendFrames, appendFrames, appendFrames, ownFrames, ownFrames, ownSkipping, ownSkipping, attach, send, send, send, send, send}
	ops := make([]op, modelOps)
	for i := range ops {
		o := op{kind: weights[rng.IntN(len(weights))], cursor: rng.IntN(modelCursors), frames: 1 + rng.IntN(3), size: rng.IntN(200)}
		switch rng.IntN(20) {
		case 0:
			o.frames, o.size = 1+rng.IntN(40), rng.IntN(800)
		case 1, 2, 3:
			o.size = rng.IntN(protocol.MaxString + 1)
		case 4:
			o.size = protocol.MaxString - rng.IntN(9)
		case 5:
			o.size = 0
		case 6:
			o.kind = detach + opKind(rng.IntN(2))
		}
		o.max = [...]int{1, 2, 3, 4, 5, 8, 1024}[rng.IntN(7)]
		o.part = [...]int{0, 1, rng.IntN(1000), rng.IntN(1000), rng.IntN(1000), 999, 1000, 1000}[rng.IntN(8)]
		ops[i] = o
	}
	// Some end as everyone's last bytes are read.
	for i := range modelCursors {
		ops = append(ops, op{kind: send, cursor: i, max: 1024, part: 1000})
	}
	return ops
}

// plant is a bug of the model, planted to see that a run notices it.
type plant int

const (
	noPlant plant = iota
	plantForgottenSkip
	plantLostHalf
	plantSecondHalf
	plantLateAttach
	plantHeldOwn
	plants
)

// run is a log and its model.
type run struct {
	log     *Log
	cursors [modelCursors]Cursor
	readers [modelCursors]reader
	plant   plant
	at      int // in noise, where the next frame's bytes are

	iov       [][]byte
	want, got []byte
}

var noise = func() []byte {
	b := make([]byte, 64<<10)
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}()

// play plays ops and says what goes wrong first.
func play(ops []op, planted plant) (err error) {
	r := &run{log: New(0), plant: planted}
	// The end of the ring is near from the beginning.
	r.log.Append(r.frames(op{frames: 8, size: 4000}, int(r.log.Bytes())))
	at := 0
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("operation %d: panic: %v", at, p)
		}
	}()
	for i, o := range ops {
		at = i
		if err := r.do(o); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return nil
}

// frames makes frames, no more than fit in limit bytes.
func (r *run) frames(o op, limit int) (b []byte) {
	for range o.frames {
		n := min(o.size, limit-len(b)-protocol.HeaderBytes)
		if n < 0 {
			break
		}
		b = binary.BigEndian.AppendUint64(b, uint64(n))
		r.at = (r.at + 127) % (len(noise) - protocol.MaxString)
		b = append(b, noise[r.at:r.at+n]...)
	}
	return b
}

func (r *run) do(o op) error {
	c, m := &r.cursors[o.cursor], &r.readers[o.cursor]
	switch o.kind {
	case appendFrames:
		r.append(o)
	case ownFrames:
		if b := r.frames(o, 1<<20); len(b) > 0 {
			r.log.Own(c, b, 0)
			m.give(b, int(r.log.End()))
		}
	case ownSkipping:
		r.ownSkipping(o)
	case attach:
		if !m.attached && m.behind() == 0 {
			r.log.Attach(c)
			m.attached = true
			for _, p := range m.pieces {
				p.at = int(r.log.End())
			}
			if r.plant == plantLateAttach {
				m.skipping = true
			}
		}
	case detach:
		r.log.Detach(c)
		m.attached, m.skipping, m.skipper = false, false, nil
	case drop:
		r.log.Drop(c)
		*m = reader{}
	case send:
		if err := r.send(c, m, o); err != nil {
			return err
		}
	}
	return r.check(c, m)
}

// room is how much may be appended without losing what somebody has to read.
func (r *run) room() int {
	n := int(r.log.Bytes()) - SpareBytes
	for i := range r.readers {
		n = min(n, int(r.log.Bytes())-SpareBytes-r.readers[i].age(int(r.log.End())))
	}
	return n
}

func (r *run) append(o op) {
	b := r.frames(o, r.room())
	r.log.Append(b)
	r.appended(b)
}

func (r *run) appended(b []byte) {
	if len(b) == 0 {
		return
	}
	for i := range r.readers {
		switch m := &r.readers[i]; {
		case m.skipping:
			for _, p := range m.pieces {
				if p.late {
					p.at, p.late = p.at+len(b), false
				}
			}
			if m.skipper != nil {
				m.skipper.skip += len(b)
			}
			m.skipping, m.skipper = false, nil
		case m.attached:
			m.pieces = append(m.pieces, &piece{bytes: b, at: int(r.log.End()) - len(b)})
		}
	}
}

// ownSkipping gives some cursors frames in place of an append, and perhaps more
// of their own, and lets them read before it.
func (r *run) ownSkipping(o op) {
	b := r.frames(o, r.room())
	if len(b) == 0 {
		return
	}
	for i := range r.readers {
		c, m := &r.cursors[i], &r.readers[i]
		if (i+o.part)%3 == 0 || !m.attached || m.skipping {
			continue
		}
		own := r.frames(op{frames: 1, size: (o.size + i) % protocol.MaxString}, 1<<20)
		r.log.Own(c, own, len(b))
		p := m.give(own, int(r.log.End()))
		if r.plant != plantForgottenSkip {
			m.skipping, m.skipper = true, p
		}
		if (o.part+i)%5 == 0 {
			_ = r.send(c, m, op{max: 1024, part: 1000})
			m.skipper = m.heldOf(p)
		}
		if (o.part+i)%4 == 0 {
			r.log.Own(c, own, 0)
			m.give(own, int(r.log.End()))
		}
	}
	r.log.Append(b)
	r.appended(b)
}

// heldOf is p, while it is held.
func (r *reader) heldOf(p *piece) *piece {
	for _, held := range r.pieces {
		if held == p {
			return p
		}
	}
	return nil
}

func (r *run) send(c *Cursor, m *reader, o op) error {
	r.iov = r.log.Pending(c, r.iov[:0], o.max)
	if len(r.iov) > o.max {
		return fmt.Errorf("got %d slices, want %d at most", len(r.iov), o.max)
	}
	r.got = r.got[:0]
	for _, b := range r.iov {
		if len(b) == 0 {
			return fmt.Errorf("an empty slice is pending")
		}
		r.got = append(r.got, b...)
	}
	r.want = m.flat(r.want[:0])
	if !bytes.HasPrefix(r.want, r.got) {
		return fmt.Errorf("pending differs from the model (got %d bytes, want %d) at byte %d", len(r.got), len(r.want), difference(r.got, r.want))
	}
	if len(r.got) == 0 && len(r.want) > 0 || len(r.iov) < o.max && len(r.got) < len(r.want) {
		return fmt.Errorf("got %d bytes pending in %d slices, want %d", len(r.got), len(r.iov), len(r.want))
	}
	n := len(r.got) * o.part / 1000
	if o.part == 1 {
		n = min(1, len(r.got))
	} else if o.part == 999 {
		n = max(0, len(r.got)-1)
	}
	r.log.Sent(c, n)
	m.send(n)
	return nil
}

func difference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// check compares what can be asked of a log and a cursor.
func (r *run) check(c *Cursor, m *reader) error {
	if got, want := r.log.Behind(c), int64(m.behind()); got != want {
		return fmt.Errorf("got behind %d, want %d", got, want)
	}
	if got, want := r.log.Age(c), int64(m.age(int(r.log.End()))); got != want {
		return fmt.Errorf("got age %d, want %d", got, want)
	}
	want := m.ownBytes()
	if r.plant == plantHeldOwn && m.left > 0 && len(m.pieces) > 0 && m.pieces[0].own {
		want -= m.pieces[0].sent
	}
	if got := c.OwnBytes(); got != want {
		return fmt.Errorf("got %d bytes of its own, want %d", got, want)
	}
	all := 0
	for i := range r.readers {
		all += r.readers[i].ownBytes()
	}
	if got := r.log.OwnBytes(); got != int64(all) {
		return fmt.Errorf("got %d own bytes of all, want %d", got, all)
	}
	if c.queue != nil && all == 0 {
		return fmt.Errorf("a queue is held that holds nothing")
	}
	r.want = append(r.want[:0], "before"...)
	if m.left > 0 {
		p := m.pieces[0]
		r.want = append(r.want, p.bytes[p.sent:p.sent+m.left]...)
	}
	switch r.plant {
	case plantLostHalf:
		r.want = r.want[:6]
	case plantSecondHalf:
		r.want = r.want[:len(r.want)-m.left/2]
	}
	r.got = r.log.HalfSent(c, append(r.got[:0], "before"...))
	if !bytes.Equal(r.got, r.want) {
		return fmt.Errorf("got %d bytes of a half-sent frame, want %d; they differ at %d", len(r.got)-6, len(r.want)-6, difference(r.got, r.want)-6)
	}
	return nil
}

// shrink leaves out what a failing run does not need.
func shrink(ops []op, planted plant) []op {
	for size := len(ops) / 2; size > 0; size /= 2 {
		for from := 0; from+size <= len(ops); {
			less := append(append([]op(nil), ops[:from]...), ops[from+size:]...)
			if play(less, planted) != nil {
				ops = less
			} else {
				from += size
			}
		}
	}
	for i := range ops {
		for _, simpler := range []func(*op){
			func(o *op) { o.frames = 1 }, func(o *op) { o.size = 0 }, func(o *op) { o.size = 10 },
			func(o *op) { o.max = 1024 }, func(o *op) { o.part = 1000 }, func(o *op) { o.part = 500 },
		} {
			less := append([]op(nil), ops...)
			if simpler(&less[i]); play(less, planted) != nil {
				ops = less
				break
			}
		}
	}
	return ops
}

func report(seed uint64, ops []op, planted plant) string {
	var b strings.Builder
	ops = shrink(ops, planted)
	fmt.Fprintf(&b, "seed %d, shrunken to %d operations: %v", seed, len(ops), play(ops, planted))
	for _, o := range ops {
		fmt.Fprintf(&b, "\n\t%v", o)
	}
	return b.String()
}

func TestReadersReadWhatAPlainModelReads(t *testing.T) {
	for seed := range uint64(2000) {
		ops := randomOps(seed)
		if play(ops, noPlant) != nil {
			t.Fatal(report(seed, ops, noPlant))
		}
	}
}

func TestAPlantedBugIsNoticedAndShrunken(t *testing.T) {
	for planted := noPlant + 1; planted < plants; planted++ {
		seed := uint64(0)
		for play(randomOps(seed), planted) == nil {
			if seed++; seed == 200 {
				t.Fatalf("planted bug %d is not noticed in 200 runs", planted)
			}
		}
		if ops := shrink(randomOps(seed), planted); len(ops) > 6 {
			t.Errorf("planted bug %d: got %d operations, want 6 at most\n%s", planted, len(ops), report(seed, ops, planted))
		}
	}
}
