// Package history keeps what a person typed from one session to the next, in a file.
// It knows nothing of what the lines mean, nor of how they are edited.
package history

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
	// maxLines is how many lines are read from a history file; when it has twice
	// as many it is written anew.
	maxLines = 1000
	// maxBytes is how much of the end of the file is read.
	maxBytes = 4 << 20
)

// A File is what was typed, one line for each, the oldest first; a line break within
// one is \n there, and a backslash \\. Several programs may add to it. Nobody but its
// owner may read it.
type File struct {
	path  string
	lines []string
}

// Open reads the history at path, which need not be there yet.
func Open(path string) (*File, error) {
	h := &File{path: path}
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
	if err := f.Chmod(0o600); err != nil {
		return nil, err
	}
	if len(h.lines) <= 2*maxLines {
		return h, nil
	}
	h.lines = h.lines[len(h.lines)-maxLines:]
	return h, h.rewrite()
}

// read reads the end of the file.
func (h *File) read(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no ordinary file", h.path)
	}
	skip := info.Size() > maxBytes
	if skip {
		if _, err := f.Seek(-maxBytes, io.SeekEnd); err != nil {
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
func (h *File) rewrite() error {
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

// Lines returns the lines that were read; of a nil File none.
func (h *File) Lines() []string {
	if h == nil {
		return nil
	}
	return h.lines
}

// Add adds lines to the file, and makes it where it is not there.
func (h *File) Add(lines []string) error {
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
