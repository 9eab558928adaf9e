package strictyaml

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

type settings struct {
	Listen  []string `yaml:"listen"`
	Remote  bool     `yaml:"allow_remote"`
	Room    room     `yaml:"room"`
	Limits  limits   `yaml:"limits"`
	Plugins []plugin `yaml:"plugins"`
	Unnamed int
}

type room struct {
	Name    string `yaml:"name"`
	History int    `yaml:"history"`
}

type limits struct {
	Clients int           `yaml:"clients"`
	Total   int64         `yaml:"total"`
	Backlog Bytes         `yaml:"backlog"`
	Timeout time.Duration `yaml:"name_timeout"`
}

type plugin struct {
	Name   string    `yaml:"name"`
	Config yaml.Node `yaml:"config"`
}

func defaults() settings {
	return settings{
		Listen: []string{"default"},
		Room:   room{Name: "Famchat", History: 50},
		Limits: limits{Clients: 4096, Backlog: 2 << 20, Timeout: time.Minute},
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, file string
		want       func(*settings)
	}{
		{"empty", "", func(*settings) {}},
		{"only comments", "# nothing\n\n", func(*settings) {}},
		{"an empty document", "---\n...\n", func(*settings) {}},
		{"a section whose lines are commented out", "room:\n  # name: x\nlimits:\n", func(*settings) {}},
		{"a byte order mark", "\ufeffallow_remote: true\n", func(s *settings) { s.Remote = true }},
		{"CR LF", "room:\r\n  name: x\r\n", func(s *settings) { s.Room.Name = "x" }},
		{"one string as a list", "listen: unix:/a", func(s *settings) { s.Listen = []string{"unix:/a"} }},
		{"a list", "listen: [a, 'b']", func(s *settings) { s.Listen = []string{"a", "b"} }},
		{"an empty list", "listen: []", func(s *settings) { s.Listen = []string{} }},
		{"texts", `room: {name: "12"}`, func(s *settings) { s.Room.Name = "12" }},
		{"a date is a text", "room: {name: 2026-11-24}", func(s *settings) { s.Room.Name = "2026-11-24" }},
		{"yes is a text", "room: {name: yes}", func(s *settings) { s.Room.Name = "yes" }},
		{"an empty text", `room: {name: ""}`, func(s *settings) { s.Room.Name = "" }},
		{"numbers", "limits: {clients: -5, total: 9223372036854775807}", func(s *settings) {
			s.Limits.Clients, s.Limits.Total = -5, 1<<63-1
		}},
		{"bytes", "limits: {backlog: 123}", func(s *settings) { s.Limits.Backlog = 123 }},
		{"KiB", "limits: {backlog: 64KiB}", func(s *settings) { s.Limits.Backlog = 64 << 10 }},
		{"MiB", "limits: {backlog: 3MiB}", func(s *settings) { s.Limits.Backlog = 3 << 20 }},
		{"GiB", "limits: {backlog: '1GiB'}", func(s *settings) { s.Limits.Backlog = 1 << 30 }},
		{"no bytes", "limits: {backlog: 0}", func(s *settings) { s.Limits.Backlog = 0 }},
		{"a duration", "limits: {name_timeout: 1m250ms}", func(s *settings) {
			s.Limits.Timeout = time.Minute + 250*time.Millisecond
		}},
		{"no duration", "limits: {name_timeout: 0}", func(s *settings) { s.Limits.Timeout = 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, want := defaults(), defaults()
			tt.want(&want)
			if _, err := Decode("f.yaml", []byte(tt.file), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestDecodeKeepsNodes(t *testing.T) {
	var s settings
	file := "plugins:\n- name: a\n  config: {words: [x, y], other: 010}\n- name: b\n"
	if _, err := Decode("f.yaml", []byte(file), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Plugins) != 2 || s.Plugins[1].Name != "b" || s.Plugins[1].Config.Kind != 0 {
		t.Fatalf("got %+v", s.Plugins)
	}
	var config struct {
		Words []string `yaml:"words"`
		Other string   `yaml:"other"`
	}
	if err := s.Plugins[0].Config.Decode(&config); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(config.Words, " ")+" "+config.Other, "x y 010"; got != want {
		t.Errorf("the node holds %q, want %q", got, want)
	}
}

func TestDocument(t *testing.T) {
	file := "# a comment\nroom:\n  name: x\n\nlimits:\n  clients: 5\nlisten:\n- a\n- b\nplugins:\n- name: p\n"
	var s settings
	doc, err := Decode("f.yaml", []byte(file), &s)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"room": 2, "room.name": 3, "limits.clients": 6, "listen": 7, "listen[1]": 9,
		"plugins[0].name": 11, "plugins[0]": 11,
		"limits.backlog": 5, "plugins[0].config.words[3]": 11, "plugins[7].name": 10,
		"allow_remote": 0, "": 0,
	} {
		if got := doc.Line(path); got != want {
			t.Errorf("%q is on line %d, want %d", path, got, want)
		}
	}
	const want = "f.yaml:6: limits.clients: expected at least 10, found 5"
	if got := doc.Errorf("limits.clients", "expected at least %d, found %d", 10, 5).Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var none *Document
	if got := none.Line("room"); got != 0 {
		t.Errorf("no document has line %d", got)
	}
}

// On an error the target is as it was, and the errors can be taken apart.
func TestDecodeIsAllOrNothing(t *testing.T) {
	got := defaults()
	file := "listen: [x]\nroom: {name: changed}\nlimits: {clients: 7}\nplugins: [{name: p}]\nfoo: 1\n"
	doc, err := Decode("f.yaml", []byte(file), &got)
	if !reflect.DeepEqual(got, defaults()) {
		t.Errorf("the target was changed to %+v", got)
	}
	var all Errors
	var one Error
	if !errors.As(err, &all) || len(all) != 1 || !errors.As(error(all), &one) {
		t.Fatalf("got %#v", err)
	}
	if one.File != "f.yaml" || one.Line != 5 || one.Path != "foo" {
		t.Errorf("got %+v", one)
	}
	if doc.Line("limits.clients") != 3 {
		t.Error("the document knows no lines after an error")
	}
}

func TestDecodePanicsOnWrongTargets(t *testing.T) {
	for _, into := range []any{
		nil, settings{}, (*settings)(nil), new(int),
		&struct {
			A map[string]int `yaml:"a"`
		}{},
		&struct {
			A []float64 `yaml:"a"`
		}{},
		&struct {
			a int `yaml:"a"`
		}{},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("decoding into a %T did not panic", into)
				}
			}()
			_, _ = Decode("f.yaml", nil, into)
		}()
	}
}
