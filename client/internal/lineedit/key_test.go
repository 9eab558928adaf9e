package lineedit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// merged joins the runs of text that lie beside each other: how they are cut
// depends on how they were read.
func merged(keys []Key) (list []Key) {
	for _, k := range keys {
		if n := len(list); n > 0 && k.Code == Text && list[n-1].Code == Text {
			list[n-1].Text += k.Text
			continue
		}
		list = append(list, k)
	}
	return list
}

func key(codes ...Code) (keys []Key) {
	for _, c := range codes {
		keys = append(keys, Key{Code: c})
	}
	return keys
}

func text(s string) Key { return Key{Code: Text, Text: s} }

// What each terminal sends, whole and in reads of every size.
func TestParser(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []Key
	}{
		{"hello, 日本語 👨‍👩‍👧 e\u0301", []Key{text("hello, 日本語 👨‍👩‍👧 e\u0301")}},
		{"a\rb\n", []Key{text("a"), {Code: Enter}, text("b"), {Code: Enter}}},
		{"\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c", key(Home, Left, Interrupt, EndOfInput, End, Right, Cancel, Backspace, Tab, KillToEnd, Redraw)},
		{"\x0e\x10\x12\x13\x14\x15\x17\x19\x1a\x7f", key(Down, Up, Search, SearchForward, Transpose, KillToStart, KillWordLeft, Yank, Suspend, Backspace)},
		{"\x00\x0f\x11\x16\x18\x1c\x1d\x1e\x1fa", []Key{text("a")}},
		{"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\x1b[Z", key(Up, Down, Right, Left, Home, End, BackTab)},
		{"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF\x1bOM", key(Up, Down, Right, Left, Home, End, Enter)},
		{"\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[3~\x1b[3;5~\x1b[3^", key(Home, End, Home, End, Delete, KillAlnumRight, KillAlnumRight)},
		{"\x1b[1;5C\x1b[1;5D\x1b[1;3C\x1b[1;3D\x1bOc\x1bOd\x1b[1;2C", key(WordRight, WordLeft, WordRight, WordLeft, WordRight, WordLeft, Right)},
		{"\x1bb\x1bf\x1bd\x1bB\x1b\x7f\x1b\x08\x1b\r", key(WordLeft, WordRight, KillAlnumRight, WordLeft, KillAlnumLeft, KillAlnumLeft, Newline)},
		{"\x1bx\x1béa", []Key{{Code: Escape}, text("x"), {Code: Escape}, text("éa")}},
		{"\x1b\x1b[A", key(Escape, Up)},
		{"\x1b[2~\x1b[5~\x1b[15~\x1bOP\x1b[[A\x1b[[Ez", []Key{text("z")}},
		{"\x1b[M !!\x1b[<0;1;1M\x1b[<0;1;1mz", []Key{text("z")}},
		{"\x1b[I\x1b[O\x1b[?1;2c\x1b[0n\x1b[3;7Rz", []Key{text("z")}},
		{"\x1b]11;rgb:0/0/0\x1b\\\x1bP1$r0m\x1b\\\x1b]0;t\az", []Key{text("z")}},
		{"\x1b[1\rz", []Key{{Code: Enter}, text("z")}},
		{"\x1b[1éz", []Key{text("éz")}},
		{"\x1b[200~two\r\nlines\x1b[A\x03\r\x1b[201~z", []Key{{Code: Paste, Text: "two\r\nlines\x1b[A\x03\r"}, text("z")}},
		{"\x1b[200~\x1b[201~\x1b[201~z", []Key{{Code: Paste}, text("z")}},
		{"\x1b[200~\x1b[200~\x1b[20\x1b[201~z", []Key{{Code: Paste, Text: "\x1b[200~\x1b[20"}, text("z")}},
		{"\xe9a\xff\xfe", []Key{text("\ufffda\ufffd")}},
	} {
		for size := 1; size <= len(test.in); size++ {
			var p Parser
			var got []Key
			for piece := range slices.Chunk([]byte(test.in), size) {
				got = append(got, p.Feed(piece)...)
			}
			if p.Waits() != WaitNothing {
				t.Errorf("%q in reads of %d: it waits for more", test.in, size)
			}
			if got = merged(got); fmt.Sprint(got) != fmt.Sprint(test.want) && !invalid(test.in) {
				t.Errorf("%q in reads of %d: got %v, want %v", test.in, size, got, test.want)
			}
		}
	}
}

// invalid tells whether s ends within what may be a character: that is known only
// when more or nothing comes.
func invalid(s string) bool { return strings.HasSuffix(s, "\xfe") }

// What is not complete waits, and becomes what it can when nothing more comes.
func TestParserTimeout(t *testing.T) {
	for _, test := range []struct {
		in   string
		wait Wait
		want []Key
	}{
		{"a", WaitNothing, nil},
		{"\x1b", WaitKey, key(Escape)},
		{"\x1b[", WaitKey, nil},
		{"\x1b[1;", WaitKey, nil},
		{"\x1bO", WaitKey, nil},
		{"\x1b]0;title", WaitKey, nil},
		{"\xe6\x97", WaitKey, []Key{text("\ufffd")}},
		{"\x1b[200~half", WaitPaste, []Key{{Code: Paste, Text: "half"}}},
		{"\x1b[200~half\x1b[20", WaitPaste, []Key{{Code: Paste, Text: "half\x1b[20"}}},
	} {
		var p Parser
		p.Feed([]byte(test.in))
		if got := p.Waits(); got != test.wait {
			t.Errorf("%q: it waits for %d, want %d", test.in, got, test.wait)
		}
		if got := p.Timeout(); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%q: got %v, want %v", test.in, got, test.want)
		}
		if got := merged(p.Feed([]byte("z"))); fmt.Sprint(got) != fmt.Sprint([]Key{text("z")}) {
			t.Errorf("%q and a letter later: got %v", test.in, got)
		}
	}
}

// What a terminal sends without an end costs no more than a limit.
func TestParserIsBounded(t *testing.T) {
	for _, begin := range []string{"\x1b[", "\x1b]", pasteBegin} {
		var p Parser
		p.Feed([]byte(begin))
		for range 2 * maxPasteBytes / 64 {
			p.Feed([]byte(strings.Repeat("1", 64)))
			if n := len(p.rest) + len(p.pasted); n > maxPasteBytes+maxSequenceBytes {
				t.Fatalf("%q: %d bytes are kept", begin, n)
			}
		}
		if begin == pasteBegin {
			keys := p.Feed([]byte(pasteEnd))
			if len(keys) != 1 || !keys[0].TooLong || len(keys[0].Text) != maxPasteBytes {
				t.Errorf("a paste without an end became %d keys", len(keys))
			}
		}
	}
}
