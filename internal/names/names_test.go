package names

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

var goodNames = []struct{ typed, want string }{
	{"mum", "mum"}, {"  anna\r\n", "anna"}, {"\u3000anna\u00a0", "anna"}, {"Dr.No", "Dr.No"}, {"a-b_c.d", "a-b_c.d"}, {"42", "42"}, {"2bob", "2bob"},
	{"al", "al"}, {strings.Repeat("a", 30), strings.Repeat("a", 30)}, {"Jürgen", "Jürgen"}, {"Ju\u0308rgen", "Jürgen"},
	{"नीता", "नीता"}, {"Лёша", "Лёша"}, {"Павел", "Павел"}, {"日本", "日本"}, {"はなこ", "はなこ"}, {"한국", "한국"}, {"שלום", "שלום"}, {"מר42", "מר42"},
	{"أحمد", "أحمد"}, {"Παύλος", "Παύλος"}, {"ｐaul", "ｐaul"}, {"ﾊﾟﾝ", "ﾊﾟﾝ"}, {"İpek", "İpek"}, {"Groß", "Groß"}, {"สมชาย", "สมชาย"},
	{"q\u0316\u0317\u0301\u0302q", "q\u0316\u0317\u0301\u0302q"}, {"youyou", "youyou"},
}

var badNames = []struct {
	typed string
	want  error
}{
	{"", ErrLength}, {" \n", ErrLength}, {"a", ErrLength}, {strings.Repeat("a", 31), ErrLength}, {strings.Repeat("ab ", 1000), ErrLength},
	{"e\u0301", ErrLength}, {"x y", ErrCharacters}, {"x\ty", ErrCharacters}, {"x\u00a0y", ErrCharacters}, {"a\nb", ErrLines}, {"a\u2028b", ErrLines}, {"a\rb", ErrLines},
	{"a\xffb", ErrUTF8}, {"a\xed\xa0\x80b", ErrUTF8}, {"an\x1bna", ErrCharacters}, {"an\u0000na", ErrCharacters}, {"@anna", ErrCharacters}, {"/anna", ErrCharacters},
	{"anna!", ErrCharacters}, {"👍👍", ErrCharacters}, {"a\u200bb", ErrCharacters}, {"a\u200db", ErrCharacters}, {"a\u00adb", ErrCharacters}, {"a\u034fb", ErrCharacters},
	{"a\u202eb", ErrCharacters}, {"a\ufe0fb", ErrCharacters}, {"a\U000e0100b", ErrCharacters}, {"a\u3164b", ErrCharacters}, {"a\uffa0b", ErrCharacters}, {"a\u115fb", ErrCharacters},
	{"a\u20dd", ErrCharacters}, {"x\u00b2", ErrCharacters}, {"ⅣⅣ", ErrCharacters}, {"a\ue000b", ErrCharacters}, {"a\ufffdb", ErrCharacters}, {"a\u0378b", ErrCharacters},
	{"-anna", ErrEnds}, {"anna-", ErrEnds}, {".anna", ErrEnds}, {"anna.", ErrEnds}, {"_x", ErrEnds}, {"--", ErrEnds},
	{"\u0301anna", ErrMarks}, {"1\u0316a", ErrMarks}, {"a-\u0316b", ErrMarks}, {"q\u0316\u0316\u0316\u0316\u0316x", ErrMarks},
	{"abשלום", ErrDirection}, {"1שלום", ErrDirection}, {"ﬁsh", ErrLetters}, {"ǅon", ErrLetters}, {"\u1100\u1101", ErrLetters},
	{"you", ErrYou}, {"YOU", ErrYou}, {"ｙｏｕ", ErrYou}, {"Yｏu", ErrYou}, {" You ", ErrYou},
}

func TestCheck(t *testing.T) {
	for _, tt := range goodNames {
		if got, err := Check(tt.typed); got != tt.want || err != nil {
			t.Errorf("Check(%+q) = %+q, %v, want %+q", tt.typed, got, err, tt.want)
		}
		verify(t, tt.typed)
	}
	for _, tt := range badNames {
		if got, err := Check(tt.typed); got != "" || !errors.Is(err, tt.want) {
			t.Errorf("Check(%+q) = %+q, %v, want %v", tt.typed, got, err, tt.want)
		}
		verify(t, tt.typed)
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"paul", "paul"}, {"PAUL", "paul"}, {"ｐaul", "paul"}, {"ＰＡＵＬ", "paul"}, {"Dr.No-1_a", "dr.no-1_a"}, {"JÜRGEN", "jürgen"}, {"ПАВЕЛ", "павел"},
		{"ﾊﾟﾝ", "パン"}, {"ΠΑΎΛΟΣ", "παύλοσ"}, {"İpek", "i\u0307pek"}, {"GROẞ", "groß"}, {"नीता", "नीता"}, {"\u212Aarl", "karl"},
		{"Not A Name", "not a name"}, {"ＮＯ Ü\xff", "no ü\ufffd"}, {"", ""},
	} {
		if got := Fold(tt.name); got != tt.want {
			t.Errorf("Fold(%+q) = %+q, want %+q", tt.name, got, tt.want)
		}
	}
}

func TestAppendFold(t *testing.T) {
	for _, tt := range []struct {
		word, want string
		ok         bool
	}{
		{"Anna", "anna", true}, {"a-B", "a-b", true}, {strings.Repeat("A", 30), strings.Repeat("a", 30), true}, {"Ｐaul", "paul", true},
		{"ÜBER", "über", true}, {"Ju\u0308rgen", "jürgen", true}, {"ПАВЕЛ", "павел", true},
		{"", "", false}, {"a", "", false}, {"ü", "", false}, {strings.Repeat("a", 31), "", false}, {strings.Repeat("я", 31), "", false},
		{strings.Repeat("e\u0301", 2000), "", false}, {"x y", "", false}, {"anna.", "", false}, {"-anna", "", false}, {"ok!", "", false},
		{"a\xff", "", false}, {"an\u200bna", "", false}, {"👍👍", "", false},
	} {
		got, ok := AppendFold([]byte("dst "), []byte(tt.word))
		if string(got) != "dst "+tt.want || ok != tt.ok {
			t.Errorf("AppendFold(%+q) = %+q, %v, want %+q, %v", tt.word, got, ok, tt.want, tt.ok)
		}
	}
}

// TestCommonLetters compares the short way with PRECIS, letter by letter and side by
// side.
func TestCommonLetters(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !isCommon(r) {
			continue
		}
		if !unicode.In(r, unicode.L) {
			t.Errorf("%U is no letter", r)
		}
		for _, s := range []string{string(r), "A" + string(r) + "a1", string(r) + "\u0416\u00dc\u30ac" + string(r)} {
			folded, ok := appendCommon(nil, s)
			want, err := precis.UsernameCaseMapped.String(s)
			if !ok || err != nil || string(folded) != want {
				t.Fatalf("%U in %+q: got %+q, %v, want %+q, %v", r, s, folded, ok, want, err)
			}
		}
	}
}

func TestIsNameRune(t *testing.T) {
	for _, r := range "azAZ09-_.éЯ日한あ\u0940\u0301٣" {
		if !IsNameRune(r) {
			t.Errorf("%U is not in names, but should be", r)
		}
	}
	for _, r := range []rune{-1, 0, ' ', '@', '/', ',', ':', 0x7f, 0x80, 0xa0, 0xb2, 0xad, 0xd7, 0x34f, 0x200c, 0x200d, 0x3164, 0xfe0f, 0xfffd, 0x1f44d, 0xe0101, utf8.MaxRune + 1} {
		if IsNameRune(r) {
			t.Errorf("%U is in names, but should not be", r)
		}
	}
}

func TestAppendFoldAllocates(t *testing.T) {
	dst := make([]byte, 0, 200)
	for _, word := range []string{"Grandmother", "Jürgen", "Павел", "花子", "hello!", "👍👍"} {
		b := []byte(word)
		if got := testing.AllocsPerRun(10, func() { AppendFold(dst, b) }); got != 0 {
			t.Errorf("%s: %v allocations", word, got)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, tt := range goodNames {
		f.Add(tt.typed)
	}
	for _, tt := range badNames {
		f.Add(tt.typed)
	}
	f.Fuzz(verify)
}

var sentinels = []error{ErrUTF8, ErrLines, ErrLength, ErrCharacters, ErrEnds, ErrMarks, ErrDirection, ErrLetters, ErrYou}

// verify checks what holds for whatever is typed.
func verify(t *testing.T, typed string) {
	t.Helper()
	dst := []byte("dst")
	word, wordOK := AppendFold(dst, []byte(typed))
	if string(word[:3]) != "dst" || !wordOK && len(word) != 3 {
		t.Fatalf("AppendFold(%+q) = %+q, %v", typed, word, wordOK)
	}
	folded := Fold(typed)
	if !utf8.ValidString(folded) && utf8.ValidString(typed) {
		t.Fatalf("Fold(%+q) = %+q", typed, folded)
	}
	name, err := Check(typed)
	if err != nil {
		if name != "" || !slices.Contains(sentinels, err) {
			t.Fatalf("Check(%+q) = %+q, %v", typed, name, err)
		}
		return
	}
	if again, err := Check(name); again != name || err != nil {
		t.Fatalf("Check(%+q) = %+q, then %+q, %v", typed, name, again, err)
	}
	n := 0
	for _, r := range name {
		n++
		ok := unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd) || strings.ContainsRune("-_.", r)
		if !ok || !IsNameRune(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			t.Fatalf("Check(%+q) = %+q with %U", typed, name, r)
		}
	}
	if n < 2 || n > 30 || !norm.NFC.IsNormalString(name) || strings.Trim(name, "-_.") != name {
		t.Fatalf("Check(%+q) = %+q", typed, name)
	}
	if _, err := precis.UsernameCasePreserved.String(name); err != nil {
		t.Fatalf("Check(%+q) = %+q: %v", typed, name, err)
	}
	folded = Fold(name)
	if want, err := precis.UsernameCaseMapped.String(name); folded != want || err != nil || folded == "" || folded == "you" {
		t.Fatalf("Fold(%+q) = %+q, want %+q, %v", name, folded, want, err)
	}
	if again := Fold(folded); again != folded {
		t.Fatalf("Fold(%+q) = %+q, then %+q", name, folded, again)
	}
	for _, w := range []string{name, norm.NFD.String(name)} {
		if got, ok := AppendFold(nil, []byte(w)); string(got) != folded || !ok {
			t.Fatalf("AppendFold(%+q) = %+q, %v, want %+q", w, got, ok, folded)
		}
	}
}

func BenchmarkAppendFold(b *testing.B) {
	dst := make([]byte, 0, 200)
	for _, word := range []string{"Grandmother", "hello!", "Jürgen", "Павел", "花子", "नीता", "ｐaul"} {
		b.Run(word, func(b *testing.B) {
			b.ReportAllocs()
			w := []byte(word)
			for b.Loop() {
				AppendFold(dst, w)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, name := range []string{"Grandmother", "Jürgen", "नीता"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Check(name)
			}
		})
	}
}
