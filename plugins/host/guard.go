package host

import (
	_ "embed"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

//go:embed guard.sh
var guardScript string

// guardTimeout is how long the guard may take to hear of a plugin, or to end what is
// left.
const guardTimeout = 2 * time.Second

// guard is a process that outlives this one for a moment, and ends what is left of
// the plugins then: a daemon that is killed cannot, and what a plugin has forked
// hears nothing of it. A shell of one megabyte does.
type guard struct {
	mark string // what the environment of every plugin has
	log  *slog.Logger

	mu     sync.Mutex
	groups map[int]bool // process groups that are there
	cmd    *exec.Cmd    // nil where there is none
	in     *os.File     // its stdin
}

func newGuard(mark string, log *slog.Logger) *guard {
	return &guard{mark: mark, log: log, groups: map[int]bool{}}
}

// begins tells of a plugin's process group, ends that it is gone.
func (g *guard) begins(group int) { g.change(group, true) }
func (g *guard) ends(group int)   { g.change(group, false) }

// change tells the guard, which is started for the first group and again where
// somebody has ended it.
func (g *guard) change(group int, there bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sign := "- "
	if there {
		sign = "+ "
		g.groups[group] = true
	} else {
		delete(g.groups, group)
	}
	if g.cmd != nil && g.say(sign+strconv.Itoa(group)) == nil {
		return
	}
	g.leave()
	if err := g.start(); err != nil {
		g.leave()
		g.log.Warn("nobody guards the plugins: what they start may outlive a daemon that is killed", "err", err)
	}
}

// start starts the guard and tells it of all groups. g.mu is held.
func (g *guard) start() error {
	if len(g.groups) == 0 {
		return nil
	}
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	g.in = in
	g.cmd = exec.Command("/bin/sh", "-c", guardScript, "famchat-plugin-guard", g.mark)
	g.cmd.Env = []string{"PATH=/usr/bin:/bin"}
	g.cmd.Stdin = out
	// A session of its own: what ends the daemon's terminal does not end it.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := g.cmd.Start(); err != nil {
		g.cmd = nil
		return err
	}
	for group := range g.groups {
		if err := g.say("+ " + strconv.Itoa(group)); err != nil {
			return err
		}
	}
	return nil
}

// say writes a line to the guard. g.mu is held.
func (g *guard) say(line string) error {
	_ = g.in.SetWriteDeadline(time.Now().Add(guardTimeout))
	_, err := g.in.WriteString(line + "\n")
	return err
}

// leave ends the guard: it ends what is left, and then itself. g.mu is held.
func (g *guard) leave() {
	if g.in != nil {
		g.in.Close()
		g.in = nil
	}
	if cmd := g.cmd; cmd != nil {
		g.cmd = nil
		late := time.AfterFunc(guardTimeout, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
	}
}

// close ends what is left of all plugins, and the guard.
func (g *guard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave()
}
