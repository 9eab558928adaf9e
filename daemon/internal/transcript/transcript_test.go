package transcript

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"famchat/protocol"
)

// framed returns texts as frames.
func framed(texts ...string) (b []byte) {
	for _, s := range texts {
		var err error
		if b, err = protocol.AppendFrame(b, s); err != nil {
			panic(err)
		}
	}
	return b
}

// read sends everything that a cursor has to read, step bytes at a time, and
// returns the texts.
func read(l *Log, c *Cursor, step int) (texts []string) {
	var stream []byte
	for {
		iov := l.Pending(c, nil, 1024)
		if len(iov) == 0 {
			break
		}
		b := bytes.Join(iov, nil)
		b = b[:min(step, len(b))]
		stream = append(stream, b...)
		l.Sent(c, len(b))
	}
	for len(stream) > 0 {
		s, rest, ok, err := protocol.Cut(stream)
		if err != nil || !ok {
			return append(texts, fmt.Sprintf("no frame: %q", stream))
		}
		texts, stream = append(texts, string(s)), rest
	}
	return texts
}

func TestWhoReadsWhat(t *testing.T) {
	tests := []struct {
		name string
		do   func(l *Log, c *Cursor)
		want string
	}{
		{"nothing", func(*Log, *Cursor) {}, ""},
		{"a joiner reads nothing earlier", func(l *Log, c *Cursor) {
			l.Append(framed("early"))
			l.Attach(c)
			l.Append(framed("a", "", "b"))
		}, "a||b"},
		{"who is not attached reads its own", func(l *Log, c *Cursor) {
			l.Append(framed("public"))
			l.Own(c, framed("name?"), 0)
			l.Append(framed("public"))
			l.Own(c, framed("taken"), 0)
		}, "name?|taken"},
		{"own from before it is attached comes first", func(l *Log, c *Cursor) {
			l.Own(c, framed("name?"), 0)
			l.Append(framed("early"))
			l.Own(c, framed("welcome"), 0)
			l.Attach(c)
			l.Append(framed("a"))
		}, "name?|welcome|a"},
		{"own between public", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Append(framed("a"))
			l.Own(c, framed("whisper"), 0)
			l.Append(framed("b"))
		}, "a|whisper|b"},
		{"own in place of public", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Append(framed("a"))
			l.Own(c, framed("you: b"), len(framed("mum: b")))
			l.Append(framed("mum: b"))
			l.Append(framed("c"))
		}, "a|you: b|c"},
		{"more of its own before what it skips", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Own(c, framed("you: a"), len(framed("mum: a")))
			l.Own(c, framed("whisper"), 0)
			l.Append(framed("mum: a"))
			l.Append(framed("b"))
		}, "you: a|whisper|b"},
		{"detached before what it would skip", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Own(c, framed("you: a"), len(framed("mum: a")))
			l.Detach(c)
			l.Own(c, framed("bye"), 0)
			l.Append(framed("mum: a"))
		}, "you: a|bye"},
		{"detached", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Append(framed("a"))
			l.Own(c, framed("bye"), 0)
			l.Detach(c)
			l.Append(framed("b"))
			l.Own(c, framed("and still"), 0)
			l.Append(framed("c"))
			l.Detach(c)
		}, "a|bye|and still"},
		{"dropped", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Own(c, framed("own"), 0)
			l.Append(framed("a"))
			l.Drop(c)
			l.Append(framed("b"))
		}, ""},
		{"dropped and attached again", func(l *Log, c *Cursor) {
			l.Attach(c)
			l.Append(framed("a"))
			l.Drop(c)
			l.Attach(c)
			l.Append(framed("b"))
		}, "b"},
	}
	for _, test := range tests {
		for _, step := range []int{1, 5, 9, 1 << 20} {
			l, c := New(0), new(Cursor)
			test.do(l, c)
			if got := strings.Join(read(l, c, step), "|"); got != test.want {
				t.Errorf("%s, %d bytes at a time: got %q, want %q", test.name, step, got, test.want)
			}
			if c.queue != nil || c.OwnBytes() != 0 || l.OwnBytes() != 0 || l.Behind(c) != 0 {
				t.Errorf("%s: who has read everything holds a queue (%v), %d own bytes, is %d behind", test.name, c.queue, c.OwnBytes(), l.Behind(c))
			}
		}
	}
}

func TestWhoSkippedBeforeTheAppendSkipsItOnce(t *testing.T) {
	l, c := New(0), new(Cursor)
	l.Append(framed("early"))
	l.Attach(c)
	l.Own(c, framed("you: a"), len(framed("mum: a")))
	got := read(l, c, 3)
	if behind, half := l.Behind(c), l.HalfSent(c, nil); behind != 0 || len(half) != 0 {
		t.Errorf("got %d behind, %q half sent, want nothing", behind, half)
	}
	l.Own(c, framed("whisper"), 0)
	got = append(got, read(l, c, 3)...)
	l.Append(framed("mum: a"))
	l.Append(framed("b"))
	got = append(got, read(l, c, 3)...)
	if got, want := strings.Join(got, "|"), "you: a|whisper|b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheRingIsAPowerOfTwo(t *testing.T) {
	for _, test := range []struct{ asked, want int64 }{
		{-1, 32768}, {0, 32768}, {32768, 32768}, {32769, 65536}, {3 << 20, 4 << 20}, {4 << 20, 4 << 20},
	} {
		if got := New(test.asked).Bytes(); got != test.want {
			t.Errorf("New(%d): got a ring of %d bytes, want %d", test.asked, got, test.want)
		}
	}
}

// A frame lies around the end of the ring with each of its bytes in turn.
func TestFramesWrapAroundTheRing(t *testing.T) {
	text := "around the end"
	for before := range len(framed(text)) + 1 {
		l, c := New(0), new(Cursor)
		fill := int(l.Bytes()) - before
		for fill > 0 {
			n := min(fill, protocol.MaxFrame)
			if fill > protocol.MaxFrame && fill < protocol.MaxFrame+protocol.HeaderBytes {
				n -= protocol.HeaderBytes // what is left is a frame, too
			}
			l.Append(framed(strings.Repeat("x", n-protocol.HeaderBytes)))
			fill -= n
		}
		if got, want := l.End(), uint64(l.Bytes())-uint64(before); got != want {
			t.Fatalf("got the end at %d, want %d", got, want)
		}
		l.Attach(c)
		l.Append(framed(text))
		wantSlices := 2
		if before == 0 || before == len(framed(text)) {
			wantSlices = 1
		}
		if got := len(l.Pending(c, nil, 1024)); got != wantSlices {
			t.Errorf("%d bytes before the end: got %d slices, want %d", before, got, wantSlices)
		}
		if got := read(l, c, 1); len(got) != 1 || got[0] != text {
			t.Errorf("%d bytes before the end: got %q, want %q", before, got, text)
		}
	}
}

// A reader is stopped at every byte of a stream of both kinds of frames, of all
// sizes, that goes around the ring more than once.
func TestHalfSentCompletesTheFrameUnderWay(t *testing.T) {
	l, c := New(0), new(Cursor)
	l.Attach(c)
	var stream []byte
	left := 0 // of the frame under way
	sizes := []int{0, 1, 7, 4096, 4095, 0, 300, 4096, 4088, 12}
	for i := range 60 {
		b := framed(strings.Repeat(string(rune('a'+i%26)), sizes[i%len(sizes)]))
		if i%3 == 1 {
			l.Own(c, b, 0)
		} else {
			l.Append(b)
		}
		stream = append(stream, b...)
		if i%2 == 0 {
			continue // two are pending at once
		}
		for len(stream) > 0 {
			if left == 0 {
				left = frameBytes(stream)
			}
			l.Sent(c, 1)
			stream, left = stream[1:], left-1
			if got := l.HalfSent(c, nil); !bytes.Equal(got, stream[:left]) {
				t.Fatalf("frame %d, %d bytes before the end: got %d bytes, want %d", i, len(stream), len(got), left)
			}
		}
	}
	if l.End() < 2*uint64(l.Bytes()) {
		t.Errorf("got only %d bytes appended, want the ring twice", l.End())
	}
}

func TestAnAuthorOfAHundredFramesHasOneSplice(t *testing.T) {
	l, author, other := New(1<<20), new(Cursor), new(Cursor)
	l.Attach(author)
	l.Attach(other)
	public, own := framed(strings.Repeat("p", 120)), framed(strings.Repeat("o", 100))
	var want []byte
	for range 100 {
		l.Own(author, own, len(public))
		l.Append(public)
		want = append(want, own...)
	}
	if got := len(author.queue.splices); got != 1 {
		t.Errorf("got %d splices, want 1", got)
	}
	if got := l.Pending(author, nil, 1024); len(got) != 1 || !bytes.Equal(got[0], want) {
		t.Errorf("got %d slices for the author, want one of %d bytes", len(got), len(want))
	}
	if got := l.Pending(other, nil, 1024); len(got) != 1 || len(got[0]) != 100*len(public) {
		t.Errorf("got %d slices for another, want one of %d bytes", len(got), 100*len(public))
	}
	l.Append(public)
	l.Own(author, own, 0)
	if got := len(author.queue.splices); got != 2 {
		t.Errorf("got %d splices after a public frame, want 2", got)
	}
}

// A reader that always has a little left, and takes all the rest, never counts
// as far behind, nor does what it holds grow.
func TestWhoNeverQuiteCatchesUpIsNotBehind(t *testing.T) {
	own, public := framed(strings.Repeat("o", 1000)), framed(strings.Repeat("p", 1000))
	for _, attached := range []bool{false, true} {
		l, c := New(1<<20), new(Cursor)
		if attached {
			l.Attach(c)
		}
		for range 10_000 {
			skip := 0
			if attached {
				skip = len(public)
			}
			l.Own(c, own, skip)
			l.Append(public)
			n := -500
			for _, b := range l.Pending(c, nil, 1024) {
				n += len(b)
			}
			l.Sent(c, n)
			if l.Behind(c) > 2*mergeBytes || c.OwnBytes() > 2*mergeBytes {
				t.Fatalf("attached %v: got %d behind and %d of its own, want at most %d", attached, l.Behind(c), c.OwnBytes(), 2*mergeBytes)
			}
		}
		if got, most := cap(c.queue.own), 4*compactBytes; got > most {
			t.Errorf("attached %v: got a buffer of %d bytes, want %d at most", attached, got, most)
		}
	}
}

// A queue that is long and never empty moves down in its buffer, and reads as it
// was written.
func TestALongQueueIsReadInOrder(t *testing.T) {
	l, c := New(1<<20), new(Cursor)
	l.Attach(c)
	var want []byte
	at := 0
	send := func(n int) {
		for n > 0 {
			iov := l.Pending(c, nil, 3)
			if len(iov) == 0 {
				t.Fatalf("nothing is pending, want %d bytes more", n)
			}
			b := iov[0][:min(n, len(iov[0]))]
			if !bytes.HasPrefix(want[at:], b) {
				t.Fatalf("byte %d: got other bytes than were written", at+difference(b, want[at:]))
			}
			l.Sent(c, len(b))
			at, n = at+len(b), n-len(b)
		}
	}
	for i := range 3000 {
		b := framed(fmt.Sprintf("%d%s", i, strings.Repeat("o", i%3000)))
		l.Own(c, b, 0)
		want = append(want, b...)
		if i%7 == 0 {
			b = framed(fmt.Sprint("public ", i))
			l.Append(b)
			want = append(want, b...)
		}
		if waiting := len(want) - at; waiting > 200_000 {
			send(waiting - 150_000 - i)
		}
	}
	if got, most := cap(c.queue.own), 1<<20; got > most {
		t.Errorf("got a buffer of %d bytes, want %d at most", got, most)
	}
	send(len(want) - at)
	if c.queue != nil || l.OwnBytes() != 0 {
		t.Errorf("got a queue (%v) and %d own bytes, want none", c.queue, l.OwnBytes())
	}
}

func TestBuffersAreReleasedAndFewAreKept(t *testing.T) {
	l := New(0)
	cursors := make([]Cursor, 100)
	big := bytes.Repeat(framed(strings.Repeat("o", 4000)), 50)
	for i := range cursors {
		l.Own(&cursors[i], big, 0)
	}
	if got, want := l.OwnBytes(), int64(len(cursors)*len(big)); got != want {
		t.Errorf("got %d own bytes, want %d", got, want)
	}
	for i := range cursors {
		if i%2 == 0 {
			l.Sent(&cursors[i], len(big))
		} else {
			l.Drop(&cursors[i])
		}
		if cursors[i].queue != nil {
			t.Fatalf("cursor %d: got a queue, want none", i)
		}
	}
	kept := 0
	for _, q := range l.free {
		kept += cap(q.own)
	}
	if l.OwnBytes() != 0 || kept != l.freeBytes || kept == 0 || kept > keptBytes {
		t.Errorf("got %d own bytes, %d kept, %d counted, want 0 and at most %d, counted right", l.OwnBytes(), kept, l.freeBytes, keptBytes)
	}
	free := len(l.free)
	l.Own(&cursors[0], framed("own"), 0)
	if got := len(l.free); got != free-1 {
		t.Errorf("got %d free queues, want %d", got, free-1)
	}
	if got := l.free[:free][free-1]; got != nil {
		t.Errorf("the free list keeps a queue that is used")
	}
}

// crowd is a log and cursors that are attached to it.
type crowd struct {
	log     *Log
	cursors []Cursor
	iov     [][]byte
	public  []byte
	own     []byte
}

func newCrowd(n int) *crowd {
	c := &crowd{
		log: New(1 << 20), cursors: make([]Cursor, n), iov: make([][]byte, 0, 1024),
		public: framed(strings.Repeat("p", 100)), own: framed(strings.Repeat("o", 100)),
	}
	for i := range c.cursors {
		c.log.Attach(&c.cursors[i])
	}
	return c
}

// turn posts once, the author reads its own view, and everyone is sent
// everything. It returns how many bytes that is.
func (c *crowd) turn() (sent int) {
	c.log.Own(&c.cursors[0], c.own, len(c.public))
	c.log.Append(c.public)
	for i := range c.cursors {
		c.iov = c.log.Pending(&c.cursors[i], c.iov[:0], 1024)
		n := 0
		for _, b := range c.iov {
			n += len(b)
		}
		c.log.Sent(&c.cursors[i], n)
		sent += n
	}
	return sent
}

func TestATurnAllocatesNothing(t *testing.T) {
	c := newCrowd(100)
	if got, want := c.turn(), 100*len(c.public); got != want {
		t.Errorf("got %d bytes sent, want %d", got, want)
	}
	if got := testing.AllocsPerRun(1000, func() { c.turn() }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkTurn(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d cursors", n), func(b *testing.B) {
			c := newCrowd(n)
			b.ReportAllocs()
			for b.Loop() {
				c.turn()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/cursor")
		})
	}
}

// BenchmarkHalfSent finds a frame's beginning in the log, as at a cut.
func BenchmarkHalfSent(b *testing.B) {
	c := newCrowd(1)
	for range 100 {
		c.log.Append(c.public)
	}
	c.log.Sent(&c.cursors[0], 99*len(c.public)+20)
	var last []byte
	b.ReportAllocs()
	for b.Loop() {
		last = c.log.HalfSent(&c.cursors[0], last[:0])
	}
}
