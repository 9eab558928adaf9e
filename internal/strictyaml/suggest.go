package strictyaml

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"famchat/internal/nearest"
)

// suggest says which key was meant by an unknown one under path: the nearest in
// the same place, else the same name in another place, else it lists what is
// known there.
func (d *decoder) suggest(known []field, path, key string) string {
	if d.full() {
		return ""
	}
	near := nearest.New(plain(key))
	for _, f := range known {
		near.Try(plain(f.name))
	}
	if found := near.Best(); len(found) > 0 {
		i := slices.IndexFunc(known, func(f field) bool { return plain(f.name) == found[0] })
		return fmt.Sprintf("did you mean %s?", join(path, known[i].name))
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
