package client

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestAppendText(t *testing.T) {
	for _, test := range []struct {
		name, in   string
		plain, sgr string
	}{
		{name: "text", in: "21:04   mum: Dinner at eight?", plain: "21:04   mum: Dinner at eight?"},
		{name: "every script", in: "日本語 עברית العربية नि é", plain: "日本語 עברית العربية नि é"},
		{name: "emoji", in: "👨‍👩‍👧 👍🏽 ❤️ 🇫🇷", plain: "👨‍👩‍👧 👍🏽 ❤️ 🇫🇷"},
		{name: "styles", in: "a\x1b[1;31mb\x1b[0mc\x1b[38:2::1:2:3md\x1b[m", plain: "abcd", sgr: "a\x1b[1;31mb\x1b[0mc\x1b[38:2::1:2:3md\x1b[m"},
		{name: "a style left open", in: "a\x1b[2mb", plain: "ab", sgr: "a\x1b[2mb\x1b[m"},
		{name: "a style too long", in: "\x1b[" + strings.Repeat("1;", 40) + "ma", plain: "a"},
		{name: "private m", in: "\x1b[>4;2ma\x1b[?4mb", plain: "ab"},
		{name: "cursor and erasing", in: "\x1b[Ka\x1b[2Jb\x1b[10;3Hc\x1b[?25ld\x1b[6ne\x1b[!pf", plain: "abcdef"},
		{name: "two bytes", in: "\x1bca\x1b7b\x1bMc\x1b=d\x1bNe", plain: "abcde"},
		{name: "intermediates", in: "a\x1b(0b\x1b#8c\x1b%Gd", plain: "abcd"},
		{name: "OSC", in: "a\x1b]0;title\x07b\x1b]52;c;aGk=\x1b\\c", plain: "abc"},
		{name: "OSC 8", in: "\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\", plain: "click"},
		{name: "DCS and its like", in: "a\x1bP$qm\x1b\\b\x1bXx\x1b\\c\x1b^x\x1b\\d\x1b_x\x1b\\e", plain: "abcde"},
		{name: "C1", in: "a\u009b31mb\u009d0;t\u009cc\u0085d\u0090x\x1b\\e\u009be", plain: "abcde"},
		{name: "C1 ended by BEL", in: "a\u009d0;t\x07b", plain: "ab"},
		{name: "raw C1", in: "a\x9b31mb\x9d", plain: "a\ufffd31mb\ufffd"},
		{name: "an OSC without an end", in: "a\x1b]0;hello", plain: "a0;hello"},
		{name: "an OSC cut off by ESC", in: "a\x1b]0;hello\x1b[31mb\x1b[m", plain: "a0;hellob", sgr: "a0;hello\x1b[31mb\x1b[m"},
		{name: "an OSC cut off by CAN", in: "a\x1b]0;hello\x18b", plain: "a0;hellob"},
		{name: "an OSC cut off by C1", in: "a\x1b]0;hello\u0085b", plain: "a0;hellob"},
		{name: "a CSI without an end", in: "a\x1b[31", plain: "a"},
		{name: "a CSI cut off by a letter of another script", in: "\x1b[3é", plain: "é"},
		{name: "a CSI cut off by ESC", in: "\x1b[3\x1b[Ka", plain: "a"},
		{name: "ESC alone", in: "a\x1b", plain: "a"},
		{name: "ESC twice", in: "\x1b\x1b[31ma\x1b[m", plain: "a", sgr: "\x1b[31ma\x1b[m"},
		{name: "ESC before another script", in: "\x1bé", plain: "é"},
		{name: "a sequence hidden by a control", in: "\x1b\x00[31ma", plain: "[31ma"},
		{name: "controls", in: "a\x00b\x08c\x0bd\x0ce\x0ef\x7fg\rh", plain: "abcdefgh"},
		{name: "a tab", in: "a\tb", plain: "a    b"},
		{name: "bidi", in: "a\u202eb\u2066c\u2069d\u200fe\u061cf", plain: "abcdef"},
		{name: "line and paragraph separators", in: "a\u2028b\u2029c", plain: "abc"},
		{name: "not UTF-8", in: "\xff\xc3(\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\xe2\x82", plain: "�" + "�(" + "���" + "����" + "��" + "��"},
		{name: "U+FFFD itself", in: "\ufffd", plain: "\ufffd"},
	} {
		if test.sgr == "" {
			test.sgr = test.plain
		}
		for color, want := range map[bool]string{false: test.plain, true: test.sgr} {
			got, bell := appendText([]byte("before "), []byte(test.in), color)
			if string(got) != "before "+want {
				t.Errorf("%s, color %v: got %q, want %q", test.name, color, got, "before "+want)
			}
			if bell {
				t.Errorf("%s rang the bell", test.name)
			}
		}
	}
	if got, bell := appendText(nil, []byte("a\ab\a"), false); string(got) != "ab" || !bell {
		t.Errorf("a BEL: got %q, %v", got, bell)
	}
}

var style = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// FuzzAppendText: whatever comes in, nothing but text and styles goes out.
func FuzzAppendText(f *testing.F) {
	for _, s := range []string{
		"plain", "\x1b[31mred\x1b[m", "\x1b]52;c;aGk=\x07x", "\u009b31m", "\x9b31m", "\x1b[38;5", "\x1bP\x1b\\", "\xc2\x1b[m\x9b", "a\u202eb\a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, color := range []bool{false, true} {
			out, _ := appendText(nil, in, color)
			got := string(out)
			if !utf8.ValidString(got) {
				t.Fatalf("%q became %q, which is not UTF-8", in, got)
			}
			text := got
			if color {
				text = style.ReplaceAllString(got, "")
			}
			for _, r := range text {
				if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
					t.Fatalf("%q became %q, which holds %U", in, got, r)
				}
			}
			if again, bell := appendText(nil, out, color); string(again) != got || bell {
				t.Fatalf("%q became %q, and that %q", in, got, again)
			}
		}
	})
}

func BenchmarkAppendText(b *testing.B) {
	s := []byte("\x1b[2m21:04\x1b[m   \x1b[35mmum\x1b[m: Dinner at eight? There will be pancakes, and the blue plates")
	var buf []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		buf, _ = appendText(buf[:0], s, true)
	}
}
