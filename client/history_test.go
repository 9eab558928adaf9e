package client

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
)

func TestHistoryFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "famchat", "history")
	open := func() *History {
		t.Helper()
		h, err := OpenHistory(path)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open()
	lines := []string{"one", "two\nlines", `back\slash \n`, " "}
	for _, l := range lines {
		if err := h.Add([]string{l}); err != nil {
			t.Fatal(err)
		}
	}
	if got := open().Lines(); !slices.Equal(got, lines) {
		t.Errorf("got %q, want %q", got, lines)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.Add([]string{"last"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v; want %v", filepath.Base(name), info.Mode(), err, want)
		}
	}
	for range 3 {
		if err := h.Add(slices.Repeat([]string{"many"}, maxHistory)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(open().Lines()); n != maxHistory {
		t.Errorf("got %d lines, want %d", n, maxHistory)
	}
	if n := len(open().Lines()); n != maxHistory {
		t.Errorf("got %d lines again, want %d", n, maxHistory)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("written anew it has mode %v, %v", info.Mode(), err)
	}
	if _, err := OpenHistory(t.TempDir()); err == nil {
		t.Error("a folder is taken for a history")
	}
	var none *History
	if got := none.Lines(); got != nil {
		t.Errorf("no history has %q", got)
	}
}

// What is typed is there the next time.
func TestHistoryIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	for _, want := range []string{">", "> one"} {
		h, err := OpenHistory(path)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			s := sit(t, func(o *Options) { o.History = h })
			s.joins()
			s.types("\x1b[A")
			s.shows("famchat\n* you joined\n" + want)
			s.types("\x15one\r")
			s.gets("one")
		})
	}
}
