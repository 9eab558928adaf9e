package contract

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Key is the key in a plugin's config of a struct's field: its name in lower case, or
// what its tag says. ok is false where it has none.
func Key(f reflect.StructField) (key string, ok bool) {
	key, _, _ = strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case !f.IsExported() || key == "-":
		return "", false
	case key == "":
		return strings.ToLower(f.Name), true
	}
	return key, true
}

// Embeds reports whether the keys of a field are those of the struct that it is in.
func Embeds(f reflect.StructField) bool {
	return f.Anonymous && f.Tag.Get("json") == "" && f.Type.Kind() == reflect.Struct
}

// ConfigJSON is a plugin's config as famchat.yaml would have it: with the keys that Key
// says, and times as 30s.
func ConfigJSON(config any) ([]byte, error) {
	if config == nil {
		return nil, nil
	}
	return json.Marshal(plain(reflect.ValueOf(config)))
}

func plain(v reflect.Value) any {
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return nil
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case json.Marshaler, encoding.TextMarshaler:
		return x
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return plain(v.Elem())
	case reflect.Struct:
		m := map[string]any{}
		fields(v, m)
		return m
	case reflect.Map:
		m := map[string]any{}
		for key, value := range v.Seq2() {
			m[fmt.Sprint(key)] = plain(value)
		}
		return m
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 || v.Kind() == reflect.Slice && v.IsNil() {
			return v.Interface()
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

func fields(v reflect.Value, m map[string]any) {
	for f, value := range v.Fields() {
		if Embeds(f) {
			fields(value, m)
		} else if key, ok := Key(f); ok {
			m[key] = plain(value)
		}
	}
}
