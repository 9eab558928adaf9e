package filter

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed lists/*.json
var lists embed.FS

//go:embed corrections.txt
var correctionsText string

// Languages are the languages that there are lists of, sorted.
func Languages() []string {
	files, _ := lists.ReadDir("lists") // embedded: it is there
	languages := make([]string, 0, len(files))
	for _, f := range files {
		languages = append(languages, strings.TrimSuffix(f.Name(), ".json"))
	}
	slices.Sort(languages)
	return languages
}

// list is the list of a language, as it was published.
func list(language string) ([]string, error) {
	if known := Languages(); !slices.Contains(known, language) {
		return nil, fmt.Errorf("unknown language %q; there are %s", language, strings.Join(known, ", "))
	}
	data, err := lists.ReadFile("lists/" + language + ".json")
	if err != nil {
		return nil, err
	}
	var words []string
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("the list of %s: %w", language, err)
	}
	return words, nil
}

// everyLanguage heads the corrections that hold whatever the languages are.
const everyLanguage = "*"

// corrections are what corrections.txt says of one language: words that are
// ordinary in it, words that its list lacks, and, of every language, what is
// harmless with all that is in it.
type corrections struct {
	ordinary, missing, harmless []string
}

// parseCorrections reads "[language]" lines, each followed by "- ordinary word",
// "+ missing word" and "= harmless phrase" lines. Several on a line are separated
// by commas.
func parseCorrections(text string) (map[string]corrections, error) {
	all := map[string]corrections{}
	language, known := "", append(Languages(), everyLanguage)
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		c := all[language]
		sign, rest := line[0], line[1:]
		switch {
		case sign == '[' && strings.HasSuffix(rest, "]"):
			language = strings.TrimSuffix(rest, "]")
			if !slices.Contains(known, language) {
				return nil, fmt.Errorf("corrections, line %d: unknown language %q", n, language)
			}
			continue
		case language == "":
			return nil, fmt.Errorf("corrections, line %d: no language yet", n)
		case sign == '-':
			c.ordinary = append(c.ordinary, splitWords(rest)...)
		case sign == '+':
			c.missing = append(c.missing, splitWords(rest)...)
		case sign == '=' && language == everyLanguage:
			c.harmless = append(c.harmless, splitWords(rest)...)
		default:
			return nil, fmt.Errorf("corrections, line %d: expected [, - or +, or = below [*]", n)
		}
		all[language] = c
	}
	return all, nil
}

func splitWords(s string) []string {
	const comma = "\x00" // one that is part of a word
	words := strings.Split(strings.ReplaceAll(s, `\,`, comma), ",")
	for i, w := range words {
		words[i] = strings.ReplaceAll(strings.TrimSpace(w), comma, ",")
	}
	return words
}
