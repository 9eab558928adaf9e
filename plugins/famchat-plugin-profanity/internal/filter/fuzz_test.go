package filter

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"", "oh sh1t, off to Scunthorpe", "s h i t s&m fuck you 他妈的 씨발놈아", "blow \n job", "shiiiiit $h!t @ss a$$",
		"s屌h尻i鳩t", "\xff\xfes\u0301h\u200bit", "🖕🏽 ＳＨＩＴ 𝓼𝓱𝓲𝓽 ß ẞ İ ı", "s.h.i.t.s.h.i.t a s.h.i.t b", "eat my ass eat my cum laude dick",
	} {
		f.Add(seed)
	}
	filters := []*Filter{
		newFilter(f, Config{Languages: Languages()}),
		newFilter(f, Config{Languages: []string{"en"}, Words: []string{"big dick", "ab", "c d", "悪い"}, Allow: []string{"dick tracy", "ass", "他妈的手机"}}),
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, filter := range filters {
			end := 0
			for _, s := range filter.Find(nil, text) {
				if s.Start < end || s.End <= s.Start || s.End > len(text) {
					t.Fatalf("%q: span %v after %d", text, s, end)
				}
				if !utf8.RuneStart(text[s.Start]) && utf8.ValidString(text) || s.End < len(text) && !utf8.RuneStart(text[s.End]) && utf8.ValidString(text) {
					t.Fatalf("%q: span %v is not on rune boundaries", text, s)
				}
				end = s.End
			}
			masked, found := filter.Mask(text)
			if found != (end > 0) {
				t.Fatalf("%q: Find and Mask differ", text)
			}
			if !found && masked != text {
				t.Fatalf("%q: got %q", text, masked)
			}
			if again, more := filter.Mask(masked); more {
				t.Fatalf("%q: got %q, and then %q", text, masked, again)
			}
			if strings.Count(masked, "\n") != strings.Count(text, "\n") {
				t.Fatalf("%q: got %q, with other lines", text, masked)
			}
			if utf8.RuneCountInString(masked) != utf8.RuneCountInString(text) {
				t.Fatalf("%q: got %q, of another length", text, masked)
			}
		}
	})
}
