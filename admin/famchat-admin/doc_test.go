package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"famchat/admin"
)

const document = "../../docs/admin.md"

// example is a command of the document, and the answer that stands after its block.
type example struct{ command, answer string }

// examples are the commands in the blocks of the document that are for a shell.
func examplesOf(t *testing.T) (examples []example) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		body := strings.TrimSpace(block[2])
		if block[1] == "json" {
			examples[len(examples)-1].answer = body
			continue
		}
		for line := range strings.SplitSeq(body, "\n") {
			examples = append(examples, example{command: line})
		}
	}
	return examples
}

// TestExamplesOfTheDocumentWork runs exactly what docs/admin.md shows, in a shell, against the real
// daemon with anna, leo and mum in the room. What it prints has the shape of what is shown.
func TestExamplesOfTheDocumentWork(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("FAMCHAT_CI") != "" {
			t.Fatal("this test needs curl: apt-get update && apt-get install -y curl")
		}
		t.Skip("SKIPPED: this test needs curl: apt-get update && apt-get install -y curl")
	}
	bin, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	dir := home(t)
	env := append(os.Environ(), "HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"), socketEnv+"="+socketIn(dir))
	addr := realDaemon(t, bin, dir)
	for _, name := range []string{"anna", "leo", "mum"} {
		member(t, bin, addr, name)
	}
	seen := 0
	for _, ex := range examplesOf(t) {
		seen++
		cmd := exec.Command("sh", "-c", ex.command)
		cmd.Env, cmd.Dir = env, dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if strings.Contains(ex.command, "/v1/events") {
			checkAnswer(t, ex, firstEvent(t, cmd, func() { member(t, bin, addr, "dad") }, socketIn(dir)))
			continue
		}
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v: %s", ex.command, err, errs.String())
			continue
		}
		checkAnswer(t, ex, out.String())
	}
	if seen < 25 {
		t.Errorf("got only %d examples", seen)
	}
}

// checkAnswer checks that an answer has the shape of the one that the document shows, and is no
// error where none is shown.
func checkAnswer(t *testing.T, ex example, got string) {
	t.Helper()
	if ex.answer == "" {
		if strings.Contains(got, `"error"`) || strings.HasPrefix(ex.command, "curl") && got == "" {
			t.Errorf("%s: got %s", ex.command, got)
		}
		return
	}
	var shown, real any
	if err := json.Unmarshal([]byte(ex.answer), &shown); err != nil {
		t.Fatalf("the document: %s: %v", ex.answer, err)
	}
	if err := json.Unmarshal([]byte(got), &real); err != nil {
		t.Fatalf("%s: got %s: %v", ex.command, got, err)
	}
	if a, b := shape(shown), shape(real); !reflect.DeepEqual(a, b) {
		t.Errorf("%s:\n     got %s\nis shown %s\n(%v, not %v)", ex.command, got, ex.answer, b, a)
	}
}

// shape is a value without what differs from run to run: of a list only what is first in it and, where
// it is shown, second and so on.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		keys := map[string]any{}
		for k, x := range v {
			keys[k] = shape(x)
			if k == "code" || k == "kind" {
				keys[k] = x
			}
			if list, ok := x.([]any); ok && k == "members" && len(list) > 1 {
				keys[k] = shape(list[:1])
			}
		}
		return keys
	case []any:
		var all []any
		for _, x := range v {
			all = append(all, shape(x))
		}
		return all
	}
	return fmt.Sprintf("%T", v)
}

// firstEvent starts a command that never ends, has something happen, and returns its first line.
func firstEvent(t *testing.T, cmd *exec.Cmd, happen func(), socket string) string {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	client := admin.Client{Socket: socket}
	eventual(t, "it watches", func() bool {
		text, _ := client.Metrics(context.Background())
		return strings.Contains(text, "\nfamchat_admin_watchers 1\n")
	})
	happen()
	var line string
	eventual(t, "a line", func() bool {
		text, _ := os.ReadFile(out.Name())
		var whole bool
		line, _, whole = strings.Cut(string(text), "\n")
		return whole
	})
	return line
}

// realDaemon starts famchatd, and returns where it listens.
func realDaemon(t *testing.T, bin, dir string) string {
	t.Helper()
	config := filepath.Join(dir, "famchat.yaml")
	text := "listen: 127.0.0.1:0\nadmin: {socket: " + socketIn(dir) + "}\nstate: " + filepath.Join(dir, "daemon") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(bin, "famchatd"), "-c", config)
	cmd.Stderr = log
	background(t, cmd)
	var addr string
	eventual(t, "the daemon listens", func() bool {
		text, _ := os.ReadFile(log.Name())
		if found := regexp.MustCompile(`msg=listening addr=(\S+)`).FindSubmatch(text); found != nil {
			addr = string(found[1])
		}
		return addr != ""
	})
	return addr
}

// member has somebody join, who stays.
func member(t *testing.T, bin, addr, name string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	in, stdin, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	defer in.Close()
	cmd := exec.Command(filepath.Join(bin, "famchat"), "--name", name, addr)
	cmd.Stdin, cmd.Stdout = in, out
	background(t, cmd)
	eventual(t, name+" joins", func() bool {
		text, _ := os.ReadFile(out.Name())
		return strings.Contains(string(text), "you joined")
	})
}

// background starts a process that ends with the test.
func background(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(watchdog):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
}

// Every command and every flag is in the document, and help fits a terminal.
func TestTheDocumentHasEveryCommandAndFlag(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	help := func(args ...string) string {
		out, err := exec.Command(name, append(args, "--help")...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	commands := regexp.MustCompile(`(?m)^  ([a-z]+) +[A-Z]`).FindAllStringSubmatch(help(), -1)
	if len(commands) < 18 {
		t.Errorf("got only %d commands", len(commands))
	}
	missing := []string{}
	for line := range strings.Lines(help()) {
		if utf8.RuneCountInString(line) > 81 {
			t.Errorf("a line of the help is wider than a terminal: %q", line)
		}
	}
	for _, c := range commands {
		if !regexp.MustCompile("[`|, ]" + c[1] + "[ `]").Match(text) {
			missing = append(missing, c[1])
		}
		if c[1] == "completion" || c[1] == "help" {
			continue // cobra's own
		}
		for line := range strings.Lines(help(c[1])) {
			if utf8.RuneCountInString(line) > 81 {
				t.Errorf("%s: a line of the help is wider than a terminal: %q", c[1], line)
			}
		}
		for _, flag := range regexp.MustCompile(`(?m)^ +(?:-., )?(--[a-z-]+)`).FindAllStringSubmatch(help(c[1]), -1) {
			if flag[1] != "--help" && !strings.Contains(string(text), flag[1]) {
				missing = append(missing, c[1]+" "+flag[1])
			}
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("the document lacks %q", missing)
	}
}
