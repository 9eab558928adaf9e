package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"famchat/admin"
	"famchat/internal/strictyaml"
)

// changes are the settings that differ, in the order of famchat.yaml.
func changes(old, new config) []admin.Change {
	before, after := flatten(old), flatten(new)
	values := map[string]string{}
	for _, s := range before {
		values[s.path] = s.value
	}
	var all []admin.Change
	for _, s := range after {
		was, known := values[s.path]
		if !known || was != s.value {
			all = append(all, admin.Change{Setting: s.path, Old: was, New: s.value})
		}
		delete(values, s.path)
	}
	for _, s := range before { // what is there no more: of plugins that were left out
		if was, left := values[s.path]; left {
			all = append(all, admin.Change{Setting: s.path, Old: was})
		}
	}
	return all
}

// setting is a setting with its value as famchat.yaml would have it.
type setting struct{ path, value string }

// flatten lists all settings. A plugin goes by its name, whichever place it has, and
// plugins is the order of them.
func flatten(c config) (all []setting) {
	add := func(path, value string) { all = append(all, setting{path, value}) }
	walk(reflect.ValueOf(c), "", add)
	return all
}

// walk lists the settings of a struct.
func walk(v reflect.Value, path string, add func(path, value string)) {
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		if name == "" {
			continue
		}
		at := path + name
		switch f := v.Field(i).Interface().(type) {
		case []pluginConfig:
			names := make([]string, len(f))
			for i, p := range f {
				names[i] = p.Name
			}
			add(at, flow(names))
			for _, p := range f {
				walk(reflect.ValueOf(p), at+"["+p.Name+"].", add)
			}
		case []string:
			add(at, flow(f))
		case time.Duration:
			add(at, duration(f))
		case strictyaml.Bytes:
			add(at, size(int64(f)))
		case yaml.Node:
			value, _ := toJSON(&f) // it was checked when it was read
			add(at, string(value))
		default:
			if v.Field(i).Kind() == reflect.Struct {
				walk(v.Field(i), at+".", add)
				continue
			}
			add(at, fmt.Sprint(f))
		}
	}
}

// flow is a list as YAML has it on one line; a list of one is the one.
func flow(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// duration is a time without the zeros that Go appends: 2m, not 2m0s.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// size is a number of bytes in the largest unit that has no fraction.
func size(bytes int64) string {
	for _, u := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if bytes > 0 && bytes%u.bytes == 0 {
			return fmt.Sprintf("%d%s", bytes/u.bytes, u.name)
		}
	}
	return fmt.Sprint(bytes)
}

// restarts are the settings that only a restart puts in force: those that the daemon
// names and those that are famchatd's own.
func restarts(daemons []string, made, new config) []string {
	names := slices.Clone(daemons)
	for _, own := range []struct {
		name    string
		differs bool
	}{
		{"admin.socket", made.path(made.Admin.Socket) != new.path(new.Admin.Socket)},
		{"state", made.stateFolder() != new.stateFolder()},
		{"log.format", made.Log.Format != new.Log.Format},
	} {
		if own.differs {
			names = append(names, own.name)
		}
	}
	return names
}
