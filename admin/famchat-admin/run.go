package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"

	"famchat/admin"
)

// The exit codes, which the help and docs/admin.md explain.
const (
	exitDone     = 0
	exitFailed   = 1 // anything else
	exitUsage    = 2 // wrong arguments, or text that the daemon cannot take
	exitNotFound = 3 // no such member, plugin or ban
	exitRefused  = 4 // by the daemon, or by whoever was asked
	exitNoDaemon = 5
)

// usageError says that a command was typed wrongly.
type usageError struct {
	message  string
	command  string // whose help tells more
	complete bool   // there is no more to tell
}

func (e *usageError) Error() string { return e.message }

// errNotDone says that a question was answered with no.
var errNotDone = errors.New("nothing was done")

// exitCode is the exit code that goes with an error.
func exitCode(err error) int {
	usage, refused, none, some := (*usageError)(nil), (*admin.Error)(nil), (*admin.NoDaemonError)(nil), (*outcomesError)(nil)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &some):
		return some.code
	case errors.As(err, &none):
		return exitNoDaemon
	case errors.Is(err, errNotDone):
		return exitRefused
	case errors.As(err, &refused):
		return codeOf(refused)
	}
	return exitFailed
}

// codeOf is the exit code that goes with an error of the daemon.
func codeOf(e *admin.Error) int {
	switch e.Code {
	case admin.CodeNoMember, admin.CodeNoPlugin, admin.CodeNoBan:
		return exitNotFound
	case admin.CodeRefused, admin.CodeForbidden:
		return exitRefused
	case admin.CodeBadRequest, admin.CodeTooLarge:
		return exitUsage
	case admin.CodeStopping:
		return exitNoDaemon
	}
	return exitFailed
}

// app is what all commands share.
type app struct {
	client   *admin.Client
	p        *printer
	in       io.Reader
	terminal bool // it talks with a person: input and output are a terminal
	console  bool // the command was typed in the console
	quit     bool // it is to end
	getenv   func(string) string
	// ask asks a question that is answered with yes or no.
	ask func(ctx context.Context, question string) (bool, error)
}

// run is famchat-admin but for the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	in, out := isTerminal(stdin), isTerminal(stdout)
	noColor := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	a := &app{
		client: new(admin.Client),
		p: &printer{
			out: bufio.NewWriter(stdout), err: stderr, terminal: out,
			color: out && !noColor, errColor: isTerminal(stderr) && !noColor,
		},
		in: stdin, terminal: in && out, getenv: os.Getenv,
	}
	a.ask = a.askOnTerminal
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	root := newRoot(a)
	root.SetArgs(append([]string{}, args...)) // nil would be the process's own
	return a.report(root.ExecuteContext(ctx))
}

// interruptible is a context that SIGINT ends.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGINT) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGINT)
}

// report says what went wrong with a command, and returns the exit code.
func (a *app) report(err error) int {
	if flushed := a.p.flush(); err == nil && flushed != nil {
		err = fmt.Errorf("the answer cannot be written: %w", flushed)
	}
	code := exitCode(err)
	usage := (*usageError)(nil)
	switch {
	case err == nil, errors.As(err, new(*outcomesError)): // each was said
	case errors.Is(err, context.Canceled):
		a.p.fail(a.prefix() + "interrupted")
	case errors.As(err, &usage):
		a.p.fail(a.prefix() + usage.message)
		if help := a.help(usage); help != "" {
			a.p.fail(help + " tells more")
		}
	default:
		a.p.fail(a.prefix() + err.Error())
	}
	return code
}

// help is the command that tells how another is used; of an error that says all, "".
func (a *app) help(err *usageError) string {
	switch {
	case a.console && err.complete:
		return ""
	case a.console:
		return strings.TrimSpace("help " + err.command)
	}
	return err.command + " --help"
}

// prefix is what errors begin with.
func (a *app) prefix() string {
	if a.console {
		return ""
	}
	return name + ": "
}

// askOnTerminal asks a question on the terminal.
func (a *app) askOnTerminal(ctx context.Context, question string) (bool, error) {
	a.p.prompt(question + " [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := readLine(a.in)
		answer <- line
	}()
	select {
	case line := <-answer:
		return isYes(line), nil
	case <-ctx.Done():
		a.p.line("", "")
		return false, ctx.Err()
	}
}

// isTerminal tells whether f, a reader or a writer, is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
