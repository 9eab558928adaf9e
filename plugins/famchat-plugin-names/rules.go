package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"famchat/internal/names"
	"famchat/plugins"
)

// config is what famchat.yaml has for the plugin:
//
//	plugins:
//	  - name: names
//	    config:
//	      # A Go regular expression that all of a name must match, as it is
//	      # written: (?i) in front lets capitals pass too. "" is any name.
//	      pattern: "[a-z]+"
//	      # What somebody reads whose name does not match, in place of the pattern.
//	      pattern_hint: first names only, in small letters
//	      # Names that nobody may take, nor one that looks like them. Without the
//	      # key they are those of defaultReserved; [] is none.
//	      reserved: [admin, server, famchat]
//	      # Whether the letters of one name may come from several alphabets. Those
//	      # that are written together (Japanese, Korean or Chinese, each also with
//	      # Latin letters) always may.
//	      mixed_scripts: false
//	      # How many characters a name has; 0 is what every name must have, 2 and 30.
//	      min: 0
//	      max: 0
type config struct {
	Pattern      string   `json:"pattern"`
	PatternHint  string   `json:"pattern_hint"`
	Reserved     []string `json:"reserved"`
	MixedScripts bool     `json:"mixed_scripts"`
	Min          int      `json:"min"`
	Max          int      `json:"max"`
}

func newPlugin(_ *plugins.Host, c config) (*plugins.Hooks, error) {
	r, err := newRules(c)
	if err != nil {
		return nil, err
	}
	return &plugins.Hooks{ValidateName: func(_ context.Context, n plugins.Name) plugins.Verdict {
		if reason := r.refuses(n.Name); reason != "" {
			return plugins.Reject(reason)
		}
		return plugins.Allow()
	}}, nil
}

// rules say which names the family does not want. They may be asked concurrently.
type rules struct {
	min, max   int // in characters
	reserved   reserved
	mixed      bool
	pattern    *regexp.Regexp // nil is any name
	notMatched string         // why a name is refused that pattern does not match
}

// newRules makes the rules of a config. An error says which key is wrong.
func newRules(c config) (*rules, error) {
	r := &rules{mixed: c.MixedScripts, min: cmp.Or(c.Min, names.MinRunes), max: cmp.Or(c.Max, names.MaxRunes)}
	for _, limit := range []struct {
		key   string
		value int
	}{{"min", r.min}, {"max", r.max}} {
		if limit.value < names.MinRunes || limit.value > names.MaxRunes {
			return nil, fmt.Errorf("config: %s: %d is not from %d to %d", limit.key, limit.value, names.MinRunes, names.MaxRunes)
		}
	}
	if r.min > r.max {
		return nil, fmt.Errorf("config: min: %d is more than max, which is %d", r.min, r.max)
	}
	if err := r.setPattern(c.Pattern, c.PatternHint); err != nil {
		return nil, err
	}
	list := c.Reserved
	if list == nil {
		list = defaultReserved
	}
	var err error
	r.reserved, err = newReserved(list)
	return r, err
}

func (r *rules) setPattern(pattern, hint string) error {
	hint = strings.TrimSpace(hint)
	if pattern == "" {
		if hint != "" {
			return fmt.Errorf("config: pattern_hint: there is no pattern that it explains")
		}
		return nil
	}
	// By itself first, or "a)(b" would be one.
	_, err := regexp.Compile(pattern)
	if err == nil {
		r.pattern, err = regexp.Compile(`\A(?:` + pattern + `)\z`)
	}
	if err != nil {
		why := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return fmt.Errorf("config: pattern: %q is no regular expression: %s", pattern, why)
	}
	r.notMatched = cmp.Or(hint, "names here must match the pattern "+pattern)
	return nil
}

// refuses says why a name is refused, in a sentence without its full stop, or
// nothing where it is not. The name is one that names.Check accepts; about
// another it says something and does not panic.
func (r *rules) refuses(name string) (reason string) {
	if n := utf8.RuneCountInString(name); n < r.min || n > r.max {
		if r.min == r.max {
			return fmt.Sprintf("names here have %d characters, this one has %d", r.min, n)
		}
		return fmt.Sprintf("names here have %d to %d characters, this one has %d", r.min, r.max, n)
	}
	if like, found := r.reserved.like(name); found {
		if names.Fold(like) == names.Fold(name) {
			return "nobody may take that name"
		}
		return "it is too much like " + like + ", a name that nobody may take"
	}
	if !r.mixed {
		if found := mixedScripts(name); len(found) > 0 {
			return "its letters come from " + count(len(found)) + " alphabets (" + listed(found) + "); take them all from one"
		}
	}
	if r.pattern != nil && !r.pattern.MatchString(name) {
		return r.notMatched
	}
	return ""
}

// count says how many, from two on.
func count(n int) string {
	if n == 2 {
		return "two"
	}
	return fmt.Sprint(n)
}

// listed is "Latin, Greek and Cyrillic", of at least two.
func listed(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
