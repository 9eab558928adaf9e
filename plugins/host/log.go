package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxLine is how much of a line that a plugin logs is kept, in bytes.
	maxLine = 4 << 10
	// maxLines is how many lines a plugin may log in a second; more are counted.
	maxLines = 100
	// maxAttrs is how many attributes of a record are kept.
	maxAttrs = 20
)

// stderrLog makes records of what a plugin writes to stderr: of a line of JSON as
// slog writes it, that record, of any other line one at info.
type stderrLog struct {
	log *slog.Logger

	mu      sync.Mutex
	second  time.Time
	lines   int
	dropped int
	last    string // what it last said
}

func newStderrLog(log *slog.Logger) *stderrLog { return &stderrLog{log: log} }

// read reads until the end.
func (l *stderrLog) read(r io.Reader) {
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 && l.may() {
			l.line(bytes.TrimSpace(line))
		}
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a long line
			_, err = lines.ReadSlice('\n')
		}
		if err != nil {
			l.flush()
			return
		}
	}
}

// may reports whether one more line is logged.
func (l *stderrLog) may() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Sub(l.second) >= time.Second {
		l.report()
		l.second, l.lines = now, 0
	}
	if l.lines == maxLines {
		l.dropped++
		return false
	}
	l.lines++
	return true
}

// report says how many lines were dropped.
func (l *stderrLog) report() {
	if l.dropped > 0 {
		l.log.Warn("the plugin logs too much", "lines_dropped", l.dropped)
		l.dropped = 0
	}
}

func (l *stderrLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.report()
}

// note logs something about the plugin, within its limit.
func (l *stderrLog) note(msg string, args ...any) {
	if l.may() {
		l.log.Warn(msg, args...)
	}
}

// Write takes what a plugin prints by way of go-plugin, some lines at a time.
func (l *stderrLog) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if l.may() {
			l.line(bytes.TrimSpace(line[:min(len(line), maxLine)]))
		}
	}
	return len(b), nil
}

// maxLastWords is how much is kept of what a plugin last said.
const maxLastWords = 200

// lastWords is what the plugin last said, but for goroutines' stacks.
func (l *stderrLog) lastWords() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// says notes what may turn out to be the last that the plugin says. What follows a
// panic is its stack.
func (l *stderrLog) says(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.HasPrefix(l.last, "panic: ") && !strings.HasPrefix(l.last, "fatal error: ") {
		l.last = text[:min(len(text), maxLastWords)]
	}
}

func (l *stderrLog) line(line []byte) {
	if len(line) == 0 {
		return
	}
	var record map[string]any
	if line[0] != '{' || json.Unmarshal(line, &record) != nil {
		l.says(string(line))
		l.log.Info("the plugin says", "text", string(line))
		return
	}
	var level slog.Level
	msg, _ := record[slog.MessageKey].(string)
	l.says(msg)
	name, _ := record[slog.LevelKey].(string)
	_ = level.UnmarshalText([]byte(name)) // else info
	for _, key := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey} {
		delete(record, key)
	}
	attrs := []slog.Attr{slog.String("says", msg)}
	for _, key := range slices.Sorted(maps.Keys(record)) {
		if len(attrs) > maxAttrs {
			break
		}
		attrs = append(attrs, attr(key, record[key]))
	}
	l.log.LogAttrs(context.Background(), level, "the plugin logs", attrs...)
}

// attr is an attribute of a plugin's: a word as its key, and a scalar or JSON as
// its value.
func attr(key string, value any) slog.Attr {
	safe := []byte(key[:min(len(key), 40)])
	for i, c := range safe {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			safe[i] = '_'
		}
	}
	key = "plugin_" + string(safe)
	switch v := value.(type) {
	case string:
		return slog.String(key, v)
	case float64:
		return slog.Float64(key, v)
	case bool:
		return slog.Bool(key, v)
	}
	b, _ := json.Marshal(value)
	return slog.String(key, string(b))
}
