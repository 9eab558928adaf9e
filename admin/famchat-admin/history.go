package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"

	"famchat/internal/safetext"
)

const (
	historyName = "admin-history"
	// maxHistoryLines is how many lines are kept. The file may have twice as many, and
	// maxHistoryBytes.
	maxHistoryLines = liner.HistoryLimit
	maxHistoryBytes = 1 << 20
)

// history is what was typed in consoles, in a file that only its user can read: there may be
// what somebody was told.
type history struct {
	path string // "" where there is no place for it
	err  error
}

// openHistory finds the file in the user's state folder (XDG Base Directory Specification).
func openHistory(getenv func(string) string) *history {
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return &history{}
		}
		state = filepath.Join(home, ".local", "state")
	}
	return &history{path: filepath.Join(state, "famchat", historyName)}
}

// load gives the console what was typed before, and makes the file private and short.
func (h *history) load(line *liner.State) {
	lines, err := h.read()
	if err != nil {
		h.err = err
		return
	}
	for _, l := range lines {
		line.AppendHistory(l)
	}
}

func (h *history) read() ([]string, error) {
	if h.path == "" {
		return nil, nil
	}
	info, err := os.Stat(h.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", h.path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(h.path, 0o600); err != nil {
			return nil, err
		}
	}
	text, err := h.tail(info.Size())
	if err != nil {
		return nil, err
	}
	lines := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	if len(lines) > 2*maxHistoryLines || info.Size() > maxHistoryBytes {
		lines = lines[max(0, len(lines)-maxHistoryLines):]
		if err := os.WriteFile(h.path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	for i, l := range lines {
		lines[i] = safetext.Text(l) // somebody may have put something there
	}
	return lines, nil
}

// tail reads the last maxHistoryBytes of the file.
func (h *history) tail(size int64) ([]byte, error) {
	file, err := os.Open(h.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, max(0, size-maxHistoryBytes), maxHistoryBytes))
	if _, rest, found := bytes.Cut(text, []byte{'\n'}); found && size > maxHistoryBytes {
		text = rest // it begins in the middle of a line
	}
	return text, err
}

// add keeps a line, at once: nothing is lost when the console is killed, and several may
// be open. What goes wrong is returned once.
func (h *history) add(text string) error {
	if h.path == "" || h.err != nil {
		return h.once()
	}
	h.err = h.append(text)
	return h.once()
}

func (h *history) append(text string) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strings.ReplaceAll(text, "\n", " ") + "\n")
	return errors.Join(err, file.Close())
}

// once returns the error the first time.
func (h *history) once() error {
	err := h.err
	if err != nil {
		h.path, h.err = "", nil
	}
	return err
}
