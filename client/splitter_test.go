package client

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSplitter(t *testing.T) {
	longest := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		name, in string
		want     []line
	}{
		{"nothing", "", nil},
		{"two lines", "a\nb\n", []line{{text: "a", number: 1}, {text: "b", number: 2}}},
		{"no line break at the end", "a\nb", []line{{text: "a", number: 1}, {text: "b", number: 2}}},
		{"CR LF", "a\r\nb\r", []line{{text: "a", number: 1}, {text: "b", number: 2}}},
		{"a CR within", "a\rb\r\r\n", []line{{text: "a\rb\r", number: 1}}},
		{"empty lines", "\n\r\na\n", []line{{number: 1}, {number: 2}, {text: "a", number: 3}}},
		{"the longest", longest + "\r\n" + longest + "\n" + longest, []line{{text: longest, number: 1}, {text: longest, number: 2}, {text: longest, number: 3}}},
		{"too long by one", longest + "y\na\n", []line{{number: 1, tooLong: true}, {text: "a", number: 2}}},
		{"too long by one before CR LF", longest + "y\r\na\n", []line{{number: 1, tooLong: true}, {text: "a", number: 2}}},
		{"much too long, at the end", "a\n" + strings.Repeat(longest, 3), []line{{text: "a", number: 1}, {number: 2, tooLong: true}}},
	} {
		for _, size := range []int{1, 3, 4096, len(test.in) + 1} {
			var s splitter
			var got []line
			for piece := range slices.Chunk([]byte(test.in), size) {
				lines, leave := s.typed(piece, false)
				if leave {
					t.Errorf("%s: left before the end", test.name)
				}
				got = append(got, lines...)
				if len(s.part) > maxLine+1 {
					t.Fatalf("%s: %d bytes are kept", test.name, len(s.part))
				}
			}
			lines, leave := s.typed(nil, true)
			if got = append(got, lines...); !reflect.DeepEqual(got, test.want) || !leave {
				t.Errorf("%s in pieces of %d: got %d lines, want %d", test.name, size, len(got), len(test.want))
			}
		}
	}
}
