// Package strictyaml decodes one YAML document into a plain struct and accepts
// nothing that it does not understand: no unknown or repeated keys, no values of
// another type, no second document, no anchors, aliases, merge keys or tags. It
// reports every problem with file, line and key. It knows nothing of what the
// settings mean; a caller that checks their ranges finds their lines in the
// Document.
package strictyaml

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// MaxFileBytes is the length in bytes of the largest file that is decoded.
	MaxFileBytes = 1 << 20
	// maxDepth is how deep lists and mappings may be nested.
	maxDepth = 32
	// maxErrors is how many problems of one file are told one by one.
	maxErrors = 100
)

// Document says where in a file its settings stand. A nil Document is of no
// file and knows no lines.
type Document struct {
	// File is the name of the file, as it was given to Decode.
	File string

	lines map[string]int
}

// Line returns the line, counted from 1, on which the key with this path stands,
// such as "limits.backlog" or "plugins[0].name". Where the file leaves the key
// out, it is the line of the nearest key around it, and 0 where there is none.
func (d *Document) Line(path string) int {
	if d == nil {
		return 0
	}
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// Errorf returns an Error about the setting with this path, at its line.
func (d *Document) Errorf(path, format string, args ...any) Error {
	e := Error{Line: d.Line(path), Path: path, Message: fmt.Sprintf(format, args...)}
	if d != nil {
		e.File = d.File
	}
	return e
}

// Decode decodes data, the content of file, into the struct that into points
// to. What the struct holds already are the defaults: they stay where the file
// says nothing, and an empty file is all defaults. A list in the file replaces
// the default list whole.
//
// Fields are named by their tags `yaml:"name"`; a field without a tag is not
// part of the file. A field is a string, bool, int, int64, time.Duration, Bytes,
// a struct, a slice of any of these, or a yaml.Node, which is kept as it stands.
// Where a slice of strings is wanted, one string is a slice of one. An item of a
// slice that is a Defaulter begins with its defaults. Decode panics where into is not such a struct.
//
// The error is an Errors with every problem that was found, in the order of
// their lines; *into is unchanged then. The Document is never nil.
func Decode(file string, data []byte, into any) (*Document, error) {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() || target.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("strictyaml: cannot decode into a %T; it must be a pointer to a struct", into))
	}
	target = target.Elem()
	mustSupport(target.Type(), target.Type().String())

	d := decoder{
		doc:    &Document{File: file, lines: make(map[string]int)},
		schema: target.Type(),
	}
	result := reflect.New(target.Type()).Elem()
	result.Set(target)
	if root := d.parse(data); root != nil {
		d.check(root, "", 0)
		d.decode(root, result, "")
	}
	if len(d.errs) > 0 {
		return d.doc, d.sorted()
	}
	target.Set(result)
	return d.doc, nil
}

// decoder is what one call of Decode knows.
type decoder struct {
	doc    *Document
	schema reflect.Type // of the whole document
	errs   Errors
	more   int // problems beyond maxErrors
}

// add reports a problem. Line is 0 where the whole file is meant.
func (d *decoder) add(line int, path, format string, args ...any) {
	if d.full() {
		d.more++
		return
	}
	d.errs = append(d.errs, Error{File: d.doc.File, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}

// full says whether further problems are only counted: what is dear to say about
// one can be left out then.
func (d *decoder) full() bool { return len(d.errs) == maxErrors }

// sorted returns the problems in the order of their lines.
func (d *decoder) sorted() Errors {
	slices.SortStableFunc(d.errs, func(a, b Error) int { return cmp.Compare(a.Line, b.Line) })
	if d.more > 0 {
		d.errs = append(d.errs, Error{File: d.doc.File, Message: fmt.Sprintf("and %d more problems", d.more)})
	}
	return d.errs
}

// check reports what no document may hold, whatever it is decoded into, and
// notes the line of every key. It never follows an alias.
func (d *decoder) check(n *yaml.Node, path string, depth int) {
	if depth > maxDepth {
		d.add(n.Line, path, "nested deeper than %d levels; a configuration does not need that", maxDepth)
		return
	}
	if n.Anchor != "" {
		d.add(n.Line, path, "found the anchor %s; anchors and aliases are not accepted, write the value where it is used", quote("&"+n.Anchor))
	}
	if n.Style&yaml.TaggedStyle != 0 {
		d.add(n.Line, path, "found the tag %s; tags are not accepted, write the value alone", quote(n.Tag))
	}
	switch n.Kind {
	case yaml.AliasNode:
		d.add(n.Line, path, "found the alias %s; anchors and aliases are not accepted, write the value out", quote("*"+n.Value))
	case yaml.SequenceNode:
		for i, item := range n.Content {
			at := index(path, i)
			d.doc.lines[at] = item.Line
			d.check(item, at, depth+1)
		}
	case yaml.MappingNode:
		d.checkMapping(n, path, depth)
	}
}

// checkMapping is check for a mapping.
func (d *decoder) checkMapping(n *yaml.Node, path string, depth int) {
	first := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			d.add(key.Line, path, "found the merge key <<; it is not accepted, write the settings out")
			continue
		}
		if key.Kind != yaml.ScalarNode {
			d.add(key.Line, path, "expected a name as the key, found %s", describe(key))
			continue
		}
		at := join(path, key.Value)
		if key.Anchor != "" || key.Style&yaml.TaggedStyle != 0 {
			d.check(key, at, depth+1)
		}
		if line, twice := first[key.Value]; twice {
			d.add(key.Line, at, "set twice, first on line %d; remove one of the two", line)
		} else {
			first[key.Value] = key.Line
			d.doc.lines[at] = key.Line
		}
		d.check(value, at, depth+1)
	}
}
