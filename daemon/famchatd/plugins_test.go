package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The plugins that ship, with the settings that ship.
const shipped = "plugins: [{name: names}, {name: profanity}, {name: commands, grants: [members, say, private]}]\n"

var running = regexp.MustCompile(`msg="the plugin runs" .*pid=([0-9]+)`)

// pids are the processes of the plugins that were started before it listened.
func (p *process) pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for _, line := range p.lines {
		if m := running.FindStringSubmatch(line); m != nil {
			pid, _ := strconv.Atoi(m[1])
			pids = append(pids, pid)
		}
	}
	return pids
}

// lives reports whether a process is there and has not ended.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

// gone waits for the end of processes.
func gone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		for end := time.Now().Add(watchdog); lives(pid); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the plugin %d is still there", pid)
			}
		}
	}
}

func TestTheShippedPluginsRule(t *testing.T) {
	p := start(t, shipped)
	mum := p.join("mum")
	anna := p.connect()
	anna.say("admin")
	anna.wait(`"admin" is refused: nobody may take that name. Another name?`)
	anna.say("anna")
	anna.wait("you joined")
	anna.say("what a pile of sh1t, off to Scunthorpe")
	mum.wait("anna: what a pile of ****, off to Scunthorpe")
	anna.say("@mum sh1t")
	mum.wait("anna -> you: ****")
	anna.say("/me waves")
	mum.wait("- anna waves")
	anna.say("/msg MUM hello")
	mum.wait("anna -> you: hello")
	mum.say("/reply hello yourself")
	anna.wait("mum -> you: hello yourself")
	anna.say("/about")
	anna.wait("plugin profanity")
}

func TestAReloadStartsThePluginsAnew(t *testing.T) {
	p := start(t, "plugins: [{name: names, config: {pattern: '[a-m].*'}}]\n")
	before := p.pids()
	mum := p.join("mum")
	rewrite := func(text string) { p.rewrite("listen: 127.0.0.1:0\n" + text) }
	refused := func(name string) {
		t.Helper()
		c := p.connect()
		c.say(name)
		c.wait(`"` + name + `" is refused`)
		c.Close()
	}
	refused("otto")
	rewrite("plugins: [{name: names, config: {pattern: '['}}]\n")
	p.logged(has("level=ERROR", "the old ones stay", p.file+":2: plugins[0].config: plugin names: config: pattern"))
	refused("otto")
	rewrite("plugins: [{name: names, config: {pattern: '[n-z].*'}}, {name: commands, grants: [say]}]\n")
	p.logged(has("settings reloaded"))
	gone(t, before)
	refused("anna")
	mum.say("/me waves")
	mum.wait("- mum waves")
	p.join("otto")
}

func TestKillingItLeavesNoPlugin(t *testing.T) {
	p := start(t, shipped)
	pids := p.pids()
	if len(pids) != 3 {
		t.Fatalf("the log has the plugins %d", pids)
	}
	p.signal(syscall.SIGKILL)
	p.exit()
	gone(t, pids)
}

func TestStoppingItLeavesNoPlugin(t *testing.T) {
	p := start(t, shipped)
	pids := p.pids()
	mum := p.join("mum")
	p.signal(syscall.SIGTERM)
	mum.wait("Bye!")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, pid := range pids {
		if lives(pid) {
			t.Errorf("the plugin %d outlived it", pid)
		}
	}
}
