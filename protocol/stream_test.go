package protocol_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"famchat/protocol"
)

// chunkReader gives one chunk a read, as a socket would, and counts the reads.
type chunkReader struct {
	chunks []string
	reads  int
	// last comes together with the last chunk where it is not nil.
	last error
}

func (r *chunkReader) Read(p []byte) (int, error) {
	r.reads++
	for len(r.chunks) > 0 && r.chunks[0] == "" {
		r.chunks = r.chunks[1:]
	}
	if len(r.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.chunks[0])
	r.chunks[0] = r.chunks[0][n:]
	if len(r.chunks) == 1 && r.chunks[0] == "" {
		return n, r.last
	}
	return n, nil
}

func readAll(r io.Reader) (got []string, err error) {
	reader := protocol.NewReader(r)
	for {
		s, err := reader.ReadString()
		if err != nil {
			return got, err
		}
		got = append(got, string(s))
	}
}

// end is the error with which a Reader ends a vector.
func (v vector) end() error {
	switch {
	case v.err != nil:
		return v.err
	case v.left > 0:
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

func TestReaderAtEverySplit(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			splits(v.stream, func(how string, chunks []string) {
				got, err := readAll(&chunkReader{chunks: slices.Clone(chunks)})
				if !slices.Equal(got, v.want) || err != v.end() {
					t.Errorf("%s: got %q, %v; want %q, %v", how, got, err, v.want, v.end())
				}
				got, err = readAll(&chunkReader{chunks: slices.Clone(chunks), last: io.EOF})
				if !slices.Equal(got, v.want) || err != v.end() {
					t.Errorf("%s, EOF with the last bytes: got %q, %v; want %q, %v", how, got, err, v.want, v.end())
				}
			})
		})
	}
}

// More frames than the buffer holds: every one is moved to its front at
// another offset.
func TestReaderBeyondItsBuffer(t *testing.T) {
	var want []string
	for n := range 300 {
		want = append(want, strings.Repeat(string(rune('a'+n%26)), n*13%(protocol.MaxString+1)))
	}
	stream := wire(want...)
	for _, size := range []int{7, 4096, 4097, 10_000, len(stream)} {
		var chunks []string
		for c := range slices.Chunk([]byte(stream), size) {
			chunks = append(chunks, string(c))
		}
		got, err := readAll(&chunkReader{chunks: chunks})
		if !slices.Equal(got, want) || err != io.EOF {
			t.Errorf("in chunks of %d: %d strings, %v; want %d, EOF", size, len(got), err, len(want))
		}
	}
}

func TestReaderReadsABurstAtOnce(t *testing.T) {
	src := &chunkReader{chunks: []string{wire(slices.Repeat([]string{"hello"}, 100)...)}}
	r := protocol.NewReader(src)
	for range 100 {
		if _, err := r.ReadString(); err != nil {
			t.Fatal(err)
		}
	}
	if src.reads != 1 {
		t.Errorf("a burst of 100 frames cost %d reads, want 1", src.reads)
	}
}

func TestReaderKeepsItsError(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		src  io.Reader
		want error
	}{
		{"the reader's own", io.MultiReader(strings.NewReader(wire("a")), iotest.ErrReader(broken)), broken},
		{"inside a frame", io.MultiReader(strings.NewReader(wire("a")+header(9)), iotest.ErrReader(broken)), broken},
		{"too long", strings.NewReader(wire("a") + header(4097) + wire("b")), protocol.ErrTooLong},
		{"no progress", io.MultiReader(strings.NewReader(wire("a")), idle{}), io.ErrNoProgress},
	} {
		r := protocol.NewReader(test.src)
		if s, err := r.ReadString(); string(s) != "a" || err != nil {
			t.Errorf("%s: got %q, %v before it", test.name, s, err)
		}
		for range 3 {
			if s, err := r.ReadString(); s != nil || !errors.Is(err, test.want) {
				t.Errorf("%s: got %q, %v; want %v", test.name, s, err, test.want)
			}
		}
	}
}

// idle brings neither bytes nor an error.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderAllocatesNothing(t *testing.T) {
	stream := []byte(wire(slices.Repeat([]string{"hello", strings.Repeat("x", protocol.MaxString)}, 200)...))
	src := bytes.NewReader(stream)
	r := protocol.NewReader(src)
	if got := testing.AllocsPerRun(100, func() { _, _ = r.ReadString() }); got != 0 {
		t.Errorf("%v allocations for a string, want none", got)
	}
	r = protocol.NewReader(strings.NewReader(header(1 << 63)))
	if got := testing.AllocsPerRun(100, func() { _, _ = r.ReadString() }); got != 0 {
		t.Errorf("%v allocations for a header of 2^63, want none", got)
	}
}

// writes records every call of Write.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

func TestWriterWritesEachFrameAtOnce(t *testing.T) {
	var got writes
	w := protocol.NewWriter(&got)
	strs := []string{"anna", "", strings.Repeat("x", protocol.MaxString), "hi"}
	var want writes
	for _, s := range strs {
		if err := w.WriteString(s); err != nil {
			t.Fatal(err)
		}
		want = append(want, wire(s))
	}
	if err := w.WriteString(strings.Repeat("x", protocol.MaxString+1)); !errors.Is(err, protocol.ErrTooLong) {
		t.Errorf("4097 bytes: got %v, want ErrTooLong", err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d writes, want %d, one for each frame and none for the refused string", len(got), len(want))
	}
}

// stunted takes only half of what it is given.
type stunted struct{}

func (stunted) Write(p []byte) (int, error) { return len(p) / 2, nil }

func TestWriterReportsErrors(t *testing.T) {
	if err := protocol.NewWriter(stunted{}).WriteString("anna"); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("half a frame was written: got %v, want io.ErrShortWrite", err)
	}
	near, far := net.Pipe()
	far.Close()
	if err := protocol.NewWriter(near).WriteString("anna"); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed connection: got %v, want io.ErrClosedPipe", err)
	}
}

func Example() {
	var stream bytes.Buffer
	w := protocol.NewWriter(&stream)
	for _, s := range []string{"anna", "Dinner at eight?", ""} {
		if err := w.WriteString(s); err != nil {
			fmt.Println(err)
			return
		}
	}
	r := protocol.NewReader(&stream)
	for {
		s, err := r.ReadString()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", s)
	}
	// Output:
	// "anna"
	// "Dinner at eight?"
	// ""
}

func ExampleCut() {
	// What a socket gave so far: a frame, and the beginning of another.
	b := []byte("\x00\x00\x00\x00\x00\x00\x00\x02hi\x00\x00\x00")
	for {
		s, rest, ok, err := protocol.Cut(b)
		if err != nil || !ok {
			fmt.Println(len(rest), "bytes wait for more,", err)
			return
		}
		fmt.Printf("%q\n", s)
		b = rest
	}
	// Output:
	// "hi"
	// 3 bytes wait for more, <nil>
}

// loop repeats a stream for ever.
type loop struct {
	stream []byte
	next   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.stream[l.next:])
	l.next = (l.next + n) % len(l.stream)
	return n, nil
}

func BenchmarkReader(b *testing.B) {
	for _, size := range []int{10, 100, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			r := protocol.NewReader(&loop{stream: []byte(strings.Repeat(wire(strings.Repeat("x", size)), 1000))})
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := r.ReadString(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	w := protocol.NewWriter(io.Discard)
	s := strings.Repeat("x", 100)
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if err := w.WriteString(s); err != nil {
			b.Fatal(err)
		}
	}
}
