package client

import (
	"reflect"
	"strings"
	"testing"
)

func TestDecoder(t *testing.T) {
	for _, test := range []struct {
		name   string
		frames []string
		want   []update
	}{
		{
			"an evening",
			[]string{"\r\x1b[Kfamchat\nYour name? ", "\r\x1b[K* you joined\n> ", "\r\x1b[K  mum: hi\n  mum: there\n> ", "\r\x1b[K> ", "\r\x1b[KBye!\n"},
			[]update{
				{lines: []string{"famchat"}, prompt: "Your name? "},
				{lines: []string{"* you joined"}, prompt: "> "},
				{lines: []string{"  mum: hi", "  mum: there"}, prompt: "> "},
				{prompt: "> "},
				{lines: []string{"Bye!"}},
			},
		},
		{
			"one bell a string, and only once",
			[]string{"\r\x1b[Ka\a\nb\n\a\a> ", "\r\x1b[Kc\n> ", "more"},
			[]update{{lines: []string{"a", "b"}, prompt: "> ", bell: true}, {lines: []string{"c"}, prompt: "> "}, {prompt: "> more"}},
		},
		{
			"a bell that nothing erases",
			[]string{"\a> ", "x"},
			[]update{{prompt: "> ", bell: true}, {prompt: "> x"}},
		},
		{
			"a line, a rune and a style in two strings",
			[]string{"\r\x1b[Khe", "llo \xc3", "\xa9\x1b[3", "1m!\x1b[m\n> "},
			[]update{{prompt: "he"}, {prompt: "hello \ufffd"}, {prompt: "hello é"}, {lines: []string{"hello é\x1b[31m!\x1b[m"}, prompt: "> "}},
		},
		{
			"CR LF and empty lines",
			[]string{"a\r\n\n\r\nb\r", "\n> "},
			[]update{{lines: []string{"a", "", ""}, prompt: "b"}, {lines: []string{"b"}, prompt: "> "}},
		},
		{
			"a forged prompt and a hidden line",
			[]string{"\r\x1b[Kseen\x1b[1A\x1b[2K\rlast\n> "},
			[]update{{lines: []string{"last"}, prompt: "> "}},
		},
		{
			"nothing",
			[]string{"", "\n"},
			[]update{{}, {lines: []string{""}}},
		},
	} {
		d := decoder{color: true}
		for i, frame := range test.frames {
			if got := d.next([]byte(frame)); !reflect.DeepEqual(got, test.want[i]) {
				t.Errorf("%s, string %d: got %+v, want %+v", test.name, i, got, test.want[i])
			}
		}
	}
}

// A server that never breaks a line costs no more than maxRest.
func TestDecoderIsBounded(t *testing.T) {
	var d decoder
	sent, shown := 0, 0
	for range 100 {
		u := d.next([]byte(strings.Repeat("x", 4096)))
		sent += 4096
		for _, l := range u.lines {
			shown += len(l)
		}
		if len(d.rest) > maxRest {
			t.Fatalf("%d bytes are kept", len(d.rest))
		}
	}
	if shown+len(d.rest) != sent || shown == 0 {
		t.Errorf("%d bytes sent, %d shown, %d kept", sent, shown, len(d.rest))
	}
}
