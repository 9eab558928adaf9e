package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// together are the scripts that one name may mix: what UTS #39, section 5.2, calls
// highly restrictive.
var together = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// mixedScripts returns the scripts of a name, in their order in it, where they are
// several that do not go together. What all scripts share (digits, punctuation,
// marks) has none of its own.
func mixedScripts(name string) []string {
	var found []string
	for _, r := range name {
		script := "Latin"
		switch {
		case r >= utf8.RuneSelf:
			script = scriptOf(r)
		case !unicode.IsLetter(r):
			continue
		}
		if script != "" && !slices.Contains(found, script) {
			found = append(found, script)
		}
	}
	if len(found) < 2 {
		return nil
	}
	for _, set := range together {
		if !slices.ContainsFunc(found, func(script string) bool { return !slices.Contains(set, script) }) {
			return nil
		}
	}
	return found
}

// span is a stretch of characters of one script.
type span struct {
	first, last rune
	script      string
}

// spans has all that unicode.Scripts has, sorted: one search, not one for each
// script. Common and Inherited are left out.
var spans = sync.OnceValue(func() []span {
	var all []span
	for name, table := range unicode.Scripts {
		if name == "Common" || name == "Inherited" {
			continue
		}
		script := strings.ReplaceAll(name, "_", " ")
		for _, r := range table.R16 {
			all = appendSpans(all, rune(r.Lo), rune(r.Hi), rune(r.Stride), script)
		}
		for _, r := range table.R32 {
			all = appendSpans(all, rune(r.Lo), rune(r.Hi), rune(r.Stride), script)
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	return all
})

func appendSpans(all []span, first, last, stride rune, script string) []span {
	if stride == 1 {
		return append(all, span{first, last, script})
	}
	for r := first; r <= last; r += stride {
		all = append(all, span{r, r, script})
	}
	return all
}

// scriptOf returns the name of a character's script, or "" where it has none of
// its own.
func scriptOf(r rune) string {
	all := spans()
	i, found := slices.BinarySearchFunc(all, r, func(s span, r rune) int {
		switch {
		case s.last < r:
			return -1
		case s.first > r:
			return 1
		}
		return 0
	})
	if !found {
		return ""
	}
	return all[i].script
}
