package protocol_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"famchat/protocol"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A vector is a stream of frames and what is to be read from it.
type vector struct {
	name   string
	stream string
	want   []string
	// err is ErrTooLong where the stream ends with such a header.
	err error
	// left is how many bytes of an unfinished frame stay.
	left int
}

// header is the header of a frame of n bytes.
func header(n uint64) string {
	var b strings.Builder
	for shift := 56; shift >= 0; shift -= 8 {
		b.WriteByte(byte(n >> shift))
	}
	return b.String()
}

// wire frames every string, without the code under test.
func wire(ss ...string) string {
	var b strings.Builder
	for _, s := range ss {
		b.WriteString(header(uint64(len(s))) + s)
	}
	return b.String()
}

func vectors() []vector {
	longest := strings.Repeat("x", protocol.MaxString)
	vs := []vector{
		{name: "nothing"},
		{name: "the empty string", stream: wire(""), want: []string{""}},
		{name: "one", stream: wire("anna"), want: []string{"anna"}},
		{name: "three", stream: wire("anna", "", "hi\nthere"), want: []string{"anna", "", "hi\nthere"}},
		{name: "any bytes", stream: wire("\x00\xff\x1b[K"), want: []string{"\x00\xff\x1b[K"}},
		{name: "bytes like a header", stream: wire(header(1<<63), "x"), want: []string{header(1 << 63), "x"}},
		{name: "the longest", stream: wire(longest, "a"), want: []string{longest, "a"}},
		{name: "half a header", stream: wire("a") + "\x00\x00\x00", want: []string{"a"}, left: 3},
		{name: "a header alone", stream: header(4), left: 8},
		{name: "half a string", stream: wire("a") + header(4) + "ann", want: []string{"a"}, left: 11},
	}
	for _, n := range []uint64{4097, 1 << 16, 1 << 31, 1 << 32, 1<<32 + 1, math.MaxInt64, 1 << 63, 1<<63 + 5, math.MaxUint64} {
		vs = append(vs, vector{
			name:   fmt.Sprintf("a length of %d", n),
			stream: wire("a") + header(n),
			want:   []string{"a"},
			err:    protocol.ErrTooLong,
		})
	}
	return vs
}

// cutAll feeds chunks as they would come from a socket and returns the strings,
// how many bytes were left, and the error.
func cutAll(chunks ...string) (got []string, left int, err error) {
	var b []byte
	for _, c := range chunks {
		b = append(b, c...)
		for {
			s, rest, ok, err := protocol.Cut(b)
			if err != nil {
				return got, 0, err
			}
			b = rest
			if !ok {
				break
			}
			got = append(got, string(s))
		}
	}
	return got, len(b), nil
}

// splits calls f with every way to cut s that the tests try: whole, byte by
// byte and in every two parts.
func splits(s string, f func(how string, chunks []string)) {
	f("whole", []string{s})
	f("byte by byte", bytewise(s))
	for i := range len(s) + 1 {
		f("split at "+strconv.Itoa(i), []string{s[:i], s[i:]})
	}
}

// bytewise cuts s into its bytes, where strings.Split would cut runes.
func bytewise(s string) []string {
	chunks := make([]string, len(s))
	for i := range len(s) {
		chunks[i] = s[i : i+1]
	}
	return chunks
}

func TestCutAtEverySplit(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			splits(v.stream, func(how string, chunks []string) {
				got, left, err := cutAll(chunks...)
				if !slices.Equal(got, v.want) || left != v.left || !errors.Is(err, v.err) {
					t.Errorf("%s: got %q, %d left, %v; want %q, %d left, %v", how, got, left, err, v.want, v.left, v.err)
				}
			})
		})
	}
}

func TestCutLeavesWhatFollows(t *testing.T) {
	for _, trailing := range []string{"\x00", "trailing bytes", header(1 << 63), wire("b") + "\x00"} {
		s, rest, ok, err := protocol.Cut([]byte(wire("a") + trailing))
		if string(s) != "a" || string(rest) != trailing || !ok || err != nil {
			t.Errorf("before %q: got %q, %q, %v, %v", trailing, s, rest, ok, err)
		}
		if cap(s) != len(s) {
			t.Errorf("before %q: appending to the string would overwrite what follows", trailing)
		}
	}
}

func TestCutAllocatesNothing(t *testing.T) {
	for _, v := range vectors() {
		b := []byte(v.stream)
		if got := testing.AllocsPerRun(100, func() {
			for rest, ok := b, true; ok; {
				_, rest, ok, _ = protocol.Cut(rest)
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations, want none", v.name, got)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	longest := strings.Repeat("x", protocol.MaxString)
	for _, s := range []string{"", "a", "anna\n", longest} {
		got, err := protocol.AppendFrame([]byte("before"), s)
		if string(got) != "before"+wire(s) || err != nil {
			t.Errorf("AppendFrame of %d bytes: got %d bytes, %v", len(s), len(got), err)
		}
	}
	got, err := protocol.AppendFrame([]byte("before"), []byte(longest+"x"))
	if string(got) != "before" || !errors.Is(err, protocol.ErrTooLong) {
		t.Errorf("AppendFrame of 4097 bytes: got %d bytes, %v; want it unchanged and ErrTooLong", len(got), err)
	}
}

func TestBeginAndEndFrame(t *testing.T) {
	for _, s := range []string{"", "a", strings.Repeat("x", protocol.MaxString)} {
		b := []byte("before")
		start := len(b)
		b = append(protocol.BeginFrame(b), s...)
		protocol.EndFrame(b, start)
		if want := "before" + wire(s); string(b) != want {
			t.Errorf("a drawn frame of %d bytes differs from an appended one", len(s))
		}
	}
}

func TestEndFramePanicsOnItsCallersMistakes(t *testing.T) {
	for name, drawn := range map[string][]byte{
		"4097 bytes":    append(protocol.BeginFrame(nil), make([]byte, protocol.MaxString+1)...),
		"no BeginFrame": []byte("seven b"),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("EndFrame took it")
				}
			}()
			protocol.EndFrame(drawn, 0)
		})
	}
}

// TestImports keeps the codec pure: no clock, no sockets, no locks.
func TestImports(t *testing.T) {
	allowed := map[string][]string{
		"protocol.go": {"encoding/binary", "errors", "fmt"},
		"stream.go":   {"io"},
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(allowed[name], path) {
				t.Errorf("%s imports %s; it may import %v", name, path, allowed[name])
			}
		}
	}
}

func BenchmarkAppendFrame(b *testing.B) {
	s := strings.Repeat("x", 100)
	var buf []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		buf, _ = protocol.AppendFrame(buf[:0], s)
	}
}

func BenchmarkCut(b *testing.B) {
	stream := bytes.Repeat([]byte(wire(strings.Repeat("x", 100))), 100)
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		for rest, ok := stream, true; ok; {
			_, rest, ok, _ = protocol.Cut(rest)
		}
	}
}
