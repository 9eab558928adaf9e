package filter

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func newFilter(t testing.TB, c Config) *Filter {
	t.Helper()
	f, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lines are the lines of a file that are neither empty nor comments.
func lines(t testing.TB, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

func TestMask(t *testing.T) {
	english, all := newFilter(t, Config{Languages: []string{"en"}}), newFilter(t, Config{Languages: Languages()})
	for _, tt := range [][2]string{
		{"", ""},
		{"oh shit!", "oh ****!"},
		{"Shit SHIT ＳＨＩＴ sHiT 𝓼𝓱𝓲𝓽 shit", "**** **** **** **** **** ****"},
		{"shit,shit/shit_shit-shit", "****,****/****_****-****"},
		{"shit's", "****'s"},
		{"fuckです", "****です"},
		// Disguised.
		{"sh1t $hit sh!t 5hit b1tch a$$hole @sshole fück", "**** **** **** **** ***** ******* ******* ****"},
		{"s h i t", "* * * *"},
		{"s.h.i.t", "*******"},
		{"s-h-i-t", "*******"},
		{"s*h*i*t", "*******"},
		{"s_h_i_t. s/h/i/t!", "*******. *******!"},
		{"S. H. 1. T.", "** ** ** *."},
		{"a s.h.i.t day", "a ******* day"},
		{"shiiit shiiiiiiit fuuuck bitchhhh", "****** ********** ****** ********"},
		{"sh\u200bit s\u0301h\u0301i\u0301t\u0301 fu\u00adck", "***** ******** *****"},
		{"$$shit$$ shit!shit", "$$****$$ ****!****"},
		// Phrases.
		{"what a blow job", "what a **** ***"},
		{"blow-job BLOW  JOB blow\njob", "******** ****  *** ****\n***"},
		{"piece of shit", "***** ** ****"},
		{"a piece of cake, of shit", "a piece of cake, of ****"},
		// Left alone.
		{"a s s, s e x, A.S.S., as, a s", "a s s, s e x, A.S.S., as, a s"},
		{"the Galaxy A55, 455, a5s, $455, 8008", "the Galaxy A55, 455, a5s, $455, 8008"},
		{"@ss wrote to anna", "@ss wrote to anna"},
		{"shiit", "shiit"},
		{"t h i s h i t s", "t h i s h i t s"},
		{"s h\ni t", "s h\ni t"},
		{"he hit, she shot, it's hit", "he hit, she shot, it's hit"},
		{"she graduated cum laude and read Moby-Dick", "she graduated cum laude and read Moby-Dick"},
		{"love xxx, see you at 13. yes", "love xxx, see you at 13. yes"},
		{"sh*t f**k", "sh*t f**k"},
		{"\xff\xfe sh\xffit", "\xff\xfe sh\xffit"},
	} {
		for name, f := range map[string]*Filter{"en": english, "all": all} {
			got, masked := f.Mask(tt[0])
			if got != tt[1] || masked != (tt[0] != tt[1]) {
				t.Errorf("%s: %q: got %q, %v, want %q", name, tt[0], got, masked, tt[1])
			}
		}
	}
}

func TestMaskInScriptsWithoutSpaces(t *testing.T) {
	f := newFilter(t, Config{Languages: Languages()})
	for _, tt := range [][2]string{
		{"これはおっぱいです", "これは****です"},
		{"あのビッチが", "あの***が"},
		{"アビッチャ", "アビッチャ"}, // within another loanword
		{"グローバルなカントリー", "グローバルなカントリー"},
		{"你他妈的干什么", "你***干什么"},
		{"他妈妈今日你好女性交流出口交易", "他妈妈今日你好女性交流出口交易"},
		{"야 씨발놈아 뭐해", "야 ***아 뭐해"},
		{"보지 마세요, 미친 듯이", "보지 마세요, 미친 듯이"},
		{"ไอ้ควายเอ๊ย", "*******เอ๊ย"},
		{"ห่างไกล ตระกูล กูเกิล", "ห่างไกล ตระกูล กูเกิล"},
		{"🖕 you 🖕🏽", "* you *🏽"},
		{"Блядь! ХУЙ.", "*****! ***."},
		{"подстрахуй меня", "подстрахуй меня"},
		{"siktir SİKTİR AMCIĞI amcığı", "****** ****** ****** ******"},
	} {
		if got, _ := f.Mask(tt[0]); got != tt[1] {
			t.Errorf("%q: got %q, want %q", tt[0], got, tt[1])
		}
	}
}

func TestFindNamesBytes(t *testing.T) {
	f := newFilter(t, Config{Languages: []string{"en"}})
	dst := []Span{{1, 2}}
	got := f.Find(dst, "é shit, s h i t")
	if want := []Span{{1, 2}, {3, 7}, {9, 16}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWordsAndAllow(t *testing.T) {
	for _, tt := range []struct {
		config     Config
		text, want string
	}{
		{Config{Words: []string{"darn"}}, "darn DÁRN d4rn d a r n darned", "**** **** **** * * * * darned"},
		{Config{Words: []string{"straße", "große klappe"}}, "STRASSE Straße, eine große  Klappe", "STRASSE ******, eine *****  ******"},
		{Config{Words: []string{"плохо", "悪い", "c++", "٣"}}, "ПЛОХО! これは悪いです C++ c ٣", "*****! これは**です *++ * *"},
		{Config{Words: []string{"escort", "Moby Dick"}, Languages: []string{"en"}}, "escort Moby Dick", "****** **** ****"},
		{Config{Words: []string{"darn"}, Allow: []string{"darn"}}, "darn d4rn", "darn d4rn"},
		{Config{Languages: []string{"en"}, Allow: []string{"ass"}}, "eat my ass, a$$, shit", "eat my ass, a$$, ****"},
		{Config{Languages: []string{"en"}, Allow: []string{"dick tracy"}}, "big dick tracy, dick", "big dick tracy, ****"},
		{Config{Words: []string{"big dick"}, Allow: []string{"dick tracy"}}, "big dick tracy, big dick", "big dick tracy, *** ****"},
		{Config{Languages: []string{"zh"}, Allow: []string{"他妈的手机"}}, "他妈的手机, 他妈的", "他妈的手机, ***"},
		{Config{Languages: []string{"fr"}}, "quelle bite", "quelle ****"},
		{Config{Languages: []string{"fr", "en"}}, "quelle bite", "quelle bite"},
		{Config{}, "shit", "shit"},
	} {
		if got, _ := newFilter(t, tt.config).Mask(tt.text); got != tt.want {
			t.Errorf("%+v: %q: got %q, want %q", tt.config, tt.text, got, tt.want)
		}
	}
}

func TestNewErrors(t *testing.T) {
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{Languages: []string{"english"}}, `unknown language "english"; there are ar, cs, da, de, en, eo, es, fa, fi, fil, fr, fr-CA-u-sd-caqc, hi, hu, it, ja, kab, ko, nl, no, pl, pt, ru, sv, th, tlh, tr, zh`},
		{Config{Languages: []string{"../lists/en"}}, `unknown language "../lists/en"`},
		{Config{Words: []string{"fine", ""}}, `words: "": it has neither a letter, a digit nor a symbol`},
		{Config{Allow: []string{"…\n"}}, `allow: "…\n": it has neither a letter, a digit nor a symbol`},
	} {
		if _, err := New(tt.config); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want %s", tt.config, err, tt.want)
		}
	}
}

func TestMaskAllocatesNothingWhereNothingIsFound(t *testing.T) {
	f := newFilter(t, Config{Languages: Languages()})
	const text = "An ordinary line, with a café and 東京 in it; a s s, as, b.c.d.e.f and g00d."
	if n := testing.AllocsPerRun(100, func() { f.Mask(text) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	f := newFilter(t, Config{Languages: Languages(), Allow: []string{"dick"}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got, _ := f.Mask("oh sh1t, 他妈的 dick"); got != "oh ****, *** dick" {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

func TestThePackageIsPure(t *testing.T) {
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			switch path := strings.Trim(spec.Path.Value, `"`); path {
			case "net", "os", "sync", "time", "log", "log/slog", "math/rand", "math/rand/v2":
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
