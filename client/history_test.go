package client

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"famchat/internal/history"
)

// What is typed is there the next time.
func TestHistoryIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	for _, want := range []string{">", "> one"} {
		h, err := history.Open(path)
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
