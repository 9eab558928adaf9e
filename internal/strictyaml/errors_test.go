package strictyaml

import (
	"strings"
	"testing"
)

// What is known at the top of settings, for an error.
const known = "expected one of listen, allow_remote, room, limits, plugins"

// Bad files and the exact text of their errors, from the line on.
var badFiles = []struct {
	file string
	want []string
}{
	// Keys.
	{"lisen: a\nfoo: 1\n", []string{"1: lisen: unknown key; did you mean listen?", "2: foo: unknown key; " + known}},
	{"room:\n  nmae: x\n", []string{"2: room.nmae: unknown key; did you mean room.name?"}},
	{"limits: {nameTimeout: 2m}\n", []string{"1: limits.nameTimeout: unknown key; did you mean limits.name_timeout?"}},
	{"room:\n  name: x\nbacklog: 2MiB\n", []string{"3: backlog: unknown key; did you mean limits.backlog? Check the indentation"}},
	{"plugins:\n- name: x\n- nam: y\n- 5\n", []string{
		"3: plugins[1].nam: unknown key; did you mean plugins[1].name?",
		"4: plugins[2]: expected keys and values, found the number 5"}},
	{"\"a\\e[31m b\": c\n", []string{`1: "a\x1b[31m b": unknown key; ` + known}},
	{`"": c`, []string{`1: "": unknown key; ` + known}},
	{"? [a, b]\n: c\n", []string{"1: expected a name as the key, found a list"}},
	{"limits:\n  clients: 1\n  total: 2\n  clients: 3\n", []string{"4: limits.clients: set twice, first on line 2; remove one of the two"}},
	{"plugins:\n- config:\n    a: 1\n    a: 2\n", []string{"4: plugins[0].config.a: set twice, first on line 3; remove one of the two"}},

	// Values.
	{"limits: {clients: many, backlog: 64KB, name_timeout: 30}\nallow_remote: yes\nroom:\n  name: 12\n  history: 010\nlisten: 5\n", []string{
		`1: limits.clients: expected a whole number, such as 10, found the text "many"`,
		`1: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the text "64KB"; write 64KiB`,
		"1: limits.name_timeout: expected a duration, such as 250ms, 30s or 2m, found the number 30; write a unit, like 30s",
		`2: allow_remote: expected true or false, found the text "yes"`,
		"4: room.name: expected a text, found the number 12; put it in quotes",
		"5: room.history: expected a whole number, such as 10, found the number 010",
		"6: listen: expected a text or a list of texts, found the number 5"}},
	{"limits: {clients: '10', backlog: 64 KiB, name_timeout: 1d}\n", []string{
		`1: limits.clients: expected a whole number, such as 10, found the text "10"; remove the quotes`,
		`1: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the text "64 KiB"; write 64KiB`,
		`1: limits.name_timeout: expected a duration, such as 250ms, 30s or 2m, found the text "1d"; write hours, like 24h`}},
	{"limits: {clients: 99999999999999999999, backlog: 99999999999GiB, name_timeout: 1.5}\n", []string{
		"1: limits.clients: expected a whole number up to 9223372036854775807, found the number 99999999999999999999",
		`1: limits.backlog: expected a size of at most 9223372036854775807 bytes, found the text "99999999999GiB"`,
		"1: limits.name_timeout: expected a duration, such as 250ms, 30s or 2m, found the number 1.5; write a unit, like 30s"}},
	{"limits:\n  clients: 1e3\n  backlog: -5\n  name_timeout: [1]\n", []string{
		"2: limits.clients: expected a whole number, such as 10, found the number 1e3",
		"3: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the number -5",
		"4: limits.name_timeout: expected a duration, such as 250ms, 30s or 2m, found a list"}},
	{"limits:\n  backlog: 100B\n", []string{`2: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the text "100B"; write 100`}},
	{"limits:\n  backlog: 5m\n", []string{`2: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found the text "5m"; write 5MiB`}},
	{"limits:\n  clients:\n  backlog: ~\nplugins:\nlisten:\n", []string{
		"2: limits.clients: expected a whole number, such as 10, found nothing",
		`3: limits.backlog: expected a size, such as 64KiB, 2MiB or 1GiB, found "~"`,
		"4: plugins: expected a list, found nothing; write [] for an empty one",
		"5: listen: expected a list, found nothing; write [] for an empty one"}},
	{"room: 5\nlimits: []\nlisten: {a: b}\nplugins: x\nallow_remote: {}\n", []string{
		"1: room: expected keys and values, found the number 5",
		"2: limits: expected keys and values, found a list",
		"3: listen: expected a text or a list of texts, found keys and values",
		`4: plugins: expected a list, found the text "x"`,
		"5: allow_remote: expected true or false, found keys and values"}},
	{"listen:\n- a\n- 5\n-\n", []string{
		"3: listen[1]: expected a text, found the number 5; put it in quotes",
		"4: listen[2]: expected a text, found nothing"}},
	{"limits: {clients: \"" + strings.Repeat("é", 50) + "\"}", []string{
		`1: limits.clients: expected a whole number, such as 10, found the text "` + strings.Repeat("é", 40) + `..."`}},
	{"hello", []string{`1: expected keys and values, found the text "hello"`}},
	{"- a\n", []string{"1: expected keys and values, found a list"}},

	// What no document may hold.
	{"room: &r {name: x}\nlimits:\n  <<: *r\nlisten: *r\n", []string{
		`1: room: found the anchor "&r"; anchors and aliases are not accepted, write the value where it is used`,
		"3: limits: found the merge key <<; it is not accepted, write the settings out",
		`4: listen: found the alias "*r"; anchors and aliases are not accepted, write the value out`}},
	{"room:\n  name: x\n\nlisten: *foo\n", []string{
		"4: found an alias; anchors and aliases are not accepted, write the value out or, if it begins with *, put it in quotes"}},
	{"room: !!map {name: !!str 5}\n", []string{
		`1: room: found the tag "!!map"; tags are not accepted, write the value alone`,
		`1: room.name: found the tag "!!str"; tags are not accepted, write the value alone`}},
	{"listen: a\n---\nlisten: b\n", []string{"2: expected one document, found a second one; remove the line --- and what follows it"}},
	{"plugins: [{config: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}]", []string{
		"1: plugins[0].config" + strings.Repeat("[0]", 30) + ": nested deeper than 32 levels; a configuration does not need that"}},
	{"listen: a\n\xff\n", []string{"2: expected text in UTF-8, found the byte 0xff; save the file as UTF-8"}},
	{"\xff\xfea\x00", []string{"1: expected text in UTF-8, found the byte 0xff; save the file as UTF-8"}},
	{"listen: a\r\n# \u2028\n", []string{"2: expected text, found the control character U+2028; remove it"}},
	{"\x1b[31m", []string{"1: expected text, found the control character U+001B; remove it"}},
	{strings.Repeat("#", MaxFileBytes+1), []string{"0: expected at most 1048576 bytes, found more; is this the right file?"}},

	// What is no YAML.
	{"limits:\n  clients: 1\n  total: 2\n backlog: 3\n", []string{"4: expected a key in line with those above it; check the indentation and the quotes"}},
	{"room:\n  history: 5\n  name: 'x'y\n", []string{"3: expected a key in line with those above it; check the indentation and the quotes"}},
	{"room:\n  name: a: b\n", []string{"2: expected no colon here; check the indentation and the line above, and put a text that holds a colon in quotes"}},
	{"room:\n\tname: x\n", []string{"2: a value cannot begin with this character; indent with spaces, not tabs, and put a text that begins with @, % or ` in quotes"}},
	{"listen: [1, 2\nroom: {}\n", []string{"1: the list that begins here lacks a comma or its ]"}},
	{"\n\nlisten: [1, 2\nroom: {}\n", []string{"3: the list that begins here lacks a comma or its ]"}},
	{"# c\nroom: {name: 1\n", []string{"2: the { that stands here lacks a comma between its settings or its }"}},
	{"listen: \"foo\nroom: 1\n", []string{"1: the quotes that open here are not closed"}},
	{"room:\n  name: \"a\\qb\"\n", []string{`2: unknown escape in double quotes; write \\ for a backslash, or use single quotes`}},
	{"room:\n  name: x\n  history 5\n", []string{"3: expected a colon and a space after the key"}},
	{"\n%FOO\n---\n", []string{"2: not valid YAML: found unknown directive name"}},
}

func TestErrors(t *testing.T) {
	for _, tt := range badFiles {
		got := defaults()
		_, err := Decode("f.yaml", []byte(tt.file), &got)
		if err == nil {
			t.Errorf("%.60q: no error", tt.file)
			continue
		}
		want := "f.yaml:" + strings.Join(tt.want, "\nf.yaml:")
		want = strings.ReplaceAll(want, "f.yaml:0:", "f.yaml:")
		if err.Error() != want {
			t.Errorf("%.60q: got\n%s\nwant\n%s", tt.file, err, want)
		}
	}
}

func TestManyErrors(t *testing.T) {
	var s settings
	_, err := Decode("f.yaml", []byte(strings.Repeat("x: 1\n", 200)), &s)
	lines := strings.Split(err.Error(), "\n")
	if got, want := len(lines), maxErrors+1; got != want {
		t.Fatalf("got %d lines, want %d", got, want)
	}
	// 199 are set twice, 200 are unknown.
	if got, want := lines[maxErrors], "f.yaml: and 299 more problems"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
