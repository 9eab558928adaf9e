package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	// maxHistory is how many lines are read from a history file; when it has twice
	// as many it is written anew.
	maxHistory = 1000
	// maxHistoryBytes is how much of the end of the file is read.
	maxHistoryBytes = 4 << 20
)

// A History is a file of what was typed, one line for each message, the oldest
// first; a line break within a message is \n there, and a backslash \\. Several
// clients may add to one. Nobody but its owner may read it.
type History struct {
	path  string
	lines []string
}

// OpenHistory reads the history at path, which need not be there yet.
func OpenHistory(path string) (*History, error) {
	h := &History{path: path}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := h.read(f); err != nil {
		return nil, err
	}
	if len(h.lines) <= 2*maxHistory {
		return h, nil
	}
	h.lines = h.lines[len(h.lines)-maxHistory:]
	return h, h.rewrite()
}

// read reads the end of the file.
func (h *History) read(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no ordinary file", h.path)
	}
	skip := info.Size() > maxHistoryBytes
	if skip {
		if _, err := f.Seek(-maxHistoryBytes, io.SeekEnd); err != nil {
			return err
		}
	}
	for r := bufio.NewReader(f); ; {
		text, err := r.ReadString('\n')
		if err == io.EOF {
			return nil // what has no end was not written to the end
		}
		if err != nil {
			return err
		}
		if !skip { // the first may be the end of one
			h.lines = append(h.lines, unescape(strings.TrimSuffix(text, "\n")))
		}
		skip = false
	}
}

// rewrite writes the file anew.
func (h *History) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.path), ".history-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(encode(h.lines))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Lines returns the lines that were read; of a nil History none.
func (h *History) Lines() []string {
	if h == nil {
		return nil
	}
	return h.lines
}

// Add adds lines to the file, and makes it where it is not there.
func (h *History) Add(lines []string) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// One write, or two clients would write into each other's lines. A file that
	// was there before may have had another mode.
	_, err = f.WriteString(encode(lines))
	return errors.Join(err, f.Chmod(0o600), f.Close())
}

var (
	escapes   = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r")
	unescapes = strings.NewReplacer("\\\\", "\\", "\\n", "\n", "\\r", "\r")
)

func encode(lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(escapes.Replace(l))
		b.WriteByte('\n')
	}
	return b.String()
}

func unescape(s string) string { return unescapes.Replace(s) }
