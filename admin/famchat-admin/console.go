package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	shellquote "github.com/kballard/go-shellquote"
	"github.com/peterh/liner"
)

const (
	prompt     = "famchat> "
	lostPrompt = "famchat (no daemon)> "
	// pingTimeout is how long a prompt waits to see whether there is a daemon.
	pingTimeout = 300 * time.Millisecond
)

// console reads commands and runs them.
type console struct {
	app       *app
	lost      bool // the daemon was not there at the last prompt
	interrupt chan os.Signal
	asking    atomic.Bool // a command waits for an answer

	// On a terminal.
	line   *liner.State
	past   *past
	raw    liner.ModeApplier // the terminal while a line is typed
	cooked liner.ModeApplier // and while a command runs: as it was
}

// runConsole is the console on a terminal; elsewhere it runs what it reads, a command on a line,
// and returns what went wrong with the last that failed.
func (a *app) runConsole(ctx context.Context) error {
	c := &console{app: a, interrupt: make(chan os.Signal, 1)}
	a.console = true
	if !a.terminal {
		return c.runLines(ctx)
	}
	if !signal.Ignored(syscall.SIGINT) {
		signal.Notify(c.interrupt, syscall.SIGINT)
		defer signal.Stop(c.interrupt)
	}
	return c.runTerminal(ctx)
}

// runLines runs the commands that come from a pipe or a file.
func (c *console) runLines(ctx context.Context) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	var failed error
	lines := bufio.NewScanner(c.app.in)
	for number := 1; lines.Scan() && !c.app.quit; number++ {
		args, err := split(lines.Text())
		if err == nil && len(args) > 0 {
			err = c.execute(ctx, args)
		}
		if err != nil {
			c.app.p.fail(fmt.Sprintf("%s: line %d: %s", name, number, strings.TrimSpace(lines.Text())))
			c.app.report(err)
			failed = &outcomesError{exitCode(err)}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the commands cannot be read: %w", err)
	}
	return failed
}

// runTerminal reads from the terminal until Ctrl-D, quit, or ctx ends.
func (c *console) runTerminal(ctx context.Context) (err error) {
	if c.cooked, err = liner.TerminalMode(); err != nil {
		return err
	}
	c.line = liner.NewLiner()
	defer c.line.Close()
	if c.raw, err = liner.TerminalMode(); err != nil {
		return err
	}
	c.past = openPast(c.app.getenv, c.line)
	c.line.SetCtrlCAborts(true)
	c.line.SetTabCompletionStyle(liner.TabPrints)
	c.line.SetWordCompleter(func(text string, at int) (string, []string, string) { return c.complete(ctx, text, at) })
	c.app.ask = c.ask
	c.app.p.line(dim, "Type help for the commands; Ctrl-D leaves.")
	again := "" // what could not be run, to be typed right
	for !c.app.quit && ctx.Err() == nil {
		c.look(ctx)
		_ = c.app.p.flush()
		shown := prompt
		if c.lost {
			shown = lostPrompt
		}
		text, err := c.prompt(ctx, shown, again)
		again = ""
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case err != nil:
			c.app.p.line(plain, "")
			return leave(err)
		case strings.TrimSpace(text) == "":
			continue
		}
		c.remember(text)
		args, err := split(text)
		if err != nil {
			again = text
			c.app.report(err)
			continue
		}
		if err := c.run(ctx, args); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// remember keeps what was typed.
func (c *console) remember(text string) {
	c.line.AppendHistory(text)
	if err := c.past.add(text); err != nil {
		c.app.p.fail(fmt.Sprintf("the history cannot be written: %v", err))
	}
}

// run runs a command on the terminal as it was before the console.
func (c *console) run(ctx context.Context, args []string) error {
	if err := c.cooked.ApplyMode(); err != nil {
		return err
	}
	c.app.report(c.interruptible(ctx, args))
	return c.raw.ApplyMode()
}

// ask asks what is answered with yes or no, while a command runs.
func (c *console) ask(ctx context.Context, question string) (bool, error) {
	_ = c.app.p.flush()
	c.asking.Store(true)
	defer c.asking.Store(false)
	if err := c.raw.ApplyMode(); err != nil {
		return false, err
	}
	defer func() { _ = c.cooked.ApplyMode() }()
	answer, err := c.prompt(ctx, question+" [y/N] ", "")
	return err == nil && isYes(answer), ctx.Err()
}

// leave makes an error of the end of the input, which is none when it was wanted.
func leave(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// prompt reads a line. ctx ends it, though the terminal is read on: the process ends then.
func (c *console) prompt(ctx context.Context, prompt, text string) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := c.line.PromptWithSuggestion(prompt, text, -1)
		done <- answer{text, err}
	}()
	for {
		select {
		case a := <-done:
			return a.text, a.err
		case <-c.interrupt: // nothing runs that it could end
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// look says when the daemon is no longer there, and when it is back.
func (c *console) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := c.app.client.Ping(ctx)
	lost := exitCode(err) == exitNoDaemon
	switch {
	case lost && !c.lost:
		c.app.p.fail(err.Error())
		c.app.p.line(dim, "Commands work again as soon as it is there.")
	case c.lost && err == nil:
		c.app.p.line(green, "The daemon is back.")
	}
	c.lost = lost
}

// interruptible runs a command that SIGINT ends.
func (c *console) interruptible(ctx context.Context, args []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What came before is not meant for it.
	select {
	case <-c.interrupt:
	default:
	}
	done := make(chan error, 1)
	go func() { done <- c.execute(ctx, args) }()
	for {
		select {
		case err := <-done:
			return err
		case <-c.interrupt:
			if !c.asking.Load() { // there Ctrl-C is a key, which answers
				cancel()
			}
		}
	}
}

// execute runs a command.
func (c *console) execute(ctx context.Context, args []string) error {
	root := newRoot(c.app)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// split splits a line into words as a shell does, without its variables and
// patterns.
func split(text string) ([]string, error) {
	args, err := shellquote.Split(text)
	switch {
	case errors.Is(err, shellquote.UnterminatedSingleQuoteError):
		err = &usageError{complete: true, message: `a quote (') is open; close it, or put the text between double quotes, as in "I'm here"`}
	case errors.Is(err, shellquote.UnterminatedDoubleQuoteError):
		err = &usageError{complete: true, message: `a quote (") is open; close it, or write \" for one in the text`}
	case errors.Is(err, shellquote.UnterminatedEscapeError):
		err = &usageError{complete: true, message: `the \ at the end stands for nothing; write \\ for one in the text`}
	}
	return args, err
}

// complete offers what the word at a place in the text may become: the same as the shell's
// completion does, of the same table of commands.
func (c *console) complete(ctx context.Context, text string, at int) (head string, words []string, tail string) {
	runes := []rune(text)
	before, tail := string(runes[:at]), string(runes[at:])
	start := strings.LastIndexAny(before, " \t") + 1
	head, word := before[:start], before[start:]
	args, err := split(head)
	if err != nil || strings.ContainsAny(word, `'"\`) {
		return before, nil, tail // within quotes is text
	}
	quiet := *c.app
	out := new(bytes.Buffer)
	quiet.p = &printer{out: bufio.NewWriter(out), err: io.Discard}
	root := newRoot(&quiet)
	root.SetArgs(slices.Concat([]string{"__complete"}, args, []string{word}))
	if flag, value, found := strings.Cut(word, "="); found && strings.HasPrefix(flag, "-") {
		// Only what follows is offered.
		head, word = head+flag+"=", value
	}
	if root.ExecuteContext(ctx) != nil || quiet.p.flush() != nil {
		return before, nil, tail
	}
	for line := range strings.Lines(out.String()) {
		candidate, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(candidate, ":") || !foldedPrefix(candidate, word) {
			continue // the directive at the end
		}
		if shellquote.Join(candidate) != candidate && !strings.HasPrefix(candidate, "#") {
			candidate = shellquote.Join(candidate)
		}
		words = append(words, candidate)
	}
	if len(words) == 1 && !strings.HasSuffix(words[0], "=") {
		words[0] += " "
	}
	return head, words, tail
}

// foldedPrefix tells whether a word may become candidate, whatever its letters' case.
func foldedPrefix(candidate, word string) bool {
	return len(candidate) >= len(word) && strings.EqualFold(candidate[:len(word)], word)
}
