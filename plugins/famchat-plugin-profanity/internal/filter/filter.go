// Package filter finds swear words in a text and masks them, in one pass however
// many words there are. It knows nothing of chats and plugins.
//
// A swear word is found where it is a whole word, in any case and width, or
// disguised: sh1t, $hit, shiiit, s h i t. A wrong mask is worse than a miss, and
// where they conflict the word is left alone; docs/decisions/0006-profanity.md has
// the rules.
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Config says what is a swear word.
type Config struct {
	// Languages are those whose lists are used, of Languages(). A word that is an
	// ordinary one in any of them is none.
	Languages []string
	// Words are swear words, or phrases, beyond the lists'.
	Words []string
	// Allow are words and phrases that are left alone, with what they are part of,
	// whatever else says that they are swear words.
	Allow []string
}

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Filter finds swear words. It is safe for concurrent use.
type Filter struct {
	swear, allow dictionary
}

// New makes a Filter. An unknown language is an error that names those there are,
// and so is a word without anything to find.
func New(c Config) (*Filter, error) {
	corrected, err := parseCorrections(correctionsText)
	if err != nil {
		return nil, err
	}
	f := &Filter{}
	ordinary := map[string]bool{}
	for _, language := range append([]string{everyLanguage}, c.Languages...) {
		for _, w := range corrected[language].ordinary {
			ordinary[foldWord(w)] = true
		}
	}
	// English first: what another language shares with it is found with accents too.
	for _, language := range englishFirst(c.Languages) {
		words, err := list(language)
		if err != nil {
			return nil, err
		}
		for _, w := range append(words, corrected[language].missing...) {
			if ordinary[foldWord(w)] || tooLittle(w) {
				continue
			}
			if err := f.swear.add(w, language == english); err != nil {
				return nil, fmt.Errorf("the list of %s: %q: %w", language, w, err)
			}
		}
	}
	for _, w := range c.Words {
		if err := f.swear.add(w, true); err != nil {
			return nil, fmt.Errorf("words: %q: %w", w, err)
		}
	}
	harmless := slices.DeleteFunc(corrected[everyLanguage].harmless, func(w string) bool {
		return slices.ContainsFunc(c.Words, func(word string) bool { return foldWord(word) == foldWord(w) })
	})
	for _, w := range append(harmless, c.Allow...) {
		if err := f.allow.add(w, true); err != nil {
			return nil, fmt.Errorf("allow: %q: %w", w, err)
		}
	}
	f.swear.sort()
	f.allow.sort()
	return f, nil
}

// tooLittle reports whether an entry of a list is too little to go by: one letter,
// as 性 is part of a thousand words, or nothing but digits.
func tooLittle(word string) bool {
	letters := 0
	for _, r := range word {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsSymbol(r) && r >= utf8.RuneSelf:
			return false
		}
	}
	return letters == 0 || utf8.RuneCountInString(word) < 2
}

// What is wrong with a word of the config.
var (
	errNothing = errors.New("it has neither a letter, a digit nor a symbol")
	errLong    = fmt.Errorf("it has more than %d words", maxPhraseWords)
)

const english = "en"

func englishFirst(languages []string) []string {
	sorted := slices.Clone(languages)
	slices.SortStableFunc(sorted, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == english:
			return -1
		case b == english:
			return 1
		}
		return 0
	})
	return sorted
}

// Find appends the spans of the swear words in text to dst: on rune boundaries,
// in order, and not overlapping.
func (f *Filter) Find(dst []Span, text string) []Span {
	found := f.swear.find(dst, text, nil)
	if len(found) == len(dst) || f.allow.empty() {
		return found
	}
	allowed := f.allow.find(nil, text, nil)
	if len(allowed) == 0 {
		return found
	}
	return f.swear.find(dst, text, allowed)
}

// Mask puts as many * in place of each swear word as it has runes, and leaves the
// white space in it. It reports whether there was any; the text is the same string
// if not.
func (f *Filter) Mask(text string) (string, bool) {
	masked := false
	// What was hidden behind a word may be one itself once that is masked.
	for range maskPasses {
		var buf [16]Span
		spans := f.Find(buf[:0], text)
		if len(spans) == 0 {
			break
		}
		text, masked = mask(text, spans), true
	}
	return text, masked
}

const maskPasses = 8

func mask(text string, spans []Span) string {
	var b strings.Builder
	b.Grow(len(text))
	end := 0
	for _, s := range spans {
		b.WriteString(text[end:s.Start])
		for _, r := range text[s.Start:s.End] {
			if unicode.IsSpace(r) {
				b.WriteRune(r)
			} else {
				b.WriteByte('*')
			}
		}
		end = s.End
	}
	b.WriteString(text[end:])
	return b.String()
}

// overlaps reports whether one of spans, which are in order, overlaps s.
func overlaps(spans []Span, s Span) bool {
	i, _ := slices.BinarySearchFunc(spans, s.Start, func(b Span, start int) int {
		if b.End <= start {
			return -1
		}
		return 1
	})
	return i < len(spans) && spans[i].Start < s.End
}
