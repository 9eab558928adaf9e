package host_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/plugins/host"
)

// asDaemon makes the test binary a daemon with plugins, which is to be killed.
const asDaemon = "FAMCHAT_TEST_DAEMON"

// groupLives reports whether anything of a process group is there, zombies aside.
func groupLives(pgid int) bool {
	out, _ := exec.Command("ps", "-eo", "pgid=,stat=").Output()
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[0] == strconv.Itoa(pgid) && !strings.HasPrefix(fields[1], "Z") {
			return true
		}
	}
	return false
}

// marked reports whether a process is there whose environment has an entry.
func marked(entry string) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		if slices.Contains(strings.Split(string(b), "\x00"), entry) {
			return true
		}
	}
	return false
}

// startRaw starts a plugin that does not keep to the contract.
func startRaw(t *testing.T, how string, change func(*host.Plugin)) *rig {
	t.Helper()
	t.Setenv("FAMCHAT_TEST_RAW", how)
	p := behaving(t, "raw", behaviour{})
	p.Env = append(p.Env, "FAMCHAT_TEST_RAW")
	p.NoMTLS = true
	if change != nil {
		change(&p)
	}
	return start(t, p)
}

// What is answered twice, not at all, about something else or nonsense is a
// failure for the message that it is about, and for no other.
func TestRubbishIsAFailure(t *testing.T) {
	for _, tt := range []struct{ how, want string }{
		{"twice", "fail, allow, allow"}, {"missing", "fail, allow, allow"}, {"strange", "fail, allow, allow"},
		{"unknown", "fail, allow, allow"}, {"huge", "fail, fail, fail"},
	} {
		t.Run(tt.how, func(t *testing.T) {
			r := startRaw(t, tt.how, func(p *host.Plugin) { p.Closed = true })
			got := r.filter("a", "b", "c")
			got = strings.ReplaceAll(got, ` "your message could not be checked by raw; try again in a moment"`, "")
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if !strings.Contains(r.log.String(), "the plugin failed") {
				t.Errorf("nothing was logged but %s", r.log)
			}
		})
	}
}

// A second answer to one request is never taken for the answer to the next: that
// one fails, and afterwards both sides are together again.
func TestASecondAnswerIsNotTakenForTheNext(t *testing.T) {
	r := startRaw(t, "two answers", nil)
	for n, want := range []string{"allow", "fail", "allow", "fail"} {
		got := r.filter(fmt.Sprint("message ", n))
		if s := r.Status()[0]; got != "allow" || s.Failures != int64((n+1)/2) {
			t.Errorf("message %d: got %s and %d failures, want the answer %s", n, got, s.Failures, want)
		}
	}
}

// A plugin that ends the stream of messages instead of answering has failed, and is
// asked on another stream.
func TestAPluginThatEndsTheStreamHasFailed(t *testing.T) {
	r := startRaw(t, "ends the stream", func(p *host.Plugin) { p.Closed = true })
	for range 2 {
		if got := r.filter("a"); !strings.HasPrefix(got, "fail") {
			t.Errorf("got %s", got)
		}
	}
	if log := r.log.String(); !strings.Contains(log, "err=enough") || !strings.Contains(log, "handed back") {
		t.Errorf("the log does not say why: %s", r.log)
	}
}

// A message that kills the plugin is found: it alone is treated as failed.
func TestAMessageThatKillsThePluginIsFoundAndAllOthersPass(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1"}))
	got := r.filter("a", "b", "kill yourself", "c", "d")
	if want := `replace "a1", replace "b1", allow, replace "c1", replace "d1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r.state(host.Running)
	if s := r.Status()[0]; s.Crashes != 3 {
		t.Errorf("got %d crashes, want 3: twice over all, once over the one", s.Crashes)
	}
	if got, want := r.filter("e"), `replace "e1"`; got != want {
		t.Errorf("afterwards: got %s, want %s", got, want)
	}
}

// Whatever hangs delays a message by no more than its timeout, and once the
// breaker is open by nothing.
func TestAPluginThatHangsIsLeftAlone(t *testing.T) {
	for _, how := range []string{"hang", "stop"} {
		t.Run(how, func(t *testing.T) {
			p := behaving(t, "one", behaviour{Mark: "1"})
			p.Timeout = 200 * time.Millisecond
			r := start(t, p)
			pid := r.Status()[0].PID
			for n := range 5 {
				if got, want := r.filter(how), "allow"; got != want {
					t.Fatalf("%d: got %s, want %s", n, got, want)
				}
			}
			switch s := r.Status()[0]; {
			case s.State == host.Running && s.PID == pid:
				t.Errorf("after five failures it is %s still", s.State)
			case s.State == host.Open && s.RetryIn > time.Second:
				t.Errorf("it is tried again in %s", s.RetryIn)
			}
			eventually(t, "the process is gone", func() bool { return !groupLives(pid) })
			// It is started anew by itself, with a canary and not with a person's message.
			eventually(t, "it works again", func() bool { return r.filter("x") == `replace "x1"` })
		})
	}
}

// What the admin has disabled is as good as not there, whatever its policy.
func TestADisabledPluginIsAsGoodAsNotThere(t *testing.T) {
	p := behaving(t, "one", behaviour{Mark: "1", Names: true, Commands: []string{"do"}})
	p.Closed = true
	p.Timeout = time.Hour
	if err := (host.Config{Plugins: []host.Plugin{p}}).Validate(); err == nil {
		t.Error("a timeout of an hour is valid")
	}
	p.Timeout = time.Minute
	r := start(t, p)
	if err := r.Disable("one"); err != nil {
		t.Fatal(err)
	}
	r.state(host.Disabled)
	if got, want := r.filter("x"), "allow"; got != want { // or the watchdog ends it
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := r.names("bad"), "allow"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := r.run("do", "x").Failed, "/do failed: the plugin one is disabled"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := r.Enable("one"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs again", func() bool { return r.filter("x") == `replace "x1"` })
	if err := r.Disable("two"); err == nil {
		t.Error("a plugin that is not there was disabled")
	}
}

// Nobody waits for a plugin that is given up, and names are not taken unchecked.
func TestAPluginThatCrashesAllTheTimeIsLeftAloneAndThenGivenUp(t *testing.T) {
	p := behaving(t, "one", behaviour{Mark: "1", Names: true})
	p.Timeout = time.Minute // or the watchdog ends what waits for it
	r := start(t, p)
	eventually(t, "it is given up", func() bool {
		if pid := r.Status()[0].PID; pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return r.Status()[0].State == host.GivenUp
	})
	if n := strings.Count(r.log.String(), "left alone for a while"); n != 2 {
		t.Errorf("it was left alone %d times before it was given up, want 2", n)
	}
	if !strings.Contains(r.log.String(), "is given up until it is enabled or reloaded") {
		t.Error("nobody was told that it is given up")
	}
	if got, want := r.filter("x")+", "+r.names("anna"), "allow, fail"; got != want {
		t.Errorf("given up: got %s, want %s", got, want)
	}
	if err := r.ReloadOne(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	if got, want := r.filter("x"), `replace "x1"`; got != want {
		t.Errorf("reloaded: got %s, want %s", got, want)
	}
}

// A plugin that is left alone while it is being started anew is there once when it
// works again, and its host can be closed.
func TestACrashDuringARestartLeavesNoSecondProcess(t *testing.T) {
	for range 3 {
		r, err := tryStart(t, behaving(t, "one", behaviour{Mark: "1"}))
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 { // each of them crashes it several times, which counts once
			if got, want := r.filter("kill yourself"), "allow"; got != want {
				t.Fatalf("%d: got %s, want %s", n, got, want)
			}
		}
		// Left alone for a tenth of a second, so that whatever is to start has started.
		past := time.Now().Add(500 * time.Millisecond)
		eventually(t, "it works again", func() bool { return r.filter("x") == `replace "x1"` && time.Now().After(past) })
		closed := make(chan struct{})
		go func() { r.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(watchdog):
			t.Fatalf("the host does not close; the log has\n%s", r.log)
		}
	}
}

// One that is disabled while it is being started, and enabled before that has come to
// an end, is started.
func TestEnablingWhatIsBeingStartedStartsIt(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	open := func() {
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open()
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Gate: gate}))
	if err := os.Remove(gate); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(r.Status()[0].PID, syscall.SIGKILL)
	r.state(host.Starting)
	for _, do := range []func(string) error{r.Disable, r.Enable} {
		if err := do("one"); err != nil {
			t.Fatal(err)
		}
	}
	open()
	r.state(host.Running)
	if got, want := r.filter("x"), `replace "x1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAFloodOnStderrAndStdoutIsBounded(t *testing.T) {
	r := startRaw(t, "floods", nil)
	eventually(t, "it is said that lines are dropped", func() bool { return strings.Contains(r.log.String(), "logs too much") })
	if got, want := r.filter("x"), "allow"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := strings.Count(r.log.String(), "the plugin says"); n > 1000 {
		t.Errorf("%d lines were logged", n)
	}
}

func TestWhatAPluginPrintsIsNoTrouble(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Stdout: 30, Stderr: 20}))
	for _, text := range []string{"this is printed before the handshake", "this is printed after the handshake"} {
		eventually(t, text, func() bool { return strings.Contains(r.log.String(), text) })
	}
	if got, want := r.filter("x"), `replace "x1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	eventually(t, "its log arrives", func() bool { return strings.Count(r.log.String(), "says=line") == 20 })
	for line := range strings.Lines(r.log.String()) {
		if strings.Contains(line, "says=line") && (!strings.Contains(line, "level=INFO") || !strings.Contains(line, "plugin=one") || !strings.Contains(line, "plugin_n=")) {
			t.Errorf("the record is %s", line)
		}
	}
}

func TestAPluginThatEatsMemoryCrashes(t *testing.T) {
	p := behaving(t, "one", behaviour{Mark: "1"})
	if !raceEnabled {
		p.MemoryBytes = 256 << 20
	}
	p.Timeout = 30 * time.Second
	r := start(t, p)
	if got, want := r.filter("eat", "x"), `allow, replace "x1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A child that holds the plugin's pipes, and a plugin that is deaf to SIGTERM and
// to the end of stdin, do not hold up the end.
func TestWhatWillNotEndIsKilled(t *testing.T) {
	for name, b := range map[string]behaviour{"forks": {Mark: "1", Fork: true}, "deaf": {Mark: "1", Deaf: true}} {
		t.Run(name, func(t *testing.T) {
			r, err := tryStart(t, behaving(t, "one", b))
			if err != nil {
				t.Fatal(err)
			}
			pid := r.Status()[0].PID
			r.Close()
			if groupLives(pid) {
				t.Error("something is left of it")
			}
		})
	}
	t.Run("silent at start", func(t *testing.T) {
		t.Setenv("FAMCHAT_TEST_RAW", "silent")
		p := behaving(t, "one", behaviour{})
		p.Env = append(p.Env, "FAMCHAT_TEST_RAW")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := host.New(ctx, host.Config{Plugins: []host.Plugin{p}, Folder: folder(t)})
		if err == nil || !strings.Contains(err.Error(), "it does not answer") {
			t.Errorf("got %v", err)
		}
	})
}

// The file is swapped for another after it was verified: what was verified runs,
// at the first start and after every crash.
func TestASwappedFileNeverRuns(t *testing.T) {
	file := folder(t) + "/plugin"
	b, err := os.ReadFile(self(t))
	if err == nil {
		err = os.WriteFile(file, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := behaving(t, "one", behaviour{Mark: "1"})
	p.Path = file
	out, err := exec.Command("sha256sum", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	p.SHA256, _, _ = strings.Cut(string(out), " ")
	r := start(t, p)
	evil := "#!/bin/sh\ntouch " + file + ".ran\n"
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(evil), 0o755); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(r.Status()[0].PID, syscall.SIGKILL)
	eventually(t, "it is started anew", func() bool { return r.Status()[0].Restarts == 1 })
	if got, want := r.filter("x"), `replace "x1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := r.ReloadOne(t.Context(), "one"); err == nil || !strings.Contains(err.Error(), "sha256: wants") {
		t.Errorf("reloading the swapped file: got %v", err)
	}
	if got, want := r.filter("x"), `replace "x1"`; got != want {
		t.Errorf("after it: got %s, want %s", got, want)
	}
	if _, err := os.Stat(file + ".ran"); err == nil {
		t.Error("the file that was put in its place ran")
	}
}

// runDaemon is a daemon that has plugins and is killed.
func runDaemon(where string) {
	h, err := host.New(context.Background(), host.Config{Folder: where, Plugins: []host.Plugin{
		{Name: "one", Path: os.Args[0], ConfigJSON: []byte(`{"mark": "1"}`), Env: []string{"GORACE"}},
		{Name: "deaf", Path: os.Args[0], ConfigJSON: []byte(`{"mark": "1", "deaf": true}`), Env: []string{"GORACE"}},
		{Name: "forks", Path: os.Args[0], ConfigJSON: []byte(`{"mark": "1", "fork": true}`), Env: []string{"GORACE"}},
		{Name: "escapes", Path: os.Args[0], ConfigJSON: []byte(`{"mark": "1", "escape": true}`), Env: []string{"GORACE"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range h.Status() {
		fmt.Println(s.PID)
	}
	fmt.Println("ready")
	select {}
}

// Neither a plugin is left, nor what it has forked, in its group or out of it.
func TestKillingTheDaemonLeavesNothingAndTheNextSweepsItsFolder(t *testing.T) {
	where := folder(t)
	cmd := exec.Command(self(t))
	cmd.Env = append(os.Environ(), asDaemon+"="+where)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(lines.Text())
		}
		pids = append(pids, pid)
	}
	if len(pids) != 4 {
		t.Fatalf("%d plugins run", len(pids))
	}
	made, _ := os.ReadDir(where)
	mark := "FAMCHAT_PLUGIN_HOST=" + where + "/" + made[0].Name()
	if runtime.GOOS == "linux" && !marked(mark) {
		t.Errorf("no process has %s", mark)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for _, pid := range pids {
		eventually(t, "the plugin ends", func() bool { return !groupLives(pid) })
	}
	eventually(t, "what has left its group ends", func() bool { return !marked(mark) })
	left, _ := os.ReadDir(where)
	if len(left) != 1 {
		t.Fatalf("the killed daemon left %d folders, want its one", len(left))
	}
	h, err := host.New(t.Context(), host.Config{Folder: where, Plugins: []host.Plugin{behaving(t, "one", behaviour{Mark: "1"})}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(where + "/" + left[0].Name()); err == nil {
		t.Error("what the killed daemon left is there still")
	}
	h.Close()
	if left, _ := os.ReadDir(where); len(left) != 0 {
		t.Errorf("%d folders are left", len(left))
	}
}
