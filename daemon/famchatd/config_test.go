package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"famchat"
	"famchat/internal/strictyaml"
)

// keys returns the paths of all settings in t.
func keys(t reflect.Type, path string) []string {
	var all []string
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("yaml")
		if name == "" {
			continue
		}
		all = append(all, path+name)
		if sub := t.Field(i).Type; sub.Kind() == reflect.Struct {
			all = append(all, keys(sub, path+name+".")...)
		}
	}
	return all
}

// The shipped famchat.yaml names every setting, each with its default.
func TestShippedConfig(t *testing.T) {
	var got config // without defaults: every value comes from the file
	doc, err := strictyaml.Decode("famchat.yaml", famchat.DefaultConfig, &got)
	if err != nil {
		t.Fatal(err)
	}
	if want := defaultConfig(); !reflect.DeepEqual(got, want) {
		t.Errorf("famchat.yaml says\n%+v\nthe defaults are\n%+v", got, want)
	}
	lines := strings.Split(string(famchat.DefaultConfig), "\n")
	for _, key := range keys(reflect.TypeFor[config](), "") {
		name := key[strings.LastIndex(key, ".")+1:]
		line := doc.Line(key)
		if line == 0 || !strings.HasPrefix(strings.TrimSpace(lines[line-1]), name+":") {
			t.Errorf("famchat.yaml lacks %s", key)
		}
	}
}

func TestLoadConfigBuiltIn(t *testing.T) {
	c, err := loadConfig("")
	if err != nil {
		t.Fatal(err)
	}
	if c.doc == nil || c.doc.File != "famchat.yaml (built in)" {
		t.Errorf("the document is %+v", c.doc)
	}
	c.doc = nil
	if !reflect.DeepEqual(c, defaultConfig()) {
		t.Errorf("got %+v", c)
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfig(t *testing.T) {
	tests := []struct{ file, want string }{
		{"", ""},
		{"log: {level: debug, format: json}\nplugins: []\n", ""},
		{"room:\n  nmae: x\nlimits: {backlog: 64KB}\n", `
F:2: room.nmae: unknown key; did you mean room.name?
F:3: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the text "64KB"; write 64KiB`},
		{"admins: [mum]\n", `
F:1: admins: unknown key; did you mean admin?`},
		{"everything: on\n", `
F:1: everything: unknown key; expected one of listen, allow_remote, room, admin, state, limits, plugins, log, shutdown_grace, event_loop`},
		{"plugins:\n- name: names\n  on_error: shut\n", `
F:3: plugins[0].on_error: expected open or closed, found "shut"`},
		{"plugins:\n- name: names\n  mtsl: false\n", `
F:3: plugins[0].mtsl: unknown key; did you mean plugins[0].mtls?`},
		{"log:\n  level: loud\n  format: xml\n", `
F:2: log.level: expected debug, info, warn or error, found "loud"
F:3: log.format: expected text or json, found "xml"`},
		{"#" + strings.Repeat("x", strictyaml.MaxFileBytes), `
F: expected at most 1048576 bytes, found more; is this the right file?`},
	}
	for _, tt := range tests {
		path := write(t, tt.file)
		_, err := loadConfig(path)
		got := ""
		if err != nil {
			got = "\n" + strings.ReplaceAll(err.Error(), path, "F")
		}
		if got != tt.want {
			t.Errorf("%.40q: got%s\nwant%s", tt.file, got, tt.want)
		}
	}
}

func TestLoadConfigCannotRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := loadConfig(missing)
	if want := "reading the configuration: open " + missing + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := loadConfig(t.TempDir()); err == nil {
		t.Error("a folder was read as a configuration")
	}
}

// badSetting is an error as the daemon's Validate returns it.
type badSetting struct{ path, message string }

func (e badSetting) Error() string   { return e.path + ": " + e.message }
func (e badSetting) Setting() string { return e.path }

func TestLocate(t *testing.T) {
	c, err := parseConfig("f.yaml", []byte("listen: a\nlimits:\n  clients: -1\n"))
	if err != nil {
		t.Fatal(err)
	}
	clients := badSetting{"limits.clients", "must not be negative"}
	backlog := badSetting{"limits.backlog", "too small"}
	room := badSetting{"room.name", "is empty"}
	other := errors.New("out of luck")
	tests := []struct {
		err  error
		want string
	}{
		{clients, "f.yaml:3: limits.clients: must not be negative"},
		{backlog, "f.yaml:2: limits.backlog: too small"},
		{room, "f.yaml: room.name: is empty"},
		{other, "out of luck"},
		{fmt.Errorf("checking: %w", clients), "f.yaml:3: checking: limits.clients: must not be negative"},
		{errors.Join(room, errors.Join(clients, other)), "f.yaml: room.name: is empty\nf.yaml:3: limits.clients: must not be negative\nout of luck"},
	}
	for _, tt := range tests {
		got := locate(c.doc, tt.err)
		if got.Error() != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		for _, e := range []error{clients, other} {
			if errors.Is(tt.err, e) != errors.Is(got, e) {
				t.Errorf("%q lost %q", got, e)
			}
		}
	}
	if locate(c.doc, nil) != nil {
		t.Error("no error became one")
	}
	if got := locate(nil, clients); got != error(clients) {
		t.Errorf("without a document: got %v", got)
	}
}
