package safetext

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// The rows of the table in AppendText.
var textTests = []struct{ name, in, want string }{
	{"nothing", "", ""},
	{"invalid bytes, one each", "a\xff\xfeb", "a\ufffd\ufffdb"},
	{"cut short", "a\xe2\x82", "a\ufffd\ufffd"},
	{"overlong", "a\xc0\xafb\xe0\x80\xaf", "a\ufffd\ufffdb\ufffd\ufffd\ufffd"},
	{"overlong ESC", "\xc0\x9b[2J", "\ufffd\ufffd[2J"},
	{"surrogates", "\xed\xa0\x80\xed\xb0\x80", strings.Repeat("\ufffd", 6)},
	{"beyond Unicode", "\xf4\x90\x80\x80", strings.Repeat("\ufffd", 4)},
	{"C1 raw", "a\x9b31mb\x9d52;c;aGk=\x9c\x90q", "a\ufffd31mb\ufffd52;c;aGk=\ufffd\ufffdq"},
	{"C1 as UTF-8", "a\u009b31mb\u009d0;x\u009c\u0080\u009f", "a\ufffd31mb\ufffd0;x\ufffd\ufffd\ufffd"},
	{"private use", "a\ue000b\U000f0000c\U0010fffd", "a\ufffdb\ufffdc\ufffd"},
	{"noncharacters", "\ufdd0\ufffe\uffff\U0001ffff\U0010ffff", strings.Repeat("\ufffd", 5)},
	{"unassigned", "\u0378\U0001fbfa\U00040000\U0002fa1e", strings.Repeat("\ufffd", 4)},
	{"line breaks", "a\rb\r\nc\nd\ve\ff\u0085g\u2028h\u2029i", "a\nb\nc\nd\ne\nf\ng\nh\ni"},
	{"CR CR LF", "\r\r\n\n", "\n\n\n"},
	{"CR spoof", "hi\r10:00   mum: I owe you", "hi\n10:00   mum: I owe you"},
	{"tab", "a\tb\t", "a    b    "},
	{"C0", "\x00\x07\b\x0e\x1b\x1f\x7f", "␀␇␈␎␛␟␡"},
	{"CSI", "\x1b[31mred\x1b[0m\x1b[2J", "␛[31mred␛[0m␛[2J"},
	{"OSC 8", "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x07", "␛]8;;http://evil␛\\link␛]8;;␇"},
	{"OSC 52, unterminated", "hello \x1b]52;c;rest", "hello ␛]52;c;rest"},
	{"DCS", "\x1bPq#0;2\x1b\\", "␛Pq#0;2␛\\"},
	{"bidi", "a\u202a\u202b\u202c\u202d\u202eb\u2066\u2067\u2068\u2069c\u200e\u200f\u061cd", "abcd"},
	{"zero width", "a\u200bb\u2060\u2061\u2065\u206fc\ufeffd\u00ade\u034ff", "abcdef"},
	{"fillers", "a\u180b\u180e\u180fb\u115f\u1160\u3164\uffa0c\u17b4\u17b5d\ufe00\ufe0de\ufff0\ufff9\ufffbf", "abcdef"},
	{"ideographic variation", "葛\U000e0100\U000e01ef", "葛"},
	{"plane 14", "a\U000e0000\U000e0001\U000e0041\U000e0fffb", "ab"},
	{"musical and shorthand controls", "a\U0001d159\U0001d173\U0001d17a\U0001bca0\U0001bca3b", "ab"},
	{"hieroglyph format controls", "\U00013000\U00013430\U00013001", "\U00013000\U00013001"},
	{"other spaces", "a\u00a0b\u1680c\u2000d\u2003e\u202ff\u205fg\u3000h\u2800i", "a b c d e f g h i"},
	{"dropped before a mark", "e\u200b\u0301", "é"},
	{"ZWJ between letters", "a\u200db", "ab"},
	{"ZWJ after a pictograph alone", "👨\u200d", "👨"},
	{"ZWJ twice", "👨\u200d\u200d👩", "👨\u200d👩"},
	{"ZWJ at most six", strings.Repeat("👨\u200d", 8) + "👨", strings.Repeat("👨\u200d", 6) + "👨👨\u200d👨"},
	{"ZWNJ after Latin", "a\u200cb", "ab"},
	{"ZWNJ at the start, twice", "\u200cمی\u200c\u200cخ", "می\u200cخ"},
	{"VS after a letter, twice", "a\ufe0f❤\ufe0f\ufe0f", "a❤\ufe0f"},
	{"VS at the start", "\ufe0fa", "a"},
	{"tags without a flag", "a\U000e0067\U000e0062\U000e007fb", "ab"},
	{"tags without an end", "🏴\U000e0067\U000e0062\U000e0073\U000e0063x", "🏴x"},
	{"tags, too many", "🏴" + strings.Repeat("\U000e0061", 7) + "\U000e007f", "🏴"},
	{"zalgo", "Z" + strings.Repeat("\u0316", 200) + "x", "Z\u0316\u0316\u0316\u0316x"},
	{"zalgo in two orders", "q" + strings.Repeat("\u0301\u0316", 9) + "x", "q\u0316\u0316\u0316\u0316x"},
	{"leading mark", "\u0301x", "\u25cc\u0301x"},
	{"leading mark on the next line", "a\n\u0301x\r\u093fy", "a\n\u25cc\u0301x\n\u25cc\u093fy"},
	{"leading mark after a dropped character", "\u200b\u202e\u0301", "\u25cc\u0301"},
	{"leading skin tone and sara am", "🏽\n\u0e33", "\u25cc🏽\n\u25cc\u0e33"},
	{"trailing Arabic number sign", "a\u0600\nb", "a\u0600\u25cc\nb"},
	{"mark on a picture", "\x1b\u0301", "␛\u0301"},
	{"long cluster", strings.Repeat("\u1100", 30) + "x", strings.Repeat("\u1100", 24) + "\ufffdx"},
	{"NFD", "Tie\u0302\u0301ng Vie\u0323\u0302t", "Tiếng Việt"},
	{"order of marks", "a\u0301\u0323", "ạ\u0301"},
	{"singletons", "\u212b\u2126\uf900", "ÅΩ豈"},
	{"NFD, then lines", "e\u0301\r\n\u0301\u0600\rabc\td\x1be\v", "é\n\u25cc\u0301\u0600\u25cc\nabc    d␛e\n"},
	{"NFD, then a run", "e\u0301 abcdefgh1\ufe0f\u20e3\u0600abc\u0316\u1112abc", "é abcdefgh1\ufe0f\u20e3\u0600abc\u0316\u1112abc"},
	{"jamo", "\u1112\u1161\u11ab", "한"},
	{"jamo over a filler", "\u1112\u115f\u1161\u11ab", "한"},
}

// Ordinary text stays byte for byte.
var ordinaryTests = []struct{ name, s string }{
	{"ASCII", "Dinner at eight? ~{|}"}, {"family", "👨\u200d👩\u200d👧"}, {"heart", "❤\ufe0f"}, {"text heart", "❤\ufe0e"},
	{"keycaps", "1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3"}, {"flags", "🇫🇷🇩🇪 🇯🇵"}, {"half a flag", "🇫"},
	{"Scotland", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f!"},
	{"skin", "👍🏽 👩🏿\u200d🚀"}, {"rainbow", "🏳\ufe0f\u200d🌈"}, {"pirate", "🏴\u200d☠\ufe0f"},
	{"kiss", "👨🏽\u200d❤\ufe0f\u200d💋\u200d👨🏻"}, {"German", "Größe, Übermut, Straße"}, {"French", "L'été à Nîmes, cœur « ! »"},
	{"Russian", "Съешь ещё этих мягких булок"}, {"Greek", "Παύλος και ΣΊΣΥΦΟΣ"}, {"Japanese", "日本語、カタカナ。ガ ｶﾞ"},
	{"Chinese beyond the BMP", "𠮷野家"}, {"Korean", "한국어"}, {"Devanagari", "नमस्ते क्षि नीता"}, {"Tamil", "தமிழ்"}, {"Burmese", "မြန်မာဘာသာ"},
	{"Persian", "می\u200cخواهم"}, {"Arabic", "مرحبا مُحَمَّد"}, {"Hebrew", "שלום שָׁלוֹם"[:9] + norm.NFC.String("שָׁלוֹם")},
	{"Thai", "ที่นี่ น้ำ กรุงเทพฯ"}, {"Vietnamese", "Tiếng Việt ở Huế"}, {"Arabic number sign", "\u0600٣"}, {"ligature", "\ufdfa"},
	{"mathematics", "∀x∈ℝ: x²≥0 ≠"}, {"box", "┌─┐ █▓ ⠿"}, {"four marks", "q\u0316\u0317\u0301\u0302"},
}

func TestText(t *testing.T) {
	for _, tt := range textTests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%+q)\n got %+q\nwant %+q", tt.in, got, tt.want)
			}
			checkText(t, tt.in)
		})
	}
}

func TestTextKeepsOrdinaryText(t *testing.T) {
	for _, tt := range ordinaryTests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.s); got != tt.s {
				t.Errorf("got %+q\nwant %+q", got, tt.s)
			}
			checkText(t, tt.s)
			checkText(t, norm.NFD.String(tt.s))
		})
	}
}

// TestTextRunes does every code point there is, alone and in company. Of the large
// blocks whose letters are all alike it does some.
func TestTextRunes(t *testing.T) {
	alike := runeRanges{{0x3400, 0x9fff}, {0xac00, 0xd7a3}, {0x12000, 0x1342f}, {0x17000, 0x18cff}, {0x20000, 0x2f7ff}, {0x2fa1e, 0xdffff}, {0xe1000, 0x10ffff}}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if slices.ContainsFunc(alike, func(g [2]rune) bool { return r > g[0] && r+61 < g[1] }) {
			r += 61
		}
		for _, s := range []string{string(r), "a" + string(r) + "\u0301b", "م\u200c" + string(r) + "\u200c👨\ufe0f\u200d" + string(r)} {
			if got, want := Text(s), plainText(s); got != want {
				t.Fatalf("Text(%+q)\n got %+q\nwant %+q", s, got, want)
			}
		}
	}
}

// TestRuneFlags compares the flags of every rune with x/text, those too that
// inertRunes leaves out.
func TestRuneFlags(t *testing.T) {
	for r := rune(0xa0); r < tableEnd; r++ {
		flags := classOf(r)
		switch runeClass(flags & classMask) {
		case classBad, classDrop, classBreak, classSpace:
			continue
		}
		s := "x" + string(r)
		if got, want := flags&flagMaybe != 0, norm.NFC.QuickSpanString(s) < len(s); got != want {
			t.Errorf("%U: may change is %v, want %v", r, got, want)
		}
		if got, want := flags&flagOrder != 0, norm.NFC.PropertiesString(s[1:]).CCC() != 0; got != want {
			t.Errorf("%U: has an order is %v, want %v", r, got, want)
		}
	}
}

// TestTextCuts puts every two of the samples side by side: the fast and the
// careful way meet at every kind of edge.
func TestTextCuts(t *testing.T) {
	var all []string
	for _, tt := range textTests {
		all = append(all, tt.in)
	}
	for _, tt := range ordinaryTests {
		all = append(all, tt.s)
	}
	for _, a := range all {
		for _, b := range all {
			if len(a)+len(b) < 60 {
				checkText(t, a+b)
			}
		}
	}
}

func TestLine(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""}, {"anna", "anna"}, {"  anna \r\n", "anna"}, {"a\nb\t\tc\u3000d", "a b c d"}, {"a \u0301", "a \u0301"},
		{"\n \u0301", "\u25cc\u0301"}, {"\u0600 ", "\u0600\u25cc"}, {"\x1b]0;x\x07", "␛]0;x␇"}, {"\u200b \u200b", ""},
	} {
		if got := Line(tt.in); got != tt.want {
			t.Errorf("Line(%+q) = %+q, want %+q", tt.in, got, tt.want)
		}
	}
}

func TestAppendTextKeepsDst(t *testing.T) {
	for _, tt := range textTests {
		got := string(AppendText([]byte("mum: "), []byte(tt.in)))
		if want := "mum: " + tt.want; got != want {
			t.Errorf("%s: got %+q, want %+q", tt.name, got, want)
		}
	}
}

func TestAppendTextAllocates(t *testing.T) {
	dst := make([]byte, 0, 1<<16)
	for name, s := range benchTexts {
		if got := testing.AllocsPerRun(10, func() { AppendText(dst, s) }); got != 0 {
			// Only text that is not in NFC may allocate, in x/text.
			if norm.NFC.IsNormal(s) {
				t.Errorf("%s: %v allocations", name, got)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, tt := range textTests {
		f.Add(tt.in)
	}
	for _, tt := range ordinaryTests {
		f.Add(tt.s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			return // plainText is quadratic
		}
		checkText(t, s)
		line := Line(s)
		if again := Line(line); again != line || Text(line) != line || strings.Contains(line, "\n") {
			t.Fatalf("Line(%+q) = %+q, again %+q, Text %+q", s, line, again, Text(line))
		}
	})
}

// checkText checks everything that holds for every text.
func checkText(t *testing.T, s string) {
	t.Helper()
	got := Text(s)
	if want := plainText(s); got != want {
		t.Fatalf("Text(%+q)\n      got %+q\nwant plain %+q", s, got, want)
	}
	if bad := unsafe(got); bad != "" {
		t.Fatalf("Text(%+q) = %+q: %s", s, got, bad)
	}
	if again := Text(got); again != got {
		t.Fatalf("Text(%+q)\n got %+q\nthen %+q", s, got, again)
	}
}

// unsafe says what is wrong with a result, independently of how it was made.
func unsafe(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "invalid UTF-8"
	case !norm.NFC.IsNormalString(s):
		return "not in NFC"
	}
	for _, r := range s {
		switch {
		case r == '\n', r == 0x200c, r == 0x200d, r == 0xfe0e, r == 0xfe0f, r >= 0xe0030 && r <= 0xe007f:
		case unicode.In(r, prepended):
		case unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return fmt.Sprintf("%U", r)
		case r != ' ' && unicode.Is(unicode.Zs, r), r != 0xfffd && !assigned(r):
			return fmt.Sprintf("%U", r)
		}
	}
	for g := uniseg.NewGraphemes(s); g.Next(); {
		marks, runes := 0, 0
		for i, r := range g.Runes() {
			runes++
			if unicode.Is(unicode.M, r) {
				marks++
			}
			if from, _ := g.Positions(); i == 0 && unicode.In(r, unicode.Mn, unicode.Me) && (from == 0 || s[from-1] == '\n') {
				return "a leading mark"
			}
		}
		if marks > 4 {
			return "more than four marks"
		}
		if runes > 25 {
			return "a long cluster"
		}
	}
	return ""
}

var prepended = unicode.Prepended_Concatenation_Mark

func assigned(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs)
}
