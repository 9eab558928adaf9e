package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shippedPlugins are what 0, 1 and 3 plugins are: one that filters, and all that
// ship.
var shippedPlugins = map[int]string{
	0: "[]",
	1: "[{name: profanity}]",
	3: "[{name: names}, {name: profanity}, {name: commands, grants: [members, say, private]}]",
}

// pluginPlan are the sizes of the plugin measurements.
type pluginPlan struct {
	members int
	rate    int // messages a second, in a quiet room
}

// plugins is one round with 0, 1 and 3 plugins. The plugins share the daemon's core.
func (b *bench) plugins(ctx context.Context, round int) error {
	defer func() { b.programs.plugins = "" }()
	p := b.plan.plugins
	k := kind{Poller: "epoll"}
	for _, n := range pluginCounts {
		b.programs.plugins = shippedPlugins[n]
		var f pluginFigures
		err := b.measure(ctx, k, p.members, func(s *server, c *crowd) error {
			f.start = s.took
			l, err := runLatency(ctx, c, p.rate, b.plan.warmup, b.plan.window)
			if err != nil {
				return err
			}
			f.p50, f.p99 = percentile(l, 50), percentile(l, 99)
			return f.memory(s)
		})
		if err == nil {
			err = b.measure(ctx, k, p.members, func(s *server, c *crowd) error {
				t, err := runThroughput(ctx, s, c, b.plan.loadOf(false, p.members, c.format), b.plan.warmup, b.plan.window)
				f.rate = t.deliveries / float64(p.members) / t.wall.Seconds()
				return err
			})
		}
		if err == nil {
			f.turn, f.turnCPU, err = b.troubled(ctx, k)
		}
		if err != nil {
			return fmt.Errorf("%d plugins: %w", n, err)
		}
		b.report.addPlugins(n, fmt.Sprintf("one sender, %d members", p.members), "k msg/s", f.rate/1e3)
		quiet := fmt.Sprintf("latency, %d members, %d messages/s, ", p.members, p.rate)
		b.report.addPlugins(n, quiet+"p50", "µs", microseconds(f.p50))
		b.report.addPlugins(n, quiet+"p99", "µs", microseconds(f.p99))
		const turn = "longest turn of the loop, flooded, plugins stopped and killed"
		b.report.addPlugins(n, turn, "ms", microseconds(f.turn)/1e3)
		b.report.addPlugins(n, turn+": CPU time", "ms", microseconds(f.turnCPU)/1e3)
		b.report.addPlugins(n, "from start to listening", "ms", microseconds(f.start)/1e3)
		b.report.addPlugins(n, "resident, the daemon", "MiB", mebibytes(f.daemon))
		b.report.addPlugins(n, "resident, its plugins together", "MiB", mebibytes(f.plugins))
		b.say("round %d of %d: %d plugins: %.0f messages/s, p50 %s, p99 %s, ready in %s", round+1, b.plan.rounds, n, f.rate, f.p50, f.p99, f.start)
	}
	return nil
}

// troubled floods the daemon, and halfway stops its plugins with SIGSTOP, so that
// they hang, and later kills those that run then. It returns the longest turn that
// the loop took meanwhile, and the most CPU time that one took.
func (b *bench) troubled(ctx context.Context, k kind) (turn, cpu time.Duration, err error) {
	var s *server
	members := b.plan.plugins.members
	err = b.measure(ctx, k, members, func(running *server, c *crowd) error {
		s = running
		stop := time.AfterFunc(b.plan.warmup, func() { signalPlugins(s.pid, syscall.SIGSTOP) })
		kill := time.AfterFunc(b.plan.warmup+b.plan.window*3/4, func() { signalPlugins(s.pid, syscall.SIGKILL) })
		defer stop.Stop()
		defer kill.Stop()
		if _, err := runThroughput(ctx, s, c, b.plan.loadOf(false, members, c.format), b.plan.warmup, b.plan.window); err != nil {
			return err
		}
		s.terminate() // once, and it says how it was before it ends
		select {
		case <-s.exited:
			return nil
		case <-time.After(stopTimeout):
			return errors.New("it does not stop")
		}
	})
	if err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	turn, err = logged(s.tail, "longest_turn")
	if err == nil {
		cpu, err = logged(s.tail, "longest_turn_cpu")
	}
	return turn, cpu, err
}

// logged is a time that the daemon has logged under a key.
func logged(lines []string, key string) (time.Duration, error) {
	for _, line := range lines {
		for _, field := range strings.Fields(line) {
			if value, found := strings.CutPrefix(field, key+"="); found {
				return time.ParseDuration(value)
			}
		}
	}
	return 0, fmt.Errorf("the daemon did not log %s when it stopped", key)
}

// signalPlugins signals the plugins of a daemon.
func signalPlugins(daemon int, s syscall.Signal) {
	plugins, _ := pluginsOf(daemon) // none are none
	for _, pid := range plugins {
		_ = syscall.Kill(pid, s)
	}
}

// pluginFigures is what one round says of a number of plugins.
type pluginFigures struct {
	rate            float64 // messages a second that one sender gets through
	p50, p99, start time.Duration
	turn, turnCPU   time.Duration // the longest of the loop, while plugins are in trouble
	daemon, plugins int64         // bytes resident
}

// memory notes what the daemon and its plugins have resident.
func (f *pluginFigures) memory(s *server) (err error) {
	if f.daemon, err = s.rss(); err != nil {
		return err
	}
	plugins, err := pluginsOf(s.pid)
	if err != nil {
		return err
	}
	f.plugins = 0
	for _, pid := range plugins {
		bytes, err := processRSS(pid)
		if err != nil {
			return err
		}
		f.plugins += bytes
	}
	return nil
}

// pluginsOf returns the plugins of a daemon: what it has started and made one.
func pluginsOf(daemon int) ([]int, error) {
	children, err := childrenOf(daemon)
	return slices.DeleteFunc(children, func(pid int) bool {
		environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		return !bytes.Contains(environ, []byte("FAMCHAT_PLUGIN="))
	}), err
}

// childrenOf returns the processes that a process has started.
func childrenOf(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, fmt.Errorf("reading the plugins of the daemon: %w", err)
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", list, err)
			}
			pids = append(pids, child)
		}
	}
	return pids, nil
}
