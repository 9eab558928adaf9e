package strictyaml

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

var (
	nodeType     = reflect.TypeFor[yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
	bytesType    = reflect.TypeFor[Bytes]()
)

// The parser's names of what a scalar is.
const (
	tagNull      = "!!null"
	tagBool      = "!!bool"
	tagInt       = "!!int"
	tagFloat     = "!!float"
	tagString    = "!!str"
	tagTimestamp = "!!timestamp"
)

// Defaulter is an item of a list that begins with what SetDefaults sets.
type Defaulter interface{ SetDefaults() }

// field is a field of a struct that has a name in the file.
type field struct {
	name  string
	index int
}

// fields returns the fields of t that have a name in the file.
func fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			all = append(all, field{name, i})
		}
	}
	return all
}

// mustSupport panics where a field at or under t cannot be decoded: a mistake in
// the program, not in a file.
func mustSupport(t reflect.Type, path string) {
	switch t {
	case nodeType, durationType, bytesType:
		return
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
	case reflect.Slice:
		mustSupport(t.Elem(), path+"[]")
	case reflect.Struct:
		for _, f := range fields(t) {
			sf := t.Field(f.index)
			if !sf.IsExported() {
				panic(fmt.Sprintf("strictyaml: %s.%s has a yaml tag but is not exported", path, sf.Name))
			}
			mustSupport(sf.Type, path+"."+sf.Name)
		}
	default:
		panic(fmt.Sprintf("strictyaml: %s is a %s, which cannot be decoded", path, t))
	}
}

// decode decodes n into v, and reports where it does not fit. What check refuses
// is left out: it was reported.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0:
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(*n))
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, path)
	case v.Kind() == reflect.Slice:
		d.decodeList(n, v, path)
	default:
		if problem := setScalar(n, v); problem != "" {
			d.add(d.line(n, path), path, "%s", problem)
		}
	}
}

// decodeStruct decodes a mapping. Nothing at all, a section whose lines are
// commented out, is all defaults.
func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	if n.Tag == tagNull {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.add(d.line(n, path), path, "expected keys and values, found %s", describe(n))
		return
	}
	known := fields(v.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			continue
		}
		at := join(path, key.Value)
		found := false
		for _, f := range known {
			if f.name == key.Value {
				found = true
				d.decode(value, v.Field(f.index), at)
			}
		}
		if !found {
			d.add(key.Line, at, "unknown key; %s", d.suggest(known, path, key.Value))
		}
	}
}

// decodeList decodes a list. Where strings are wanted, one is a list of one.
func (d *decoder) decodeList(n *yaml.Node, v reflect.Value, path string) {
	ofStrings := v.Type().Elem().Kind() == reflect.String
	switch {
	case n.Kind == yaml.SequenceNode:
		list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
		for i, item := range n.Content {
			if v, ok := list.Index(i).Addr().Interface().(Defaulter); ok {
				v.SetDefaults()
			}
			d.decode(item, list.Index(i), index(path, i))
		}
		v.Set(list)
	case ofStrings && isText(n):
		list := reflect.MakeSlice(v.Type(), 1, 1)
		list.Index(0).SetString(n.Value)
		v.Set(list)
	case n.Tag == tagNull:
		d.add(d.line(n, path), path, "expected a list, found %s; write [] for an empty one", describe(n))
	case ofStrings:
		d.add(d.line(n, path), path, "expected a text or a list of texts, found %s", describe(n))
	default:
		d.add(d.line(n, path), path, "expected a list, found %s", describe(n))
	}
}

// line returns the line to report for a value. Where there is no value the
// parser's line is that of whatever follows, so that the key's is taken.
func (d *decoder) line(n *yaml.Node, path string) int {
	if line, ok := d.doc.lines[path]; ok && n.Tag == tagNull {
		return line
	}
	return n.Line
}

// isText says whether n is a scalar that a string can hold as it stands.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == tagString || n.Tag == tagTimestamp)
}
