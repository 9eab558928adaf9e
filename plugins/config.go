package plugins

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"famchat/internal/nearest"
	"famchat/plugins/internal/contract"
)

// decodeConfig decodes a config, strictly: an unknown key is an error that names
// it and those there are, and a time.Duration is written as 30s. No config is the
// zero value.
func decodeConfig[C any](data []byte) (c C, err error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return c, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return c, fmt.Errorf("config: it is no JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return c, errors.New("config: there is more than one value")
	}
	if tree, err = checkConfig("", tree, reflect.TypeFor[C]()); err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	data, err = json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) { // a number out of range
		return c, fmt.Errorf("config: %s: expected %s, found %s", strings.ToLower(wrong.Field), typeName(wrong.Type), wrong.Value)
	}
	if err != nil {
		return c, fmt.Errorf("config: %w", err)
	}
	return c, nil
}

var (
	durationType    = reflect.TypeFor[time.Duration]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// checkConfig holds value, which stands at path in the config, against the type that
// it is for, and returns it as encoding/json takes it.
func checkConfig(path string, value any, t reflect.Type) (any, error) {
	if value == nil {
		return nil, nil // as if it were left out
	}
	switch pointer := reflect.PointerTo(t); {
	case t == durationType:
		return checkDuration(path, value)
	case pointer.Implements(jsonUnmarshaler), pointer.Implements(textUnmarshaler):
		return value, nil // it says itself what is wrong
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkConfig(path, value, t.Elem())
	case reflect.Interface:
		return value, nil
	case reflect.Struct:
		return checkStruct(path, value, t)
	case reflect.Map:
		m, ok := value.(map[string]any)
		if !ok {
			return nil, mismatch(path, t, value)
		}
		return m, checkEach(path, slices.Sorted(maps.Keys(m)), m, func(string) reflect.Type { return t.Elem() })
	case reflect.Slice, reflect.Array:
		list, ok := value.([]any)
		if _, text := value.(string); text && t.Elem().Kind() == reflect.Uint8 {
			return value, nil // bytes, in base64
		}
		if !ok {
			return nil, mismatch(path, t, value)
		}
		for i := range list {
			var err error
			if list[i], err = checkConfig(fmt.Sprintf("%s[%d]", path, i), list[i], t.Elem()); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	if !fits(t, value) {
		return nil, mismatch(path, t, value)
	}
	return value, nil
}

// checkStruct checks a mapping that is for a struct.
func checkStruct(path string, value any, t reflect.Type) (any, error) {
	m, ok := value.(map[string]any)
	if !ok {
		return nil, mismatch(path, t, value)
	}
	types := map[string]reflect.Type{}
	fieldsOf(t, types)
	known := slices.Sorted(maps.Keys(types))
	found := slices.Sorted(maps.Keys(m))
	for _, key := range found {
		if types[key] == nil {
			return nil, unknownKey(path, key, known, t)
		}
	}
	return m, checkEach(path, found, m, func(key string) reflect.Type { return types[key] })
}

// checkEach checks the values of a mapping.
func checkEach(path string, keys []string, m map[string]any, typeOf func(key string) reflect.Type) (err error) {
	for _, key := range keys {
		if m[key], err = checkConfig(join(path, key), m[key], typeOf(key)); err != nil {
			return err
		}
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fieldsOf notes the keys that a struct has, and what each is for.
func fieldsOf(t reflect.Type, types map[string]reflect.Type) {
	for f := range t.Fields() {
		if contract.Embeds(f) {
			fieldsOf(f.Type, types)
		} else if key, ok := contract.Key(f); ok {
			types[key] = f.Type
		}
	}
}

// unknownKey says which keys there are.
func unknownKey(path, key string, known []string, t reflect.Type) error {
	err := fmt.Sprintf("unknown key %q", join(path, key))
	if len(known) == 0 {
		if t.NumField() > 0 {
			return errors.New(err + "; there are none, for a field must begin with a capital letter to be one")
		}
		return errors.New(err + "; there are none")
	}
	finder := nearest.New(key)
	for _, k := range known {
		finder.Try(k)
	}
	if best := finder.Best(); len(best) > 0 {
		err += "; did you mean " + strings.Join(best, " or ") + "?"
	}
	return fmt.Errorf("%s; there are %s", err, strings.Join(known, ", "))
}

func checkDuration(path string, value any) (any, error) {
	if text, ok := value.(string); ok {
		if d, err := time.ParseDuration(text); err == nil {
			return int64(d), nil
		}
	}
	return nil, fmt.Errorf("%sexpected a time such as 250ms, 30s or 5m, found %s", at(path), found(value))
}

// fits reports whether a scalar is of the kind that a type wants.
func fits(t reflect.Type, value any) bool {
	switch v := value.(type) {
	case bool:
		return t.Kind() == reflect.Bool
	case string:
		return t.Kind() == reflect.String
	case json.Number:
		switch t.Kind() {
		case reflect.Float32, reflect.Float64:
			return true
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return !strings.ContainsAny(v.String(), ".eE")
		}
	}
	return false
}

func mismatch(path string, t reflect.Type, value any) error {
	hint := ""
	if _, quoted := value.(string); quoted && t.Kind() != reflect.String && fits(t, unquoted(value.(string))) {
		hint = "; leave out the quotes"
	}
	return fmt.Errorf("%sexpected %s, found %s%s", at(path), typeName(t), found(value), hint)
}

// unquoted is what a string would be without its quotes.
func unquoted(s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return s
	}
	return value
}

// at begins a sentence about what stands at a path.
func at(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// typeName says what a person writes for a Go type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a mapping"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// found says what a value is.
func found(value any) string {
	switch v := value.(type) {
	case bool:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("the string %q", v)
	case json.Number:
		return "the number " + v.String()
	case []any:
		return "a list"
	}
	return "a mapping"
}
