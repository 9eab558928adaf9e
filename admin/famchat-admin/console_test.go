package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/admin"
)

// console opens one over a daemon in memory.
func openConsole(t *testing.T, m *memory) (x *terminal, dir string, stopDaemon func()) {
	t.Helper()
	dir = home(t)
	stopDaemon = m.serve(t, socketIn(dir))
	x = open(t, dir, nil)
	x.sees(prompt)
	return x, dir, stopDaemon
}

func TestTabCompletesFromTheTableAndFromTheRoom(t *testing.T) {
	for _, test := range []struct{ typed, want string }{
		{"bro" + tab, "broadcast "},
		{"kick an" + tab, "kick anna "},
		{"kick AN" + tab, "kick anna "},
		{"kick anna l" + tab, "kick anna leo "},
		{"kick leo --re" + tab, "kick leo --reason "},
		{"tell le" + tab, "tell leo "},
		{"plugin rel" + tab, "plugin reload "},
		{"plugin reload prof" + tab, "plugin reload profanity "},
		{"list --sort me" + tab, "list --sort messages "},
		{"list --sort=me" + tab, "list --sort=messages "},
		{"help shut" + tab, "help shutdown "},
		{"qu" + tab, "quit "},
	} {
		x, _, _ := openConsole(t, family())
		x.types(test.typed)
		// The line is drawn anew, with what was completed.
		x.sees(prompt + test.want)
		x.types(ctrlC)
		x.sees(prompt)
		x.types(ctrlD)
		x.exits(exitDone)
	}
}

func TestTabTwiceShowsWhatThereIs(t *testing.T) {
	x, _, _ := openConsole(t, family())
	x.types("kick " + tab + tab)
	x.sees("anna", "leo")
	x.types(ctrlC + ctrlD)
	x.exits(exitDone)
}

func TestADaemonThatHangsHoldsUpNoPrompt(t *testing.T) {
	m := family()
	x, _, _ := openConsole(t, m)
	m.set(func() { m.hang = true })
	x.types("kick an" + tab)
	x.types("na" + enter) // the daemon hangs with lists alone
	x.sees("anna (#7): removed", prompt)
	if got := m.requests(); !slices.Equal(got, []string{"kick [anna]"}) {
		t.Errorf("it was asked %q", got)
	}
	x.types(ctrlD)
	x.exits(exitDone)
}

func TestCtrlCCancelsALineAndCtrlDLeaves(t *testing.T) {
	m := family()
	x, _, _ := openConsole(t, m)
	x.types("kick leo")
	x.sees("kick leo")
	x.types(ctrlC)
	x.sees("^C", prompt)
	x.types(enter)
	x.sees(prompt)
	x.types("broadcast hello" + enter)
	x.sees("everyone was told", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
	if got := m.requests(); !slices.Equal(got, []string{"broadcast hello"}) {
		t.Errorf("it was asked %q", got)
	}
}

func TestWordsAreQuotedAsInAShell(t *testing.T) {
	m := family()
	x, _, _ := openConsole(t, m)
	x.types(`tell leo "it's  5 & $10" 'a "b"' c\ d #1 | x` + enter)
	x.sees("leo was told", prompt)
	// An open quote loses nothing: the line is there again.
	x.types("broadcast I'm late" + enter)
	x.sees("a quote (') is open", prompt+"broadcast I'm late")
	x.types("'" + enter)
	x.sees("everyone was told", prompt)
	x.types("quit" + enter)
	x.exits(exitDone)
	want := []string{`tell leo it's  5 & $10 a "b" c d #1 | x`, "broadcast Im late"}
	if got := m.requests(); !slices.Equal(got, want) {
		t.Errorf("it was asked %q, want %q", got, want)
	}
}

func TestHistoryIsPrivateAndSearched(t *testing.T) {
	m := family()
	x, dir, stop := openConsole(t, m)
	file := filepath.Join(dir, "state", "famchat", historyName)
	x.types("broadcast dinner" + enter)
	x.sees("everyone was told", prompt)
	x.types("stats" + enter)
	x.sees("version", prompt)
	for path, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	// It is there though the console is killed.
	if err := x.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-x.ended
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	x = open(t, dir, nil)
	x.sees(prompt)
	x.types(ctrlR + "din")
	x.sees("broadcast dinner")
	x.types(enter)
	x.sees("everyone was told", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("one that others could read: got %v, %v", info.Mode(), err)
	}
	if got, want := m.requests(), []string{"broadcast dinner", "broadcast dinner"}; !slices.Equal(got, want) {
		t.Errorf("it was asked %q, want %q", got, want)
	}
	stop()
}

func TestAHistoryThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	dir := home(t)
	family().serve(t, socketIn(dir))
	x := open(t, dir, []string{"XDG_STATE_HOME=/dev/null"})
	x.sees(prompt)
	x.types("list" + enter)
	x.sees("the history cannot be written", "anna", prompt)
	x.types("list" + enter)
	x.sees("anna", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
	if got := strings.Count(x.all(), "the history"); got != 1 {
		t.Errorf("it was said %d times", got)
	}
}

func TestALostDaemonIsSaidAtThePromptAndPickedUpAgain(t *testing.T) {
	m := family()
	x, dir, stop := openConsole(t, m)
	stop()
	x.types(enter)
	x.sees("no daemon is there at "+socketIn(dir), lostPrompt)
	// It is said once.
	x.types(enter)
	x.sees(lostPrompt)
	if got := strings.Count(x.all(), "no daemon is there"); got != 1 {
		t.Errorf("it was said %d times", got)
	}
	x.types("list" + enter)
	x.sees("no daemon is there", lostPrompt)
	m.serve(t, socketIn(dir))
	x.types("list" + enter) // it works at once, before the prompt says so
	x.sees("anna", "The daemon is back.", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
}

func TestAConsoleBeginsWithoutADaemon(t *testing.T) {
	dir := home(t)
	x := open(t, dir, nil)
	x.sees("no daemon is there", lostPrompt)
	x.types("help" + enter)
	x.sees("kick", lostPrompt)
	family().serve(t, socketIn(dir))
	x.types(enter)
	x.sees("The daemon is back.", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
}

func TestACommandThatRunsEndsByCtrlCAndThePromptIsBack(t *testing.T) {
	m := family()
	x, _, _ := openConsole(t, m)
	x.types("watch" + enter)
	// An event is taken once it watches.
	m.events <- admin.Event{Kind: admin.EventJoined, ID: 9, Name: "zoe", Time: time.Now()}
	x.sees("zoe (#9) joined")
	x.types(ctrlC)
	x.sees(prompt)
	x.types("top" + enter)
	x.sees(enterScreen, "anna")
	x.types(ctrlC)
	x.sees(leaveScreen, prompt)
	x.types("list" + enter)
	x.sees("anna", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
}

func TestAQuestionIsAskedInTheConsole(t *testing.T) {
	m := family()
	x, _, _ := openConsole(t, m)
	for _, no := range []string{"n" + enter, enter, "x" + ctrlC, ctrlD} {
		x.types("shutdown" + enter)
		x.sees("Stop the daemon now? [y/N] ")
		if text, found := strings.CutSuffix(no, ctrlC); found {
			x.types(text)
			x.sees(text) // once it is shown, Ctrl-C is a key and no signal
			no = ctrlC
		}
		x.types(no)
		x.sees("nothing was done", prompt)
	}
	x.types("kick --all" + enter)
	x.sees("Remove everybody? [y/N] ")
	x.types("y" + enter)
	x.sees("nobody is here", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
	if got := m.requests(); !slices.Equal(got, []string{"kick []"}) {
		t.Errorf("it was asked %q", got)
	}
}

func TestSIGTERMEndsAConsoleAndLeavesTheTerminalAsItWas(t *testing.T) {
	x, _, _ := openConsole(t, family())
	x.types("half a li")
	x.sees("half a li")
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	x.exits(exitFailed)
}

func TestSIGINTAtThePromptEndsNothing(t *testing.T) {
	x, _, _ := openConsole(t, family())
	if err := x.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	// It may come late, and end this one.
	x.types("list" + enter)
	x.sees(prompt)
	x.types("list" + enter)
	x.sees("anna", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
}

func TestAConsoleWorksOnATerminalThatKnowsNothing(t *testing.T) {
	dir := home(t)
	family().serve(t, socketIn(dir))
	x := open(t, dir, []string{"TERM=dumb"})
	x.sees(prompt)
	x.types("list" + enter)
	x.sees("anna", prompt)
	x.types(ctrlD)
	x.exits(exitDone)
	if strings.Contains(x.all(), "\x1b") {
		t.Errorf("there is an escape sequence: %q", x.all())
	}
}

func TestMistypedCommandsAreHelpedInTheConsole(t *testing.T) {
	x, _, _ := openConsole(t, family())
	for typed, want := range map[string]string{
		"kcik leo":   `there is no command "kcik"; did you mean kick?`,
		"list --jsn": "there is no flag --jsn; did you mean --json?",
		"list --x y": "help list tells more",
		"help kick":  "--reason TEXT",
		"man":        `there is no command "man"`,
		"kick":       "say who, as in: kick leo",
	} {
		x.types(typed + enter)
		x.sees(want, prompt)
	}
	x.types("exit" + enter)
	x.exits(exitDone)
}
