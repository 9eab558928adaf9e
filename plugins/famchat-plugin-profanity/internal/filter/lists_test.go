package filter

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestThereAre28Languages(t *testing.T) {
	if got := Languages(); len(got) != 28 || !slices.Contains(got, "en") || !slices.IsSorted(got) {
		t.Errorf("got %d: %v", len(got), got)
	}
}

func TestEveryEntryIsFound(t *testing.T) {
	corrected, err := parseCorrections(correctionsText)
	if err != nil {
		t.Fatal(err)
	}
	everywhere := map[string]bool{}
	for c := range maps.Values(corrected) {
		for _, w := range c.ordinary {
			everywhere[foldWord(w)] = true
		}
	}
	all := newFilter(t, Config{Languages: Languages()})
	checked := 0
	for _, language := range Languages() {
		f := newFilter(t, Config{Languages: []string{language}})
		own := map[string]bool{}
		for _, w := range slices.Concat(corrected[language].ordinary, corrected[everyLanguage].ordinary) {
			own[foldWord(w)] = true
		}
		words, err := list(language)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range append(words, corrected[language].missing...) {
			if own[foldWord(w)] || tooLittle(w) {
				continue
			}
			checked++
			findsIn(t, language, f, language, w)
			if !everywhere[foldWord(w)] {
				findsIn(t, "all", all, language, w)
			}
		}
	}
	t.Logf("%d entries", checked)
}

// findsIn checks that a filter finds a word wherever it is a word.
func findsIn(t *testing.T, name string, f *Filter, language, w string) {
	t.Helper()
	w = strings.TrimSpace(w)
	texts := map[string]string{"alone": w, "in a sentence": "well, " + w + " it is", "with punctuation": "(" + w + ")!", "quoted": "»" + w + "«, …"}
	// The capital of ı is I, as that of i is, so three letters are too few.
	if utf8.RuneCountInString(w) > 3 || !strings.Contains(w, "ı") {
		texts["in capitals"] = strings.ToUpper(w)
	}
	switch language {
	case "ja":
		texts["without spaces"] = "これは" + w + "です"
	case "zh":
		texts["without spaces"] = "这" + w + "了"
	case "ko":
		texts["with a particle"] = w + "은"
	}
	for where, text := range texts {
		got, _ := f.Mask(text)
		left := w
		if where == "in capitals" {
			left = strings.ToUpper(w)
		}
		if strings.Contains(got, left) || !strings.Contains(got, "*") {
			t.Errorf("%s: %q %s is left: %q", name, w, where, got)
		}
	}
}

func TestCorrectionsAreOfTheLists(t *testing.T) {
	corrected, err := parseCorrections(correctionsText)
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]bool{}
	for _, language := range Languages() {
		words, _ := list(language)
		for _, w := range words {
			entries[foldWord(w)] = true
		}
	}
	for language, c := range corrected {
		for _, w := range c.ordinary {
			if !entries[foldWord(w)] {
				t.Errorf("[%s] - %s: no list has it", language, w)
			}
		}
		for _, w := range c.missing {
			if entries[foldWord(w)] && slices.Contains(c.ordinary, w) {
				t.Errorf("[%s] + %s: it is an ordinary word too", language, w)
			}
		}
	}
}

func TestParseCorrectionsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"- a":               "corrections, line 1: no language yet",
		"[en]\n* a":         "corrections, line 2: expected [, - or +, or = below [*]",
		"[en]\n\n= a":       "corrections, line 3: expected [, - or +, or = below [*]",
		"# x\n[xy] # - a\n": `corrections, line 2: unknown language "xy"`,
	} {
		if _, err := parseCorrections(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// dictionaryPath is Debian's wamerican.
const dictionaryPath = "/usr/share/dict/words"

func TestOrdinaryEnglishIsLeftAlone(t *testing.T) {
	file, err := os.Open(dictionaryPath)
	if err != nil {
		if os.Getenv("FAMCHAT_CI") != "" {
			t.Fatalf("CI needs a dictionary (apt-get install wamerican): %v", err)
		}
		t.Skipf("NOT TESTED, there is no dictionary (apt-get install wamerican): %v", err)
	}
	defer file.Close()
	real := map[string]bool{}
	for _, w := range lines(t, filepath.Join("testdata", "real-swearwords.txt")) {
		real[w] = true
	}
	filters := map[string]*Filter{
		"en": newFilter(t, Config{Languages: []string{"en"}}), "all": newFilter(t, Config{Languages: Languages()}),
	}
	words := 0
	for s := bufio.NewScanner(file); s.Scan(); words++ {
		for _, text := range []string{s.Text(), strings.ToUpper(s.Text())} {
			for name, f := range filters {
				for _, span := range f.Find(nil, text) {
					if found := strings.ToLower(text[span.Start:span.End]); !real[found] {
						t.Errorf("%s: %q is masked, for %q", name, text, found)
					}
				}
			}
		}
	}
	if words < 50_000 {
		t.Errorf("the dictionary has only %d words", words)
	}
}

func TestRealSwearwordsAreFound(t *testing.T) {
	f := newFilter(t, Config{Languages: []string{"en"}})
	for _, w := range lines(t, filepath.Join("testdata", "real-swearwords.txt")) {
		if got, want := f.Find(nil, w), []Span{{0, len(w)}}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", w, got, want)
		}
	}
}

func TestWhatLooksBadIsLeftAlone(t *testing.T) {
	all := newFilter(t, Config{Languages: Languages()})
	for name, languages := range map[string][]string{
		"places.txt": {"en"}, "sentences.txt": {"en"}, "german.txt": {"de", "en"}, "french.txt": {"fr", "en"}, "spanish.txt": {"es", "en"},
	} {
		few := newFilter(t, Config{Languages: languages})
		texts := lines(t, filepath.Join("testdata", name))
		for _, text := range texts {
			for _, text := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
				if got, masked := few.Mask(text); masked {
					t.Errorf("%s: %v: %q: got %q", name, languages, text, got)
				}
				if got, masked := all.Mask(text); masked {
					t.Errorf("%s: all: %q: got %q", name, text, got)
				}
			}
		}
		if len(texts) < 20 {
			t.Errorf("%s has only %d lines", name, len(texts))
		}
	}
}
