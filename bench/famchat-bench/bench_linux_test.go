package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"famchat/bench/floor"

	"golang.org/x/sys/unix"
)

// fakeBench makes a bench whose daemon is the fake with a fault.
func fakeBench(t *testing.T, fault string) *bench {
	t.Helper()
	t.Setenv(fakeEnv, fault)
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cores, err := pickCores()
	if err != nil {
		t.Fatal(err)
	}
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := setAffinity(&before); err != nil {
			t.Error(err)
		}
	})
	return &bench{
		programs: &programs{daemon: me, gomaxprocs: 1, folder: t.TempDir(), cores: cores},
		plan:     quickPlan(), formats: map[bool]format{false: daemonFormat()}, progress: io.Discard,
	}
}

var fakeDaemon = kind{Poller: "epoll"}

func TestVerifyCatches(t *testing.T) {
	tests := []struct {
		fault string
		want  string // in the error; none where it is empty
	}{
		{faultNone, ""},
		{faultLose, "lost or overtaken"},
		{faultDouble, "twice or late"},
		{faultReorder, "lost or overtaken"},
		{faultRefuse, "was refused"},
		{faultDie, "the end of its log"},
	}
	for _, test := range tests {
		t.Run(test.fault, func(t *testing.T) {
			wantError(t, fakeBench(t, test.fault).verify(t.Context(), fakeDaemon), test.want)
		})
	}
}

// TestThroughputCatches lets a timed window run against a daemon that does
// something wrong once, which only the count of the bytes can show.
func TestThroughputCatches(t *testing.T) {
	for _, fault := range []string{faultNone, faultDouble, faultLonger} {
		t.Run(fault, func(t *testing.T) {
			b := fakeBench(t, fault)
			err := b.measure(t.Context(), fakeDaemon, 5, func(s *server, c *crowd) error {
				_, err := runThroughput(t.Context(), s, c, b.plan.loadOf(true, 5, c.format), time.Millisecond, 50*time.Millisecond)
				return err
			})
			want := "bytes where"
			if fault == faultNone {
				want = ""
			}
			wantError(t, err, want)
		})
	}
}

func TestLatencyCatches(t *testing.T) {
	for _, fault := range []string{faultNone, faultLose, faultDouble, faultReorder} {
		t.Run(fault, func(t *testing.T) {
			b := fakeBench(t, fault)
			err := b.measure(t.Context(), fakeDaemon, 5, func(_ *server, c *crowd) error {
				l, err := runLatency(t.Context(), c, 100, 10*time.Millisecond, 100*time.Millisecond)
				if err == nil && len(l) != 50 {
					t.Errorf("%d deliveries were timed, want 50", len(l))
				}
				return err
			})
			want := "was due"
			if fault == faultNone {
				want = ""
			}
			wantError(t, err, want)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestVerifierOrder(t *testing.T) {
	v := newVerifier(2)
	take := func(reader, author, seq int) error {
		return v.take(reader, appendText(nil, author, seq, messageBytes))
	}
	for _, step := range []struct {
		reader, author, seq int
		want                string
	}{
		{0, 0, 0, ""},
		{0, 1, 0, ""},
		{1, 0, 0, ""},
		{1, 0, 1, "the order differs"},
	} {
		wantError(t, take(step.reader, step.author, step.seq), step.want)
	}
	wantError(t, v.take(0, []byte("hello")), "no message of this run")
	wantError(t, take(0, 2, 0), "no message of this run")
	if v.complete(2) {
		t.Error("complete before everybody has everything")
	}
}

func needCompiler(t *testing.T) {
	t.Helper()
	if _, err := floor.Build(t.Context(), t.TempDir()); errors.Is(err, floor.ErrNoCompiler) {
		t.Skip(err)
	}
}

func TestQuick(t *testing.T) {
	needCompiler(t)
	t.Setenv(fakeEnv, faultNone)
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	client := filepath.Join(t.TempDir(), "famchat")
	if out, err := exec.Command("go", "build", "-o", client, "famchat/client/famchat").CombinedOutput(); err != nil {
		t.Fatalf("building the client: %v: %s", err, out)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--quick", "--daemon", me, "--client", client, "--json"}, &stdout, &stderr); code != exitOK {
		t.Fatalf("exit code %d, want %d\n%s", code, exitOK, &stderr)
	}
	var r report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	// Two figures of four loads, two latencies, the list's three, the memory, two at
	// rest of two.
	if got, want := len(r.Rows), 2*4+2+3+1+2*2; got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
	if len(r.Disturbed) != 4 {
		t.Errorf("%d disturbances, want 4, the admin's included", len(r.Disturbed))
	}
	for _, d := range r.Disturbed {
		if len(d.QuietRounds) != 1 || len(d.DisturbedRounds) != 1 || d.Quiet <= 0 || d.Disturbed <= 0 || d.Ratio <= 0 {
			t.Errorf("%+v, want one round of figures", *d)
		}
	}
	for _, typed := range r.Typing {
		if len(typed.QuietRounds) != 1 || typed.Quiet <= 0 || typed.Flooded <= 0 || typed.Promise <= 0 {
			t.Errorf("%+v, want one round of figures", *typed)
		}
	}
	if len(r.Typing) != 2 {
		t.Errorf("%d figures of typing, want 2", len(r.Typing))
	}
	for _, row := range r.Rows {
		atRest := strings.HasPrefix(row.Name, "at rest")
		for _, k := range kinds {
			c := row.find(k)
			if strings.HasPrefix(row.Name, "list") {
				if k == fakeDaemon && (c == nil || len(c.Rounds) != 2 || c.Median <= 0) {
					t.Errorf("%s: %+v, want two lists", row.Name, c)
				}
				continue
			}
			switch {
			case atRest && k.Floor:
			case c == nil || len(c.Rounds) != 1:
				t.Errorf("%s, %s: %+v, want one round", row.Name, k, c)
			case !atRest && !strings.HasPrefix(row.Name, "memory") && c.Median <= 0:
				t.Errorf("%s, %s: %v, want more than 0", row.Name, k, c.Median)
			}
		}
	}
}

// TestInterrupt interrupts a run when its first, endless round begins: it fails,
// and no child is left.
func TestInterrupt(t *testing.T) {
	needCompiler(t)
	t.Setenv(fakeEnv, faultNone)
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout bytes.Buffer
	stderr := &onText{text: "verified: floor poll", then: cancel}
	args := []string{"--quick", "--only", partThroughput, "--window", "1h", "--daemon", me}
	if code := run(ctx, args, &stdout, stderr); code != exitFailed {
		t.Errorf("exit code %d, want %d\n%s", code, exitFailed, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("an interrupted run reported %q", &stdout)
	}
	var status unix.WaitStatus
	if pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("child %d is left, %v; want %v", pid, err, unix.ECHILD)
	}
}

// onText calls then when text was written to it.
type onText struct {
	bytes.Buffer
	text string
	then func()
}

func (o *onText) Write(b []byte) (int, error) {
	n, err := o.Buffer.Write(b)
	if strings.Contains(o.Buffer.String(), o.text) {
		o.then()
	}
	return n, err
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--no-such-flag"},
		{"argument"},
		{"--rounds", "-1"},
		{"--only", "speed"},
		{"--daemon", "/nowhere/famchatd"},
		{"--client", "/nowhere/famchat"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != exitUsage || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, want %d; stderr %q", args, code, exitUsage, &stderr)
		}
	}
}

func TestServerIsPinnedAndMeasured(t *testing.T) {
	b := fakeBench(t, faultNone)
	s, err := b.programs.start(t.Context(), fakeDaemon)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(s.pid, &set); err != nil {
		t.Fatal(err)
	}
	if set.Count() != 1 || !set.IsSet(b.programs.cores.server) {
		t.Errorf("the server may use %d cores, want core %d alone", set.Count(), b.programs.cores.server)
	}
	if cpu, err := s.cpu(); err != nil || cpu <= 0 || cpu > time.Minute {
		t.Errorf("CPU time %s, %v; want a little", cpu, err)
	}
	if rss, err := s.rss(); err != nil || rss < 1<<20 || rss > 1<<30 {
		t.Errorf("resident %d bytes, %v; want some MiB", rss, err)
	}
	s.stop()
	if err := unix.Kill(s.pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the server after stop: %v, want %v", err, unix.ESRCH)
	}
}

func TestServerThatDoesNotListen(t *testing.T) {
	b := fakeBench(t, faultNone)
	var err error
	if b.programs.daemon, err = exec.LookPath("false"); err != nil {
		t.Skip(err)
	}
	_, err = b.programs.start(t.Context(), fakeDaemon)
	wantError(t, err, "ended at once")
}
