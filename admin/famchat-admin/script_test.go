package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"famchat/admin"
)

// watchdog is how long a test waits for what must happen.
const watchdog = 30 * time.Second

// raceEnv has the options of the race detector.
const raceEnv = "GORACE"

// binaries is the folder of the real binaries, built once, where a test needs them.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fcbin")
	if err != nil {
		return "", err
	}
	// The shipped plugins are beside the daemon, as make has them.
	build := exec.Command("go", "build", "-o", dir+"/", "famchat/daemon/famchatd", "famchat/client/famchat", "famchat/plugins/famchat-plugin-...")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the binaries: %w: %s", err, out)
	}
	return dir, nil
})

// tidy runs the tests and removes what was built for them.
type tidy struct{ m *testing.M }

func (t tidy) Run() int {
	defer func() {
		if dir, err := binaries(); err == nil {
			os.RemoveAll(dir)
		}
	}()
	return t.m.Run()
}

func TestMain(m *testing.M) {
	// The race detector would keep each process for a second at its end.
	if os.Getenv(raceEnv) == "" {
		os.Setenv(raceEnv, "atexit_sleep_ms=0")
	}
	// The test's own binary is famchat-admin in the scripts, and so under the race detector.
	testscript.Main(tidy{m}, map[string]func(){name: main})
}

// TestScripts runs testdata/script, a script for each command, with the real daemon and real
// members. Besides testscript's own commands they have:
//
//	daemon              start famchatd -c famchat.yaml, and wait until it listens
//	stop-daemon         SIGTERM it, and wait until it has ended
//	ended-daemon        wait until it has ended by itself
//	join NAME           NAME joins; what they read is in the file NAME
//	knock NAME          somebody connects, and has no name yet
//	types NAME TEXT...  NAME sends a line
//	reads FILE REGEXP   wait until the file has it
//	gone NAME           wait until NAME's client has ended
//	exits CODE PROGRAM  run it, and see how it exits; then stdout and stderr tell what it printed
//	terminal PROGRAM    run it on a terminal
//	press KEYS          type keys there, written as in Go: press 'list\r'
//	shows TEXT...       wait until the terminal has shown the texts, in order, written as in Go
//	ends CODE           wait until it has exited so, and the terminal is as it was
//	begins WORD PROGRAM run it beside the script; what it prints is in the file WORD
//	eventually REGEXP PROGRAM  run it until it prints that
//	watchers N          wait until so many watch
//	interrupt WORD      SIGINT it, and see that it exits with 0
//	fails CODE WORD     wait until it has exited so
func TestScripts(t *testing.T) {
	dir, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	// Short, as it has the socket.
	root, err := os.MkdirTemp("", "fcs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", WorkdirRoot: root, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error { return setUp(e, dir) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"daemon": startDaemon, "stop-daemon": stopDaemon, "ended-daemon": endedDaemon,
			"join": join, "knock": knock, "types": types, "reads": reads, "gone": gone,
			"exits": exits, "begins": begins, "interrupt": interrupt, "fails": fails,
			"eventually": eventually, "watchers": watchers,
			"terminal": onScriptTerminal, "press": press, "shows": shows, "ends": ends,
		},
	})
}

// cast are the processes beside a script.
type cast struct {
	daemon *actor
	actors map[string]*actor
	screen *terminal
}

// actor is a process beside a script.
type actor struct {
	cmd   *exec.Cmd
	stdin *os.File
	ended chan struct{}
}

type castKey struct{}

func setUp(e *testscript.Env, binaries string) error {
	c := &cast{actors: map[string]*actor{}}
	e.Values[castKey{}] = c
	e.Setenv("PATH", binaries+string(filepath.ListSeparator)+e.Getenv("PATH"))
	e.Setenv("HOME", e.WorkDir)
	e.Setenv(raceEnv, os.Getenv(raceEnv))
	e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
	e.Setenv("XDG_RUNTIME_DIR", "")
	e.Setenv(socketEnv, filepath.Join(e.WorkDir, "run", "admin.sock"))
	e.Defer(func() {
		for _, a := range c.actors {
			a.end()
		}
		if c.daemon != nil {
			c.daemon.end()
		}
	})
	config := "listen: 127.0.0.1:0\nadmin: {socket: " + e.Getenv(socketEnv) + "}\nstate: " + filepath.Join(e.WorkDir, "daemon") + "\n"
	return os.WriteFile(filepath.Join(e.WorkDir, "base.yaml"), []byte(config), 0o600)
}

// start starts a process whose output goes to a file of the script's.
func start(ts *testscript.TestScript, file string, args ...string) *actor {
	path, err := lookPath(ts, args[0])
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(file))
	ts.Check(err)
	defer out.Close()
	in, stdin, err := os.Pipe()
	ts.Check(err)
	defer in.Close()
	a := &actor{cmd: exec.Command(path, args[1:]...), stdin: stdin, ended: make(chan struct{})}
	a.cmd.Dir, a.cmd.Env = ts.MkAbs("."), environment(ts)
	a.cmd.Stdin, a.cmd.Stdout, a.cmd.Stderr = in, out, out
	ts.Check(a.cmd.Start())
	go func() {
		_ = a.cmd.Wait()
		close(a.ended)
	}()
	return a
}

// environment is that of a script.
func environment(ts *testscript.TestScript) (env []string) {
	for _, key := range []string{"PATH", "HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", socketEnv, "FAMCHAT_ADDR", "NO_COLOR", raceEnv, "GOCOVERDIR", "TMPDIR"} {
		env = append(env, key+"="+ts.Getenv(key))
	}
	return env
}

// lookPath finds a program on the script's PATH.
func lookPath(ts *testscript.TestScript, program string) (string, error) {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s", program)
}

func (a *actor) end() {
	_ = a.cmd.Process.Signal(syscall.SIGTERM)
	if !a.wait() {
		_ = a.cmd.Process.Kill()
		<-a.ended
	}
	a.stdin.Close()
}

// wait waits until it has ended, and tells whether it has.
func (a *actor) wait() bool {
	select {
	case <-a.ended:
		return true
	case <-time.After(watchdog):
		return false
	}
}

func castOf(ts *testscript.TestScript) *cast { return ts.Value(castKey{}).(*cast) }

func (c *cast) actor(ts *testscript.TestScript, name string) *actor {
	a := c.actors[name]
	if a == nil {
		ts.Fatalf("there is no %s", name)
	}
	return a
}

func need(ts *testscript.TestScript, neg bool, ok bool, use string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", use)
	}
}

// until waits until a file of the script's has a match of pattern, and returns it with its groups.
func until(ts *testscript.TestScript, file, pattern string) []string {
	re, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	for end := time.Now().Add(watchdog); ; {
		text, err := os.ReadFile(ts.MkAbs(file))
		if found := re.FindStringSubmatch(string(text)); found != nil {
			return found
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never had %q; it is, %v:\n%s", file, pattern, err, text)
		}
		pause()
	}
}

// pause is between two looks at a file that another process writes.
func pause() { <-time.After(5 * time.Millisecond) }

func startDaemon(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 0, "daemon")
	if _, err := os.Stat(ts.MkAbs("famchat.yaml")); errors.Is(err, os.ErrNotExist) {
		ts.Check(os.WriteFile(ts.MkAbs("famchat.yaml"), []byte(ts.ReadFile("base.yaml")), 0o600))
	}
	c := castOf(ts)
	c.daemon = start(ts, "log", "famchatd", "-c", "famchat.yaml")
	ts.Setenv("FAMCHAT_ADDR", until(ts, "log", `msg=listening addr=(\S+)`)[1])
}

func stopDaemon(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 0, "stop-daemon")
	castOf(ts).daemon.end()
}

func endedDaemon(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 0, "ended-daemon")
	d := castOf(ts).daemon
	if !d.wait() {
		ts.Fatalf("the daemon has not ended")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		ts.Fatalf("the daemon exited with %d", code)
	}
}

func join(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "join NAME")
	castOf(ts).actors[args[0]] = start(ts, args[0], "famchat", "--name", args[0], ts.Getenv("FAMCHAT_ADDR"))
	until(ts, args[0], `you joined`)
}

func knock(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "knock NAME")
	castOf(ts).actors[args[0]] = start(ts, args[0], "famchat", ts.Getenv("FAMCHAT_ADDR"))
	until(ts, args[0], `Famchat`)
}

func types(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 1, "types NAME TEXT...")
	_, err := castOf(ts).actor(ts, args[0]).stdin.WriteString(strings.Join(args[1:], " ") + "\n")
	ts.Check(err)
}

func reads(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 2, "reads FILE REGEXP")
	until(ts, args[0], args[1])
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "gone NAME")
	if !castOf(ts).actor(ts, args[0]).wait() {
		ts.Fatalf("%s is still there", args[0])
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 1, "exits CODE PROGRAM [ARG...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	failed := (*exec.ExitError)(nil)
	err = ts.Exec(args[1], args[2:]...)
	if err != nil && !errors.As(err, &failed) {
		ts.Fatalf("%v", err)
	}
	got := 0
	if failed != nil {
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("it exited with %d, want %d", got, want)
	}
}

func eventually(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 1, "eventually REGEXP PROGRAM [ARG...]")
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(watchdog); ; {
		err := ts.Exec(args[1], args[2:]...)
		printed := ts.ReadFile("stdout")
		if re.MatchString(printed) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("it never printed %q, but %v:\n%s", args[0], err, printed)
		}
		pause()
	}
}

func watchers(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "watchers N")
	client := admin.Client{Socket: ts.Getenv(socketEnv)}
	for end := time.Now().Add(watchdog); ; {
		text, err := client.Metrics(context.Background())
		if strings.Contains(text, "\nfamchat_admin_watchers "+args[0]+"\n") {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("there were never %s, but %v:\n%s", args[0], err, text)
		}
		pause()
	}
}

func begins(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 1, "begins WORD PROGRAM [ARG...]")
	castOf(ts).actors[args[0]] = start(ts, args[0], args[1:]...)
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "interrupt WORD")
	ts.Check(castOf(ts).actor(ts, args[0]).cmd.Process.Signal(syscall.SIGINT))
	fails(ts, false, []string{"0", args[0]})
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 2, "fails CODE WORD")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	a := castOf(ts).actor(ts, args[1])
	if !a.wait() {
		ts.Fatalf("%s is still there", args[1])
	}
	if got := a.cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%s exited with %d, want %d:\n%s", args[1], got, want, ts.ReadFile(args[1]))
	}
}
