package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptTester is a script as a tester.
type scriptTester struct{ *testscript.TestScript }

func (scriptTester) Helper()                             {}
func (s scriptTester) Errorf(format string, args ...any) { s.Fatalf(format, args...) }
func (s scriptTester) Fatal(args ...any)                 { s.Fatalf("%s", fmt.Sprint(args...)) }
func (s scriptTester) Cleanup(f func())                  { s.Defer(f) }

func onScriptTerminal(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 0, "terminal PROGRAM [ARG...]")
	path, err := lookPath(ts, args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(environment(ts), "TERM=xterm")
	castOf(ts).screen = onTerminal(scriptTester{ts}, cmd)
}

// keys are what is written in a script, as in a string of Go.
func keys(ts *testscript.TestScript, text string) string {
	unquoted, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	ts.Check(err)
	return unquoted
}

func screenOf(ts *testscript.TestScript) *terminal {
	x := castOf(ts).screen
	if x == nil {
		ts.Fatalf("nothing runs on a terminal")
	}
	return x
}

func press(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "press KEYS")
	screenOf(ts).types(keys(ts, args[0]))
}

func shows(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 0, "shows TEXT...")
	for _, text := range args {
		screenOf(ts).sees(keys(ts, text))
	}
}

func ends(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "ends CODE")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	screenOf(ts).exits(want)
}
