package history

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWhatIsTypedIsKeptForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "famchat", "history")
	open := func() *File {
		t.Helper()
		h, err := Open(path)
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
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open()
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("opened it has mode %v, %v", info.Mode(), err)
	}
	for range 3 {
		if err := h.Add(slices.Repeat([]string{"many"}, maxLines)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(open().Lines()); n != maxLines {
		t.Errorf("got %d lines, want %d", n, maxLines)
	}
	if n := len(open().Lines()); n != maxLines {
		t.Errorf("got %d lines again, want %d", n, maxLines)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("written anew it has mode %v, %v", info.Mode(), err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder is taken for a history")
	}
	var none *File
	if got := none.Lines(); got != nil {
		t.Errorf("no history has %q", got)
	}
}
