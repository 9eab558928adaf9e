package protocol_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"famchat/protocol"
)

// FuzzCut feeds any bytes in any chunks: the strings and the error are those of
// the whole, for Cut and for a Reader alike. sizes are the chunks' lengths.
func FuzzCut(f *testing.F) {
	for _, v := range vectors() {
		f.Add([]byte(v.stream), []byte{1})
		f.Add([]byte(v.stream), []byte{7, 0, 255, 3})
	}
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		chunks := chunked(string(stream), sizes)
		want, wantLeft, wantErr := cutAll(string(stream))
		got, left, err := cutAll(chunks...)
		if !slices.Equal(got, want) || left != wantLeft || err != wantErr {
			t.Errorf("chunks give %q, %d left, %v; the whole %q, %d left, %v", got, left, err, want, wantLeft, wantErr)
		}
		// What was cut, framed again, is what was there.
		if err == nil {
			if again := wire(want...); string(stream[:len(stream)-left]) != again {
				t.Errorf("framed again %q, was %q", again, stream)
			}
		}
		end := vector{err: wantErr, left: wantLeft}.end()
		read, err := readAll(&chunkReader{chunks: chunks})
		if !slices.Equal(read, want) || !errors.Is(err, end) {
			t.Errorf("a Reader gives %q, %v; want %q, %v", read, err, want, end)
		}
	})
}

// chunked cuts s into chunks of the given sizes, over and over.
func chunked(s string, sizes []byte) []string {
	var chunks []string
	for i := 0; s != ""; i++ {
		n := len(s)
		if len(sizes) > 0 {
			// Zero would be no chunk at all.
			n = min(n, int(sizes[i%len(sizes)])+1)
		}
		chunks = append(chunks, s[:n])
		s = s[n:]
	}
	return chunks
}

// FuzzRoundTrip writes any two strings and reads them back.
func FuzzRoundTrip(f *testing.F) {
	f.Add("", "")
	f.Add("anna", "Dinner at eight?\n")
	f.Add(strings.Repeat("x", protocol.MaxString), strings.Repeat("x", protocol.MaxString+1))
	f.Fuzz(func(t *testing.T, a, b string) {
		var stream strings.Builder
		w := protocol.NewWriter(&stream)
		var want []string
		for _, s := range []string{a, b} {
			before := stream.Len()
			err := w.WriteString(s)
			switch {
			case len(s) <= protocol.MaxString && err == nil:
				want = append(want, s)
			case len(s) > protocol.MaxString && errors.Is(err, protocol.ErrTooLong) && stream.Len() == before:
			default:
				t.Errorf("WriteString of %d bytes: %v, and %d bytes were written", len(s), err, stream.Len()-before)
			}
		}
		if got := stream.String(); got != wire(want...) {
			t.Errorf("written %q, want %q", got, wire(want...))
		}
		got, err := readAll(strings.NewReader(stream.String()))
		if !slices.Equal(got, want) || err != io.EOF {
			t.Errorf("read %q, %v; want %q, EOF", got, err, want)
		}
	})
}
