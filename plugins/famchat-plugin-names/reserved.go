package main

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"famchat/internal/names"
)

// defaultReserved are names by which one would be taken for the server, who runs
// it, or everyone.
var defaultReserved = []string{"admin", "all", "everyone", "famchat", "here", "moderator", "root", "server", "system"}

// reserved has what names that nobody may take look like, and which name that is.
type reserved map[string]string

// newReserved makes a reserved of names. One that is no name is an error, as it
// could keep nobody from anything.
func newReserved(list []string) (reserved, error) {
	r := reserved{}
	for _, entry := range list {
		name, err := names.Check(entry)
		if err != nil {
			return nil, fmt.Errorf("config: reserved: %q is no name: %w", entry, err)
		}
		// In capitals an i is taken for l and 1: adm1n.
		for _, written := range []string{name, strings.ToUpper(name), bare(name)} {
			for _, look := range looks(written) {
				if _, there := r[look]; !there {
					r[look] = name
				}
			}
		}
	}
	return r, nil
}

// like returns the reserved name that a name looks like: as it is, without its
// accents and punctuation (a.d.m.i.n), or also without the digits that it begins
// and ends with (admin2). A reserved name that is only a part of it (all-star) is
// none.
func (r reserved) like(name string) (string, bool) {
	without := bare(name)
	for _, written := range []string{name, without, strings.TrimFunc(without, unicode.IsDigit)} {
		for _, look := range looks(written) {
			if entry, found := r[look]; found {
				return entry, true
			}
		}
	}
	return "", false
}

// looks are the forms of a name's skeleton. Here rn is taken for m, as UTS #39 has
// it: it keeps no two people apart.
func looks(name string) []string {
	skeleton := names.SkeletonOf(name)
	for i, form := range skeleton {
		skeleton[i] = strings.ReplaceAll(form, "rn", "m")
	}
	return skeleton[:]
}

// bare is a name without accents and punctuation.
func bare(name string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= firstAccent && r <= lastAccent {
			return -1
		}
		return r
	}, norm.NFD.String(name)))
}

// The block of the marks of Latin, Greek and Cyrillic. In other scripts marks are
// letters of their own.
const firstAccent, lastAccent = '\u0300', '\u036f'
