package strictyaml

import (
	"fmt"
	"reflect"
	"strings"
)

// maxTypos is how many letters may be wrong in a key for another to be meant.
const maxTypos = 2

// suggest says which key was meant by an unknown one under path: the nearest in
// the same place, else the same name in another place, else it lists what is
// known there.
func (d *decoder) suggest(known []field, path, key string) string {
	if d.full() {
		return ""
	}
	nearest, best := "", maxTypos+1
	for _, f := range known {
		// In a short word two wrong letters make another word.
		if n := distance(plain(key), plain(f.name)); n < best && 2*n < len(f.name) {
			nearest, best = f.name, n
		}
	}
	if nearest != "" {
		return fmt.Sprintf("did you mean %s?", join(path, nearest))
	}
	if elsewhere := find(d.schema, "", plain(key)); elsewhere != "" {
		return fmt.Sprintf("did you mean %s? Check the indentation", elsewhere)
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	return "expected one of " + strings.Join(names, ", ")
}

// find returns the path of the first key in t that is called name, "" where none
// is. Lists are left out: which of their items was meant is not known.
func find(t reflect.Type, path, name string) string {
	if t.Kind() != reflect.Struct || t == nodeType {
		return ""
	}
	for _, f := range fields(t) {
		at := join(path, f.name)
		if plain(f.name) == name {
			return at
		}
		if found := find(t.Field(f.index).Type, at, name); found != "" {
			return found
		}
	}
	return ""
}

// wordJoiners are what words in a key are joined with.
var wordJoiners = strings.NewReplacer("_", "", "-", "")

// plain makes backLog, back-log and back_log the same. A long key is cut: it
// resembles none.
func plain(key string) string {
	return wordJoiners.Replace(strings.ToLower(shorten(key)))
}

// distance is how many letters must be added, dropped, changed or swapped with
// their neighbours to make b of a (optimal string alignment).
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
