package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A tmux is a server of tmux with one window.
type tmux struct {
	t              *testing.T
	socket, folder string
}

// newPane opens a pane in tmux.
func newPane(t *testing.T, width, height int) *pane {
	t.Helper()
	needs(t, "tmux")
	m := &tmux{t: t, folder: t.TempDir()}
	m.socket = filepath.Join(m.folder, "s")
	conf := filepath.Join(m.folder, "tmux.conf")
	if err := os.WriteFile(conf, []byte("set -g history-limit 100000\nset -g status off\nset -g escape-time 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	guarded(t, environment(m.folder), nil, "tmux", "-u", "-D", "-S", m.socket, "-f", conf)
	args := append([]string{"-u", "-N", "-S", m.socket, "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height)}, bash...)
	until(t, "tmux", func() bool { return exec.Command("tmux", args...).Run() == nil })
	p := &pane{emulator: m, t: t, state: m.folder}
	p.resize(width, height)
	p.begin()
	return p
}

// tmux runs a command of tmux and returns what it printed.
func (m *tmux) tmux(args ...string) string {
	m.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", m.socket}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

func (m *tmux) capture() string { m.t.Helper(); return m.tmux("capture-pane", "-p", "-J", "-S", "-") }

// styled is capture with the styles.
func (m *tmux) styled() string { m.t.Helper(); return m.tmux("capture-pane", "-p", "-e", "-S", "-") }

func (m *tmux) shown(text string) string { return text }

func (m *tmux) setSize(width, height int) {
	m.t.Helper()
	m.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}

func (m *tmux) types(text string) { m.t.Helper(); m.tmux("send-keys", "-l", text) }

func (m *tmux) keys(keys ...string) {
	m.t.Helper()
	m.tmux(append([]string{"send-keys"}, keys...)...)
}

func (m *tmux) paste(text string) {
	m.t.Helper()
	file := filepath.Join(m.folder, "paste")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.tmux("load-buffer", file)
	m.tmux("paste-buffer", "-p", "-r")
}

func (m *tmux) wipe() {
	m.t.Helper()
	m.tmux("send-keys", "-R")
	m.forget()
}

func (m *tmux) forget() { m.t.Helper(); m.tmux("clear-history") }

func (m *tmux) shell() (pid, tty string) {
	m.t.Helper()
	pid, tty, _ = strings.Cut(strings.TrimSpace(m.tmux("display-message", "-p", "#{pane_pid} #{pane_tty}")), " ")
	return pid, tty
}
