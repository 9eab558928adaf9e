package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// decodeConfig decodes a config, strictly: an unknown key is an error that names
// it and those there are. No config is the zero value.
func decodeConfig[C any](data []byte) (c C, err error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return c, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err = d.Decode(&c)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more than one value")
		}
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &wrong):
		key := wrong.Field
		if key == "" {
			key = "it"
		}
		return c, fmt.Errorf("config: %s: expected %s, found %s", strings.ToLower(key), typeName(wrong.Type), article(wrong.Value))
	}
	if _, key, found := strings.Cut(err.Error(), "unknown field "); found {
		known := keysOf(reflect.TypeFor[C]())
		if len(known) == 0 {
			return c, fmt.Errorf("config: unknown key %s; there are none", key)
		}
		return c, fmt.Errorf("config: unknown key %s; there are %s", key, strings.Join(known, ", "))
	}
	return c, fmt.Errorf("config: %w", err)
}

// keysOf are the keys that a config has.
func keysOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || key == "-":
			continue
		case key == "":
			key = strings.ToLower(f.Name)
		}
		keys = append(keys, key)
	}
	return keys
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

// article says what JSON value was found.
func article(value string) string {
	switch value {
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	}
	return "a " + value
}
