package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// bomb is a billion laughs: a few lines that stand for 10^9 strings.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := 1; i < 9; i++ {
		item := fmt.Sprintf("*a%d", i-1)
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Join(slices.Repeat([]string{item}, 10), ", "))
	}
	b.WriteString("listen: *a8\nplugins: [{config: *a8}]\n")
	return b.String()
}

// watchdog fails the test where f does not return within a time that is many
// times what it needs.
func watchdog(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still decoding after 20 seconds")
	}
}

func TestBomb(t *testing.T) {
	watchdog(t, func() {
		var s settings
		_, err := Decode("f.yaml", []byte(bomb()), &s)
		var all Errors
		if !errors.As(err, &all) {
			t.Error("the bomb was accepted")
			return
		}
		const want = `f.yaml:1: a0: found the anchor "&a0"; anchors and aliases are not accepted, write the value where it is used`
		if got := all[0].Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Large files of what costs a parser most. An eighth of the largest is enough to
// see what grows with the square of its length.
func TestLargeFiles(t *testing.T) {
	const size = MaxFileBytes / 8
	full := func(before, s string) string {
		return (before + strings.Repeat(s, size/len(s)+1))[:size]
	}
	for _, file := range []string{
		full("", "["), full("", "{"), full("", "- "), full("", "? "), full("", "-\n"), full("", "? a\n"),
		full("", "#\n"), full("", "- # a\n"), full("", "# c\na: b\n"), full("a: [", "a, "), full("a: [", "*a, "),
		full("x: &a 1\na: [", "*a, "), full("a: '", "x\n"), full("a: |\n", " x\n"), full("", "a:\n"), full("a:", "\n#x"),
		full("? \"", "a") + "\"\n: x", full("plugins: [{config: [", "[], "),
		full("", "- a\n")[:size-8] + " b: c: d",
		full("k:\n", " - a\n")[:size-8] + "\n*x : y",
	} {
		watchdog(t, func() {
			var s settings
			if _, err := Decode("f.yaml", []byte(file), &s); err != nil && len(err.Error()) > 1<<20 {
				t.Errorf("%.20q: %d bytes of errors", file, len(err.Error()))
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "# c\n", "listen: a\n", "listen: [a, b]\nallow_remote: true\n", "room:\n  name: x\n  histroy: 5\n",
		"limits: {clients: 10, backlog: 64KiB, name_timeout: 2m}\n", "plugins:\n- name: a\n  config: {b: [c]}\n",
		"limits:\n  clients: 1\n backlog: 3\n", "a: &a b\nc: *a\n<<: *a\n", "? [a]\n: b\n", "a: \"b\n", "- a\n---\n- b\n",
		"\ufeffa: b\r\n", "a\rb: c\rd: *e", "# a\n  # b\n- c # d\n#e\n", "!t a: !!str b\n", "%YAML 1.1\n---\n",
		bomb(),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := defaults()
		_, err := Decode("f.yaml", data, &got)
		if err != nil {
			checkErrors(t, data, err)
			if !reflect.DeepEqual(got, defaults()) {
				t.Error("the target was changed in spite of an error")
			}
			return
		}
		again := got
		if _, err := Decode("f.yaml", data, &again); err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("decoded twice: %+v, then %+v, %v", got, again, err)
		}
	})
}

// checkErrors checks that err can be shown and points into the file.
func checkErrors(t *testing.T, data []byte, err error) {
	var all Errors
	if !errors.As(err, &all) || len(all) == 0 || len(all) > maxErrors+1 {
		t.Fatalf("got %#v", err)
	}
	lines := 1 + strings.Count(string(data), "\n") + strings.Count(string(data), "\r")
	for i, e := range all {
		if e.File != "f.yaml" || e.Message == "" {
			t.Errorf("got %+v", e)
		}
		if e.Line > lines || e.Line < 1 && len(data) <= MaxFileBytes && i < maxErrors {
			t.Errorf("%v: the file has %d lines", e, lines)
		}
		if i > 0 && i < maxErrors && e.Line < all[i-1].Line {
			t.Errorf("%v comes after %v", e, all[i-1])
		}
		for _, r := range e.Error() {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", e.Error(), r)
			}
		}
	}
}
